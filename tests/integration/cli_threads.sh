#!/bin/bash
# decompress, verify and restore give the same bytes, the same status and the same words with any
# number of threads, whatever is damaged.
set -euo pipefail
ctl=$BUILD/logzipctl
cd "$(mktemp -d)"
export LC_ALL=C

awk 'BEGIN {
    srand(3)
    for (i = 0; i < 60000; i++)
        printf "2026-01-05 %02d:%02d:%02d %s took %d ms\n", i / 3600, i / 60 % 60, i % 60,
            rand() < 0.1 ? "ERROR" : "info", rand() * 900
}' >data
"$ctl" compress --fast --memory=20M -k data -o many.logz # little memory: small blocks
[ "$("$ctl" info many.logz | awk '$1 == "blocks" { print $2 + 0 }')" -gt 8 ]
head -n 20000 data >other
"$BUILD/tests/make_archive" archive 5 6 a=data b=other >/dev/null

# compare COMMAND: what it prints and says doesn't depend on -T
compare() {
    local status=0 again threads
    "$ctl" "$1" -T 1 "${@:2}" >one 2>one.said || status=$?
    for threads in 2 7 0; do
        again=0
        "$ctl" "$1" -T $threads "${@:2}" >several 2>several.said || again=$?
        if ! cmp one several || ! cmp one.said several.said || [ "$status" != "$again" ]; then
            echo "$* -T $threads: differs, status $status and $again"
            exit 1
        fi
    done
    last=$status
}

compare decompress -c many.logz
cmp one data
compare decompress -c many.logz many.logz
cat many.logz many.logz >twice.logz
compare decompress -c twice.logz
[ "$(wc -c <one)" = $((2 * $(wc -c <data))) ]
compare verify -v many.logz twice.logz archive
[ $last = 0 ]
compare restore --source a archive
cmp one data
compare restore --source '?' archive
"$ctl" decompress -T 3 <many.logz | cmp - data
cp many.logz file.logz
"$ctl" decompress -T 3 file.logz
cmp file data

# Damage: one byte in each of several places, and a cut.
size=$(stat -c %s many.logz)
for part in 1 4 5 8; do
    cp many.logz bad.logz
    printf '\x55\xaa' | dd of=bad.logz bs=1 seek=$((size * part / 9)) conv=notrunc status=none
    compare decompress -c bad.logz
    [ $last = 1 ]
    compare verify bad.logz
    [ $last = 1 ] && [ -s one.said ]
done
head -c $((size / 2)) many.logz >cut.logz
compare decompress -c cut.logz
[ $last = 1 ]
segment=$(find archive -name '*.logz' | sort | sed -n 3p)
printf '\x55\xaa' | dd of="$segment" bs=1 seek=$(($(stat -c %s "$segment") / 3)) conv=notrunc status=none
compare restore --source a archive
[ $last = 1 ] && grep -q block one.said
compare verify archive
[ $last = 1 ]

# Nobody reads; nonsense isn't taken.
set +o pipefail
"$ctl" decompress -T 4 -c many.logz 2>errors | head -n 1 >first
cmp first <(head -n 1 data)
for command in 'decompress -c many.logz' 'verify many.logz' 'restore --source a archive'; do
    # shellcheck disable=SC2086
    if "$ctl" ${command/ / -T 257 } >out 2>errors || ! grep -q 257 errors; then
        echo "$command takes 257 threads"
        exit 1
    fi
done

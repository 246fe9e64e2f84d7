#!/bin/bash
# query with any number of threads prints the same bytes with the same status, shows what it found
# before it goes on, ends at once when it is interrupted, and quietly when nobody reads; a pattern
# that takes too much work is refused, with the source, within bounds.
set -euo pipefail
cd "$(mktemp -d)"
ctl=$BUILD/logzipctl
export LC_ALL=C TZ=UTC

awk 'BEGIN {
    srand(7)
    for (i = 0; i < 60000; i++)
        printf "2026-01-%02d %02d:%02d:00 %s took %d.%dms user=%d\n", 1 + i / 3000, i / 60 % 24, i % 60,
            rand() < 0.01 ? "ERROR" : "info", rand() * 900, rand() * 10, rand() * 1000
    printf "no newline"
}' >data
"$ctl" compress --fast --memory=20M -k data -o many.logz # little memory: small blocks
[ "$("$ctl" info many.logz | awk '$1 == "blocks" { print $2 + 0 }')" -gt 8 ]
head -n 20000 data >other
"$BUILD/tests/make_archive" archive 5 4 a=data b=other >/dev/null

compare() {
    local path status again threads
    for path in many.logz archive; do
        status=0
        "$ctl" query -T 1 "$@" $path >one || status=$?
        for threads in 2 5 0; do
            again=0
            "$ctl" query -T $threads "$@" $path >several || again=$?
            if ! cmp one several || [ "$status" != "$again" ]; then
                echo "-T $threads $*: differs, status $status and $again"
                exit 1
            fi
        done
    done
}

compare ''
compare -c ''
compare ERROR
compare -v info
compare -c '[0-9]{3}\.[0-9]+ms'
compare -n -b 'user=77\b'
compare -A 2 -B 3 ERROR
compare -m 17 took
compare -o '[0-9]+ms'
compare -i -w error
compare -F -e user=1 -e user=22
compare --since '2026-01-05' --until '2026-01-06 12:00' 'took 1'
compare --json 'ERROR'
compare --where 'user = 100'
compare -L 'no such text'
compare -q ERROR
compare 'no such text'
"$ctl" query '' many.logz | cmp - <(cat data; echo)

# All lines come in the same order, whether many at once or one by one, and are the same number.
for path in many.logz archive; do
    "$ctl" query -h -v 'no such text' $path >each
    "$ctl" query -h '' $path | cmp - each
    [ "$("$ctl" query -h -c '' $path)" = "$(wc -l <each)" ]
done

# Damage in a block is told, and the others are searched.
size=$(stat -c %s many.logz)
cp many.logz bad.logz
printf 'damage' | dd of=bad.logz bs=1 seek=$((size / 2)) conv=notrunc status=none
for threads in 1 4; do
    status=0
    "$ctl" query -T $threads -c '' bad.logz >"count$threads" 2>"error$threads" || status=$?
    [ $status = 2 ] && [ "$(wc -l <"error$threads")" = 1 ]
done
cmp count1 count4
cmp error1 error4

# Nobody reads: killed by SIGPIPE, as grep is, without a word.
set +o pipefail
for threads in 1 4; do
    "$ctl" query -T $threads '' many.logz 2>errors | head -n 1 >first
    status=${PIPESTATUS[0]}
    if [ "$status" != 141 ] || [ -s errors ] || ! cmp first <(head -n 1 data); then
        echo "-T $threads: a broken pipe gives status $status"
        cat errors
        exit 1
    fi
done
set -o pipefail

# A pattern that takes for ever is refused: the source is named, the work is bounded.
within_work() { # COMMAND...: it has so many seconds of a processor's time, however long that takes
    (ulimit -t 20; exec timeout 300 "$@")
}
awk 'BEGIN { for (i = 0; i < 40; i++) printf "x"; print "" }' >slow
"$ctl" compress -k slow
for threads in 1 4; do
    status=0
    within_work "$ctl" query -T $threads '^(x+x+)+[yz]' slow.logz >out 2>errors || status=$?
    if [ $status != 2 ] || ! grep -q 'slow: the pattern takes too much work on a line of 40' errors; then
        echo "a slow pattern gives status $status"
        cat errors
        exit 1
    fi
done

# The same where it's only a second match of a line that takes for ever.
awk 'BEGIN { printf "a"; for (i = 0; i < 40; i++) printf "x"; print "" }' >late
status=0
within_work "$ctl" query -o 'a|(x+x+)+[yz]' late >out 2>errors || status=$?
[ $status = 2 ] && grep -q 'late: the pattern takes too much work' errors

# An interrupt ends it at once, in the midst of a slow search (a hundred lines take seconds). The machine
# may be busy: one of three has to end at once.
awk 'BEGIN { for (n = 0; n < 3000; n++) { for (i = 0; i < 18; i++) printf "x"; print "" } }' >long
"$ctl" compress --fast -k long
set -m # else bash has children in the background ignore SIGINT
for threads in 1 4; do
    for try in 1 2 3; do
        "$ctl" query -T $threads -c '^(x+x+)+[yz]' long.logz >out 2>&1 &
        pid=$!
        sleep 0.3
        start=$(date +%s%N)
        kill -INT $pid
        status=0
        wait $pid || status=$?
        took=$((($(date +%s%N) - start) / 1000000))
        [ $status = 130 ] || { echo "-T $threads: an interrupt gives status $status"; cat out; exit 1; }
        [ $took -ge 2000 ] || break
    done
    [ "$took" -lt 2000 ] || { echo "an interrupt took $took ms, $try times"; exit 1; }
done

# Nonsense isn't taken.
status=0
"$ctl" query -T 257 '' many.logz 2>errors || status=$?
[ $status = 2 ] && grep -q '257' errors

#!/bin/bash
# Memory stays within what is configured, whatever the input: a line of 100 MB, lines without
# anything in them, words of one letter, noise, many files that grow by a few bytes. All come back
# whole, the long line as one.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

memory=4 seal_memory=32 others=24 # MiB; the others: the program, its libraries, files, the index
archive_options=("seal_memory = ${seal_memory}M" 'max_line = 1M' 'seal_size = 32M')
configure "memory = ${memory}M" '[input main]' "path = $logs/*.log"

perl -e 'my $i = 0; my $s = "";
    $s .= "{\"id\":" . $i++ * 7919 % 1000003 . ",\"name\":\"user" . $i % 5000 . "\",\"ok\":true},"
        while length $s < 100_000_000;
    print substr($s, 0, 100_000_000), "\nbehind the long line\n"' >"$logs/line.log"
head -c 6000000 /dev/zero | tr '\0' '\n' >"$logs/empty.log"
yes 'a b c d e f g h i j k l m n o p q r s t u v w x y z' | tr -d '\n' | head -c 6000000 >"$logs/words.log"
openssl enc -aes-128-ctr -K 0 -iv 1 -in /dev/zero 2>/dev/null | head -c 10000000 >"$logs/noise.log"
seq 100000 999999 | awk '{ print $1 * 7919 % 99991, $1 }' >"$logs/numbers.log"
for ((i = 0; i < 200; i++)); do
    echo "first $i" >"$logs/small$i.log"
done

start_daemon
(for ((round = 0; round < 20; round++)); do
    for ((i = 0; i < 200; i++)); do
        echo "$round" >>"$logs/small$i.log"
    done
done) &
writer=$!
ask seal >/dev/null || fail 'cannot seal'
wait "$writer"
ask seal >/dev/null || fail 'cannot seal'
peak=$(($(awk '$1 == "VmHWM:" { print $2 }' "/proc/$daemon/status") / 1024))
echo "$peak MiB"
# Sanitizers take memory of their own.
if [[ -z ${SANITIZE-} ]]; then
    ((peak <= memory + seal_memory + others)) || fail "the daemon took $peak MiB"
fi
for name in line empty words noise numbers small0 small199; do
    expect "$name.log" "$logs/$name.log"
done
# The line is whole for a query, too, in pieces as it is stored.
ctl query -h -c -F 'user4999' "$archive" >"$work/out" || fail 'nothing is found in the long line'
[[ $(cat "$work/out") = 1 ]] || fail "lines found: $(cat "$work/out")"
ctl query -h -F user4999 "$archive" | head -n 1 | cmp - <(head -n 1 "$logs/line.log") >"$work/out" ||
    fail "the long line is not whole: $(cat "$work/out")"
stop_daemon

# A limit in which no segment can be made is refused.
sed -i "s/^seal_memory = .*/seal_memory = 10M/" "$conf"
"$BUILD/logzipd" -c "$conf" --check >"$work/out" 2>&1 && fail 'seal_memory = 10M is accepted'
grep -q "$conf:3: seal_memory: a memory limit of 10485760 bytes is too low" "$work/out" ||
    fail "--check says $(cat "$work/out")"

#!/bin/bash
# Kill -9 at random moments, again and again, while files are written, rotated and sealed. In the
# end, each byte is there once.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

archive_options=('seal_size = 256K')
configure 'sync_bytes = 16K' '[input main]' "path = $logs/*.log"

# write NAME: numbered lines in bursts, until there were kills enough; every so often the file is
# renamed. What was written goes to a second file, too.
write() {
    local at=1 burst round
    for ((round = 0; round < 120 || $(wc -l <"$work/kills") < 4; round++)); do
        burst=$((RANDOM % 800))
        lines "$at" $((at + burst)) "$1" | tee -a "$work/$1.all" >>"$logs/$1.log"
        at=$((at + burst + 1))
        if ((round % 20 == 19)); then
            mv "$logs/$1.log" "$logs/$1.$round"
        fi
        sleep 0.0$((RANDOM % 6))
    done
}

RANDOM=$$
: >"$work/kills"
writers=()
for name in a b c; do
    write "$name" &
    writers+=($!)
done
start_daemon
while kill -0 "${writers[@]}" 2>/dev/null; do
    sleep 0.$((RANDOM % 5))
    kill_daemon
    echo >>"$work/kills"
    start_daemon
done
wait "${writers[@]}"
sync_all
for name in a b c; do
    expect "$name.log" "$work/$name.all"
done
stop_daemon
expect_sealed
for name in a b c; do
    expect "$name.log" "$work/$name.all"
done
# What was left by kills was sealed piece by piece, not as one pile that grows with each kill.
largest=0
for segment in "$archive"/*.logz; do
    raw=$(ctl info --json "$segment" | grep -o '"raw_bytes":[0-9]*' | head -n 1 | cut -d : -f 2)
    ((raw > largest)) && largest=$raw
done
((largest > 0 && largest <= 2 * 256 * 1024)) || fail "a segment has $largest bytes"
echo "$(wc -l <"$work/kills") kills; the largest segment has $largest bytes"

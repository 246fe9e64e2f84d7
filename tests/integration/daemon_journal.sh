#!/bin/bash
# The journal as people see it: lines are found within a second of their being written, with the
# default interval, alone and in a stream; a tail that a crash has torn is cut, and the log says
# where, and why.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

now_ms() { date +%s%3N; }

# found_within_a_second TEXT: write a line, look for it. It counts when a query begins: on a busy
# machine it may take long.
found_within_a_second() {
    local written began missed=0 # ms after its being written it wasn't there yet
    echo "2024-05-01 12:00:00 $1" >>"$logs/a.log"
    written=$(now_ms)
    began=$written
    until ctl query -F "$1" "$archive" >/dev/null; do
        ((began - written < 100000)) || fail "'$1' is never found"
        missed=$((began - written))
        sleep 0.01
        began=$(now_ms)
    done
    ((missed < 1000))
}

configure '[input main]' "path = $logs/*.log"
sed -i '/^sync_interval/d; /^rescan/d' "$conf" # the defaults
lines 1 10 >"$logs/a.log"
start_daemon
sync_all
stream() { while lines 1 5 stream >>"$logs/a.log"; do sleep 0.03; done; }

# round NUMBER: alone, each after a pause, and in a stream. One may be late, as the machine may be busy
# with something else; for longer it may only be in one round of three.
round() {
    late=0
    for ((i = 0; i < 3; i++)); do
        found_within_a_second "alone $i, round $1" || late=$((late + 1))
        sleep 1.1
    done
    stream &
    streamer=$!
    for ((i = 0; i < 4; i++)); do
        found_within_a_second "in a stream $i, round $1" || late=$((late + 1))
        sleep 0.3
    done
    kill "$streamer"
    wait "$streamer" 2>/dev/null
    ((late <= 1))
}
round 1 || round 2 || round 3 || fail "$late of 7 lines were found after more than a second"

# A torn tail.
sync_all
kill_daemon
journal=$(find "$archive" -name '*.lzj' | sort | tail -n 1)
size=$(stat -c %s "$journal")
head -c 300 /dev/urandom >>"$journal"
start_daemon
grep -q "$journal: offset $size: .*300 bytes that were never acknowledged are cut" "$work/stderr" ||
    fail 'the torn tail is not told'
lines 11 20 >>"$logs/a.log"
sync_all
expect a.log "$logs/a.log"

# The same for a command that seals while no daemon runs.
kill_daemon
journal=$(find "$archive" -name '*.lzj' | sort | tail -n 1)
size=$(stat -c %s "$journal")
truncate -s -1 "$journal"
ctl rotate -c "$conf" >"$work/out" 2>&1 || fail "cannot rotate: $(cat "$work/out")"
grep -q "$journal: offset [0-9]*: the file ends within a record; .* are cut" "$work/out" ||
    fail "rotate does not tell the torn tail: $(cat "$work/out")"
start_daemon
sync_all
stop_daemon
expect_sealed
expect a.log "$logs/a.log"

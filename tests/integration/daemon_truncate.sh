#!/bin/bash
# copytruncate, in all the orders in which a daemon may come to look at it: what the old file had
# left is read from the copy, and nothing is read as the wrong file's.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

configure '[input main]' "path = $logs/*.log"

copytruncate() {
    cp "$logs/$1.log" "$logs/$1.log$2"
    truncate -s 0 "$logs/$1.log"
}

lines 1 1000 a1 >"$logs/a.log"
lines 1 1000 b1 >"$logs/b.log"
lines 1 1000 c1 >"$logs/c.log"
lines 1 1000 d1 >"$logs/d.log"
lines 1 3 e1 >"$logs/e.log"
start_daemon
sync_all

# All had been read; the new contents are shorter.
copytruncate a .1
lines 1 10 a2 >>"$logs/a.log"
sync_all

# Not all had been read; the new contents are longer than the old position: only the fingerprint
# tells. The copy has a name with a date.
kill -STOP "$daemon"
lines 1001 1500 b1 >>"$logs/b.log"
copytruncate b -20240501
lines 1 4000 b2 >>"$logs/b.log"
# Truncated, and it stays empty.
lines 1001 1100 c1 >>"$logs/c.log"
copytruncate c .1
# A few bytes only, less than a fingerprint's length.
lines 4 6 e1 >>"$logs/e.log"
copytruncate e .1
lines 1 900 e2 >>"$logs/e.log"
kill -CONT "$daemon"
sync_all
lines 11 20 a2 >>"$logs/a.log"
lines 1 5 c2 >>"$logs/c.log"
sync_all

# While the daemon is down; once after a kill.
kill_daemon
lines 1001 1200 d1 >>"$logs/d.log"
copytruncate d .1
lines 1 3000 d2 >>"$logs/d.log"
lines 21 30 a2 >>"$logs/a.log"
start_daemon
sync_all
stop_daemon
lines 31 40 a2 >>"$logs/a.log"
start_daemon
sync_all

# Written anew in place, several times in a row, by an editor's manner and by a shell's.
for round in 1 2 3; do
    lines 1 $((round * 10)) "f$round" >"$logs/f.log"
    sync_all
    lines 1 $((round * 10)) "g$round" >"$logs/g.new"
    mv "$logs/g.new" "$logs/g.log"
    sync_all
done

stop_daemon
expect_sealed
expect a.log <(lines 1 1000 a1; lines 1 40 a2)
expect b.log <(lines 1 1500 b1; lines 1 4000 b2)
expect c.log <(lines 1 1100 c1; lines 1 5 c2)
expect d.log <(lines 1 1200 d1; lines 1 3000 d2)
expect e.log <(lines 1 6 e1; lines 1 900 e2)
expect f.log <(lines 1 10 f1; lines 1 20 f2; lines 1 30 f3)
expect g.log <(lines 1 10 g1; lines 1 20 g2; lines 1 30 g3)

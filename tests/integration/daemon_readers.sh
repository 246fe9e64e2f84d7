#!/bin/bash
# Several at one archive. A second writer is told who the first is. Readers, any number of them,
# never fail and never see a hole or a line twice while a daemon seals and segments expire.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

# Writers.

archive_options=('level = best')
configure '[input main]' "path = $logs/*.log"
sed "s|^control = .*|control = $work/elsewhere|" "$conf" >"$work/second.conf"
lines 1 150000 >"$logs/a.log"
start_daemon
sync_all
"$BUILD/logzipd" -c "$work/second.conf" --foreground 2>"$work/said" && fail 'a second daemon runs'
grep -q "in use by another writer ($daemon logzipd)" "$work/said" ||
    fail "a second daemon isn't told who holds the lock: $(cat "$work/said")"
ctl rotate -c "$work/second.conf" >/dev/null 2>"$work/said" && fail 'rotate writes beside a daemon'
grep -q "no daemon answers at $work/elsewhere.*($daemon logzipd)" "$work/said" ||
    fail "rotate isn't told who holds the lock: $(cat "$work/said")"

# Of two that rotate at once beside the daemon, one does all of it, and the other is told so.
one=0 two=0
ctl rotate -c "$conf" >"$work/one" 2>&1 &
ctl rotate -c "$conf" >"$work/two" 2>&1 || two=$?
wait "$!" || one=$?
((one == 0 || two == 0)) || fail "rotate beside rotate: $(cat "$work/one" "$work/two")"
for said in one two; do
    ((${!said} == 0)) || grep -Eq '\(([0-9]+ logzipctl rotate|unknown)\)' "$work/$said" ||
        fail "rotate beside rotate: $(cat "$work/$said")"
done
lines 150001 300000 >>"$logs/a.log"
sync_all
kill_daemon

# Without one, rotate is the writer: it's stopped when it has the lock.
"$BUILD/logzipctl" rotate -c "$conf" >"$work/one" 2>&1 &
one=$!
until grep -qs "^$one logzipctl" "$archive/lock"; do
    kill -0 "$one" 2>/dev/null || fail 'rotate does not take the lock'
    sleep 0.002
done
kill -STOP "$one"
"$BUILD/logzipd" -c "$conf" --foreground 2>"$work/said" && fail 'a daemon runs beside rotate'
grep -q "in use by another writer ($one logzipctl)" "$work/said" ||
    fail "the daemon isn't told who holds the lock: $(cat "$work/said")"
ctl rotate -c "$conf" >/dev/null 2>"$work/said" && fail 'two rotate without a daemon'
grep -q "($one logzipctl)" "$work/said" || fail "who rotates isn't told: $(cat "$work/said")"
kill -CONT "$one"
wait "$one" || fail "rotate that was stopped for a while: $(cat "$work/one")"
expect_sealed
expect a.log "$logs/a.log"
rm -rf "$archive" "$logs/a.log"

# Readers. Lines are numbered; each reader must see them without a hole.

archive_options=('seal_size = 64K' 'max_size = 1K')
configure 'sync_bytes = 4K' '[input main]' "path = $logs/*.log"
lines 1 1000 >"$logs/a.log"
start_daemon
sync_all

# consecutive: numbers, each one more than the one before. Of the first line a part may have expired,
# and of the last one a part may not be read yet.
consecutive() {
    awk '!/^2024-05-01 12:00:00 line [0-9]+ of a log$/ { if (NR > 1) part = NR; next }
        { n = $4 + 0 }
        last && n != last + 1 { print last " is followed by " n; bad = 1 }
        { last = n }
        END { if (part && part != NR) { print "line " part " of " NR " is a part"; bad = 1 }
            exit bad }'
}

# reader NAME COMMAND...: again and again until the end; its output must be consecutive lines
reader() {
    local name=$1
    shift
    while [[ ! -e $work/end ]]; do
        if "$@" >"$work/$name.out" 2>"$work/$name.err"; then
            [[ $name != query && $name != restore ]] || consecutive <"$work/$name.out" ||
                echo "$name: has a hole"
        else
            echo "$name: status $?: $(cat "$work/$name.err")"
        fi
        echo >>"$work/$name.rounds"
    done >"$work/$name.bad"
}

# enough READER...: has each run to its end a few times?
enough() {
    local name
    for name; do holds "$work/$name.rounds" '' 3 || return; done
}
readers=()
reader query ctl query -h line "$archive" & readers+=($!)
reader restore ctl restore --source "$logs/a.log" "$archive" & readers+=($!)
reader verify ctl verify "$archive" & readers+=($!)
reader info ctl info --json "$archive" & readers+=($!)
reader rotate ctl rotate -c "$conf" & readers+=($!)
at=1001
# On a busy machine each takes its time, and rotate is nice. So long are lines written.
began=$SECONDS
for ((i = 0; i < 80 || SECONDS - began < 240; i++)); do
    ((i < 80)) || ! enough query restore verify info rotate || break
    lines "$at" $((at + 999)) >>"$logs/a.log"
    at=$((at + 1000))
    sleep 0.05
done
touch "$work/end"
wait "${readers[@]}"
for name in query restore verify info rotate; do
    [[ ! -s $work/$name.bad ]] || fail "$(head -n 3 "$work"/*.bad)"
    enough "$name" || fail "$name ran once or twice, or never"
    printf '%s %s ' "$name" "$(wc -l <"$work/$name.rounds")"
done
stop_daemon
ctl verify "$archive" || fail 'the archive is damaged'
ctl restore --source "$logs/a.log" "$archive" 2>/dev/null >"$work/restored"
# By bytes: what has expired may end in the middle of a line.
left=$(stat -c %s "$work/restored")
((left > 0)) || fail 'everything has expired'
((left < $(stat -c %s "$logs/a.log"))) || fail 'nothing has expired'
tail -c "$left" "$logs/a.log" | cmp - "$work/restored" || fail 'a.log differs'

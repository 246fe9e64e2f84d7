#!/bin/bash
# logzipctl rotate as cron runs it: all steps in one line, nothing to say when nothing was done, low
# priority, a time budget, a dry run that changes nothing, one at a time, and a status that tells.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

configure '[input main]' "path = $logs/*.log" "import = $logs/*.log.*"

# rotate STATUS ARGUMENT...: what it prints is in $work/out, what is wrong in $work/err
rotate() {
    local wanted=$1 status=0
    shift
    ctl rotate -c "$conf" "$@" >"$work/out" 2>"$work/err" || status=$?
    ((status == wanted)) || fail "rotate $*: status $status: $(cat "$work/out" "$work/err")"
}

# said PATTERN [FILE]
said() { grep -Eq -- "$1" "$work/${2-out}" || fail "not said: '$1': $(cat "$work/out" "$work/err")"; }
silent() { [[ ! -s $work/out && ! -s $work/err ]] || fail "said: $(cat "$work/out" "$work/err")"; }
state() { find "$archive" -type f ! -name '*.lock' ! -name lock -printf '%p %s %T@\n' | sort; }

# Before there is an archive: what is wrong is said once.
rotate 1 --dry-run
said 'no such directory' err
[[ $(wc -l <"$work/err") == 1 ]] || fail "said again: $(cat "$work/err")"

# The first night, without a daemon: old files are there, and a journal.
for i in 1 2 3; do
    lines "$i"001 "$i"900 "old $i" >"$logs/a.log.$i"
    touch -d "2024-05-0$((4 - i)) 10:00" "$logs/a.log.$i"
done
gzip "$logs/a.log.2" "$logs/a.log.3"
lines 1 1000 >"$logs/a.log"
start_daemon
sync_all
kill_daemon
before=$(state)
rotate 0 --dry-run
said '^would seal [0-9.]+ KiB; would import 3 files; would expire 0 segments; 0 segments of 0 B kept'
[[ $(state) == "$before" ]] || fail 'a dry run changes the archive'
rotate 0
said '^sealed [0-9.]+ KiB into .*; imported 3 files of .* into .*; expired 0 segments; 2 segments of '
[[ $(wc -l <"$work/out") == 1 && ! -s $work/err ]] || fail "not one line: $(cat "$work/out" "$work/err")"
gunzip -k "$logs"/a.log.?.gz
expect a.log "$logs/a.log.3" "$logs/a.log.2" "$logs/a.log.1" "$logs/a.log"
rm "$logs"/a.log.[23]

# A night in which nothing happens, with and without the daemon.
rotate 0
silent
rotate 0 --verbose
said '^nothing to seal; expired 0 segments; 2 segments of '
start_daemon
sync_all
rotate 0
silent
rotate 0 -v
said '^sealed by the daemon; '

# It has the lowest priority, here while it waits for the daemon.
kill -STOP "$daemon"
"$BUILD/logzipctl" rotate -c "$conf" &
one=$!
is_nice() { [[ $(cut -d ' ' -f 19 "/proc/$1/stat") == 19 && $(ionice -p "$1") == idle ]]; }
soon is_nice "$one" || fail "rotate has a priority: $(cat "/proc/$one/stat"), $(ionice -p "$one")"
kill -CONT "$daemon"
wait "$one" || fail 'rotate beside a daemon that was stopped for a while'

# A signal ends the wait, as it ends every step; the daemon goes on.
kill -STOP "$daemon"
"$BUILD/logzipctl" rotate -v -c "$conf" >"$work/out" 2>"$work/err" &
one=$!
has_asked() { # it sleeps, and has a socket
    [[ $(cut -d ' ' -f 3 "/proc/$1/stat") == S && $(find "/proc/$1/fd" -lname 'socket:*') ]]
}
soon has_asked "$one" || fail 'rotate does not ask the daemon'
kill -TERM "$one"
status=0
{ wait "$one"; } 2>/dev/null || status=$?
kill -CONT "$daemon"
((status == 143)) || fail "rotate ended with status $status by SIGTERM"
said '^nothing sealed yet; stopped by a signal$'
[[ ! -s $work/err ]] || fail "said: $(cat "$work/err")"

# One at a time.
mkfifo "$work/held"
flock "$archive/rotate.lock" -c "cat $work/held >/dev/null" &
holder=$!
until ! flock -n "$archive/rotate.lock" true; do sleep 0.02; done
rotate 1
said 'its segments are being rotated' err
said '^sealed by the daemon$'
: >"$work/held"
wait "$holder"
stop_daemon
[[ $(ctl rotate -c "$conf" -v --max-time=1ms) == *'; the time is up' ]] || fail 'no end to the time'

# What is damaged is told each night, by the status, too.
segment=$(find "$archive" -name '000000000001-*.logz')
cp "$segment" "$work/good"
printf 'damage' | dd of="$segment" bs=1 seek=20 conv=notrunc status=none
rotate 1
said "$segment" err
cp "$work/good" "$segment"

rotate 2 --max-time=soon
rotate 2 more
said "unexpected argument 'more'" err

#!/bin/bash
# A disk that takes long to sync: the daemon says so once, shows it, loses nothing, and tells when
# it's over. strace delays the calls.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"
command -v strace >/dev/null || {
    echo 'there is no strace'
    exit 77
}
configure '[input main]' "path = $logs/*.log"
lines 1 100 >"$logs/a.log"
start_daemon
sync_all
strace -f -p "$daemon" -o "$work/trace" -e trace=fdatasync \
    -e inject=fdatasync:delay_enter=300000000:when=1 2>"$work/strace" &
tracer=$!
until grep -q attached "$work/strace"; do
    kill -0 "$tracer" 2>/dev/null || {
        echo 'strace cannot attach here'
        exit 77
    }
    sleep 0.02
done
lines 101 200 >>"$logs/a.log"
is_slow() { status_json | grep -q '"stopped": *"[^"]*the disk is slow'; }
soon is_slow || fail 'the status does not show that the disk is slow'
status_json | grep -q '"state": *"waiting"' || fail 'the state is not waiting'
kill "$tracer" # which ends the delay
wait "$tracer"
sync_all
status_json | grep -q '"state": *"running"' || fail 'the state does not change back'
[[ $(grep -c 'the disk is slow' "$work/stderr") = 1 ]] || fail 'a slow disk is not told once'
grep -q 'writing took [0-9]* s' "$work/stderr" || fail 'it is not told that it is over'
expect a.log "$logs/a.log"
stop_daemon

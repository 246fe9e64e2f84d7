#!/bin/bash
# The archive's disk is full: reading waits, status says why; when there is room again, the daemon
# goes on by itself, and nothing is lost or doubled. A small tmpfs is the disk.
set -u
if [[ -z ${LOGZIP_OWN_MOUNTS-} ]]; then
    export LOGZIP_OWN_MOUNTS=1
    unshare -m true 2>/dev/null && exec unshare -m "$0"
    unshare -rm true 2>/dev/null && exec unshare -rm "$0"
    echo 'cannot mount a file system of its own here'
    exit 77
fi
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"
mkdir "$work/disk"
mount -t tmpfs -o size=4M logzip-test "$work/disk" 2>/dev/null || {
    echo 'cannot mount a tmpfs here'
    exit 77
}
archive=$work/disk/archive
configure 'min_free = 0' '[input main]' "path = $logs/*.log"

# random FROM TO: lines that don't compress
random() { openssl enc -aes-128-ctr -K 0 -iv "$1" -in /dev/zero 2>/dev/null | base64 -w 99 | head -n "$2"; }

random 1 3000 >"$logs/a.log"
start_daemon
sync_all
head -c 10M /dev/zero >"$work/disk/other" 2>/dev/null
random 2 9000 >>"$logs/a.log"
random 3 9000 >"$logs/b.log"
# status_comes PATTERN WHAT: the status comes to have it
status_has() { status_json >"$work/status" && grep -q "$1" "$work/status"; }
status_comes() {
    soon status_has "$1" || fail "$2: $(cat "$work/status"); $(df "$work/disk"; ls -la "$archive")"
}
goes_on() { ask sync >/dev/null 2>&1; }
failing='"state": *"failing"'
status_comes "$failing" 'a full disk is not noticed'
refused sync '.*No space left'
[[ $(grep -c 'reading waits' "$work/stderr") = 1 ]] || fail 'the full disk is not told once'
mv "$logs/a.log" "$logs/a.old"
random 4 1000 >"$logs/a.log"
random 5 10 >>"$logs/a.old"
mount -o remount,size=64M "$work/disk"
rm "$work/disk/other"
soon goes_on || fail 'the daemon does not go on'
expect a.log "$logs/a.old" "$logs/a.log"
expect b.log "$logs/b.log"

# Full at a start, too: it waits, says so once, and goes on by itself. What was ready to be sealed
# is sealed then. A seal that the kill interrupts would leave a draft, and the start would make room
# by removing it: what waits now is sealed before.
status_comes '"journals_to_seal": *0' 'what waited for room is not sealed'
kill_daemon
head -c 100M /dev/zero >"$work/disk/other" 2>/dev/null
random 6 100 >>"$logs/b.log"
: >"$work/stderr"
start_daemon
status_comes "$failing" 'a full disk at the start is not in the status'
sleep 1.5 # another attempt
[[ $(grep -c 'reading waits' "$work/stderr") = 1 ]] || fail 'the full disk is not told once'
[[ $(grep -c 'cannot seal' "$work/stderr") -le 1 ]] || fail 'that it cannot be sealed is told again'
rm "$work/disk/other"
soon goes_on || fail 'the daemon does not go on after a start with a full disk'
expect b.log "$logs/b.log"
stop_daemon
expect_sealed
expect a.log "$logs/a.old" "$logs/a.log"
expect b.log "$logs/b.log"

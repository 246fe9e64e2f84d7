#!/bin/bash
# An administrator runs `logzipctl rotate` as root while the daemon of another user is down: that
# user's daemon must be able to go on with the archive.
set -u
# Where the tests run may be a directory that only root can enter; the other user must get in.
export TMPDIR=/tmp
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

if ((EUID != 0)); then
    echo 'only root can act for another user'
    exit 77
fi
configure '[input main]' "path = $logs/*.log"
chmod 755 "$work"
lines 1 100 >"$logs/a.log"
start_daemon
sync_all
kill_daemon
chown -R 65534:65534 "$archive"

# A process that changed its user can't be traced, as LeakSanitizer would.
ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 ctl rotate -c "$conf" >/dev/null || fail 'cannot rotate as root'
expect_sealed
foreign=$(find "$archive" ! -uid 65534)
[[ -z $foreign ]] || fail "not the owner's: $foreign"
expect a.log "$logs/a.log"

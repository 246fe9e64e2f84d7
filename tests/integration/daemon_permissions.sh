#!/bin/bash
# Files that the daemon must not read, and may later; directories likewise; and what isn't a file.
# Each is said once, with the reason; a chmod is noticed at once, long before the next rescan.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

[[ $(id -u) = 0 ]] || { echo 'only root can run the daemon as another user'; exit 77; }
as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
chmod 755 "$work"
"${as_user[@]}" test -x "$BUILD/logzipd" -a -x "$logs" ||
    { echo 'another user cannot run what was built'; exit 77; }
mkdir "$archive"
chown 65534:65534 "$archive" "$work"
configure '[input main]' "path = $logs/*.log" "path = $logs/*/hidden.log"
sed -i 's/^rescan = .*/rescan = 60s/' "$conf"

lines 1 100 secret >"$logs/secret.log"
chmod 000 "$logs/secret.log"
mkdir "$logs/closed"
lines 1 50 hidden >"$logs/closed/hidden.log"
chmod 700 "$logs/closed"
mkfifo "$logs/fifo.log"
mkdir "$logs/directory.log"
ln -s /dev/null "$logs/device.log"
ln -s nowhere "$logs/dangling.log"
perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die' \
    "$logs/socket.log"

# wait_for NAME LINES: they're there without a scan that a request would make
wait_for() {
    soon has_lines "$@" || fail "$1 isn't read"
}
has_lines() { (($(ctl query "$1 [0-9]* of" "$archive" 2>/dev/null | wc -l) == $2)); }

start_daemon
sync_all
lines 101 200 secret >>"$logs/secret.log"
sync_all
chmod 644 "$logs/secret.log"
wait_for secret 200
chmod 755 "$logs/closed"
wait_for hidden 50
# It was read; now it can't be for a while, nor opened again after a restart.
chmod 000 "$logs/secret.log"
stop_daemon
lines 201 300 secret >>"$logs/secret.log"
start_daemon
sync_all
chmod 640 "$logs/secret.log"
chgrp 65534 "$logs/secret.log"
wait_for secret 300
stop_daemon

expect_sealed
expect secret.log <(lines 1 300 secret)
expect closed/hidden.log <(lines 1 50 hidden)
for name in fifo directory device socket; do
    [[ $(grep -c "$name.log: not read: not a regular file" "$work/stderr") = 2 ]] ||
        fail "$name.log isn't refused once by each daemon"
done
grep -q dangling "$work/stderr" && fail 'a link to nothing is told of'
[[ $(grep -c 'secret.log: not read: Permission denied' "$work/stderr") -le 2 ]] ||
    fail 'it is said more than once that secret.log cannot be read'

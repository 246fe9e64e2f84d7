#!/bin/bash
# As the unit runs it: a user of its own, whose one capability is to read what others may not. It
# tails files that only root may read, in directories that only root may enter, and can write none.
set -u
export TMPDIR=/tmp
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

# A process with capabilities can't be traced, as LeakSanitizer would.
export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0
# with CAPABILITIES: sets `as_daemon` to what runs a command so
with() {
    as_daemon=(setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs
        "--bounding-set=$1" "--inh-caps=$1" "--ambient-caps=$1")
}
with '-all,+dac_read_search'
if ((EUID != 0)) || ! "${as_daemon[@]}" true 2>/dev/null; then
    echo 'only root, who has that capability, can give it away'
    exit 77
fi

# The programs may be where only root can go.
mkdir "$work/bin" "$work/state" "$work/run" "$logs/private"
cp "$BUILD/logzipd" "$work/bin/"
chown 65534:65534 "$work/state" "$work/run"
chmod 755 "$work" "$work/bin"
chmod 700 "$logs" "$logs/private"
archive=$work/state/archive
configure '[input main]' "path = $logs/*.log $logs/*/*.log"
sed -i "s|^control = .*|control = $work/run/control|" "$conf"
ln -s "$work/run/control" "$work/control"
chmod 644 "$conf"
lines 1 1000 >"$logs/secret.log"
lines 1 500 >"$logs/private/deep.log"
chmod 600 "$logs/secret.log" "$logs/private/deep.log"

"${as_daemon[@]}" "$work/bin/logzipd" --check "$conf" >"$work/out" 2>&1 ||
    fail "--check as the daemon's user: $(cat "$work/out")"
grep -q 'warning' "$work/out" && fail "--check warns: $(cat "$work/out")"
"${as_daemon[@]}" "$work/bin/logzipd" -c "$conf" --foreground 2>>"$work/stderr" &
daemon=$!
soon daemon_answers || fail "logzipd doesn't answer"
[[ $(awk '/^Uid:/ { print $3 }' "/proc/$daemon/status") == 65534 ]] || fail 'it runs as another user'
[[ $(sed -n 's/^CapEff:\t//p' "/proc/$daemon/status") == 0000000000000004 ]] ||
    fail "its capabilities are: $(grep Cap "/proc/$daemon/status")"
sync_all
# Rotated and written on, as ever.
mv "$logs/secret.log" "$logs/secret.log.1"
lines 1001 1100 >"$logs/secret.log"
chmod 600 "$logs/secret.log"
lines 501 600 >>"$logs/private/deep.log"
sync_all
ask seal >/dev/null || fail 'seal fails'
stop_daemon
expect_sealed
expect secret.log "$logs/secret.log.1" "$logs/secret.log"
expect private/deep.log "$logs/private/deep.log"
[[ $(stat -c %u "$archive") == 65534 ]] || fail "the archive isn't the daemon's"

# Without the capability: said once for each, and all goes on with what may be read.
with -all
chmod 755 "$logs"
lines 1 10 >"$logs/open.log"
: >"$work/stderr"
"${as_daemon[@]}" "$work/bin/logzipd" -c "$conf" --foreground 2>>"$work/stderr" &
daemon=$!
soon daemon_answers || fail "logzipd doesn't answer without the capability"
sync_all
sleep 1.2 # some rescans
(($(grep -c 'secret.log.*Permission denied' "$work/stderr") == 1)) ||
    fail "secret.log is told of $(grep -c 'secret.log.*Permission' "$work/stderr") times"
# It gets the permission later.
chmod 644 "$logs/secret.log"
lines 1101 1200 >>"$logs/secret.log"
# shellcheck disable=SC2317 # soon calls it
has_read_110() { ask 'status json' >"$work/status" && grep -q '"read_lines":110,' "$work/status"; }
soon has_read_110 || fail "not read with permission: $(cat "$work/status")"
stop_daemon
expect secret.log "$logs/secret.log.1" "$logs/secret.log"
expect open.log "$logs/open.log"
exit 0

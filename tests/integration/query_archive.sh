#!/bin/bash
# What a running daemon reads is found at once, a line that two segments share is one line, and
# restore, rotate, status, seal and reload work with the daemon and without it.
set -euo pipefail
# shellcheck source=tests/integration/wait_lib.bash
source "${BASH_SOURCE[0]%/*}/wait_lib.bash"
ctl=$BUILD/logzipctl
if [[ ! -x $BUILD/logzipd ]]; then
    echo "no logzipd is built"
    exit 77
fi
cd "$(mktemp -d)"
mkdir logs
cat >conf <<EOF2
[archive]
directory = $PWD/archive
[daemon]
control = $PWD/control
[input logs]
path = $PWD/logs/*.log
EOF2
fail() {
    echo "FAILED: $*"
    cat daemon.log
    exit 1
}
# Wait until the command succeeds.
must_soon() { soon "$@" >/dev/null 2>&1 || fail "never: $*"; }
query() {
    "$ctl" query --config conf "$@"
}

for ((i = 0; i < 300; i++)); do
    printf '2026-01-22 12:%02d:%02d hello %d\n' $((i / 60)) $((i % 60)) "$i"
done >logs/a.log
printf 'the first half' >logs/b.log
"$BUILD/logzipd" -c conf --foreground >daemon.log 2>&1 &
daemon=$!
trap 'kill -KILL $daemon 2>/dev/null || true' EXIT

must_soon "$ctl" status -c conf
must_soon query 'hello 299'
must_soon query half
[[ $(query --source '*/a.log' -h -c hello) -eq 300 ]] || fail "count in the journal"
"$ctl" seal -c conf
printf ' and the second\n' >>logs/b.log
must_soon query 'first half and the second'
"$ctl" seal -c conf
[[ $(query -h half) == 'the first half and the second' ]] || fail "a line in two segments"
[[ $(query -h --since '2026-01-22 12:04:58' --until '2026-01-22 13:00' hello) == *'hello 298'*'hello 299' ]] ||
    fail "a time range"
cmp <(query -h --source '*/a.log' '') logs/a.log
"$ctl" restore -c conf --source "$PWD/logs/a.log" | cmp - logs/a.log
"$ctl" restore --source "$PWD/logs/b.log" -o b archive
cmp b logs/b.log
"$ctl" rotate -v -c conf | grep -q 'sealed by the daemon.*all sound' || fail "rotate beside the daemon"
"$ctl" reload -c conf
"$ctl" verify archive
"$ctl" info archive >/dev/null
query -h hello archive/*.logz | cmp - logs/a.log

kill -TERM $daemon
wait $daemon || fail "the daemon's status is $?"
"$ctl" rotate -v -c conf | grep -q 'all sound' || fail "rotate without a daemon"
cmp <(query -h --source '*/a.log' '') logs/a.log
[[ $(query -h half) == 'the first half and the second' ]] || fail "after the daemon ended"
"$ctl" status -c conf 2>said && fail "status without a daemon"
grep -q 'no daemon' said

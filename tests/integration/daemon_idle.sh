#!/bin/bash
# With nothing to read the daemon sleeps: no thread of it wakes up but for the rescan.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

# How often threads of the daemon have gone to sleep so far, all together.
sleeps() { cat "/proc/$daemon/task/"*/status | awk '$1 == "voluntary_ctxt_switches:" { n += $2 } END { print n }'; }

configure '[input main]' "path = $logs/*.log $logs/*/*.log"
sed -i '/^sync_interval/d; s/^rescan.*/rescan = 1s/' "$conf"
for ((i = 0; i < 100; i++)); do
    lines 1 10 >"$logs/$i.log"
done
start_daemon
sync_all
ask seal >/dev/null || fail 'cannot seal'
sleep 2.5 # timers that were started by the last sync

# sleeps_in SECONDS MOST: are there at most so many wake-ups? A busy machine makes the time longer, and
# others let the daemon wait for pages and locks: it's enough if it's so for once.
sleeps_in() {
    local before tries
    for ((tries = 0; tries < 3; tries++)); do
        before=$(sleeps)
        sleep "$1"
        during=$(($(sleeps) - before))
        ((during > $2)) || return 0
    done
    return 1
}

# Four or five rescans; a page of the program that is read from the disk counts, too.
sleeps_in 4 8 || fail "$during wake-ups in 4 seconds with a rescan every second"
before=$(sleeps)
rescans() { (($(sleeps) >= before + 3)); }
soon rescans || fail "only $(($(sleeps) - before)) wake-ups: it does not rescan"

# A rescan now and then is all that there is.
sed -i 's/^rescan.*/rescan = 1h/' "$conf"
ctl reload -c "$conf" >/dev/null || fail 'cannot reload'
sleep 0.5
sleeps_in 2 1 || fail "$during wake-ups in 2 seconds without a rescan"

# It does wake up for a line.
lines 11 20 >>"$logs/5.log"
sync_all
expect 5.log "$logs/5.log"
stop_daemon

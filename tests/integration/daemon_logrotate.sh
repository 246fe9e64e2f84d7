#!/bin/bash
# The real logrotate, with the ways of rotating that it has: each log is rotated several times, while
# the daemon runs, and while it is down. Every byte is read once, in order.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

PATH=$PATH:/usr/sbin:/sbin
command -v logrotate >/dev/null || exit 77
umask 022

mkdir "$work/all" "$logs/old" "$logs/wide"
configure '[input main]' "path = $logs/*.log" 'olddir = old' '[input wide]' "path = $logs/wide/*"

# The logs of the input "wide" are rotated only once while nobody looks, and never right after they
# were written: a file that is never seen under its log's name is a log of its own, if a pattern says
# so.
printf '%s\n' "su $(id -un) $(id -gn)" 'rotate 20' missingok >"$work/main.conf"
cp "$work/main.conf" "$work/wide.conf"

# rotated NAME DIRECTIVE...: how a log is rotated
names=()
rotated() {
    local conf=main
    [[ $1 != wide/* ]] || conf=wide
    names+=("$1")
    printf '%s\n' "$logs/$1 {" "${@:2}" '}' >>"$work/$conf.conf"
}
rotated create.log create
rotated compress.log create compress
rotated delay.log create compress delaycompress
rotated truncate.log copytruncate
rotated pressed.log copytruncate compress
rotated dated.log create dateext 'dateformat -%Y%m%d-%s'
rotated olddir.log create compress 'olddir old'
ln -s "$BUILD/logzipctl" "$work/logzip"
rotated logz.log create compress "compresscmd $work/logzip" 'compressext .logz'
rotated wide/create create compress delaycompress
rotated wide/truncate copytruncate compress delaycompress

# put TEXT [GLOB]: lines to each log that has such a name, and to what is expected of it
put() {
    local name
    for name in "${names[@]}"; do
        # shellcheck disable=SC2053 # it is a pattern
        [[ $name == ${2-*} ]] || continue
        lines 1 50 "$name $1" | tee -a "$work/all/${name//\//-}" >>"$logs/$name"
    done
}

# No one writes meanwhile: what is written between copytruncate's copy and its truncation is lost.
# Dates go by the second.
rotate() {
    local conf
    for conf in "$@"; do
        logrotate -f -s "$work/$conf.state" "$work/$conf.conf" >"$work/logrotate.out" 2>&1 ||
            fail "logrotate: $(cat "$work/logrotate.out")"
    done
    sleep 1.1
}

put first
start_daemon
sync_all
for round in 1 2; do
    put "running, read, $round"
    sync_all
    rotate main wide
    put "running, not waited for, $round" '*.log'
    rotate main
    put "new $round"
    sync_all
    if ((round == 1)); then stop_daemon; else kill_daemon; fi
    put "down $round"
    rotate main wide
    put "down, unseen $round"
    ((round == 1)) || rotate
    put "down, new $round"
    start_daemon
    sync_all
done
stop_daemon
expect_sealed
for name in "${names[@]}"; do expect "$name" "$work/all/${name//\//-}"; done
for copy in create.1 truncate.1; do
    ! ctl restore --source "$logs/wide/$copy" -f -o "$work/none" "$archive" 2>/dev/null ||
        fail "wide/$copy was read as a log of its own"
done

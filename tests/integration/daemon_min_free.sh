#!/bin/bash
# min_free: reading stops before the archive's disk is full, says so once, and sealing still has
# the room to make room. Then reading goes on by itself. Nothing is lost or doubled. A small tmpfs is
# the disk.
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
mount -t tmpfs -o size=32M logzip-test "$work/disk" 2>/dev/null || {
    echo 'cannot mount a tmpfs here'
    exit 77
}
archive=$work/disk/archive
archive_options=('seal_size = 4M')
configure 'min_free = 8M' 'memory = 1M' '[input main]' "path = $logs/*.log"

# random IV LINES: lines that don't compress
random() { openssl enc -aes-128-ctr -K 0 -iv "$1" -in /dev/zero 2>/dev/null | base64 -w 99 | head -n "$2"; }

state_is() { status_json | grep -q "\"state\": *\"$1\""; }
number() { status_json | grep -o "\"$1\": *[0-9]*" | grep -o '[0-9]*$' | head -n 1; } # of the whole, not of a source
free() { echo $(($(stat -f -c '%a * %S' "$work/disk"))); }
none_to_seal() { [[ $(number journals_to_seal) = 0 && $(number journal_raw_bytes) = 0 ]]; }

lines 1 5000 >"$logs/a.log"
start_daemon
sync_all

# Somebody else takes the room.
head -c $(($(free) - 6000000)) /dev/zero >"$work/disk/other"
lines 5001 5010 >>"$logs/a.log"
soon state_is waiting || fail 'too little room is not noticed'
refused sync '.*less than min_free'
refused seal '.*less than min_free'
status_json | grep -q '"stopped": *"[^"]*less than min_free' || fail 'status does not say why'
soon none_to_seal || fail 'what was read is not sealed'
expect a.log "$logs/a.log"

# Nothing is read meanwhile.
read_before=$(number read_bytes)
lines 5011 9000 >>"$logs/a.log"
lines 1 100 >"$logs/b.log"
sleep 1
[[ $(number read_bytes) = "$read_before" ]] || fail 'it reads on below min_free'
[[ $(grep -c 'reading waits' "$work/stderr") = 1 ]] || fail 'that reading waits is not told once'

# Too little more is no reason to go on: it would stop at once again.
truncate -s -2200000 "$work/disk/other"
sleep 2.5
state_is waiting || fail 'it goes on with as much as made it stop'

rm "$work/disk/other"
soon state_is running || fail 'it does not go on when there is room'
sync_all
expect a.log "$logs/a.log"
expect b.log "$logs/b.log"
[[ $(grep -c 'reading goes on' "$work/stderr") = 1 ]] || fail 'that reading goes on is not told once'

# The log alone is more than the disk holds. The reserve is there for the seals, and is left over.
random 7 400000 >"$logs/c.log"
soon state_is waiting || fail 'the disk is not found full'
soon none_to_seal || fail 'the journals are not sealed when the disk is full'
(($(free) > 4000000)) || fail "only $(free) bytes of the reserve are left"
grep -q 'No space left' "$work/stderr" && fail 'the disk was full'

# A start with too little room: recovery works, reading waits.
kill_daemon
start_daemon
state_is waiting || fail 'a start does not look for room'
mount -o remount,size=128M "$work/disk"
soon state_is running || fail 'it does not go on when the disk grows'
sync_all
expect c.log "$logs/c.log"

# min_free is one of the things that a reload changes. Room is found short while a few lines were
# read and aren't in the journal yet: they are sealed, too.
sed -i 's/^sync_interval = .*/sync_interval = 20s/' "$conf"
ctl reload -c "$conf" >/dev/null || fail 'cannot reload'
lines 9001 9010 >>"$logs/a.log"
sync_all
lines 9011 9020 >>"$logs/a.log"
sleep 0.5
sed -i 's/^min_free = .*/min_free = 1G/' "$conf"
ctl reload -c "$conf" >/dev/null || fail 'cannot reload'
soon state_is waiting || fail 'a reload does not change min_free'
soon none_to_seal || fail 'what was read and not yet written is not sealed'
sed -i 's/^sync_interval = .*/sync_interval = 100ms/' "$conf"
sed -i 's/^min_free = .*/min_free = 0/' "$conf"
ctl reload -c "$conf" >/dev/null || fail 'cannot reload'
soon state_is running || fail 'a reload does not take min_free away'
stop_daemon
expect_sealed
for name in a b c; do
    expect "$name.log" "$logs/$name.log"
done

# Asked to end while it waits, and with room that becomes short while it reads to the end: what was
# read is sealed, the files have the rest.
rest_is_kept() { grep -q 'what was read is sealed, what else is' "$work/stderr"; }
sed -i 's/^min_free = .*/min_free = 8M/' "$conf"
start_daemon
head -c $(($(free) - 6000000)) /dev/zero >"$work/disk/other"
lines 9021 9030 >>"$logs/a.log"
soon state_is waiting || fail 'too little room is not noticed'
stop_daemon
expect_sealed
rest_is_kept || fail 'it does not say that files are not read to their end'
rm "$work/disk/other"
: >"$work/stderr"
start_daemon
head -c $(($(free) - 12000000)) /dev/zero >"$work/disk/other"
sync_all
state_is running || fail 'more than min_free is too little'
kill -STOP "$daemon"
random 8 200000 >>"$logs/a.log"
kill -TERM "$daemon"
kill -CONT "$daemon"
stop_daemon CONT
expect_sealed
rest_is_kept || fail 'room did not become short'
rm "$work/disk/other"
start_daemon
stop_daemon
expect_sealed
expect a.log "$logs/a.log"

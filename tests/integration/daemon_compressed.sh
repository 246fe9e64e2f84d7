#!/bin/bash
# Logs that are rotated and compressed while nobody reads them: the rest is read from the compressed
# copy, under the same source, in each format; and copies that are damaged, cut, not complete yet,
# many, or only look like the right one.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

configure '[input main]' "path = $logs/*.log*"

# pack FORMAT FILE: as logrotate does it, with the time of the file
pack() {
    case $1 in
    gz) gzip -c "$2" ;;
    xz) xz -1 -c "$2" ;;
    zst) zstd -q -c "$2" ;;
    bz2) bzip2 -c "$2" ;;
    logz) ctl compress -c "$2" ;;
    esac >"$2.$1"
    touch -r "$2" "$2.$1"
    rm "$2"
}

# said PATTERN COUNT: so many lines of the daemon's log match
said() {
    local count
    count=$(grep -c -- "$1" "$work/stderr")
    ((count == $2)) || fail "'$1' is said $count times, not $2"
}

# not_read NAME: it's no source of its own
not_read() {
    ctl restore --source "$logs/$1" -f -o "$work/none" "$archive" 2>/dev/null && fail "$1 was read"
    return 0
}

# Each format, rotated and compressed while the daemon is down: after a kill and after a good end.
formats='gz xz zst bz2 logz'
for f in $formats; do
    lines 1 4000 "$f" >"$logs/$f.log"
    lines 1 3000 "whole $f" >"$logs/whole-$f.log"
done
# The same beginning, far longer than a fingerprint: only what is before the position tells.
banner=$(lines 1 60 banner)
printf '%s\n' "$banner" "first generation" >"$logs/banner.log"
lines 1 100 dated >"$logs/dated.log"
lines 1 100 slow >"$logs/slow.log"
lines 1 20000 hurt >"$logs/hurt.log"
lines 1 100 gone >"$logs/gone.log"
start_daemon
sync_all
kill_daemon
for f in $formats; do
    lines 4001 9000 "$f" >>"$logs/$f.log"
    mv "$logs/$f.log" "$logs/$f.log.1"
    pack "$f" "$logs/$f.log.1"
    lines 1 50 "new $f" >"$logs/$f.log"
    mv "$logs/whole-$f.log" "$logs/whole-$f.log.1" # there's nothing left of these
    pack "$f" "$logs/whole-$f.log.1"
done
printf '%s\n' "the rest of the first" >>"$logs/banner.log"
mv "$logs/banner.log" "$logs/banner.log.1"
pack gz "$logs/banner.log.1"
printf '%s\n' "$banner" "another generation" "that isn't the first" >"$logs/banner.log.old"
pack xz "$logs/banner.log.old" # newer, so it's tried first
lines 101 200 dated >>"$logs/dated.log"
mv "$logs/dated.log" "$logs/dated-20261122.log"
pack gz "$logs/dated-20261122.log"
# Its compression is under way: half of it is there.
lines 101 9000 slow >>"$logs/slow.log"
gzip -c "$logs/slow.log" >"$work/slow.gz"
head -c 10000 "$work/slow.gz" >"$logs/slow.log.1.gz"
rm "$logs/slow.log"
# Damaged behind what was read.
lines 20001 60000 hurt >>"$logs/hurt.log"
mv "$logs/hurt.log" "$logs/hurt.log.1"
pack gz "$logs/hurt.log.1"
perl -e 'open my $f, "+<", $ARGV[0] or die; my $at = int((-s $f) * 0.8); seek $f, $at, 0;
    print $f "damage"' "$logs/hurt.log.1.gz"
# Deleted.
rm "$logs/gone.log"
# Neither a small file that unpacks to much nor one that takes much memory does any harm.
head -c 100000000 /dev/zero | gzip -1 >"$logs/gone.log.1.gz"
xz -c --lzma2=dict=512MiB "${BASH_SOURCE[0]}" >"$logs/gone.log.2.xz"
touch -d yesterday "$logs"/gone.log.[12].* # or they'd be what came after it
start_daemon
sync_all
head -c 20000 "$work/slow.gz" >"$logs/slow.log.1.gz"
sync_all
cat "$work/slow.gz" >"$logs/slow.log.1.gz"
# It's found by the rescan: nobody tells of it.
soon ctl query -q 'slow 9000 of a log' "$archive" 2>/dev/null || fail 'slow.log.1.gz is not read on'
stop_daemon
start_daemon # nothing of this is said or done again
sync_all

# Compressed while the daemon runs, but has closed the file: few descriptors, many files.
stop_daemon
many=150
for ((i = 0; i < many; i++)); do lines 1 20 "many $i" >"$logs/many$i.log"; done
ulimit -S -n 130
start_daemon
sync_all
kill -STOP "$daemon"
for ((i = 0; i < many; i++)); do
    lines 21 40 "many $i" >>"$logs/many$i.log"
    mv "$logs/many$i.log" "$logs/many$i.log.1"
    f=${formats#* }
    [[ $((i % 2)) = 0 ]] && f=gz
    pack "${f%% *}" "$logs/many$i.log.1"
    lines 1 5 "new many $i" >"$logs/many$i.log"
done
kill -CONT "$daemon"
sync_all
stop_daemon

expect_sealed
for f in $formats; do
    expect "$f.log" <(lines 1 9000 "$f"; lines 1 50 "new $f")
    expect "whole-$f.log" <(lines 1 3000 "whole $f")
    not_read "$f.log.1.$f"
done
expect banner.log <(printf '%s\n' "$banner" "first generation" "the rest of the first")
expect dated.log <(lines 1 200 dated)
expect slow.log <(lines 1 9000 slow)
expect gone.log <(lines 1 100 gone)
for ((i = 0; i < many; i++)); do
    expect "many$i.log" <(lines 1 40 "many $i"; lines 1 5 "new many $i")
done
# Of the damaged one nothing is taken, since nobody knows which bytes of it are right.
expect hurt.log <(lines 1 20000 hurt)
size=$(lines 1 20000 hurt | wc -c)
said "hurt.log.1.gz: offset [0-9]*: damaged gzip data" 1
said "hurt.log: source [0-9]*: what was written to it from byte $size on, if anything, is lost" 1
said "gone.log: source [0-9]*: what was written to it from byte $(lines 1 100 gone | wc -c) on" 1
said "slow.log.1.gz: .* waiting for it to become whole" 1

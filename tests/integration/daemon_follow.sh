#!/bin/bash
# Files that appear, grow, are renamed, deleted, linked; directories that come later; files from
# before the first start; things that aren't files. What is restored is what was written.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

lines 1 50 >"$logs/old.log"
mkdir "$logs/end"
lines 1 20 before >"$logs/end/tail.txt"
mkfifo "$logs/pipe.log"
configure '[input main]' "path = $logs/*.log" "path = $logs/*/deep/*.log" \
    "exclude = $logs/no-*.log" '[input rotated]' "path = $logs/r.txt*" \
    '[input end]' "path = $logs/end/*" 'from = end'
start_daemon

# Appends, an empty file, a file without a last newline, all bytes.
lines 51 100 >>"$logs/old.log"
: >"$logs/empty.log"
printf 'no newline' >"$logs/short.log"
perl -e 'print pack("C*", 0..255) x 400' >"$logs/bytes.log"
lines 1 5 >"$logs/no-thanks.log"
lines 21 30 after >>"$logs/end/tail.txt"
sync_all
lines 1 3000 >>"$logs/old.log"
printf ' and on' >>"$logs/short.log"

# A directory that comes later.
mkdir -p "$logs/sub/deep"
lines 1 10 deep >"$logs/sub/deep/x.log"

# Renamed, and the writer goes on writing to the old file; then a new one has the name.
exec 3>>"$logs/app.log"
lines 1 200 app >&3
sync_all
mv "$logs/app.log" "$logs/app.away"
lines 201 400 app >&3
sync_all
lines 401 500 app >"$logs/app.log"
lines 501 510 app >&3
exec 3>&-
sync_all

# Renamed into a name that matches the same glob.
lines 1 100 one >"$logs/r.txt"
sync_all
mv "$logs/r.txt" "$logs/r.txt.1"
lines 1 30 two >"$logs/r.txt"
sync_all
mv "$logs/r.txt.1" "$logs/r.txt.2"
mv "$logs/r.txt" "$logs/r.txt.1"
lines 1 7 three >"$logs/r.txt"
sync_all

# Another name for a file that is read already is no other file.
ln "$logs/old.log" "$logs/hard.log"
ln -s old.log "$logs/soft.log"
sync_all

# Deleted while it isn't read.
lines 1 10 gone >"$logs/gone.log"
sync_all
kill -STOP "$daemon"
lines 11 5000 gone >>"$logs/gone.log"
rm "$logs/gone.log"
kill -CONT "$daemon"
sync_all

stop_daemon
expect_sealed
lines 1 50 >"$work/old"
lines 51 100 >>"$work/old"
lines 1 3000 >>"$work/old"
expect old.log "$work/old"
expect bytes.log "$logs/bytes.log"
expect short.log <(printf 'no newline and on')
expect sub/deep/x.log <(lines 1 10 deep)
expect app.log <(lines 1 400 app; lines 501 510 app; lines 401 500 app)
expect r.txt <(lines 1 100 one; lines 1 30 two; lines 1 7 three)
expect gone.log <(lines 1 5000 gone)
for name in no-thanks.log hard.log soft.log pipe.log r.txt.1; do
    ctl restore --source "$logs/$name" -f -o "$work/none" "$archive" 2>/dev/null &&
        fail "$name was read"
done
[[ $(grep -c 'pipe.log: not read: not a regular file' "$work/stderr") = 1 ]] ||
    fail "the FIFO isn't refused once"
# Only what came after the first start, and restore says that the beginning isn't there.
ctl restore --source "$logs/end/tail.txt" -f -o "$work/restored" "$archive" 2>/dev/null
lines 21 30 after | cmp - "$work/restored" || fail 'from = end has not begun at the end'

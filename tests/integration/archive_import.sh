#!/bin/bash
# logzipctl import: rotated files of every format come into the archive under their log's name, in
# their order and with their time, beside a daemon that reads the log; what is there already is left
# out, what is damaged isn't taken, what is removed was in the archive before.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

configure '[input main]' "path = $logs/*.log" "exclude = $logs/alone.log"

# pack FILE FORMAT TIME: compressed as rotation does it, if there is a format, written to at TIME
pack() {
    touch -d "$3" "$1"
    case $2 in
    gz) gzip "$1" ;;
    xz) xz -1 "$1" ;;
    zst) zstd -q --rm "$1" ;;
    bz2) bzip2 "$1" ;;
    logz) ctl compress "$1" ;;
    '') ;;
    esac
}

# import STATUS ARGUMENT...: what it prints is in $work/import
import() {
    local wanted=$1 status=0
    shift
    ctl import --level=fast -c "$conf" "$@" >"$work/import" 2>&1 || status=$?
    ((status == wanted)) || fail "import $*: exit status $status: $(cat "$work/import")"
}

# said PATTERN
said() { grep -q -- "$1" "$work/import" || fail "not said: '$1': $(cat "$work/import")"; }

segments() { find "$archive" -name '*.logz' | wc -l; }

# Numbered files in all formats, the oldest first in what comes out; and the daemon's at the end.
for i in 1 2 3 4 5 6; do
    lines "$i"0001 "$i"3000 "part $i" >"$logs/app.log.$i"
    cp "$logs/app.log.$i" "$work/app.$i"
done
pack "$logs/app.log.6" logz '2026-10-31 10:00'
pack "$logs/app.log.5" gz '2026-11-01 10:00'
pack "$logs/app.log.4" xz '2026-11-02 10:00'
pack "$logs/app.log.3" zst '2026-11-03 10:00'
pack "$logs/app.log.2" bz2 '2026-11-04 10:00'
pack "$logs/app.log.1" '' '2026-11-05 10:00'
# Dated ones, whose times say nothing, one of them without a newline at its end.
for i in 20261030 20261031 20261101; do
    { lines 1 500 "on $i"; printf 'no newline'; } >"$logs/dated.log-$i"
    cp "$logs/dated.log-$i" "$work/dated.$i"
    pack "$logs/dated.log-$i" gz '2026-11-02 00:00'
done
touch "$logs/none.log.1"
lines 1 100 current >"$logs/app.log"
# Who looks first what would be done needs no archive for it.
import 0 -n "$logs"/*
said 'would import .*/app.log.5.gz as .*/app.log$'
[[ ! -e $archive ]] || fail 'a dry run has made an archive'
start_daemon
sync_all
import 0 -n "$logs"/*
said 'would import .*/app.log.5.gz as .*/app.log$'
[[ $(segments) = 0 ]] || fail 'a dry run has made a segment'
import 0 "$logs"/*
said 'app.log: left to logzipd'
said '^imported 9 files into 1 segments'
said 'total .* 9 '
expect app.log "$work"/app.{6,5,4,3,2,1} "$logs/app.log"
expect dated.log "$work"/dated.*
ctl verify "$archive" >"$work/out" 2>&1 || fail "the archive is damaged: $(cat "$work/out")"

# Everything is in the archive already, also what the daemon has read, sealed or not.
import 0 "$logs"/*
said '^imported 0 files; 10 were in the archive already; 1 left'
mv "$logs/app.log" "$logs/app.log.0"
gzip -k "$logs/app.log.0"
import 0 "$logs"/app.log.0*
said '^imported 0 files; 2 were in the archive already'
ask seal >/dev/null || fail 'the daemon cannot seal'
import 0 "$logs"/app.log.0*
said '^imported 0 files; 2 were in the archive already'
expect app.log "$work"/app.{6,5,4,3,2,1} "$logs/app.log.0"
rm "$logs"/app.log.0*

# The time of a line without a stamp is that of its file; inputs are those of the log.
echo 'nothing but words' >"$logs/plain.log.7"
pack "$logs/plain.log.7" gz '2026-10-20 12:00'
import 0 "$logs/plain.log.7.gz"
[[ $(ctl query -h words --since '2026-10-20 11:00' --until '2026-10-20 13:00' --input main \
    "$archive") == 'nothing but words' ]] || fail 'a line is not found by the time of its file'

# Files that are older come first also if they are imported later.
for i in 1 2; do
    lines 1 300 "late $i" >"$logs/late.log.$i"
    cp "$logs/late.log.$i" "$work/late.$i"
    pack "$logs/late.log.$i" gz "2026-11-0$((5 - i)) 10:00"
done
import 0 "$logs/late.log.1.gz"
import 0 "$logs/late.log.2.gz"
expect late.log "$work"/late.{2,1}

# The same file twice, plain and compressed; one that has grown since it was imported.
lines 1 2000 twice >"$logs/twice.log.1"
gzip -k "$logs/twice.log.1"
import 0 "$logs"/twice.log.*
said '^imported 1 files into 1 segments; 1 were'
expect twice.log "$logs/twice.log.1"
rm "$logs/twice.log.1.gz"
lines 2001 2500 twice >>"$logs/twice.log.1"
import 0 "$logs/twice.log.1"
said '^imported 1 files into 1 segments'
expect twice.log "$logs/twice.log.1"
# Files that begin alike are others all the same.
{ lines 1 2000 twice; echo else; } >"$work/twice.2"
cp "$work/twice.2" "$logs/twice.log.2"
touch -d '2026-01-01' "$logs/twice.log.2"
import 0 "$logs/twice.log.2"
expect twice.log "$work/twice.2" "$logs/twice.log.1"

# What can't be read whole isn't taken, and stays; all others are, and go.
for i in 1 2 3 4 5 6; do
    lines 1 9000 "hurt $i" >"$logs/hurt.log.$i"
    cp "$logs/hurt.log.$i" "$work/hurt.$i"
    pack "$logs/hurt.log.$i" gz "2026-11-0$((7 - i)) 10:00"
done
size=$(stat -c %s "$logs/hurt.log.5.gz")
truncate -s $((size / 2)) "$logs/hurt.log.5.gz"
size=$(stat -c %s "$logs/hurt.log.3.gz")
printf '\377' | dd of="$logs/hurt.log.3.gz" bs=1 seek=$((size - 6)) conv=notrunc 2>/dev/null
echo 'this is not compressed' >"$logs/hurt.log.7.xz"
lines 1 10 alone >"$logs/alone.log"
import 1 --remove "$logs"/hurt.log.* "$logs/alone.log" "$logs/missing" "$logs"
said 'hurt.log.5.gz: offset [0-9]*: it ends within gzip data'
said 'hurt.log.3.gz: offset [0-9]*: damaged gzip data'
said 'hurt.log.7.xz: not compressed'
said 'missing: No such file'
said "$logs: is a directory"
said 'alone.log: not removed: it isn.t a rotated file'
said '^imported 5 files into 1 segments; 4 removed; 5 FAILED'
expect hurt.log "$work"/hurt.{6,4,2,1}
expect alone.log "$logs/alone.log"
[[ $(cd "$logs" && echo hurt.log*) == 'hurt.log.3.gz hurt.log.5.gz hurt.log.7.xz' ]] ||
    fail "wrong files are left: $(ls "$logs")"
# A file that is in the archive already is removed, too.
cp "$work/hurt.6" "$logs/hurt.log.6"
import 0 --remove "$logs/hurt.log.6"
said '1 were in the archive already; 1 removed'
[[ ! -e $logs/hurt.log.6 ]] || fail 'a file that is in the archive was not removed'

# Under a name that is given; and what belongs to no input.
echo elsewhere >"$work/elsewhere"
import 0 --source "$logs/given.log" --input main "$work/elsewhere"
expect given.log "$work/elsewhere"
import 1 --input other "$work/elsewhere"
said 'has no \[input other\]'

# A new life of the daemon, with and without journals, isn't disturbed by the ids of imported files.
stop_daemon
rm "$archive"/*.lzj
lines 1 10 afterwards >"$logs/after.log"
start_daemon
sync_all
expect after.log "$logs/after.log"
status_json | grep -q '"id":[0-9]\{10,\}' && fail 'the daemon goes on with ids of imported files'
! compgen -G "$archive/.*tmp*" >/dev/null || fail "drafts are left: $(ls -A "$archive")"
import 1 --level=fast "$logs"/nothing*
import 2 --level=other x
import 2 --remove
stop_daemon

# What the configuration names is imported once, also if it expires later; young, old and linked
# files aren't, and what can't be read is told once.
rm -rf "$archive" "${logs:?}"/*
archive_options=('max_age = 30d')
configure '[input main]' "path = $logs/*.log" "import = $logs/*.gz $logs/*.[0-9]" \
    'import_remove = no' '[input moved]' "import = $work/moved/*" 'import_remove = yes'
mkdir "$archive" "$work/moved"
days() { date -d "-$1 days" '+%F %T'; }
for i in 1 2 40; do
    lines 1 1000 "day $i" >"$logs/app.log.$i"
    pack "$logs/app.log.$i" gz "$(days "$i")"
done
lines 1 10 young >"$logs/young.log.1"
echo secret >"$work/secret"
touch -d "$(days 3)" "$work/secret"
ln -s "$work/secret" "$logs/secret.log.1"
echo no >"$logs/bad.log.gz"
touch -d "$(days 3)" "$logs/bad.log.gz"
echo moved >"$work/moved/there.log-20261120"
touch -d "$(days 3)" "$work/moved/there.log-20261120"
import 1
said 'bad.log.gz: not compressed'
said '^imported 3 files into 1 segments; 1 removed; 1 FAILED'
! compgen -G "$work/moved/*" >/dev/null || fail 'a file was not removed'
[[ -e $archive/catalog ]] || fail 'there is no catalog'
import 0
said '^imported 0 files$'
rm "$archive"/*.logz
import 0
said '^imported 0 files$'
mv "$logs/app.log.1.gz" "$logs/app.log.3.gz" # nothing is known by its name
import 0
said '^imported 0 files$'
touch -d "$(days 2)" "$logs/app.log.3.gz"
import 0
said '^imported 1 files'
echo 'logzip imported 1
1 2 x' >"$archive/imported"
import 1
said '^imported 1 files into 1 segments; 1 were in the archive already; 1 FAILED'

# Ended by a signal, it leaves nothing behind, or all, if it comes when all is read; one that is
# ignored doesn't end it. Then there may be nothing left to do for it.
begin_import() {
    ( trap '' HUP; exec "$BUILD/logzipctl" import --level=best -T1 -c "$conf" "$@" ) >"$work/import" 2>&1 &
    pid=$!
}
is_reading() {
    local fd
    for fd in "/proc/$pid/fd"/*; do
        [[ $fd -ef $1 ]] && return
    done
    return 1
}
drafts() { compgen -G "$archive/.*.tmp*" >/dev/null; }
# end_import SIGNAL STATUS
end_import() {
    local status=0
    kill -s "$1" "$pid" 2>/dev/null
    { wait "$pid"; } 2>/dev/null || status=$?
    ((status == $2)) || fail "import ended with status $status by $1: $(cat "$work/import")"
    ! drafts || fail "a draft is left: $(ls -A "$archive")"
}
lines 1 400000 ended >"$logs/ended.log.1"
begin_import "$logs/ended.log.1"
until drafts; do
    kill -0 "$pid" 2>/dev/null || fail "import ended before it was to be: $(cat "$work/import")"
    sleep 0.01
done
end_import TERM 143
said '^imported [01] files'
begin_import "$logs/ended.log.1"
until drafts || ! kill -0 "$pid" 2>/dev/null; do sleep 0.01; done
end_import HUP 0
expect ended.log "$logs/ended.log.1"

# When all is read, what is left to be encoded is given up as well, unless all is done by then.
lines 1 400000 whole >"$logs/whole.log.1"
begin_import "$logs/whole.log.1"
until drafts; do sleep 0.01; done
while is_reading "$logs/whole.log.1"; do sleep 0.01; done
end_import TERM 143
said '^imported \(0 files; stopped by a signal\|1 files into 1 segments\)$'
import 0 "$logs/whole.log.1"
expect whole.log "$logs/whole.log.1"

# rotate does it, too.
lines 1 100 nightly >"$logs/nightly.log.1"
touch -d "$(days 4)" "$logs/nightly.log.1"
ctl rotate -n -c "$conf" >"$work/import" 2>&1 || fail "rotate -n: $(cat "$work/import")"
said '^would import .*/nightly.log.1 as '
ctl rotate -c "$conf" >"$work/import" 2>&1 || fail "rotate: $(cat "$work/import")"
said 'imported 1 files of'
expect nightly.log "$logs/nightly.log.1"

# What couldn't be read is tried again, also if nothing but its mode has changed.
as_other=(setpriv --reuid=65534 --regid=65534 --clear-groups)
chmod 711 "$work"
if [[ $(id -u) = 0 ]] && "${as_other[@]}" test -x "$BUILD/logzipctl"; then
    chown -R 65534:65534 "$archive"
    lines 1 10 hidden >"$logs/hidden.log.1"
    touch -d "$(days 3)" "$logs/hidden.log.1"
    chmod 000 "$logs/hidden.log.1"
    "${as_other[@]}" "$BUILD/logzipctl" import -c "$conf" >"$work/import" 2>&1 &&
        fail "what can't be read is imported: $(cat "$work/import")"
    said 'hidden.log.1: cannot open: Permission denied'
    chmod 644 "$logs/hidden.log.1"
    "${as_other[@]}" "$BUILD/logzipctl" import -c "$conf" >"$work/import" 2>&1 ||
        fail "not imported: $(cat "$work/import")"
    expect hidden.log "$logs/hidden.log.1"
fi
exit 0

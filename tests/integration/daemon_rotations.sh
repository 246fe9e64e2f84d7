#!/bin/bash
# Every way in which logs are rotated, twice: while the daemon is stopped for a moment, and while it
# is down after kill -9. Each case writes what should be restored to *.all; all bytes are compared.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

mkdir "$work/all" "$logs/old"
configure '[input main]' "path = $logs/*.log" "path = $logs/dir*/*.log" '[input old]' \
    "path = $logs/olddir/*.log" 'olddir = ../old' '[input wide]' "path = $logs/wide/*"

# put CASE TEXT [FILE]: some lines to CASE.log, or to another file that is the log at this moment,
# and to what is expected
put() {
    local file=${3-$logs/$1.log}
    lines 1 40 "$1 $2" | tee -a "$work/all/${1##*/}" >>"$file"
}

# Each case is a function of the round; before_CASE is what is there, and read, before. The time of
# a file's change is what tells its generations apart, so these take a moment.
pause() { sleep 0.02; }

before_renamed() { put renamed "before $1"; }
case_renamed() {
    put renamed "unread $1"
    mv "$logs/renamed.log" "$logs/renamed.log.1"
    put renamed "late, to the old file $1" "$logs/renamed.log.1"
    put renamed "new $1"
}

# The unread rest of the first, one that was never seen, and the new one.
before_twice() { put twice "before $1"; }
case_twice() {
    put twice "unread $1"
    rm -f "$logs"/twice.log.*
    mv "$logs/twice.log" "$logs/twice.log.1"
    pause
    put twice "between $1"
    mv "$logs/twice.log.1" "$logs/twice.log.2"
    mv "$logs/twice.log" "$logs/twice.log.1"
    pause
    put twice "new $1"
}

# Three times, by dates; one of them compressed.
before_dated() { put dated "before $1"; }
case_dated() {
    put dated "unread $1"
    rm -f "$logs"/dated-* "$logs"/dated.log-*
    mv "$logs/dated.log" "$logs/dated-20261121.log"
    pause
    put dated "between, compressed $1"
    gzip "$logs/dated.log"
    mv "$logs/dated.log.gz" "$logs/dated-20261122.log.gz"
    pause
    put dated "between $1"
    mv "$logs/dated.log" "$logs/dated.log-20261123"
    pause
    put dated "new $1"
}

# As logrotate does it with delaycompress: the rest of the first is compressed.
before_delayed() { put delayed "before $1"; }
case_delayed() {
    put delayed "unread $1"
    rm -f "$logs"/delayed.log.*
    mv "$logs/delayed.log" "$logs/delayed.log.2"
    pause
    put delayed "between $1" "$logs/delayed.log.1"
    gzip "$logs/delayed.log.2"
    pause
    put delayed "new $1"
}

before_copied() { put copied "before $1"; }
case_copied() {
    put copied "unread $1"
    rm -f "$logs"/copied.log.*
    cp "$logs/copied.log" "$logs/copied.log.1"
    : >"$logs/copied.log"
    pause
    put copied "between $1"
    mv "$logs/copied.log.1" "$logs/copied.log.2"
    cp "$logs/copied.log" "$logs/copied.log.1"
    : >"$logs/copied.log"
    pause
    put copied "new $1"
}

# Into another directory, there compressed; and by copying, as to another file system.
before_olddir() {
    mkdir -p "$logs/olddir"
    put olddir/o "before $1" "$logs/olddir/o.log"
    put olddir/p "before $1" "$logs/olddir/p.log"
    put olddir/q "before $1" "$logs/olddir/q.log"
}
case_olddir() {
    local name
    for name in o p q; do put "olddir/$name" "unread $1" "$logs/olddir/$name.log"; done
    rm -f "$logs"/old/*
    mv "$logs/olddir/o.log" "$logs/old/o.log.1"
    cp "$logs/olddir/p.log" "$logs/old/p.log.1" && rm "$logs/olddir/p.log"
    gzip -c "$logs/olddir/q.log" >"$logs/old/q.log.1.gz" && rm "$logs/olddir/q.log"
    for name in o p q; do put "olddir/$name" "new $1" "$logs/olddir/$name.log"; done
}

# The inode of a file that was read, deleted, belongs to another one now.
before_inode() { put inode "before $1"; }
case_inode() {
    rm "$logs/inode.log"
    for ((try = 0; try < 20; try++)); do put "inode" "$1 new $try" "$logs/inode.$try"; done
    cat "$logs"/inode.[0-9]* >"$work/none"
    rm "$logs"/inode.*
    put inode "at last $1"
}

before_hard() { put hard "before $1"; }
case_hard() {
    put hard "unread $1"
    ln -f "$logs/hard.log" "$logs/hard2.log"
    put hard "by the other name $1" "$logs/hard2.log"
    rm "$logs/hard.log"
    mv "$logs/hard2.log" "$logs/hard.log"
}

# A link that is moved to another file; both are read, each once.
before_link() {
    mkdir -p "$logs/targets"
    put "link" "before $1" "$logs/targets/$1"
    ln -sf "targets/$1" "$logs/link.log"
}
case_link() {
    put link "unread $1" "$logs/targets/$1"
    ln -sfn "targets/next-$1" "$logs/link.log"
    put link "another $1" "$logs/targets/next-$1"
}

# A directory is removed and made again; another is renamed.
before_directory() {
    mkdir -p "$logs/dir1" "$logs/dir2"
    put directory "before $1" "$logs/dir1/directory.log"
    put moved "before $1" "$logs/dir2/moved.log"
}
case_directory() {
    rm -r "$logs/dir1"
    mkdir "$logs/dir1"
    put directory "new $1" "$logs/dir1/directory.log"
    put moved "unread $1" "$logs/dir2/moved.log"
    mv "$logs/dir2" "$logs/dir3"
    mkdir "$logs/dir2"
    mv "$logs/dir3/moved.log" "$logs/dir2/moved.log"
    rmdir "$logs/dir3"
}

# Shrunk and regrown past the position with the same beginning, below a fingerprint's length.
before_regrown() {
    lines 1 2 "head" >"$logs/regrown.log"
    sync_all
    lines 3 3 "round $1" >>"$logs/regrown.log"
    cat "$logs/regrown.log" >>"$work/all/regrown"
}
case_regrown() {
    { lines 1 2 "head"; lines 4 12 "again $1"; } >"$work/regrown"
    cat "$work/regrown" >"$logs/regrown.log"
    cat "$work/regrown" >>"$work/all/regrown"
}

# More often than anybody rotates while a daemon is down.
before_often() { put often "before $1"; }
case_often() {
    local i
    put often "unread $1"
    rm -f "$logs"/often.log-*
    for ((i = 100; i < 180; i++)); do
        mv "$logs/often.log" "$logs/often.log-$i"
        put often "number $i $1"
    done
}
# Right after one that was seen.
before_soon() { put soon "before $1"; }
case_soon() {
    rm -f "$logs"/soon.log-*
    if [[ $1 = stopped ]]; then
        kill -CONT "$daemon"
        mv "$logs/soon.log" "$logs/soon.log-1"
        put soon "seen $1"
        sync_all
        kill -STOP "$daemon"
    fi
    mv "$logs/soon.log" "$logs/soon.log-2"
    pause
    put soon "between $1"
    mv "$logs/soon.log" "$logs/soon.log-3"
    pause
    put soon "new $1"
}
# A compressed file has the inode of one that was empty.
before_reused() {
    put reused "before $1"
    sync_all
    rm -f "$logs"/reused.log-*
    mv "$logs/reused.log" "$logs/reused.log-1"
    : >"$logs/reused.log"
}
case_reused() {
    if [[ $1 = killed ]]; then
        mv "$logs/reused.log" "$logs/reused.log-2.gz"
        put reused "compressed $1" "$work/unread"
        gzip -c "$work/unread" >"$logs/reused.log-2.gz"
        pause
    fi
    put reused "new $1"
}
# A pattern that matches rotated names as well: nothing is read twice.
before_wide() {
    mkdir -p "$logs/wide"
    put wide "before $1" "$logs/wide/w"
}
case_wide() {
    put wide "unread $1" "$logs/wide/w"
    rm -f "$logs"/wide/w.1.gz
    [[ -e $logs/wide/w.1 ]] && gzip "$logs/wide/w.1" && mv "$logs/wide/w.1.gz" "$logs/wide/w.2.gz"
    mv "$logs/wide/w" "$logs/wide/w.1"
    put wide "new $1" "$logs/wide/w"
}

# The same with the copy that copytruncate makes: it's no log of its own, also when all of it was
# read, and when it's renamed and compressed afterwards. The second is seen between its copy and its
# truncation.
before_widecopy() {
    mkdir -p "$logs/wide"
    put widecopy "before $1" "$logs/wide/c"
    put widecopied "before $1" "$logs/wide/d"
    sync_all
    rm -f "$logs/wide/d.1"
    cp "$logs/wide/d" "$logs/wide/d.1"
    sync_all
}
case_widecopy() {
    : >"$logs/wide/d"
    put widecopied "new $1" "$logs/wide/d"
    [[ $1 = stopped ]] || put widecopy "unread $1" "$logs/wide/c"
    rm -f "$logs"/wide/c.2.gz
    [[ -e $logs/wide/c.1 ]] && gzip "$logs/wide/c.1" && mv "$logs/wide/c.1.gz" "$logs/wide/c.2.gz"
    cp "$logs/wide/c" "$logs/wide/c.1"
    : >"$logs/wide/c"
    put widecopy "new, longer $1" "$logs/wide/c"
    put widecopy "new, longer still $1" "$logs/wide/c"
    put widecopy "new, longer than before $1" "$logs/wide/c"
}

cases='soon reused renamed twice dated often delayed copied olddir inode hard link directory regrown wide widecopy'
[[ $# = 0 ]] || cases=$*
start_daemon
for round in stopped killed; do
    for c in $cases; do "before_$c" "$round"; done
    sync_all
    case $round in
    stopped) kill -STOP "$daemon" ;;
    killed) kill_daemon ;;
    esac
    for c in $cases; do "case_$c" "$round"; done
    case $round in
    stopped) kill -CONT "$daemon" ;;
    killed) start_daemon ;;
    esac
    sync_all
done
stop_daemon
expect_sealed

for c in $cases; do
    case $c in
    olddir) for name in o p q; do expect "olddir/$name.log" "$work/all/$name"; done ;;
    directory)
        expect dir1/directory.log "$work/all/directory"
        expect dir2/moved.log "$work/all/moved"
        ;;
    inode) expect inode.log <(for r in stopped killed; do
        lines 1 40 "inode before $r"; lines 1 40 "inode at last $r"; done) ;;
    wide) expect wide/w "$work/all/wide" ;;
    widecopy)
        expect wide/c "$work/all/widecopy"
        expect wide/d "$work/all/widecopied"
        for copy in c.1 d.1; do
            ! ctl restore --source "$logs/wide/$copy" -f -o "$work/none" "$archive" 2>/dev/null ||
                fail "wide/$copy was read as a log of its own"
        done
        ;;
    *) expect "$c.log" "$work/all/$c" ;;
    esac
done

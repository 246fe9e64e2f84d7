#!/bin/bash
# logzipd --stdin: pipes, files, sockets, terminals and nothing as standard input; its end, SIGTERM
# and kill -9; runs one after the other, and between runs of a daemon that follows files.
# shellcheck disable=SC2002  # pipes are what is tested
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

own=$work/own
feed() { "$BUILD/logzipd" --stdin "$@" --archive "$own" 2>>"$work/stderr"; }

# gives NAME FILE...: the source's bytes are those in the files, one after the other
gives() {
    local name=$1
    shift
    cat "$@" >"$work/expected"
    ctl restore --source "$name" -f -o "$work/restored" "$own" 2>"$work/restore.err" ||
        fail "cannot restore $name: $(cat "$work/restore.err")"
    cmp "$work/expected" "$work/restored" || fail "$name differs from what was piped"
}

# Lines; all bytes and no last newline; a file; a file from its middle on; a socket; nothing.
lines 1 100000 >"$work/1"
perl -e 'print pack("C*", 0..255) x 5000, "no newline"' >"$work/2"
lines 1 5000 file >"$work/3"
cat "$work/1" | feed app || fail "a pipe: exit status $?"
[[ $(find "$own" -name '*.logz' | wc -l) = 1 ]] || fail 'what was piped is not sealed'
cat "$work/2" | feed app || fail "a pipe without a newline at its end: exit status $?"
feed app <"$work/3" || fail "a file: exit status $?"
{ head -n 1 >/dev/null && feed app; } <"$work/3" || fail "the rest of a file: exit status $?"
feed app </dev/null || fail "/dev/null: exit status $?"
: | feed app || fail "an empty pipe: exit status $?"
perl -MSocket -MIO::Handle -e '
    socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or die;
    my $child = fork;
    if (!$child) { close $a; open STDIN, "<&", $b; exec @ARGV; die }
    close $b; $a->autoflush; print $a "from a socket\n" x 1000; shutdown $a, 1; waitpid $child, 0; exit $? >> 8' \
    "$BUILD/logzipd" --stdin app --archive "$own" 2>>"$work/stderr" || fail "a socket: status $?"
perl -e 'print "from a socket\n" x 1000' >"$work/4"
tail -n +2 "$work/3" >"$work/rest" # head(1) seeks back to what it has not printed
gives app "$work/1" "$work/2" "$work/3" "$work/rest" "$work/4"
ctl verify "$own" >/dev/null || fail 'the archive is damaged'

# A terminal, whose end is ^D or that it's gone.
if command -v script >/dev/null; then
    (echo typed; sleep 1; printf '\004') |
        script -qec "stty -echo; '$BUILD/logzipd' --stdin tty --archive '$own' 2>/dev/null" /dev/null \
            >/dev/null || fail "a terminal: exit status $?"
    gives tty <(echo typed)
fi

# Misuse, each with its reason.
"$BUILD/logzipd" --stdin '' </dev/null 2>/dev/null
(($? == 2)) || fail 'an empty name is taken'
"$BUILD/logzipd" --archive "$own" 2>/dev/null
(($? == 2)) || fail '--archive without --stdin is taken'
"$BUILD/logzipd" --stdin x --archive "$own" <&- 2>"$work/out" && fail 'closed standard input is taken'
grep -q 'standard input is closed' "$work/out" || fail "closed: $(cat "$work/out")"
"$BUILD/logzipd" --stdin x --archive "$own" <"$work" 2>"$work/out" && fail 'a directory is taken'
grep -q 'standard input is nothing' "$work/out" || fail "a directory: $(cat "$work/out")"
"$BUILD/logzipd" -c "$work/none" --stdin x </dev/null 2>"$work/out" && fail 'no configuration'
grep -q 'none.*No such file' "$work/out" || fail "no configuration: $(cat "$work/out")"

# seen PATTERN ARCHIVE: a query finds it before long
seen() {
    soon ctl query -c "$1" "$2" >/dev/null 2>&1 || fail "'$1' is not found"
}

# begin_feed NAME: in the background, from a FIFO that descriptor 9 writes to
begin_feed() {
    rm -f "$work/fifo"
    mkfifo "$work/fifo"
    "$BUILD/logzipd" --stdin "$1" --archive "$own" <"$work/fifo" 2>>"$work/stderr" &
    daemon=$!
    exec 9>"$work/fifo"
}

# SIGTERM keeps what is there; kill -9 what was durable; the end of a run ends its last line.
begin_feed live
lines 1 2000 >&9
stop_daemon
exec 9>&-
begin_feed live
printf 'half of a line' >&9
seen 'half of a' "$own"
"$BUILD/logzipd" --stdin other --archive "$own" </dev/null 2>"$work/out" && fail 'two on one archive'
grep -q "in use by another writer ($daemon logzipd)" "$work/out" || fail "$(cat "$work/out")"
kill_daemon
exec 9>&-
echo 'the next run' | feed live || fail "after kill -9: exit status $?"
gives live <(lines 1 2000; printf 'half of a line'; echo 'the next run')
ctl query '^half of a line$' "$own" >/dev/null || fail 'two runs have a line in common'

# In the archive of a daemon that follows files: it goes on as if nothing had been.
lines 1 100 >"$logs/a.log"
configure '[input main]' "path = $logs/*.log" '[input sys]' "listen = unix:$work/sys.sock"
start_daemon
perl -MIO::Socket::UNIX -MSocket -e '
    my $s = IO::Socket::UNIX->new(Peer => $ARGV[0], Type => SOCK_DGRAM) or die "$!";
    send $s, "<13>one", 0 or die' "$work/sys.sock" || fail 'cannot send a message'
sync_all
echo x | "$BUILD/logzipd" -c "$conf" --stdin app 2>"$work/out" && fail 'a daemon has the archive'
grep -q "in use by another writer ($daemon logzipd)" "$work/out" || fail "$(cat "$work/out")"
grep -q -e '--archive' "$work/out" || fail "no hint: $(cat "$work/out")"
stop_daemon
lines 101 200 >>"$logs/a.log"
lines 1 50 piped | "$BUILD/logzipd" -c "$conf" --stdin app 2>>"$work/stderr" || fail "with -c: $?"
lines 201 300 >>"$logs/a.log"
start_daemon
perl -MIO::Socket::UNIX -MSocket -e '
    my $s = IO::Socket::UNIX->new(Peer => $ARGV[0], Type => SOCK_DGRAM) or die "$!";
    send $s, "<13>two", 0 or die' "$work/sys.sock" || fail 'cannot send a message'
sync_all
status_json | grep -q '"name":"app"' && fail 'standard input of an earlier run is still followed'
stop_daemon
expect a.log <(lines 1 300)
own=$archive
gives app <(lines 1 50 piped)
gives sys <(printf '<13>one\n<13>two\n')

# A full disk: the writer waits, and goes on when there is room.
own=$work/disk/own
if ((EUID == 0)) && mkdir "$work/disk" && mount -t tmpfs -o size=20m tmpfs "$work/disk" 2>/dev/null; then
    head -c 18M /dev/urandom >"$work/disk/ballast"
    head -c 3M /dev/urandom | base64 >"$work/big"
    printf '[daemon]\nmin_free = 0\n' >"$work/full.conf"
    cat "$work/big" | "$BUILD/logzipd" -c "$work/full.conf" --stdin big --archive "$own" 2>>"$work/stderr" &
    daemon=$!
    soon holds "$work/stderr" 'No space left' || fail 'the disk did not get full'
    rm "$work/disk/ballast"
    wait "$daemon" || fail "after the disk was full: exit status $?"
    daemon=
    gives big "$work/big"
    umount "$work/disk"
fi
exit 0

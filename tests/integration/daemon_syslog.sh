#!/bin/bash
# Inputs that listen: what logger(1), rsyslogd(8), a shell and programs that mean harm send over Unix
# sockets, UDP and TCP; restarts with own sockets and with the service manager's; reload.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

sock=$work/log.sock
read -r udp tcp other < <(perl -MIO::Socket::INET -e '
    my @s = map { IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") or die } 1 .. 3;
    print join(" ", map { $_->sockport } @s), "\n"') || fail 'there are no free ports'

# gives NAME FILE...: the source has these bytes
gives() {
    local name=$1
    shift
    cat "$@" >"$work/expected"
    ctl restore --source "$name" -f -o "$work/restored" "$archive" 2>"$work/restore.err" ||
        fail "cannot restore $name: $(cat "$work/restore.err")"
    cmp "$work/expected" "$work/restored" || {
        diff "$work/expected" "$work/restored" | head -n 5 >&2
        fail "$name differs from what was sent"
    }
}

# transmit KIND WHAT: each line of standard input, a Perl string, as a datagram, or all as a stream
transmit() {
    perl -MIO::Socket::UNIX -MIO::Socket::IP -MSocket -e '
        my ($kind, $to) = @ARGV;
        my $s = $kind eq "unix" ? IO::Socket::UNIX->new(Peer => $to, Type => SOCK_DGRAM)
                                : IO::Socket::IP->new(PeerHost => $kind eq "udp6" ? "::1" : "127.0.0.1",
                                                      PeerPort => $to,
                                                      Type => $kind eq "tcp" ? SOCK_STREAM : SOCK_DGRAM);
        $s or die "$kind $to: $!\n";
        while (my $m = <STDIN>) {
            chomp $m;
            $m = eval "\"$m\"" // die;
            defined send $s, $m, 0 or die "$kind $to: $!\n";
        }' "$@" || fail "cannot send by $1"
}

six=()
grep -q 00000000000000000000000000000001 /proc/net/if_inet6 2>/dev/null &&
    six=('[input six]' "listen = udp:[::1]:$udp")
configure '[input local]' "listen = unix:$sock" 'mode = 0600' \
    '[input net]' "listen = udp:127.0.0.1:$udp tcp:127.0.0.1:$tcp" 'max_message = 4K' \
    'max_connections = 40' '[input small]' "listen = udp:127.0.0.1:$other" 'receive_buffer = 64K' "${six[@]}"
start_daemon
[[ $(stat -c %a "$sock") = 600 ]] || fail "the socket's mode is $(stat -c %a "$sock")"

# Bytes, exactly: a NUL or a line feed at the end is the line's end; those within stay.
transmit unix "$sock" <<'EOF'
<13>plain
<13>fed\n
<13>ended\0
<13>both\n\0
<13>two\nlines
\0

no priority \xff\x00\x80
EOF
printf '%s\n' '<13>' >"$work/long"
perl -e 'print "x" x 100000, "\n"' >"$work/long"
transmit unix "$sock" <"$work/long"
sync_all
{
    printf '<13>plain\n<13>fed\n<13>ended\n<13>both\n<13>two\nlines\n'
    printf 'no priority \xff\0\x80\n'
    cat "$work/long"
} >"$work/local"
gives local "$work/local"

# Streams: counted, by line feed, by NUL, mixed, one byte at a time; what's half ends with the
# connection; what's too long is cut.
transmit tcp "$tcp" <<'EOF'
13 <13>counted a<13>by feed\n13 <13>two\nfeeds<13>by nul\0
plain\n\n
12 no count\n
9 <13>half
EOF
sync_all
perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(PeerHost => "127.0.0.1", PeerPort => $ARGV[0]) or die "$!";
    setsockopt $s, 6, 1, 1;
    for my $c (split //, "9 <13>a\nb c8 <13>next\n<13>last\n3 <") {
        syswrite $s, $c; select undef, undef, undef, 0.002 }' "$tcp" || fail 'byte by byte'
sync_all
perl -e 'print "<13>", "y" x 5000, "\\n\n"' | transmit tcp "$tcp"
sync_all
printf '<13>udp\\nudp' | transmit udp "$udp"
sync_all
{
    printf '<13>%s\n' 'counted a' 'by feed' $'two\nfeeds' 'by nul'
    printf '%s\n' plain '' '12 no count' '<13>half' $'<13>a\nb c' '<13>next' '' '<13>last' '<'
    perl -e 'print "<13>", "y" x 4092, "\n", "y" x 908, "\n<13>udp\nudp\n"'
} >"$work/net"
gives net "$work/net"

if ((${#six[@]})); then
    printf '<13>six' | transmit udp6 "$udp"
    sync_all
    gives six <(echo '<13>six')
fi

# The tools that people have, each line once.
# found N PATTERN: so many lines of the archive match it
found() {
    local n
    n=$(ctl query -h -c "$2" "$archive")
    [[ $n = "$1" ]] || fail "'$2' is in $n lines, not in $1"
}
# dropped INPUT: so many datagrams, as the status counts them
dropped() {
    status_json | sed -E 's/.*"input": *"'"$1"'",[^}]*"datagrams_dropped": *([0-9]+).*/\1/'
}
if command -v logger >/dev/null; then
    for i in {1..20}; do
        echo "tool $i local" | logger -u "$sock" -t t
        logger -n 127.0.0.1 -P "$udp" -d --rfc3164 -t t "tool $i udp 3164"
        logger -n 127.0.0.1 -P "$udp" -d --rfc5424 -t t "tool $i udp 5424"
        logger -n 127.0.0.1 -P "$tcp" -T --rfc3164 -t t "tool $i tcp 3164"
        logger -n 127.0.0.1 -P "$tcp" -T --rfc5424 --octet-count -t t "tool $i tcp 5424"
    done
    lines 1 3000 bulk | logger -n 127.0.0.1 -P "$tcp" -T --rfc5424 --octet-count -t t
    lines 1 3000 bulk | logger -n 127.0.0.1 -P "$tcp" -T --rfc5424 -t t
    sync_all
    found 20 '^<13>.* tool \d+ local$'
    found 20 '^<13>\w{3} [ \d]\d .* tool \d+ udp 3164$'
    found 20 '^<13>1 .* tool \d+ udp 5424$'
    found 20 '^<13>\w{3} [ \d]\d .* tool \d+ tcp 3164$'
    found 20 '^<13>1 .* tool \d+ tcp 5424$'
    found 6000 '^<13>1 .* bulk \d+ of a log$'
fi
echo "<13>from bash" >"/dev/tcp/127.0.0.1/$tcp" || fail '/dev/tcp'
printf '<13>from bash' >"/dev/udp/127.0.0.1/$udp" || fail '/dev/udp'
sync_all
found 2 '^<13>from bash$'

# rsyslogd forwards in each of its ways, what it gets at a socket of its own.
if command -v rsyslogd >/dev/null; then
    cat >"$work/rsyslog.conf" <<EOF
global(workDirectory="$work")
module(load="imuxsock" SysSock.Use="off")
module(load="omuxsock")
input(type="imuxsock" Socket="$work/rsyslog.sock" RateLimit.Interval="0")
template(name="raw" type="string" string="<%pri%>%programname% A %msg%")
template(name="raw2" type="string" string="<%pri%>%programname% B %msg%")
template(name="raw3" type="string" string="<%pri%>%programname% C %msg%")
template(name="raw4" type="string" string="<%pri%>%programname% D %msg%")
action(type="omfwd" target="127.0.0.1" port="$tcp" protocol="tcp" TCP_Framing="octet-counted" template="raw")
action(type="omfwd" target="127.0.0.1" port="$tcp" protocol="tcp" template="raw2")
action(type="omfwd" target="127.0.0.1" port="$udp" protocol="udp" template="raw3")
\$OMUxSockSocket $sock
*.* :omuxsock:;raw4
EOF
    if rsyslogd -N1 -f "$work/rsyslog.conf" >"$work/rsyslog.out" 2>&1; then
        rsyslogd -n -f "$work/rsyslog.conf" -i "$work/rsyslog.pid" >"$work/rsyslog.out" 2>&1 &
        rsyslog=$!
        soon test -S "$work/rsyslog.sock" || fail 'rsyslogd does not listen'
        lines 1 500 forwarded | logger -u "$work/rsyslog.sock" -t relay
        for ((i = 0; i < 200; i++)); do
            sync_all
            [[ $(ctl query -h -c 'forwarded 500 of' "$archive") = 4 ]] && break
            sleep 0.05
        done
        kill "$rsyslog"
        wait "$rsyslog" 2>/dev/null
        for way in A B D; do
            found 500 "^<13>relay $way .*forwarded \\d+ of a log\$"
        done
        found $((500 - $(dropped net))) "^<13>relay C .*forwarded \\d+ of a log\$"
    else
        echo "rsyslogd doesn't take the test's configuration" >&2
    fi
fi

# Hostile clients: counts that can't be, halves that never end, more connections than there may be.
perl -MIO::Socket::INET -e '
    my $new = sub { IO::Socket::INET->new(PeerHost => "127.0.0.1", PeerPort => $ARGV[0]) };
    $SIG{PIPE} = "IGNORE";
    my $s = &$new or die "$!";
    syswrite $s, "1000000000 <13>";
    sysread($s, $_, 1) and die "answered";       # closed by the daemon
    my @half = map { my $h = &$new; syswrite $h, "<13>half $_ " . "z" x 3000 if $h; $h } 1 .. 1000;
    sysread($half[999], $_, 1) and die "answered";
    $_ and close $_ for @half;' "$tcp" || fail 'hostile clients'
grep -q 'announces a message of 1000000000 bytes' "$work/stderr" || fail 'a bad count is not told'
grep -q 'there are 40 connections; more are turned away' "$work/stderr" || fail 'no limit is told'
printf '<13>still there\\n' | transmit tcp "$tcp"
sync_all
found 1 '^<13>still there$'
n=$(ctl query -h -c '^<13>half \d+ z{3000}$' "$archive")
status_json >"$work/status"
for count in '"messages_cut": *1,' '"connections_refused": *1,' '"connections_turned_away": *9[0-9]*,' \
    '"sockets_missing": *0\>' '"state": *"listening"'; do
    grep -q "$count" "$work/status" || fail "status has no $count: $(cat "$work/status")"
done
((n >= 40)) || fail "of the connections that were taken, only $n have left their messages"
[[ $(find "/proc/$daemon/fd" -type l 2>/dev/null | wc -l) -lt 60 ]] || fail 'descriptors are left open'

# What UDP loses is counted: the kernel's queue is full while the daemon doesn't read.
kill -STOP "$daemon"
lines 1 5000 flood | sed 's/^/<13>/' | transmit udp "$other"
kill -CONT "$daemon"
sync_all
lost=$(dropped small)
((lost > 0)) || fail 'a full queue loses nothing'
grep -q "\\[input small\\]: the kernel had no room for $lost datagrams" "$work/stderr" ||
    fail 'it is not told that datagrams are lost'
found $((5000 - lost)) '^<13>.* flood \d+ of a log$'

# SIGTERM loses nothing that a sender got rid of; the source goes on in the next run.
burst() {
    for ((i = $1; i < $1 + 5; i++)); do
        lines $((i * 1000 + 1)) $((i * 1000 + 1000)) burst | sed 's/^/<13>/' | transmit "$2" "$3"
    done
}
burst 0 unix "$sock"
stop_daemon
[[ -e $sock ]] && fail 'the socket is left behind'
start_daemon
burst 5 unix "$sock"
lines 1 5000 stream | sed 's/^/<13>/; s/$/\\n/' | transmit tcp "$tcp"
stop_daemon
found 10000 '^<13>.* burst \d+ of a log$'
found 5000 '^<13>.* stream \d+ of a log$'
ctl verify "$archive" >/dev/null || fail 'the archive is damaged'

# Killed: what was synced is there, the socket's name is taken over; nothing twice.
start_daemon
printf '<13>before' | transmit unix "$sock"
sync_all
kill_daemon
start_daemon
printf '<13>after' | transmit unix "$sock"
sync_all
found 1 '^<13>before$'
found 1 '^<13>after$'
ctl restore --source local -f -o "$work/restored" "$archive" || fail 'cannot restore after a kill'
tail -n 2 "$work/restored" | cmp - <(printf '<13>before\n<13>after\n') || fail 'another order'

# Reload: a socket goes, another comes; what is idle is closed; a place that's taken is told.
configure '[input local]' "listen = unix:$sock" '[input net]' "listen = tcp:127.0.0.1:$other" \
    'idle_timeout = 1s'
perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1", LocalPort => $ARGV[0],
                                  ReuseAddr => 1) or die; print "ready\n"; close STDOUT; sleep 600' "$other" >"$work/taken" &
taken=$!
soon test -s "$work/taken" || fail 'a port cannot be taken'
ctl reload -c "$conf" || fail 'reload'
grep -q "tcp:127.0.0.1:$other: cannot listen there: Address already in use" "$work/stderr" ||
    fail 'a place that is taken is not told of'
(: >"/dev/tcp/127.0.0.1/$tcp") 2>/dev/null && fail 'a socket that is not configured any more is there'
kill "$taken"
wait "$taken" 2>/dev/null
soon holds "$work/stderr" "listening at tcp:127.0.0.1:$other" || fail 'a place that is free again is not taken'
perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(PeerHost => "127.0.0.1", PeerPort => $ARGV[0]) or die "$!";
    syswrite $s, "<13>idle"; alarm 120; sysread $s, $_, 1;' "$other" || fail 'idle'
sync_all
found 1 '^<13>idle$'
stop_daemon

# Ended below the reserve of room: what waits at the socket is taken and sealed all the same.
if ((EUID == 0)) && mkdir "$work/disk" && mount -t tmpfs -o size=40m tmpfs "$work/disk" 2>/dev/null; then
    archive_options=()
    usual=$archive archive=$work/disk/archive
    configure 'min_free = 16M' '[input tight]' "listen = unix:$sock"
    start_daemon
    head -c 30M /dev/zero >"$work/disk/ballast"
    printf '<13>noticed' | transmit unix "$sock"
    soon holds "$work/stderr" 'less than min_free' || fail 'too little room is not noticed'
    sleep 0.2
    printf '<13>waits\n<13>too\n' | transmit unix "$sock"
    stop_daemon
    expect_sealed
    gives tight <(printf '<13>%s\n' noticed waits too)
    rm "$work/disk/ballast"
    start_daemon
    stop_daemon
    gives tight <(printf '<13>%s\n' noticed waits too)
    umount "$work/disk"
    archive=$usual
fi

# Sockets of the service manager's: what is sent while no daemon runs waits for the next one.
configure '[input handed]' "listen = unix:$work/handed.sock tcp:127.0.0.1:$other udp:127.0.0.1:$udp"
cat >"$work/manager" <<'EOF'
use IO::Socket::UNIX; use IO::Socket::INET; use Socket; use Fcntl; use POSIX;
my ($path, $port, $udp, @command) = @ARGV;
my @s = (IO::Socket::UNIX->new(Local => $path, Type => SOCK_DGRAM),
    IO::Socket::INET->new(Listen => 50, LocalAddr => "127.0.0.1", LocalPort => $port, ReuseAddr => 1),
    IO::Socket::INET->new(Proto => "udp", LocalAddr => "127.0.0.1", LocalPort => $udp));
for my $i (0 .. 2) { POSIX::dup2(fileno $s[$i], 13 + $i) or die }
while (<STDIN>) {    # each line: run the daemon
    my $pid = fork;
    if (!$pid) {
        POSIX::dup2(13 + $_, 3 + $_) for 0 .. 2;
        $^F = 5;
        fcntl(IO::Handle->new_from_fd($_, "r"), F_SETFD, 0) for 3 .. 5;
        @ENV{qw(LISTEN_PID LISTEN_FDS)} = ($$, 3);
        exec @command;
    }
    waitpid $pid, 0; print "$?\n"; STDOUT->flush;
}
EOF
coproc manager { exec perl "$work/manager" "$work/handed.sock" "$other" "$udp" \
    "$BUILD/logzipd" -c "$conf" --foreground 2>>"$work/stderr"; }
ask_manager=${manager[1]} answer=${manager[0]}
for ((i = 0; i < 200; i++)); do [[ -S $work/handed.sock ]] && break; sleep 0.05; done
printf '<13>waiting' | transmit udp "$udp"
printf '<13>waiting\\n' | transmit tcp "$other"
(lines 1 3000 handed | sed 's/^/<13>/' | transmit unix "$work/handed.sock") & # blocks when it's full
sender=$!
for run in 1 2 3; do
    echo go >&"$ask_manager"
    for ((i = 0; i < 500; i++)); do ask status >/dev/null 2>&1 && break; sleep 0.02; done
    ((run == 3)) && wait "$sender"
    ((run == 3)) && sync_all
    kill "$(sed 's/ .*//' "$archive/lock")"
    read -r -t 60 status <&"$answer" || fail 'the daemon does not end'
    [[ $status = 0 ]] || fail "run $run of the service manager's ends with $status"
    [[ -S $work/handed.sock ]] || fail "the service manager's socket is removed"
done
exec {ask_manager}>&-
found 2 '^<13>waiting$'
lines 1 3000 handed | sed 's/^/<13>/' >"$work/handed"
ctl query -h '^<13>.* handed' "$archive" | cmp - "$work/handed" || fail 'a restart has lost datagrams'
exit 0

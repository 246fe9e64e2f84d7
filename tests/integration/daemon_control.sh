#!/bin/bash
# The command line, bad configurations, a second daemon, reload, requests over the socket, leaving
# the terminal, notification of the service manager, SIGTERM.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

# check_fails PATTERN...: --check exits 1 and each pattern is in what it says
check_fails() {
    "$BUILD/logzipd" -c "$conf" --check >"$work/out" 2>&1 && fail "--check accepts: $(cat "$conf")"
    local pattern
    for pattern in "$@"; do
        grep -q -- "$pattern" "$work/out" || fail "'$pattern' isn't in: $(cat "$work/out")"
    done
}

# The command line.
"$BUILD/logzipd" --version | grep -q '^logzipd [0-9]' || fail '--version'
"$BUILD/logzipd" --help | grep -q '^Usage: logzipd' || fail '--help'
"$BUILD/logzipd" --no-such-option 2>/dev/null
(($? == 2)) || fail 'a wrong option has another exit status than 2'

# Bad configurations: all errors at once, each with its line; nothing is started.
configure '[input main]' "path = $logs/*.log" 'colour = red' '[input empty]' '[output x]' \
    'not a line'
sed -i 's/^rescan = .*/rescan = soon/' "$conf"
check_fails "$conf:6: rescan: 'soon'" "$conf:10: 'colour'" "$conf:11: \[input empty\] has no path" \
    "$conf:12: \[output x\]" "$conf:13: neither"
configure '[input main]' 'path = relative.log' "path = $logs/"
check_fails "$conf:9: path: 'relative.log'" "$conf:10: .*names a directory"
configure '[input main]' "path = $logs"
check_fails "$conf:9: path: $logs is a directory"
if ((EUID)); then
    : >"$logs/secret.log"
    chmod 0 "$logs/secret.log"
    configure '[input main]' "path = $logs/secret.log"
    check_fails "$conf:9: path: .*Permission denied"
    rm -f "$logs/secret.log"
fi
"$BUILD/logzipd" -c "$conf" --foreground 2>/dev/null && fail 'it starts with a bad configuration'
[[ -e $archive ]] && fail 'a bad configuration has made an archive'
"$BUILD/logzipd" -c "$work/none" --check 2>"$work/out" && fail 'no configuration at all is fine'
grep -q 'No such file' "$work/out" || fail 'a missing configuration is not said to be missing'
"$BUILD/logzipd" -c "${BASH_SOURCE[0]%/*}/../../conf/logzipd.conf" --check >"$work/out" 2>&1 ||
    grep -q 'cannot write there' "$work/out" || fail "the sample configuration: $(cat "$work/out")"

# What is allowed but maybe not meant: warnings, and exit status 0. No lock is taken, no daemon
# disturbed, nothing made.
mkdir "$logs/some.log"
configure '[input main]' "path = $logs/*.log $logs/none/*.log" "path = $logs/one.txt"
: >"$logs/one.txt"
"$BUILD/logzipd" --check "$conf" >"$work/out" 2>&1 || fail "warnings are errors: $(cat "$work/out")"
grep -q "^logzipd: $conf:9: warning: path: $logs/none/\*.log matches no file now\$" "$work/out" ||
    fail "no warning of a pattern that matches nothing: $(cat "$work/out")"
grep -q "^logzipd: $conf:9: warning: .* matches 1 that can't be read, such as $logs/some.log: not a" \
    "$work/out" || fail "no warning of a directory: $(cat "$work/out")"
grep -q "^$conf: no errors, 2 warnings\$" "$work/out" || fail "the sum: $(cat "$work/out")"
[[ -e $archive ]] && fail '--check has made an archive'
rmdir "$logs/some.log"
"$BUILD/logzipd" --check "$conf" extra 2>/dev/null
(($? == 2)) || fail '--check takes two files'
"$BUILD/logzipd" "$conf" 2>/dev/null
(($? == 2)) || fail 'a file is taken without --check'

# Status, and requests that aren't.
configure '[input main]' "path = $logs/a.log"
lines 1 100 >"$logs/a.log"
start_daemon
sync_all
size=$(stat -c %s "$logs/a.log")
status_json | tr ',' '\n' >"$work/status"
grep -q "\"position\": *$size\b" "$work/status" || fail "the position isn't $size"
grep -q "\"pid\": *$daemon\b" "$work/status" || fail 'another pid'
ctl status -c "$conf" | grep -q "$logs/a.log \[main\]" || fail 'status has no a.log'
[[ $(stat -c %a "$work/control") = 660 ]] || fail 'the socket has another mode than 0660'
refused nonsense 'unknown request'
refused "$(printf 'x%.0s' {1..500})" 'not a request'
for ((i = 0; i < 100; i++)); do
    perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Peer => $ARGV[0]); exit 0' "$work/control"
done
perl -MIO::Socket::UNIX -e '
    my @open = map { IO::Socket::UNIX->new(Peer => $ARGV[0]) } 1..32;
    my $more = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 1;
    local $/; exit((<$more> // "") =~ /^error too many/ ? 0 : 1)' "$work/control" ||
    fail 'the 33rd client at once is let in'
sync_all

before=$(status_json | sed 's/.*"last_error"//')
"$BUILD/logzipd" -c "$conf" --check >"$work/out" || fail "--check beside a daemon: $(cat "$work/out")"
grep -q ': no errors$' "$work/out" || fail '--check beside a daemon warns'
[[ $(status_json | sed 's/.*"last_error"//') == "$before" ]] || fail '--check disturbs the daemon'

# A second daemon on the same archive, and one on the same socket.
"$BUILD/logzipd" -c "$conf" --foreground 2>"$work/second" && fail 'a second daemon has run'
grep -q "$daemon" "$work/second" || fail "who holds the lock isn't said: $(cat "$work/second")"
sed "s|^directory = .*|directory = $work/other|" "$conf" >"$work/other.conf"
"$BUILD/logzipd" -c "$work/other.conf" --foreground 2>"$work/second" && fail 'two on one socket'
grep -q 'another daemon listens' "$work/second" || fail 'the socket in use is not told'
sync_all

# Reload: an input more, then a bad configuration, then one less.
lines 1 10 b >"$logs/b.log"
configure '[input main]' "path = $logs/a.log" '[input second]' "path = $logs/b.log"
kill -HUP "$daemon"
has_b() { status_json | grep -q 'b\.log'; }
soon has_b || fail 'SIGHUP has not added b.log'
sync_all
has_b || fail 'b.log is gone again'
echo 'nonsense' >>"$conf"
ctl reload -c "$conf" 2>"$work/out" && fail 'a bad configuration is taken'
refused reload "$conf:12:"
lines 11 20 b >>"$logs/b.log"
sync_all
configure '[input second]' "path = $logs/b.log"
ask reload >/dev/null || fail 'reload fails'
lines 21 30 b >>"$logs/b.log"
sync_all

# A seal by request, and one by SIGTERM of what is there at that moment.
ctl seal -c "$conf" >/dev/null || fail 'seal fails'
expect_sealed
ctl seal -c "$conf" >/dev/null || fail 'a seal with nothing to seal fails'
lines 31 40 b >>"$logs/b.log"
stop_daemon
expect_sealed
[[ -e $work/control ]] && fail 'the socket is left'
expect a.log "$logs/a.log"
expect b.log "$logs/b.log"

# By age.
archive_options=('seal_age = 1s')
configure '[input second]' "path = $logs/b.log"
start_daemon
lines 41 50 b >>"$logs/b.log"
sync_all
count_segments() { find "$archive" -name '*.logz' | wc -l; }
before=$(count_segments)
# shellcheck disable=SC2317 # soon calls it
has_sealed() { (($(count_segments) > before)); }
soon has_sealed || fail 'the journal is not sealed by its age'
stop_daemon
expect b.log "$logs/b.log"

# With a service manager: it's told when the daemon is ready, and when it ends.
perl -MIO::Socket::UNIX -MSocket -e '
    my $s = IO::Socket::UNIX->new(Local => $ARGV[0], Type => SOCK_DGRAM) or die;
    open(my $out, ">", $ARGV[1]); $out->autoflush(1);
    $SIG{ALRM} = sub { exit 1 }; alarm 600;
    while (defined $s->recv(my $text, 1000)) { print $out "$text\n"; exit 0 if $text =~ /STOPPING/ }
' "$work/notify" "$work/told" &
manager=$!
soon test -S "$work/notify" || fail 'there is no service manager'
export NOTIFY_SOCKET=$work/notify
"$BUILD/logzipd" -c "$conf" 2>>"$work/stderr" &
daemon=$!
unset NOTIFY_SOCKET
soon holds "$work/told" '^READY=1' || fail 'the service manager was not told READY=1'
stop_daemon
wait "$manager" || fail 'the service manager was not told of the end'

# Without one: the command ends when the daemon is ready; an error at the start is its own.
"$BUILD/logzipd" -c "$conf" || fail 'cannot start in the background'
daemon=$(status_json | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
[[ -n $daemon ]] || fail 'the daemon in the background does not answer'
"$BUILD/logzipd" -c "$conf" 2>/dev/null && fail 'a second one in the background'
kill "$daemon"
for ((i = 0; i < 300; i++)); do kill -0 "$daemon" 2>/dev/null || break; sleep 0.02; done
kill -0 "$daemon" 2>/dev/null && fail 'the daemon in the background does not end'
daemon=
exit 0

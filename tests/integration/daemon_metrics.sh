#!/bin/bash
# Metrics: over the control socket, over HTTP, for clients that are rude or slow; the port changes
# with the configuration.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

# A port that nobody has at this moment.
free_port() {
    perl -MIO::Socket::INET -e '
        print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport'
}

# http REQUEST [PORT]: send it as it is (with \r\n for line ends), print the answer
http() {
    perl -MIO::Socket::INET -e '
        my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[1], Timeout => 60)
            or exit 3;
        (my $request = $ARGV[0]) =~ s/\\r\\n/\r\n/g;
        $SIG{PIPE} = "IGNORE"; $SIG{ALRM} = sub { exit 4 }; alarm 120;
        $s->syswrite($request);
        local $/; my $answer = <$s>; print $answer // ""' "$1" "${2-$port}"
}

# scrape [PORT]
# shellcheck disable=SC2120 # soon calls it
scrape() { http 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n' "${1-$port}"; }

# answered STATUS REQUEST
answered() {
    http "$2" >"$work/answer"
    [[ $(head -n 1 "$work/answer") == "HTTP/1.1 $1 "* ]] ||
        fail "'$2' is answered with: $(head -c 300 "$work/answer")"
}

# sample SERIES: its value in what the control socket says
sample() { ctl metrics -c "$conf" | SERIES=$1 perl -ne 'print $1 if /^\Q$ENV{SERIES}\E (\S+)$/'; }

wait_for_http() {
    soon scrape "${1-$port}" >/dev/null 2>&1 || fail "nobody serves metrics on port ${1-$port}"
}

port=$(free_port)
configure '[input main]' "path = $logs/*.log"
sed -i "s/^log_level.*/&\nmetrics = 127.0.0.1:$port/" "$conf"
lines 1 1000 >"$logs/a.log"
lines 1 10 >"$logs/odd \"name\".log"
start_daemon
sync_all
ctl seal -c "$conf" || fail 'seal fails'
lines 1001 1100 >>"$logs/a.log"
sync_all
wait_for_http

# The same over both ways.
[[ $(sample "logzip_source_read_lines_total{input=\"main\",source=\"$logs/a.log\"}") == 1100 ]] ||
    fail 'the lines of a.log'
[[ $(sample "logzip_source_read_lines_total{input=\"main\",source=\"$logs/odd \\\"name\\\".log\"}") == \
    10 ]] || fail 'the lines of a file with quotes in its name'
[[ $(sample logzip_sealed_segments_total) == 1 ]] || fail 'the segments sealed'
[[ $(sample logzip_seal_duration_seconds_count) == 1 ]] || fail 'the seals'
[[ $(sample logzip_lag_bytes) == 0 ]] || fail 'the lag'
[[ $(sample 'logzip_reading_stopped{reason="min_free"}') == 0 ]] || fail 'reading is stopped'
(($(sample process_resident_memory_bytes) > 1000000)) || fail 'the memory'
(($(sample process_open_fds) > 5)) || fail 'the descriptors'
(($(sample logzip_journal_sync_duration_seconds_count) >= 2)) || fail 'the syncs'
scrape "$port" >"$work/answer"
tr -d '\r' <"$work/answer" >"$work/plain"
grep -q '^HTTP/1.1 200 OK$' "$work/plain" || fail 'not 200'
grep -q '^Content-Type: text/plain; version=0.0.4; charset=utf-8$' "$work/plain" || fail 'the type'
grep -q '^Connection: close$' "$work/plain" || fail 'the connection stays'
sed '1,/^$/d' "$work/plain" >"$work/body"
[[ $(stat -c %s "$work/body") == "$(sed -n 's/^Content-Length: //p' "$work/plain")" ]] ||
    fail 'another length than it says'
ctl metrics -c "$conf" >"$work/direct"
diff <(sed 's/[ {].*//' "$work/body" | sort -u) <(sed 's/[ {].*//' "$work/direct" | sort -u) ||
    fail 'HTTP and the control socket know other metrics'

# A file by file limit; the sums have all.
sed -i 's/^metrics = .*/&\nmetrics_sources = 1/' "$conf"
ask reload >/dev/null || fail 'reload fails'
[[ $(sample logzip_sources_omitted) == 1 ]] || fail 'metrics_sources = 1 omits another number'
ctl metrics -c "$conf" >"$work/direct"
(($(grep -c '^logzip_source_lag_bytes{' "$work/direct") == 1)) || fail 'it has more series'

# Everything else.
answered 404 'GET / HTTP/1.0\r\n\r\n'
answered 405 'POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody'
answered 400 'GET /metrics HTTP/1.1\r\n\r\n'
answered 400 "$(printf 'x%.0s' {1..9000})"
answered 505 'GET /metrics HTTP/3.0\r\n\r\n'
http 'HEAD /metrics HTTP/1.0\r\n\r\n' >"$work/answer"
[[ $(tail -c 4 "$work/answer" | od -An -c | tr -d ' ') == '\r\n\r\n' ]] || fail 'HEAD has a body'
before=$(sample 'logzip_errors_total{kind="control"}')
for ((i = 0; i < 20; i++)); do
    head -c $((RANDOM % 3000)) /dev/urandom >"/dev/tcp/127.0.0.1/$port"
done 2>/dev/null
answered 400 '\r\nGET\r\n\r\n'
(($(sample 'logzip_errors_total{kind="control"}') > before)) || fail 'nonsense is no error'
# More than is read: the answer comes nevertheless.
perl -e 'print "GET /metrics HTTP/1.0\r\n\r\n", "x" x 3000000' >"$work/long"
http "$(head -c 100000 "$work/long")" >"$work/answer"
grep -q '^HTTP/1.1 [24]00 ' "$work/answer" || fail 'no answer to a long one'

# Slow ones: those who say nothing are the first to be too many; the daemon goes on meanwhile.
perl -MIO::Socket::INET -e '
    my @open = map { IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]) } 1..16;
    my $more = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]) or exit 1;
    local $/; my $answer = <$more>; print STDERR $answer;
    exit(($answer // "") =~ /^HTTP\/1.1 503 / ? 0 : 1)' "$port" 2>"$work/answer" ||
    fail "the 17th client at once is let in: $(cat "$work/answer")"
perl -MIO::Socket::INET -e '
    my @open = map { IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]) } 1..10;
    $_->syswrite("GET /metrics HTTP/1.0\r\n\r\n") for @open[0..4]; # and never read the answer
    $_->syswrite("GET /met") for @open[5..9];                      # and never ask
    open(my $ready, ">", $ARGV[1]); close($ready);
    sleep 600' "$port" "$work/ready" &
slow=$!
soon test -e "$work/ready" || fail 'slow ones do not come in'
wait_for_http
lines 1101 1200 >>"$logs/a.log"
sync_all
answered 404 'GET / HTTP/1.0\r\n\r\n'

# Another port, which somebody else has: all stays as it was. A free one: there and only there.
other=$(free_port)
perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 1)
        or exit 1;
    open(my $ready, ">", $ARGV[1]); close($ready);
    sleep 600' "$other" "$work/taken" &
squatter=$!
soon test -e "$work/taken" || fail 'a port cannot be taken'
sed -i "s/^metrics = .*/metrics = 127.0.0.1:$other/" "$conf"
refused reload "127.0.0.1:$other: cannot listen: address already in use"
wait_for_http
kill "$squatter"
wait "$squatter" 2>/dev/null
ask reload >/dev/null || fail 'reload fails with a free port'
wait_for_http "$other"
http 'GET / HTTP/1.0\r\n\r\n' >/dev/null && fail 'the old port is still served'
sed -i '/^metrics = /d' "$conf"
ask reload >/dev/null || fail 'reload without a port fails'
http 'GET / HTTP/1.0\r\n\r\n' "$other" >/dev/null && fail 'a port is served that nobody wants'

# --check: the port that the running daemon has is no problem, one that another has is.
sed -i "s/^log_level.*/&\nmetrics = 127.0.0.1:$port/" "$conf"
ask reload >/dev/null || fail 'reload with the first port fails'
wait_for_http
"$BUILD/logzipd" -c "$conf" --check >"$work/out" 2>&1 || fail "--check fails: $(cat "$work/out")"
grep -q warning "$work/out" && fail "--check warns of the daemon's own port: $(cat "$work/out")"
sed "s|^control = .*|control = $work/no/socket|" "$conf" >"$work/other.conf"
mkdir "$work/no"
"$BUILD/logzipd" -c "$work/other.conf" --check >"$work/out" 2>&1 || fail 'a taken port is an error'
grep -q "other.conf:[0-9]*: warning: metrics: cannot listen at .*in use" "$work/out" ||
    fail "no warning of a taken port: $(cat "$work/out")"

# Who hasn't read his answer doesn't hold up the end, either.
kill "$slow"
wait "$slow" 2>/dev/null
perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]);
    $s->syswrite("GET /metrics HTTP/1.0\r\n\r\n");
    open(my $ready, ">", $ARGV[1]); close($ready);
    sleep 600' "$port" "$work/waits" &
slow=$!
soon test -e "$work/waits" || fail 'nobody comes to ask'
began=$SECONDS
stop_daemon
((SECONDS - began < 60)) || fail "the end took $((SECONDS - began)) s"
kill "$slow"
expect a.log "$logs/a.log"

# The port is taken when the daemon starts: logs are read all the same, and it's served later.
rm -f "$work/taken"
perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 1,
        ReuseAddr => 1) or exit 1;
    open(my $ready, ">", $ARGV[1]); close($ready);
    sleep 600' "$port" "$work/taken" &
squatter=$!
soon test -e "$work/taken" || fail 'a port cannot be taken'
lines 1201 1300 >>"$logs/a.log"
start_daemon
sync_all
grep -q "metrics: 127.0.0.1:$port: cannot listen" "$work/stderr" || fail 'the taken port is not told'
kill "$squatter"
wait "$squatter" 2>/dev/null
wait_for_http
stop_daemon

# Only loopback addresses.
for bad in 0.0.0.0:9188 192.0.2.1:9188 '[::]:9188' localhost:9188 9188 127.0.0.1:0; do
    sed -i "s/^metrics = .*/metrics = $bad/" "$conf"
    "$BUILD/logzipd" -c "$conf" --check 2>"$work/out" && fail "metrics = $bad is taken"
    grep -q "^logzipd: $conf:[0-9]*: metrics: " "$work/out" || fail "$bad: $(cat "$work/out")"
done
grep -q 'port' "$work/out" || fail 'the reason is not told'
exit 0

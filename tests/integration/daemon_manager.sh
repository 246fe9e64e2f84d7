#!/bin/bash
# What the service manager is told over NOTIFY_SOCKET: ready, status, reload, watchdog, the end and
# more time for it.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

# A manager: writes each message as one line "MILLISECONDS VARIABLE=VALUE|VARIABLE=VALUE".
perl -MIO::Socket::UNIX -MSocket -MTime::HiRes=time -e '
    my $s = IO::Socket::UNIX->new(Local => $ARGV[0], Type => SOCK_DGRAM) or die;
    open(my $out, ">>", $ARGV[1]); $out->autoflush(1);
    $SIG{ALRM} = sub { exit 1 }; alarm 600;
    while (defined $s->recv(my $text, 5000)) {
        $text =~ s/\n/|/g;
        printf $out "%d %s\n", time * 1000, $text;
    }' "$work/notify" "$work/told" &
manager=$!
trap 'status=$?; kill "$manager"; (exit "$status"); clean_up' EXIT
soon test -S "$work/notify" || fail 'there is no manager'

# told PATTERN [COUNT]: wait until so many messages are like that
told() {
    soon holds "$work/told" "^[0-9]+ $1" "${2-1}" ||
        fail "the manager wasn't told '$1' ${2-1} times: $(cat "$work/told")"
}

start_with_manager() {
    NOTIFY_SOCKET=$work/notify WATCHDOG_USEC=400000 \
        "$@" "$BUILD/logzipd" -c "$conf" 2>>"$work/stderr" &
    daemon=$!
    told 'READY=1\|'
}

configure '[input main]' "path = $logs/*.log"
lines 1 1000 >"$logs/a.log"
start_with_manager
told 'STATUS=recovering the archive$'
told 'READY=1\|STATUS=1 files in 1 inputs, '
# Not before it could answer.
ask status >/dev/null || fail 'it says that it is ready, and does not answer'

# The watchdog wants to hear of it every 400 ms; it does all the time, also while it works. A busy
# machine may keep it from that for once.
hears_in_time() {
    : >"$work/told"
    for ((i = 0; i < 8; i++)); do
        lines 1 20000 >>"$logs/a.log"
        ctl seal -c "$conf" || fail 'seal fails'
        sleep 0.2
    done
    told 'WATCHDOG=1$' 6
    perl -ne 'next unless /^(\d+) WATCHDOG=1$/;
        die "silent for ", $1 - $last, " ms\n" if $last && $1 - $last > 3000; $last = $1' "$work/told"
}
hears_in_time || hears_in_time || hears_in_time || fail 'the watchdog was not told in time'

# A reload, and one that fails.
: >"$work/told"
echo "path = $logs/*.txt" >>"$conf"
kill -HUP "$daemon"
told 'RELOADING=1\|MONOTONIC_USEC=[0-9]+$'
told 'READY=1\|STATUS=1 files in 1 inputs, .*, ratio [0-9.]+$'
: >"$work/told"
echo nonsense >>"$conf"
kill -HUP "$daemon"
told 'RELOADING=1\|MONOTONIC_USEC=[0-9]+$'
told 'READY=1\|'
perl -ne 'BEGIN { open F, "</proc/uptime"; $up = (split " ", <F>)[0] }
    next unless /MONOTONIC_USEC=(\d+)/;
    exit(abs($1 / 1e6 - $up) < 60 ? 0 : 1)' "$work/told" || fail 'MONOTONIC_USEC is another time'
sed -i '$d' "$conf"

# The end.
lines 1 100 >>"$logs/a.log"
: >"$work/told"
stop_daemon
told 'STOPPING=1\|STATUS=ending: '
told 'EXTEND_TIMEOUT_USEC=30000000\|STATUS=ending: '
expect a.log "$logs/a.log"

# An end that takes long: it goes on to ask for time. A segment's rename takes 2.6 s here.
if strace -o /dev/null -e inject=rename:delay_enter=1 true 2>/dev/null; then
    : >"$work/told"
    # The sanitizer can't look for leaks under a tracer.
    export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0
    start_with_manager strace -D -f -o /dev/null -e trace=rename,renameat,renameat2 \
        -e inject=rename,renameat,renameat2:delay_enter=2600000
    lines 1 100 >>"$logs/a.log"
    stop_daemon
    told 'EXTEND_TIMEOUT_USEC=' 3
    expect a.log "$logs/a.log"
fi
exit 0

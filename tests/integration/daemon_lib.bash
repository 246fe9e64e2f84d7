#!/bin/bash
# daemon_lib.bash - what the daemon_*.sh tests share: a directory with a log directory, an archive
# and a configuration; starting and ending the daemon; comparing what is restored.
#
# Sourced by the tests, with BUILD set. `work` is removed at the end, and the daemon killed.

: "${BUILD:?BUILD is the directory with logzipd and logzipctl}"
# shellcheck source=tests/integration/wait_lib.bash
source "${BASH_SOURCE[0]%/*}/wait_lib.bash"
export LC_ALL=C TZ=UTC
set -o pipefail

work=$(mktemp -d "${TMPDIR:-/tmp}/logzip-daemon.XXXXXX") || exit 1
logs=$work/log archive=$work/archive conf=$work/logzipd.conf
daemon=
mkdir -p "$logs"

clean_up() {
    local status=$?
    trap - EXIT
    [[ -n $daemon ]] && kill -CONT "$daemon" 2>/dev/null && kill -9 "$daemon" 2>/dev/null
    wait 2>/dev/null
    if ((status)) && [[ -s $work/stderr ]]; then
        echo '--- what logzipd wrote:' >&2
        tail -n 30 "$work/stderr" >&2
    fi
    mountpoint -q "$work/disk" && umount -l "$work/disk"
    rm -rf "$work"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

fail() {
    printf '%s: FAILED: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# configure [LINE...]: the usual sections, and these lines behind them
configure() {
    printf '%s\n' '[archive]' "directory = $archive" "${archive_options[@]}" \
        '[daemon]' "control = $work/control" 'sync_interval = 100ms' 'rescan = 500ms' \
        'log_level = debug' "$@" >"$conf"
}
archive_options=()

ctl() { "$BUILD/logzipctl" "$@"; }
status_json() { ctl status --json -c "$conf"; }

# Ask over the socket, and wait for the answer: "sync" has no command, it's for tests.
ask() {
    perl -MIO::Socket::UNIX -e '
        my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "no daemon at $ARGV[0]\n";
        $s->autoflush(1);
        print $s "$ARGV[1]\n";
        local $/; my $answer = <$s>;
        print $answer // "";
        exit(($answer // "") =~ /^ok\n/ ? 0 : 1)' "$work/control" "$1"
}

# refused REQUEST PATTERN: it's answered with an error like that
refused() {
    ask "$1" >"$work/answer" 2>&1 && fail "'$1' is answered with ok"
    grep -q "^error $2" "$work/answer" || fail "'$1' is answered with: $(cat "$work/answer")"
}

sync_all() { ask sync >/dev/null || fail "sync isn't answered with ok"; }

as_user=() # a command that runs the daemon as another user
start_daemon() {
    "${as_user[@]}" "$BUILD/logzipd" -c "$conf" --foreground 2>>"$work/stderr" &
    daemon=$!
    soon daemon_answers || fail "logzipd doesn't answer"
}
daemon_answers() {
    kill -0 "$daemon" 2>/dev/null || fail 'logzipd ended right after its start'
    ask status >/dev/null 2>&1
}

# stop_daemon [SIGNAL [STATUS]]
stop_daemon() {
    local status=0
    kill "-${1-TERM}" "$daemon"
    { wait "$daemon"; } 2>/dev/null || status=$?
    daemon=
    ((status == ${2-0})) || fail "logzipd exited with status $status"
}

kill_daemon() { stop_daemon KILL 137; }

# expect NAME FILE...: what is restored of the log NAME is what is in the files, one after the other
expect() {
    local name=$1
    shift
    cat "$@" >"$work/expected"
    ctl restore --source "$logs/$name" -f -o "$work/restored" "$archive" 2>"$work/restore.err" ||
        fail "cannot restore $name: $(cat "$work/restore.err")"
    cmp "$work/expected" "$work/restored" || fail "$name differs from what was written"
}

# expect_segment: the archive has segments, and its journals hold nothing
expect_sealed() {
    compgen -G "$archive/*.logz" >/dev/null || fail 'there is no segment'
    [[ $(find "$archive" -name '*.lzj' | wc -l) = 1 ]] || fail "journals are left: $(ls "$archive")"
    ctl verify "$archive" >/dev/null || fail 'the archive is damaged'
}

# lines FROM TO [TEXT]: numbered lines
lines() { seq -f "2024-05-01 12:00:00 ${3-line} %.0f of a log" "$1" "$2"; }

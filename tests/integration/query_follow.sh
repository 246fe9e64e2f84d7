#!/bin/bash
# query --follow: all lines of an archive and then those that come, each once and in their source's
# order, while the daemon reads, rotates, seals, is killed and started again, and segments are
# merged; then what ends it.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

# What was started here and is still there would be waited for.
followers=()
trap 'status=$?; kill "${followers[@]}" 2>/dev/null; (exit "$status"); clean_up' EXIT

# until_has FILE PATTERN: wait for a line
until_has() { soon grep -q -e "$2" "$1" || fail "'$2' isn't in $1: $(tail -n 3 "$1")"; }

# follow OUT OPTION... : in the background; its number is in $follower
follow() {
    local out=$1
    shift
    : >"$out"
    # A shell lets what is in the background ignore SIGINT.
    env --default-signal=INT "$BUILD/logzipctl" query --follow "$@" >>"$out" 2>"$out.err" &
    follower=$!
    followers+=("$follower")
}

has_ended() { ! kill -0 "$follower" 2>/dev/null; }

# ended STATUS: the follower ends by itself, soon
ended() {
    local status
    soon has_ended || fail "the follower doesn't end"
    wait "$follower"
    status=$?
    ((status == $1)) || fail "the follower ended with $status, not $1"
}

stop_follower() {
    kill -INT "$follower" 2>/dev/null
    ended 130
}

# --- everything at once -----------------------------------------------------------------------

archive_options=('seal_size = 128K')
configure 'sync_bytes = 16K' '[input main]' "path = $logs/*.log" '[input events]' \
    "path = $logs/*.ev" 'multiline_start = ^E'

write() {
    local at=1 burst round
    for ((round = 0; round < 60; round++)); do
        burst=$((RANDOM % 500))
        lines "$at" $((at + burst)) "$1" | tee -a "$work/$1.all" >>"$logs/$1.log"
        at=$((at + burst + 1))
        if [[ $1 == turned ]] && ((round % 15 == 14)); then
            mv "$logs/$1.log" "$logs/$1.$round"
        fi
        sleep 0.0$((RANDOM % 6))
    done
}

RANDOM=$$
start_daemon
lines 1 1000 first >"$logs/first.log"
cp "$logs/first.log" "$work/first.all"
ask seal >/dev/null || fail "seal"
follow "$work/out" -h '' "$archive"
all=$follower
follow "$work/matches" -h -F '7 ' -C 1 --no-group-separator "$archive"
context=$follower
writers=()
for name in turned kept; do
    write "$name" &
    writers+=($!)
done
turns=0
while kill -0 "${writers[@]}" 2>/dev/null; do
    sleep 0.0$((RANDOM % 9))
    ((turns % 4)) || ask seal >/dev/null 2>&1
    if ((turns % 7 == 6)); then
        kill_daemon
        ((turns % 2)) || ctl rotate -c "$conf" >/dev/null 2>&1
        start_daemon
    fi
    turns=$((turns + 1))
done
wait "${writers[@]}"
sync_all
echo end of all lines >>"$logs/turned.log"
echo end of all lines >>"$work/turned.all"
until_has "$work/out" '^end of all lines$'
for name in first turned kept; do
    sync_all
    last=$(tail -n 1 "$work/$name.all")
    until_has "$work/out" "^$last\$"
done
sleep 0.3
follower=$all
stop_follower
[[ ! -s $work/out.err ]] || fail "follow says: $(cat "$work/out.err")"
[[ $(wc -l <"$work/out") == $(cat "$work"/{first,turned,kept}.all | wc -l) ]] || fail 'there are other lines'
for name in first kept; do
    grep " $name " "$work/out" | cmp - "$work/$name.all" ||
        fail "$name: $(diff <(grep " $name " "$work/out") "$work/$name.all" | head -n 5)"
done
# What is turned.log by turns comes in the order in which it was read.
cmp <(grep -e ' turned ' -e '^end' "$work/out" | sort) <(sort "$work/turned.all") || fail "turned isn't the same"
follower=$context
stop_follower
grep -F '7 ' -C 1 --no-group-separator "$work/kept.all" >"$work/expected"
grep ' kept ' "$work/matches" | cmp - "$work/expected" || fail 'context differs'
segments=("$archive"/*.logz)
echo "$turns turns, ${#segments[@]} segments"

# --- how soon, and in which form -----------------------------------------------------------------

follow "$work/json" --since now --json --where 'status >= 500' "$archive"
# Lines until it has begun.
has_begun() {
    echo '{"status":599}' >>"$logs/json.log"
    grep -q 599 "$work/json"
}
soon has_begun || fail 'it does not follow'
# A busy machine may make one come late.
for status in 501 502 503; do
    began=${EPOCHREALTIME/./}
    printf '{"status":%d}\n' 200 500 404 "$status" >>"$logs/json.log"
    until_has "$work/json" "\"line\":\"{.\"status.\":$status}\""
    took=$(((${EPOCHREALTIME/./} - began) / 1000))
    ((took >= 5000)) || break
done
((took < 5000)) || fail "a line came after $took ms"
[[ $(grep -vc 599 "$work/json") == $((2 * (status - 500))) ]] || fail "there is more: $(cat "$work/json")"
stop_follower

# An event comes whole; the last one after a while, without a line behind it.
follow "$work/events" -h --source '*.ev' middle "$archive"
sleep 0.3
printf 'E one\n middle\n end\nE two\n' >>"$logs/x.ev"
until_has "$work/events" '^ end$'
printf ' middle of two\n last\n' >>"$logs/x.ev"
until_has "$work/events" '^ middle of two$'
until_has "$work/events" '^ last$'
printf 'E one\n middle\n end\n' | cmp -s - <(head -n 3 "$work/events") || fail "$(cat "$work/events")"
stop_follower

# --- what ends it ----------------------------------------------------------------------------------

follow "$work/few" -h -m 3 -A 1 -F needle "$archive"
for i in {1..6}; do
    printf 'needle %d\nbehind %d\n' "$i" "$i" >>"$logs/kept.log"
    sleep 0.02
done
ended 0
[[ $(grep -c needle "$work/few") == 3 && $(tail -n 1 "$work/few") == 'behind 3' ]] ||
    fail "-m 3 gave $(cat "$work/few")"

follow "$work/quiet" -q 'no such line yet' "$archive"
sleep 0.3
kill -0 "$follower" 2>/dev/null || fail '-q ends without a line'
echo 'no such line yet' >>"$logs/kept.log"
ended 0

# Whoever reads the output goes, and nothing comes any more.
mkfifo "$work/pipe"
"$BUILD/logzipctl" query --follow 'never to be found' "$archive" >"$work/pipe" &
follower=$!
followers+=("$follower")
exec 3<"$work/pipe"
sleep 0.3
kill -0 "$follower" 2>/dev/null || fail 'it ends while somebody reads'
exec 3<&-
ended 1

# Without a daemon it waits for one.
stop_daemon
follow "$work/later" -h -F 'after all' "$archive"
sleep 0.3
start_daemon
echo 'after all' >>"$logs/kept.log"
until_has "$work/later" '^after all$'
stop_daemon
cp -r "$archive" "$work/copy"
rm -r "$archive"
ended 2
grep -q "$archive: the archive is gone" "$work/later.err" || fail "$(cat "$work/later.err")"

# They go file by file, and some followers look just when the directory itself goes.
gone=()
for i in {1..8}; do
    cp -r "$work/copy" "$work/gone$i"
    follow "$work/later$i" -h -F 'after all' "$work/gone$i"
    gone+=("$follower")
    until_has "$work/later$i" '^after all$'
done
rm -r "$work"/gone*
for follower in "${gone[@]}"; do
    ended 2
done
for i in {1..8}; do
    grep -q "/gone$i: the archive is gone" "$work/later$i.err" || fail "$(cat "$work/later$i.err")"
done

# Another one in the same directory isn't taken for it: its sources have the same numbers.
archive=$work/copy
follow "$work/other" -h '' "$archive"
until_has "$work/other" '^after all$'
rm "$archive"/*.lzj "$archive"/*.logz
configure '[input main]' "path = $logs/*.log"
start_daemon
ended 2
grep -q 'another archive is in its place' "$work/other.err" || fail "$(cat "$work/other.err")"
stop_daemon

for wrong in '-c x' '--until=now x' '-L x' 'x a b' '--hist x'; do
    # shellcheck disable=SC2086 # words
    ctl query --follow $wrong "$archive" >/dev/null 2>"$work/err"
    [[ $? == 2 && -s $work/err ]] || fail "--follow $wrong: $(cat "$work/err")"
done
ctl query --follow x "$logs" 2>"$work/err"
[[ $? == 2 ]] || fail 'a directory that is no archive is followed'

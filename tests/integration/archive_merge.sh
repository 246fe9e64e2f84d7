#!/bin/bash
# logzipctl merge: a day's segments become one for each class, all bytes and lines stay, also when it
# is killed at any moment; once is enough; and who else rearranges segments is kept out.
# shellcheck source=tests/integration/cli_lib.bash
source "${BASH_SOURCE[0]%/*}/cli_lib.bash"

for i in {1..4000}; do
    printf '2026-01-01T00:%02d:%02dZ host%d did %d\n' $((i / 60 % 60)) $((i % 60)) "$((i % 7))" "$((i * i))"
done >one.log
sed 's/did/left/' one.log >two.log
"$BUILD/tests/make_archive" fresh 5 12 /log/one="$PWD/one.log"@web /log/two="$PWD/two.log"@db
printf '[archive]\ndirectory = %s/archive\nseal_memory = 100M\n[daemon]\nmin_free = 0\n' "$PWD" >conf
cat >>conf <<'EOF'
[input web]
path = /nowhere/web
[input db]
path = /nowhere/db
max_age = 1000w
EOF

segments() { find archive -name '*.logz' | wc -l; }
again() {
    rm -rf archive
    cp -r fresh archive
}
check() {
    local log
    for log in one two; do
        "$ctl" restore --source=/log/$log -o "$log.got" -f archive || fail "$1: restore of $log"
        cmp "$log.log" "$log.got" || fail "$1: $log isn't what it was"
        [ "$("$ctl" query -c --source "/log/$log" '' archive)" = 4000 ] || fail "$1: lines of $log"
    done
}
stray() { find archive -name '.*.tmp*'; }

again
count=$(segments)
"$ctl" merge -n -c conf >out || fail 'a dry run fails'
tail -n 1 out | grep -q "^would merge $count segments of " || fail "dry run: $(cat out)"
[ "$(segments)" = "$count" ] || fail "a dry run changes something"
"$ctl" merge -c conf >out || fail "merge: $(cat out)"
grep -q "^merged $count segments of .* into 2 of " out || fail "it says: $(cat out)"
[ "$(find archive -name '*-?of2.logz' | wc -l)" = 2 ] || fail "parts: $(ls archive)"
[ "$(segments)" = 2 ] || fail "more than the parts: $(ls archive)"
check 'after a merge'
"$ctl" verify archive >out || fail "verify: $(cat out)"
"$ctl" merge -c conf >out || fail 'another merge'
[ "$(cat out)" = 'nothing to merge' ] || fail "it merges again: $(cat out)"
"$ctl" merge -q -c conf >out || fail 'a quiet one'
[ ! -s out ] || fail "it isn't quiet: $(cat out)"

# Somebody else is at it.
exec 8<archive/rotate.lock
flock 8
"$ctl" merge -c conf >out 2>&1 && fail 'it does not wait its turn'
grep -q 'being rotated' out || fail "busy: $(cat out)"
exec 8<&-

# Killed early and late, and also when all is done.
for wait in 0 0.02 0.05 0.1 0.15 0.2 0.3 0.4; do
    again
    "$ctl" merge -q -c conf 2>/dev/null &
    sleep "$wait"
    kill -KILL $! 2>/dev/null || true
    wait $! 2>/dev/null || true
    check "killed after $wait s"
    "$ctl" merge -q -c conf || fail "merge after a kill"
    [ "$(segments)" = 2 ] || fail "killed after $wait s, and then: $(ls archive)"
    [ -z "$(stray)" ] || fail "left behind: $(stray)"
    check "merged after a kill at $wait s"
done

# Ended by a signal it gives up what it is at, and says so. It's stopped for a moment while there is
# a draft, so that the signal is there before the next block is.
for _ in {1..40}; do cat one.log; done >long.log
rm -rf archive
"$BUILD/tests/make_archive" archive 5 6 /log/long="$PWD/long.log"@web
count=$(segments)
for signal in TERM INT; do
    # A shell has SIGINT ignored behind an "&".
    env --default-signal=INT "$ctl" merge -c conf >out 2>&1 &
    pid=$!
    until [ -n "$(stray)" ]; do
        kill -0 "$pid" 2>/dev/null || fail "it ended before its draft was seen: $(cat out)"
        sleep 0.01
    done
    kill -STOP "$pid"
    kill -s "$signal" "$pid"
    kill -CONT "$pid"
    status=0
    { wait "$pid"; } 2>/dev/null || status=$?
    [ "$status" = $((128 + $(kill -l "$signal"))) ] || fail "SIG$signal: status $status: $(cat out)"
    [ "$(cat out)" = 'nothing merged; stopped by a signal' ] || fail "SIG$signal: $(cat out)"
    [ -z "$(stray)" ] || fail "left behind: $(stray)"
    [ "$(segments)" = "$count" ] || fail "SIG$signal: $(ls archive)"
done
for bad in '--max-time=x' 'more' '--bad'; do
    status=0
    "$ctl" merge -c conf "$bad" >out 2>&1 || status=$?
    [ "$status" = 2 ] || fail "merge $bad: $status"
done

#!/bin/bash
# A flipped bit in each region of a segment is found by the next rotation, and named. The damaged
# segment is kept, what is whole takes its place, and the lines said to be gone are those that are
# missing. Then the archive is sound again. logzipctl scrub by itself, salvage by hand.
# shellcheck source=tests/integration/cli_lib.bash
source "${BASH_SOURCE[0]%/*}/cli_lib.bash"

for i in {1..3000}; do
    printf '2026-01-%02dT00:00:%02dZ %s says %d\n' $((i / 100 + 1)) $((i % 60)) "$((i % 7))" "$i"
done >one.log
sed 's/^[^ ]* //' one.log >two.log
"$BUILD/tests/make_archive" sound 7 9 /log/one="$PWD/one.log"@web /log/two="$PWD/two.log"@db
printf '[archive]\ndirectory = %s/archive\nmerge = none\n[input web]\npath = /nowhere/*\n' "$PWD" >conf
cp -r sound archive
"$ctl" rotate -c conf >/dev/null || fail "rotate"
rm -rf sound && mv archive sound
segment=$(cd sound && find . -name '*.logz' | sort | sed -n 2p)

# Those that are whole: of a line that goes on in another segment, a part may be left.
sort one.log two.log >truth
all_lines() { "$ctl" query -h '' archive | sort | comm -12 - truth | wc -l; }

# flip OFFSET: one bit of the segment
flip() {
    perl -e 'open(my $f, "+<", $ARGV[0]) or die; seek($f, $ARGV[1], 0); read($f, my $b, 1);
        seek($f, $ARGV[1], 0); print $f chr(ord($b) ^ 16)' "archive/$segment" "$1"
}

size=$(stat -c %s "sound/$segment")
index=$("$ctl" info --json "sound/$segment" | jq .index_bytes)
cp -r sound archive
total=$(all_lines)
rm -rf archive
[ "$total" = 6000 ] || fail "$total lines"

# region OFFSET: what it's called in the messages
for region in "header 3 header" "frame $(((size - index) / 2)) lost" "footer $((size - 40)) footer" \
    "checksum $((size - 12)) trailer" "length $((size - 7)) trailer" "magic $((size - 2)) trailer"; do
    read -r name offset word <<<"$region"
    rm -rf archive && cp -a sound archive
    flip "$offset"
    "$ctl" verify archive >/dev/null 2>&1 && fail "$name: verify finds nothing"
    "$ctl" scrub --all -c conf >out 2>&1 && fail "$name: scrub finds nothing: $(cat out)"
    grep -q "$word" out || fail "$name isn't named: $(cat out)"
    grep -q '1 DAMAGED' out || fail "$name: $(cat out)"
    [ -e "archive/$segment.damaged" ] || fail "$name: the damaged one isn't kept"
    gone=$(awk '/: gone: /{n += $(NF - 1)} END {print n + 0}' out)
    left=$(all_lines)
    [ $((left + gone)) = "$total" ] || fail "$name: $left and $gone of $total: $(cat out)"
    [ "$name" != frame ] || [ "$gone" -gt 0 ] || fail "$name: nothing is gone"
    [ "$name" = frame ] || [ "$gone" = 0 ] || fail "$name: $gone lines are gone"
    "$ctl" list archive | grep -q DAMAGED || fail "$name: not listed"
    "$ctl" verify archive || fail "$name: still damaged"
    "$ctl" scrub --all -c conf >out 2>&1 || fail "$name: again: $(cat out)"
    "$ctl" rotate -c conf >out 2>&1 || fail "$name: rotate after that: $(cat out)"
    [ -z "$(find archive -name '.*')" ] || fail "$name: stray files"
done

# What is kept is what it was, and another one of that name doesn't replace it.
cmp <(cd sound && cat "$segment") "archive/$segment.damaged" >/dev/null && fail "it has no flipped bit"
flip 3
"$ctl" scrub --all -c conf >/dev/null 2>&1 && fail "the same header isn't found again"
[ -e "archive/${segment%.logz}.2.logz.damaged" ] || fail "two damaged ones: $(ls archive)"

# What isn't due isn't looked at; a dry run changes nothing.
"$ctl" scrub -c conf >/dev/null || fail "scrub"
[ "$("$ctl" scrub -c conf)" = "nothing is due" ] || fail "due again: $("$ctl" scrub -c conf)"
flip 3
"$ctl" scrub --all -n -c conf >out || fail "dry run: $(cat out)"
grep -q 'would be decoded' out || fail "dry run: $(cat out)"
"$ctl" verify archive >/dev/null 2>&1 && fail "the dry run changed something"

# By hand.
cp "archive/$segment" by-hand.logz
"$ctl" salvage by-hand.logz >out || fail "salvage: $(cat out)"
grep -q '^lost: 0 lines' out || fail "salvage: $(cat out)"
cmp by-hand.salvaged.logz "sound/$segment" || fail "a header that is put right"
"$ctl" salvage by-hand.logz >out 2>&1 && fail "it replaces a file"
"$ctl" salvage -f by-hand.logz >out || fail "-f: $(cat out)"
"$ctl" salvage "sound/$segment" -o new.logz >out || fail "a sound one: $(cat out)"
[ ! -e new.logz ] || fail "a sound one is written again"
"$ctl" salvage conf 2>err && fail "that's no segment"
grep -q 'not a logzip segment' err || fail "$(cat err)"

# A signal ends it between two segments; it's stopped for a moment when it has begun. What it has
# seen by then isn't due any more.
for _ in {1..20}; do cat one.log; done >long.log
rm -rf archive
"$BUILD/tests/make_archive" archive 6 40 /log/long="$PWD/long.log"
"$ctl" scrub -c conf >out 2>&1 &
pid=$!
until [ -s archive/rotate.lock ]; do sleep 0.01; done
kill -STOP "$pid" && kill -TERM "$pid" && kill -CONT "$pid"
status=0
{ wait "$pid"; } 2>/dev/null || status=$?
[ "$status" = 143 ] || fail "scrub ended with status $status by SIGTERM: $(cat out)"
"$ctl" scrub -c conf >out2 || fail "scrub after that: $(cat out2)"
if grep -q 'stopped by a signal' out; then
    seen=$(awk '$2 == "decoded," {n += $1 + $3} END {print n}' out out2)
    [ "$seen" = 39 ] || fail "$seen of 39 were looked at: $(cat out out2)"
    ! grep -q 'nothing is due' out || fail "it doesn't say that something is: $(cat out)"
else
    grep -q 'nothing is due' out2 || fail "due again: $(cat out out2)"
fi
# Without an index nobody knows whose lines they are, but they are there, beside all others.
rm -rf archive && cp -a sound archive
perl -e 'open(my $f, "+<", $ARGV[0]) or die; seek($f, -60, 2); print $f "no index!"' "archive/$segment"
"$ctl" scrub --all -c conf >out 2>&1 && fail "no index, and nothing is found"
grep -q 'the index is gone' out || fail "no index: $(cat out)"
[ "$(all_lines)" -ge $((total - 10)) ] || fail "no index: $(all_lines) of $total lines: $(cat out)"
"$ctl" restore --source /log/one -o one.restored -c conf archive >out 2>&1 || true # it tells the hole
grep -q . one.restored || fail "no index, nothing to restore: $(cat out)"
"$ctl" verify archive || fail "no index: still damaged"
exit 0

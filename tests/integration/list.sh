#!/bin/bash
# logzipctl list: what it says is what the segments say, with a catalog, without, with one that lies
# behind, and with a damaged one, which the next rotation names and makes anew.
# shellcheck source=tests/integration/cli_lib.bash
source "${BASH_SOURCE[0]%/*}/cli_lib.bash"

for i in {1..3000}; do
    printf '2026-01-%02dT00:00:%02dZ %s says %d\n' $((i / 100 + 1)) $((i % 60)) "$((i % 7))" "$i"
done >one.log
sed 's/^[^ ]* //' one.log >two.log
"$BUILD/tests/make_archive" archive 7 9 /log/one="$PWD/one.log"@web /log/two="$PWD/two.log"@db
rm archive/catalog
printf '[archive]\ndirectory = %s/archive\nmerge = none\n[input web]\npath = /nowhere/*\n' "$PWD" >conf

# The same of each segment, by its own footer.
truth() {
    local segment
    for segment in archive/*.logz; do
        "$ctl" info --json "$segment" | jq -c --arg name "${segment##*/}" '{name: $name, raw_bytes,
            stored_bytes, index_bytes, lines, blocks, level, time_min, time_max, first_journal,
            last_journal, read_first: (.sources | map(.read_first) | min),
            read_last: (.sources | map(.read_last) | max), sources: (.sources | length),
            inputs: (.sources | map(.input) | unique)}'
    done | jq -Sc 'with_entries(select(.value != null))'
}

compare() {
    truth >expected
    "$ctl" list --json archive 2>err | jq -Sc 'del(.verified, .decoded)' | jq -Sc '.inputs |= sort' >got
    cmp expected got || fail "$1: $(diff expected got)"
    [ ! -s err ] || fail "$1: $(cat err)"
}

known() { "$ctl" list -v archive 2>&1 >/dev/null | tail -1; }

segments=$(find archive -name '*.logz' | wc -l)
[ "$segments" -ge 5 ] || fail "only $segments segments"
compare "without a catalog"
[[ $(known) == *": 0 of $segments segments"* ]] || fail "$(known)"
"$ctl" rotate -c conf || fail "rotate"
segments=$(find archive -name '*.logz' | wc -l)
[[ $(known) == *": $segments of $segments segments"* ]] || fail "$(known)"
compare "with one"

# A file that was touched, or is another one of that name, isn't the catalog's.
some=$(find archive -name '*.logz' | sort | sed -n 3p)
touch "$some"
[[ $(known) == *": $((segments - 1)) of $segments segments"* ]] || fail "$(known)"
compare "with a file that was touched"

# A flipped bit is found, and costs nothing but time.
"$ctl" rotate -c conf || fail "rotate again"
printf '\377' | dd of=archive/catalog bs=1 seek=300 conv=notrunc status=none
compare "with a damaged one"
"$ctl" list -v archive 2>&1 >/dev/null | grep 'archive/catalog: damaged catalog: ' >/dev/null || fail "not told"
"$ctl" rotate -c conf >out 2>&1 && fail "damage is no success"
[ -e archive/catalog.damaged ] || fail "it isn't set aside"
grep -q 'damaged catalog: .*made anew' out || fail "rotate says: $(cat out)"
[[ $(known) == *": $segments of $segments segments"* ]] || fail "$(known)"
"$ctl" rotate -c conf || fail "rotate after that"

# What is asked for; the same without a catalog.
for catalog in yes no; do
    count() { "$ctl" list --json "$@" archive | wc -l; }
    [ "$(count --input web)" = "$(truth | jq -c 'select(.inputs | index("web"))' | wc -l)" ] || fail "--input"
    [ "$(count --source '*two')" = "$(truth | jq -c 'select(.inputs | index("db"))' | wc -l)" ] || fail "--source"
    [ "$(count --input nobody)" = 0 ] || fail "an input that isn't there"
    [ "$(count --since 2026-01-01T00:00:00Z)" = "$segments" ] || fail "--since the beginning"
    [ "$(count --until 2020-01-01T00:00:00Z)" = "$(truth | jq -c 'select(.read_first < "2020")' | wc -l)" ] ||
        fail "--until before all stamps"
    "$ctl" list archive | tail -1 | grep "^archive: $segments of $segments segments, [0-9]* lines, .* in .*; 1 journal not sealed yet$" >/dev/null ||
        fail "totals: $("$ctl" list archive | tail -1)"
    [ "$catalog" = no ] || rm archive/catalog
done

# What was set aside is told; what is damaged and wasn't is an error.
mv "$some" "$some.damaged"
"$ctl" list archive | grep "^${some##*/}.damaged  DAMAGED" >/dev/null || fail "what was set aside"
"$ctl" list --json archive | jq -se 'map(select(.damaged)) | length == 1' >/dev/null || fail "the same in JSON"
mv "$some.damaged" "$some"
truncate -s -1 "$some"
"$ctl" list archive >out 2>&1 && fail "a damaged segment is no error"
grep -q "${some##*/}" out || fail "it isn't named"
"$ctl" list nowhere 2>err && fail "no archive is no error"
grep -q 'nowhere: no such directory' err || fail "$(cat err)"

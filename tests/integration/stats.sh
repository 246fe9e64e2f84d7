#!/bin/bash
# logzipctl stats: in each of its tables every stored byte is there once, whatever is stored.
# shellcheck source=tests/integration/cli_lib.bash
source "${BASH_SOURCE[0]%/*}/cli_lib.bash"

# check PATH BYTES LINES: the sums of each table, in JSON and as text, with few and with all rows
check() {
    "$ctl" stats --json "$1" >json
    jq -e 'def sum: map(.stored_bytes) | add // 0; .stored_bytes as $all | .lines as $lines |
        $all == '"$2"' and $lines == '"$3"' and
        (.sources | sum) + .index_bytes == $all and
        (.templates | sum) + .plain_blocks_bytes + .heads_bytes + .unused_values_bytes + .index_bytes == $all and
        (.columns | sum) + .texts_bytes + .template_numbers_bytes + .plain_blocks_bytes + .heads_bytes +
            .index_bytes == $all and
        (.sources | map(.raw_bytes) | add // 0) == .raw_bytes and
        (.templates | map(.lines) | add // 0) <= $lines and
        .other_sources_bytes + .other_templates_bytes + .other_columns_bytes == 0' json >/dev/null ||
        fail "stats of $1, $2 bytes, $3 lines: $(cat json)"
    for top in 0 1 3 1000; do
        "$ctl" stats --top "$top" "$1" >text
        awk -v all="$2" '/STORED/ { tables++; if (tables > 1 && sum != all) exit 1; sum = 0; next }
            /^$/ || NR == 1 { next } { sum += $1 } END { exit tables != 3 || sum != all }' text ||
            fail "--top $top of $1: $(cat text)"
        jq -e '.other_columns_bytes + (.columns | map(.stored_bytes) | add // 0) == '"$(
            jq '.columns | map(.stored_bytes) | add // 0' json)" <("$ctl" stats --json --top "$top" "$1") >/dev/null ||
            fail "--json --top $top of $1"
    done
}

for log in auth postgresql nginx-json redis; do
    zstd -qdc "$SRC/datasets/samples/$log.log.zst" >"$log.log"
    "$ctl" compress --fast -c "$log.log" >"$log.logz"
    check "$log.logz" "$(stat -c %s "$log.logz")" "$(grep -c '' "$log.log")"
done
"$ctl" compress --best -c auth.log >auth.logz
check auth.logz "$(stat -c %s auth.logz)" "$(grep -c '' auth.log)"
# The largest template and column are there, with what the templates are called elsewhere.
top=$("$ctl" stats --json auth.logz | jq -r '.templates[0] | "\(.lines) \(.template)"')
"$ctl" query --count-by template '' auth.logz | awk '{ print $1, $2 }' | grep -qxF "$top" || fail "$top"
"$ctl" stats auth.logz | grep -q '(texts of templates)$' || fail "the rows without names"

# Blocks without templates; none at all; one line; several sources; an archive.
head -c 300000 /dev/urandom >random
"$ctl" compress -c random >random.logz
check random.logz "$(stat -c %s random.logz)" "$(grep -ac '' random)"
: >empty
"$ctl" compress -c empty >empty.logz
check empty.logz "$(stat -c %s empty.logz)" 0
awk 'BEGIN { for (i = 0; i < 5000; i++) print "same" }' >same
"$ctl" compress -c same >same.logz
check same.logz "$(stat -c %s same.logz)" 5000
"$BUILD/tests/make_archive" archive 3 4 none~x auth.log=auth.log nginx-json.log=nginx-json.log
lines=$("$ctl" info --json archive | jq .lines)
check archive "$(cat archive/*.logz | wc -c)" "$lines"
[[ $(jq '.sources | length' json) -eq 2 ]] || fail "sources: $(cat json)"

# Sources of as many bytes in the same blocks: the one whose lines are all the same takes little.
awk 'BEGIN { srand(1); for (i = 0; i < 9000; i++) printf "request %08x%08x is done in %d\n", rand() * 2 ^ 31,
    rand() * 2 ^ 31, rand() * 2 ^ 31 }' >costly
yes "nothing has happened since the last time" | head -c "$(stat -c %s costly)" >cheap || :
"$BUILD/tests/make_archive" mixed 5 1 costly=costly cheap=cheap
check mixed "$(cat mixed/*.logz | wc -c)" "$("$ctl" info --json mixed | jq .lines)"
jq -e '.sources | map({(.name): .}) | add | .costly.raw_bytes == .cheap.raw_bytes and
    .costly.stored_bytes > 8 * .cheap.stored_bytes' json >/dev/null || fail "a cheap source: $(cat json)"

# A path that is none, or no segment, is an error; wrong usage another one.
status=0
"$ctl" stats absent auth.logz >out 2>/dev/null || status=$?
[[ $status -eq 1 ]] || fail "absent: $status"
grep -q SOURCE out || fail "what is there beside what is absent"
status=0
"$ctl" stats auth.log >/dev/null 2>&1 || status=$?
[[ $status -eq 1 ]] || fail "a plain file: $status"
for wrong in '' '--top=x auth.logz' '--nonsense auth.logz'; do
    status=0
    # shellcheck disable=SC2086
    "$ctl" stats $wrong >/dev/null 2>&1 || status=$?
    [[ $status -eq 2 ]] || fail "stats $wrong: $status"
done

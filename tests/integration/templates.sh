#!/bin/bash
# logzipctl templates: sums are the lines and bytes, times are those that query --template shows, and
# --new-since, --top, --json and the table agree.
# shellcheck source=tests/integration/cli_lib.bash
source "${BASH_SOURCE[0]%/*}/cli_lib.bash"

for log in auth postgresql nginx-error; do
    zstd -qdc "$SRC/datasets/samples/$log.log.zst" | sed -n 1,3000p >"$log.log"
done
"$BUILD/tests/make_archive" archive 5 4 none~x auth.log=auth.log postgresql.log=postgresql.log \
    nginx-error.log=nginx-error.log
"$ctl" compress -k auth.log

"$ctl" templates --json archive >all
lines=$(cat ./*.log | wc -l)
bytes=$(cat ./*.log | wc -c)
jq -e -s '(map(.count) | add) == '"$lines"' and (map(.bytes) | add) == '"$bytes"' and
    (map(.share) | add | . > 0.999 and . < 1.001) and all(.[]; (.trend | add) == .count) and
    (map(.count) | . == (sort | reverse)) and ([.[].template] | unique | length) == length' all >/dev/null ||
    fail "sums of $lines lines and $bytes bytes: $(cat all)"

# What query counts and shows of a template.
"$ctl" query --count-by template '' archive | awk '{ print $1, $2 }' >counted
jq -r '"\(.count) \(.template)"' all | diff counted - || fail "counts"
sed -n 1,8p all | while IFS= read -r row; do
    id=$(jq -r .template <<<"$row")
    "$ctl" query --json --template "$id" '' archive | jq -r .time | sort >stamps
    [[ $(jq -r '"\(.first) \(.last)"' <<<"$row") == "$(sed -n 1p stamps) $(sed -n '$p' stamps)" ]] ||
        fail "times of $row: $(sed -n '1p;$p' stamps)"
done

# The table has the same rows.
"$ctl" templates archive >table
[[ $(wc -l <table) -eq $(($(wc -l <all) + 1)) ]] || fail "the table: $(cat table)"
diff <(jq -r '"\(.count) \(.template)"' all) <(awk 'NR > 1 { print $1, $9 }' table) || fail "the table"
[[ $("$ctl" templates --top 3 archive | tail -n +2) == "$(sed -n 2,4p table)" ]] || fail "--top"

# New templates are those whose first line is later.
since=2026-11-22T21:43:00Z
"$ctl" templates --json --new-since "$since" archive >new
jq -c "select(.first >= \"$since\")" all >wanted
diff wanted <(jq -c . new) || fail "--new-since"
printf '%s brand new thing %d\n' '2099-01-01 00:00:00' 1 '2099-01-01 00:00:01' 2 '2099-01-01 00:00:02' 3 |
    cat auth.log - >later.log
[[ $("$ctl" templates --new-since 2098-01-01 later.log | tail -n +2) == *'brand new thing <*>' ]] ||
    fail "a new template: $("$ctl" templates --new-since 2098-01-01 later.log)"
[[ -z $("$ctl" templates --new-since 2098-01-01 auth.log.logz) ]] || fail "nothing is new"

# A segment, its text and a pipe have the same.
"$ctl" templates auth.log >plain
"$ctl" templates auth.log.logz | diff plain - || fail "a segment"
"$ctl" templates - <auth.log | diff plain - || fail "standard input"

status=0
"$ctl" templates absent 2>/dev/null || status=$?
[[ $status -eq 1 ]] || fail "a path that isn't there: $status"
for wrong in '--new-since=never' '--top=x' '--nonsense' '-T x'; do
    status=0
    # shellcheck disable=SC2086
    "$ctl" templates $wrong auth.log 2>/dev/null || status=$?
    [[ $status -eq 2 ]] || fail "$wrong: $status"
done

#!/bin/bash
# --count-by and --hist, compared with what sort | uniq -c makes of the same lines, and with sums.
# shellcheck source=tests/integration/cli_lib.bash
source "${BASH_SOURCE[0]%/*}/cli_lib.bash"

# same WANTED-FILE ARGUMENT...: what query prints
same() {
    "$ctl" query "${@:2}" >out 2>err || fail "query ${*:2}: $(cat err)"
    diff -u "$1" out || fail "query ${*:2} differs"
}

# check STATUS WANTED ARGUMENT...
check() {
    local status=0
    "$ctl" query "${@:3}" >out 2>err || status=$?
    [[ $status -eq $1 ]] || fail "query ${*:3}: status $status, not $1: $(cat err)"
    [[ $(cat out) == "$2" ]] || fail "query ${*:3}: $(cat out)"
}

# counted: standard input's lines as --count-by prints groups: those of the most lines first
counted() {
    sort | uniq -c | sort -s -k1,1nr
}

# Two sources that are mixed in blocks, in segments and a journal.
awk 'BEGIN {
    srand(7)
    for (i = 0; i < 20000; i++) {
        t = 1767225600 + int(i * 4.3)
        printf "%s level=%s user=u%d status=%d\n", strftime("%Y-%m-%d %H:%M:%S", t, 1),
            rand() < 0.1 ? "error" : "info", int(rand() * rand() * 300), 200 + int(rand() * 5) * 100 > "a.log"
        if (i % 3 == 0)
            printf "{\"time\":\"%sZ\",\"level\":\"%s\"%s}\n", strftime("%Y-%m-%dT%H:%M:%S", t, 1),
                rand() < 0.5 ? "warn" : "info", rand() < 0.5 ? ",\"user\":\"tab\\there\"" : "" > "b.json"
    }
}'
"$BUILD/tests/make_archive" archive 7 5 none~x a.log=a.log b.json=b.json
paths=(archive a.log b.json)

# By the source, with and without a pattern; names without lines aren't groups.
for pattern in '' error; do
    "$ctl" query -c -H "$pattern" archive | grep -v ':0$' |
        sed -E 's/(.*):(.*)/\2 \1/' | sort -k1,1nr | awk '{ printf "%7d %s\n", $1, $2 }' >wanted
    same wanted --count-by source "$pattern" archive
done
# By time: the stamps' text, in their order.
for unit in day:10 hour:13 minute:16 second:19; do
    { cut -c1-"${unit#*:}" a.log
      cut -c10-28 b.json | tr T ' ' | cut -c1-"${unit#*:}"; } | sort | uniq -c >wanted
    [[ $unit != hour* ]] || sed -i 's/$/:00/' wanted
    same wanted --count-by "${unit%:*}" '' archive
    same wanted --count-by "${unit%:*}" '' a.log b.json
done
# By a field; lines without it are one group. A tab in a value can't be taken for another value.
grep -oP 'level=\K\w+' a.log | cat - <(grep -oP '"level":"\K\w+' b.json) | counted >wanted
same wanted --count-by level '' archive
{ grep -oP 'user=\K\w+' a.log
  sed -E 's/.*"user":"(tab)\\t(here)".*/\1\\t\2/; t; s/.*/(none)/' b.json; } | counted >wanted
same wanted --count-by user '' archive
head -3 wanted >some
same some --count-by user --top 3 '' archive
grep error a.log | sed -E 's/^(.{13}).*level=(\w+) .*status=(.*)/\1:00\t\2\t\3/' | sort | uniq -c >wanted
same wanted --count-by hour,level,status error archive
sort -s -k1,1nr wanted >sorted
head -5 sorted >some
same some --count-by hour,level,status --top 5 -e error archive
# As the fields of each line are.
"$ctl" query --fields level,status --where 'status > 300' "${paths[@]:0:1}" | sed 's/^[^:]*://' | counted >wanted
same wanted --count-by level,status --where 'status > 300' archive

# -c where templates decide and the time doesn't: only lines of that time are counted.
for options in '--since 2026-01-01T05:00:00' '--until 2026-01-01T05:00:00' \
    '--since 2026-01-01T03:00:00 --until 2026-01-01T17:30:00'; do
    for word in status level time; do
        # shellcheck disable=SC2086
        [[ $("$ctl" query -h -c -F $options "$word" archive) -eq \
            $("$ctl" query -F $options "$word" archive | wc -l) ]] || fail "-c $options $word"
    done
done

# JSON and commas say the same, and sums are the lines.
lines=$(cat a.log b.json | wc -l)
for by in user source,level minute,user,status; do
    "$ctl" query --count-by "$by" --json '' archive >json
    sum=$(jq -s 'map(.count) | add' json)
    [[ $sum -eq $lines ]] || fail "--count-by $by --json: $sum lines"
    "$ctl" query --count-by "$by" --csv '' archive | tail -n +2 | awk -F, '{ n += $NF } END { print n }' >sum
    [[ $(cat sum) -eq $lines ]] || fail "--count-by $by --csv: $(cat sum) lines"
done
check 0 '{"count":6667,"year":"2026-01-01T00:00:00Z"}' --count-by year --json '' b.json
check 0 'year,level,count
2026-01-01T00:00:00Z,info,2' --count-by year,level --csv -m 2 -e '"info"' b.json
check 1 '' --count-by level absent archive
check 2 '  20000 (none)' --count-by nothing '' a.log
check 2 '' --count-by level, '' a.log
check 2 '' --count-by level -c '' a.log
check 2 '' --top 3 '' a.log
check 2 '' --hist --count-by level '' a.log
check 0 '' -q --count-by level '' a.log

# A histogram: each line is in one stretch, and none is left out between the first and the last.
for paths in archive few.log years.log; do
    printf '2026-01-01 10:%02d:00 x\n' 0 1 1 3 >few.log
    printf '%d-03-01T00:00:00Z x\n' 1970 2026 2025 2026 >years.log
    "$ctl" query --hist --json '' "$paths" >json
    jq -e -s '. as $a | (map(.count) | add) == ('"$("$ctl" query -c -h '' "$paths")"') and
        all(range(1; length); $a[. - 1].end == $a[.].time) and
        .[0].count > 0 and .[-1].count > 0 and length <= 40' json >/dev/null || fail "--hist $paths: $(cat json)"
    { echo time,count; jq -r '"\(.time),\(.count)"' json; } >wanted
    same wanted --hist --csv '' "$paths"
    "$ctl" query --hist '' "$paths" >out
    # The counts stand before the bars, which are as long as these say, and end in column 79.
    diff <(jq .count json) <(sed -E 's/ #*$//; s/.* //' out) || fail "--hist $paths"
    awk '{ n = match($0, /#*$/) ? RLENGTH : 0; c = $0; sub(/ #*$/, "", c); sub(/.* /, "", c); c += 0
           if (c > most) { most = c; long = n }
           if (length($0) > 80 || (c > 0) != (n > 0)) exit 1; rows[NR] = c " " n }
         END { if (long < 55) exit 1
               for (i = 1; i <= NR; i++) { split(rows[i], r, " "); d = r[2] - r[1] * long / most
                   if (d < -0.6 || (d > 0.6 && r[2] > 1)) exit 1 } }' out || fail "bars of $paths: $(cat out)"
done
check 1 '' --hist absent archive
check 0 '2026-01-01 10:03:00 1 ##########################################################' --hist 10:03 few.log
# By the terminal's size and characters.
LANG=C.UTF-8 LC_ALL='' script -qec "stty rows 12 cols 60; '$ctl' query --hist '' archive" /dev/null </dev/null >out
[[ $(wc -l <out) -le 11 && $(wc -m <out) -gt 200 ]] || fail "on a terminal: $(cat out)"
grep -q '█' out || fail "on a terminal: $(cat out)"

#!/bin/bash
# Templates of lines: counts by template, --template and --json say the same of an archive whose
# blocks cut lines anywhere, of segments, and of the plain files; and lines look like their template.
# shellcheck source=tests/integration/cli_lib.bash
source "${BASH_SOURCE[0]%/*}/cli_lib.bash"

for log in auth postgresql nginx-json nginx-access; do
    zstd -qdc "$SRC/datasets/samples/$log.log.zst" | sed -n 1,4000p >"$log.log"
    "$ctl" compress -k "$log.log"
done
printf 'no newline' >>auth.log

# Each line has a template: the sum is all lines. A segment and its text have the same ones.
for log in *.log; do
    "$ctl" query --count-by template '' "$log" >plain
    sum=$(awk '{ n += $1 } END { print n }' plain)
    [[ $sum -eq $(grep -c '' "$log") ]] || fail "$log: templates of $sum lines"
    [[ $log == auth.log ]] || "$ctl" query --count-by template '' "$log.logz" | diff plain - || fail "$log"
    [[ $("$ctl" query --count-by template --json '' "$log" | jq -s 'map(.count) | add') -eq $sum ]] ||
        fail "$log: --json"
    [[ $("$ctl" query --count-by template --csv '' "$log" | sed -n 1p) == template,text,count ]] ||
        fail "$log: --csv"
done

# Blocks of some KiB, sources mixed, a journal behind them.
"$BUILD/tests/make_archive" archive 11 4 none~x auth.log=auth.log postgresql.log=postgresql.log \
    nginx-json.log=nginx-json.log
"$ctl" query --count-by template,source '' archive >counted
[[ $(awk '{ n += $1 } END { print n }' counted) -eq $(grep -c '' auth.log postgresql.log nginx-json.log |
    awk -F: '{ n += $2 } END { print n }') ]] || fail "the archive's templates: $(cat counted)"

# --template selects what was counted; the lines look like it, and --json names it.
"$ctl" query --count-by template --top 6 --json '' archive >top
[[ $(wc -l <top) -eq 6 ]] || fail "--top 6"
rows=0
while IFS= read -r row; do
    id=$(jq -r .template <<<"$row")
    count=$(jq .count <<<"$row")
    "$ctl" query -h --template "$id" '' archive >lines
    [[ $(wc -l <lines) -eq $count ]] || fail "$row: $(wc -l <lines) lines"
    [[ $("$ctl" query -h -c --template "$id" '' archive) -eq $count ]] || fail "-c of $row"
    "$ctl" query -h --template "$id" --json '' archive |
        jq -e -s --arg id "$id" 'length == '"$count"' and all(.[]; .template == $id)' >/dev/null ||
        fail "--json of $row"
    # Words that templates decide are counted without a look at lines; these must have this template.
    for word in $(jq -r .text <<<"$row" | grep -oE '[A-Za-z]{2,}' | sort -u | head -8); do
        [[ $("$ctl" query -h -c -F --template "$id" "$word" archive) -eq $(grep -cF -- "$word" lines) ]] ||
            fail "-c $word of $row"
    done
    shape=$(jq -r .text <<<"$row" | sed -E 's/[][\\.*^$+?(){}|]/\\&/g; s/<(\\\*|time)>/.*/g')
    [[ $(grep -Ecx -- "$shape" lines) -eq $count ]] || fail "$row: $shape"
    # With other conditions, and the other way round; of some of them.
    ((++rows % 3 == 0)) || continue
    for options in '-n' '-b -T 1' '-m 3' '-A 1' '--json --since 2026-11-22T21:42:00Z' "--until 2026-11-22T21:43:00Z"; do
        # shellcheck disable=SC2086
        cmp <("$ctl" query $options --template "$id" '' archive) \
            <("$ctl" query $options --no-index --template "$id" '' archive) || fail "$options of $row"
    done
    cmp <("$ctl" query -h 'a' --template "$id" archive) <(grep a lines) || fail "a of $row"
    cmp <("$ctl" query -h -v 'a' --template "$id" archive) <(grep -v a lines) || fail "-v a of $row"
done <top

# In segments, --json names templates without being asked.
"$ctl" query --json '' postgresql.log.logz | jq -r .template | sort | uniq -c | sort -k1,1nr -k2 |
    awk '{ print $1, $2 }' >members
"$ctl" query --count-by template '' postgresql.log.logz | awk '{ print $1, $2 }' | diff members - ||
    fail "templates of --json"
"$ctl" query --json -m 1 '' postgresql.log | jq -e 'has("template") | not' >/dev/null || fail "a plain file"

# From a pipe; in plain blocks; a line that is long, empty, or not text.
[[ $("$ctl" query --count-by template '' - <auth.log) == "$("$ctl" query --count-by template '' auth.log)" ]] ||
    fail "from standard input"
head -c 100000 /dev/urandom >random
"$ctl" compress -k random
for path in random random.logz; do
    [[ $("$ctl" query --count-by template '' "$path" | awk '{ n += $1 } END { print n }') -eq \
        $(grep -ac '' random) ]] || fail "$path"
done
[[ $(printf '\n\n\n\n' | "$ctl" query --count-by template '' -) == "      4 "* ]] || fail "empty lines"
status=0
"$ctl" query --template 12345 '' auth.log 2>/dev/null || status=$?
[[ $status -eq 2 ]] || fail "a bad id: $status"
status=0
"$ctl" query --template 0000000000000001 '' archive || status=$?
[[ $status -eq 1 ]] || fail "an id that isn't there: $status"

# Blocks that lack the template aren't decoded.
awk 'BEGIN { for (i = 0; i < 420000; i++) printf "2026-01-01 00:%02d:%02d request %d took %d ms\n", i / 7000, i / 117 % 60, i, i % 97
    for (i = 0; i < 9; i++) printf "2026-01-01 01:00:0%d disk %d is full\n", i, i }' >large.log
"$ctl" compress --fast -k large.log
id=$("$ctl" query --count-by template --json 'is full' large.log.logz | jq -r .template)
for options in '' '-n' '-c' '-B 1' '--since 2026-01-01T00:30:00Z'; do
    # shellcheck disable=SC2086
    "$ctl" query $options --explain --template "$id" '' large.log.logz >out 2>effort
    # shellcheck disable=SC2086
    "$ctl" query $options --no-index --template "$id" '' large.log.logz | cmp - out || fail "$options"
    grep -q 'left out by template *1$' effort || fail "$options: $(cat effort)"
done
[[ $("$ctl" query -c --template "$id" '' large.log.logz) -eq 9 ]] || fail "lines of a rare template"

# Events are counted once, by their first line.
awk 'BEGIN { for (i = 0; i < 3000; i++) { printf "2026-01-01 00:00:00 job %d %s\n", i, i % 5 ? "done" : "failed"
    if (i % 5 == 0) printf "\tat step %d\n\tat line %d\n", i, i * 3 } }' >trace.log
"$BUILD/tests/make_archive" events 2 3 'traces~^2026' trace.log=trace.log@traces
"$ctl" query --count-by template '' events >counted
[[ $(awk '{ n += $1 } END { print n }' counted) -eq 3000 ]] || fail "events: $(cat counted)"
[[ $(grep -c 'at step' counted) -eq 0 && $(awk '/failed$/ { n += $1 } END { print n }' counted) -ge 590 ]] ||
    fail "templates of events: $(cat counted)"
id=$(awk '/failed$/ { print $2; exit }' counted)
[[ $("$ctl" query -c -h --template "$id" 'at step' events) -eq $(awk -v id="$id" '$2 == id { print $1 }' counted) ]] ||
    fail "events of $id"
[[ $("$ctl" query --lines -c -h --template "$id" '' events) -le 600 ]] || fail "lines of $id"

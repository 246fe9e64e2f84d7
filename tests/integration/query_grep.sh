#!/bin/bash
# query gives what grep gives, line for line and status for status, over a plain file, a segment,
# and standard input: some hundred queries with patterns drawn from the data and against it.
set -euo pipefail
cd "$(mktemp -d)"
ctl=$BUILD/logzipctl
export LC_ALL=C
if ! echo ab | grep -qP 'a(?=b)' 2>/dev/null; then
    echo "this grep has no -P"
    exit 77
fi

# Lines of many kinds, among them some that no text editor likes.
awk 'BEGIN {
    srand(42)
    split("GET POST PUT timeout refused error Error WARN info blk_ user= took (ms) [a.b] $1 ^x", w, " ")
    for (i = 0; i < 6000; i++) {
        printf "2026-01-%02d %02d:%02d:%02d ", 1 + i / 300, i / 60 % 24, i % 60, int(rand() * 60)
        for (n = int(rand() * 8); n > 0; n--)
            printf "%s%s", w[1 + int(rand() * 17)], rand() < 0.3 ? int(rand() * 100000) : " "
        if (rand() < 0.02) printf "\r"
        if (rand() < 0.02) printf "\377\376 \303("
        printf "\n"
        if (rand() < 0.05) printf "\n"
    }
    printf "the last line has no newline"
}' >data
"$ctl" compress -k data

# The patterns for -F and -P.
# shellcheck disable=SC2016
patterns=(error Error took timeout '(ms)' '[a.b]' '$1' '^x' 'blk_' 'no such text' '' ' ' '2026-01-0'
    'GET POST' '.' 'newline' 'ms) [a')
regexes=('error' 'err.r' '^2026-01-05' 'took$' '\d{5}' 'blk_\d+ ' 'GET|POST' '(?i)ERROR' '^$' 'x*'
    'user=\w*5' '(timeout|refused) (error|info)' '[^\x00-\x7f]' '\x{ff}' '\(ms\)' '(\d)\1\1' '\bPUT\b'
    '^\S+ 1[0-3]:' 'a(?!b)' '(?<=took )\w+' '\s$' 'newline$' '\.b\]' 'Q?error+' 'E(rr)?or' 'no such'
    '[[:upper:]]{4,} ' '\r' '\Kerror' 'took.*took.*took' '(?:info ?){2}' '[]a]' 'WARN{1}' '^.{40,60}$')
# Words and numbers drawn from the data.
mapfile -t drawn < <(tr -c 'A-Za-z0-9_' '\n' <data | awk 'length > 3 && NR % 701 == 0')
extended=('err.r' '^2026-01-0[5-7]' 'took$' '[0-9]{5}' 'error|err' '(GET|GET POST) ?' '\<e' '[]a]'
    '(to|took) (e|error)?' '[^[:alnum:] :-]' '(.)\1' 'x*' '\w+=' '{2' 'a|' '^$' '[\.]')
options=('' -i -v -c -o -vc -ic -io '-m 3' '-m 0' -vi '-om 2' -io -w -x -wo -vw -xc
    -iw)

count=0
# compare KIND PATTERN OPTIONS: grep against query, on the file, the segment and a pipe.
compare() {
    local kind=$1 pattern=$2 wanted=0 got=0
    local -a flags=()
    # grep stops before it counts where no line can be selected.
    [[ -z $pattern && $3 == *v* ]] && return
    read -ra flags <<<"$3"
    local -a ours=("${flags[@]}")
    [[ $kind != -P ]] && ours+=("$kind")
    grep -a "$kind" "${flags[@]}" -e "$pattern" data >wanted 2>/dev/null || wanted=$?
    for path in data data.logz; do
        got=0
        "$ctl" query "${ours[@]}" -e "$pattern" "$path" >got || got=$?
        if [[ $got -ne $wanted ]] || ! cmp -s wanted got; then
            echo "query ${ours[*]} -e '$pattern' $path: status $got, grep's is $wanted"
            diff <(cat -v wanted) <(cat -v got) | head -n 5
            exit 1
        fi
    done
    count=$((count + 1))
}

for ((i = 0; i < ${#patterns[@]}; i++)); do
    for ((k = 0; k < 6; k++)); do
        compare -F "${patterns[i]}" "${options[(i + k * 2) % ${#options[@]}]}"
    done
done
for ((i = 0; i < ${#regexes[@]}; i++)); do
    for ((k = 0; k < 6; k++)); do
        compare -P "${regexes[i]}" "${options[(i + k * 2) % ${#options[@]}]}"
    done
done
for ((i = 0; i < ${#extended[@]}; i++)); do
    for ((k = 0; k < 6; k++)); do
        compare -E "${extended[i]}" "${options[(i + k * 3) % ${#options[@]}]}"
    done
done
for ((i = 0; i < ${#drawn[@]}; i++)); do
    compare -F "${drawn[i]}" "${options[i % ${#options[@]}]}"
    compare -P "^.*${drawn[i]}" "${options[(i + 5) % ${#options[@]}]}"
done
echo "$count queries compared"
[[ $count -ge 300 ]]

# Several patterns, several files, names.
grep -aF -e error -e info -e 'blk_' data >wanted
"$ctl" query -F -e error -e info -e 'blk_' data | cmp wanted -
"$ctl" query -F $'error\ninfo\nblk_' data | cmp wanted -
cp data more
for flags in '' -c -o -h -H '-m 2'; do
    # shellcheck disable=SC2086
    cmp <(grep -aP $flags 'took \d' data more) <("$ctl" query ${flags/#-h/-h} 'took \d' data more)
done
cmp <(grep -aPH took data) <("$ctl" query -H took data.logz)
# shellcheck disable=SC2094
"$ctl" query took - <data | cmp <(grep -a took data) -
"$ctl" query took - <data.logz | cmp <(grep -a took data) -
cmp <(grep -aP --color=always -h 'ms' data) <("$ctl" query --color=always 'ms' data)

# What stands around lines, their numbers, and colours, of two files.
for flags in -n '-n -A 2' '-B 3' '-C 1 -n' '-A 2 -m 3' '-C 1 -v -n' '-on -A 1' -l -L -q -lc -lv '-m 0 -L' \
    '-C 1 -n --color=always' '-1 -v -n --color=always' -C0 '-12 -n' '-C 0 --no-group-separator' \
    '-C 0 --group-separator=xx' '-A 1 -C 3' '-c -A 1' '-ovn -A 1' -bno \
    -Zl -Zc '-bnZC 1' '-b --color=always --line-buffered' '-hn' -qs -xn; do
    for pattern in 'took \d{4}' '^$' 'no such' 'newline' 'x*'; do
        wanted=0 got=0
        # shellcheck disable=SC2086
        grep -aP $flags -e "$pattern" data more >wanted || wanted=$?
        # shellcheck disable=SC2086
        "$ctl" query $flags -e "$pattern" data.logz more >got || got=$?
        if [[ $got -ne $wanted ]] || ! cmp wanted got; then
            echo "query $flags -e '$pattern': status $got, grep's is $wanted"
            exit 1
        fi
    done
done
export GREP_COLORS='mt=7:ne:fn=1;2:sl=4:cx=5:rv:se='
for flags in '' -v '-n -C 1' '-vn -C 1'; do
    # shellcheck disable=SC2086
    cmp <(grep -aP --color=always $flags 'took 7' data) \
        <("$ctl" query --color=always $flags 'took 7' data)
done
unset GREP_COLORS

# Patterns from files.
printf 'error\nblk_1\n' >patterns
: >empty
cmp <(grep -aFn -f patterns -e took data) <("$ctl" query -F -n -f patterns -e took data)
cmp <(grep -aE -f patterns data) <("$ctl" query -E -f - data <patterns)
[[ $("$ctl" query -v -c -f empty data) -eq $(grep -ac '' data) ]]
cmp <(grep -avc -f empty data more) <("$ctl" query -vc -f empty data more)
printf 'a\0b\n' >binary

# Errors.
status() {
    local wanted=$1 got=0
    shift
    "$@" >out 2>said || got=$?
    [[ $got -eq $wanted ]] || {
        echo "$*: status $got, wanted $wanted: $(cat said)"
        exit 1
    }
}
status 2 "$ctl" query
status 2 "$ctl" query '(' data
status 2 "$ctl" query -f absent took data
status 2 "$ctl" query -f binary data
status 2 "$ctl" query -P -F took data
status 2 "$ctl" query -A x took data
status 2 "$ctl" query --json -A 1 took data
status 2 "$ctl" query --json -3 took data
status 1 "$ctl" query -f empty data
status 1 "$ctl" query -m 0 took absent
status 0 "$ctl" query -q took absent data
[[ -s said ]]
status 0 "$ctl" query -q took data absent
status 2 "$ctl" query -s took absent
[[ ! -s said ]]
status 2 "$ctl" query took absent
status 2 "$ctl" query took absent data
cmp <(grep -aH took data) out
status 2 "$ctl" query --since 'the day before' took data
status 2 "$ctl" query -m x took data
status 1 "$ctl" query 'no such' data
status 1 "$ctl" query took /dev/null
mkdir directory
status 2 "$ctl" query took directory
head -c $(($(stat -c %s data.logz) / 2)) data.logz >cut.logz
status 2 "$ctl" query took cut.logz
printf '%40s!\n' '' | tr ' ' a >hard_line
status 2 timeout 60 "$ctl" query '^(a+)+$|^(a|aa)+b' hard_line
grep -q 'too much work' said

# The reader of the output may go away.
"$ctl" query '' data | head -n 1 >/dev/null || [[ ${PIPESTATUS[0]} -eq 141 ]]

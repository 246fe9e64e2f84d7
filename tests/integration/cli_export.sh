#!/bin/bash
# export gives the lines of an archive as they are, as JSON, as CSV and as a zstd frame; by source,
# time and query; into a file that is there as a whole or not at all.
# shellcheck source=tests/integration/cli_lib.bash
source "${BASH_SOURCE[0]%/*}/cli_lib.bash"
command -v zstd >/dev/null || exit 77

awk 'BEGIN {
    for (i = 0; i < 20000; i++)
        printf "2026-01-%02d %02d:%02d:00 %s took %d ms\n", 1 + i / 1440, i / 60 % 24, i % 60,
            i % 100 ? "info" : "ERROR", i * 7919 % 1000
}' >a.log
printf '{"level":"warn","n":1}\r\n\0\xff broken, "quoted"\n{"level":"info","n":2}\n' >b.log
"$BUILD/tests/make_archive" archive 11 4 "/log/a=a.log" "/log/b=b.log" >/dev/null

# All lines of a source, exactly; of all sources, each once.
"$ctl" export --source=/log/a archive | cmp - a.log || fail 'raw, a'
"$ctl" export --format=raw --source=/log/b archive | cmp - b.log || fail 'raw, b'
cmp <("$ctl" export archive | sort) <(sort a.log b.log) || fail 'raw, all'

# The other formats; zstd finds the checksum right.
"$ctl" export --format=zst archive >all.zst
zstd -dc all.zst | cmp - <("$ctl" export archive) || fail 'zst'
zstd -lv all.zst 2>&1 | grep -q 'Check: XXH64' || fail 'zst without a checksum'
(($(stat -c %s all.zst) * 4 < $(stat -c %s a.log))) || fail 'zst is not compressed'
cmp <("$ctl" export --format=jsonl archive) <("$ctl" query --json -e '' archive) || fail 'jsonl'
cmp <("$ctl" export --format=csv archive) <("$ctl" query --csv -e '' archive) || fail 'csv'
[[ $("$ctl" export --format=csv --fields=level,n --source=/log/b -e level archive) == \
    $'level,n\nwarn,1\ninfo,2' ]] || fail 'csv with fields'
"$ctl" export --format=jsonl --fields=n --source=/log/b -m 1 archive | grep -q '"fields":{"n":1}}$' ||
    fail 'jsonl with fields'

# A part of it.
"$ctl" export --since='2026-01-03' --until='2026-01-03 23:59' archive >day
cmp day <(grep '^2026-01-03' a.log) || fail 'a day'
"$ctl" export -F -e ERROR --source='*/a' archive | cmp - <(grep ERROR a.log) || fail 'a pattern'
"$ctl" export -v -e info --source='*/a' archive | cmp - <(grep -v info a.log) || fail 'not a pattern'
"$ctl" export --where='n > 1' archive | cmp - <(tail -n 1 b.log) || fail 'an expression'
"$ctl" export -m 3 --source='*/a' archive | cmp - <(head -n 3 a.log) || fail 'the first lines'
"$ctl" export a.log | cmp - a.log || fail 'a plain file'

# refused STATUS PATTERN ARGUMENT...
refused() {
    local status=0
    "$ctl" export "${@:3}" >out 2>err || status=$?
    [[ $status == "$1" ]] || fail "export ${*:3}: status $status, not $1"
    grep -q -e "$2" err || fail "export ${*:3}: $(cat err)"
}

# A file.
"$ctl" export -o day.txt --since='2026-01-03' --until='2026-01-03 23:59' archive
cmp day day.txt || fail 'into a file'
refused 1 'already exists' -o day.txt archive
"$ctl" export --force -o day.txt --format=zst archive
cmp all.zst day.txt || fail 'over a file'
"$ctl" export -o none --since=2030-01-01 archive || fail 'nothing to export is no error'
[[ -e none && ! -s none ]] || fail 'a file of nothing'
"$ctl" export -o none.zst --format=zst --since=2030-01-01 archive
zstd -dc none.zst | cmp - none || fail 'a frame of nothing'

# What can't be read as a whole isn't there.
segment=$(find archive -name '*.logz' | sort | head -n 1)
cp "$segment" good
printf 'damage' | dd of="$segment" bs=1 seek=100 conv=notrunc status=none
refused 1 "$segment" -o part archive
cp good "$segment"
refused 1 'No such file' -o part /nonexistent
refused 1 'not a regular file' --force -o . archive
[[ ! -e part ]] || fail 'a part of it is there'
[[ -z $(find . -maxdepth 1 -name '.*.tmp*') ]] || fail "a draft is left"
[[ ! -w /dev/full ]] || ! "$ctl" export archive >/dev/full 2>/dev/null || fail 'a full disk'
[[ ! -w /dev/full ]] || ! "$ctl" export --format=zst archive >/dev/full 2>/dev/null || fail 'a full disk'

refused 2 'not raw, jsonl, csv or zst' --format=xml archive
refused 2 'needs --format' --fields=a archive
refused 2 'needs -e' -v archive
refused 2 'unknown' --count archive
refused 1 'no-such-time' --since=no-such-time archive

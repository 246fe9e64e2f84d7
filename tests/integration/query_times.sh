#!/bin/bash
# --since and --until: local time and zones, also where clocks are set; years that aren't written;
# the same in plain files and in segments, whose blocks may be left out.
set -euo pipefail
ctl=$BUILD/logzipctl
cd "$(mktemp -d)"
export TZ=UTC
fail() {
    echo "FAILED: $*"
    exit 1
}
# expect FILE WANTED QUERY-OPTION...: the lines' last words, in the file and in its segment
expect() {
    local file=$1 wanted=$2 got path
    shift 2
    for path in "$file" "$file.logz"; do
        got=$("$ctl" query "$@" '' "$path" | awk '{ printf "%s%s", sep, $NF; sep = " " }') || true
        [[ $got == "$wanted" ]] || fail "TZ=$TZ $path $*: '$got', wanted '$wanted'"
    done
}

# A host two hours before UTC: its own stamps, and those of a program that writes the zone.
cat >mixed <<'EOF2'
2026-01-10 09:00:00 local one
2026-01-10T07:30:00Z zone two
2026-01-10 10:00:00 local three
[10/Jan/2026:13:30:00 +0500] zone four
Sat Jan 10 11:00:00 UTC 2026 zone five
1768046400 epoch six
EOF2
"$ctl" compress -k mixed
expect mixed 'one two three four five six' --since '2026-01-10 00:00' --until '2026-01-11'
expect mixed 'two four' -S '2026-01-10 07:00' -U '2026-01-10 08:45'
TZ=XYZ-2
expect mixed 'one two three' -S '2026-01-10 09:00' -U '2026-01-10 10:00'
expect mixed 'one two three' -S '2026-01-10 07:00Z' -U '2026-01-10T10:00:00+02:00'
expect mixed 'two three four' -S '2026-01-10 09:30' -U '2026-01-10 10:30'
expect mixed 'five six' -S '2026-01-10 13:00'
expect mixed '' -S '2026-01-10 10:31' -U '2026-01-10 12:59'
[[ $("$ctl" query --json local mixed | head -n 1) == *'"time":"2026-01-10T07:00:00Z"'* ]] ||
    fail 'JSON has UTC'

# Clocks are set back: an hour comes twice.
TZ=CET-1CEST,M3.5.0,M10.5.0/3
cat >autumn <<'EOF2'
2026-10-25 01:59:00 one
2026-10-25 02:30:00 two
2026-10-25 02:10:00 three
2026-10-25 03:00:00 four
EOF2
"$ctl" compress -k autumn
expect autumn 'two three' -S '2026-10-25 02:00' -U '2026-10-25 02:59'
expect autumn 'two three' -S '2026-10-25 00:00Z' -U '2026-10-25 00:59Z'
expect autumn 'one' -U '2026-10-24 23:59:30Z'
expect autumn 'four' -S '2026-10-25 01:00Z'

# No year: the one that fits to when the file was written.
TZ=UTC
cat >winter <<'EOF2'
Nov 30 12:00:00 host app: one
Dec 31 23:59:59 host app: two
Jan  1 00:00:00 host app: three
Jan  2 12:00:00 host app: four
EOF2
touch -d '2026-01-02 12:00:05' winter
"$ctl" compress -k winter
expect winter 'one two' -S 2025-01-01 -U '2025-12-31 23:59:59'
expect winter 'two three' -S '2025-12-31 23:00' -U '2026-01-01 01:00'
expect winter 'three four' -S 2026-01-01
expect winter '' -S 2026-01-03
expect winter '' -U 2025-11-30
printf 'Feb 29 12:00:00 leap\nMar  1 00:00:00 next\n' >leap
touch -d '2025-02-27 12:00' leap
"$ctl" compress -k leap
expect leap 'leap next' -S 2024-02-29 -U 2024-03-01
# A little ahead is this year's; more is the last year's.
printf 'Jan  1 06:00:00 soon\nJan 20 00:00:00 late\n' >ahead
touch -d '2025-12-31 22:00' ahead
"$ctl" compress -k ahead
expect ahead 'soon' -S 2026-01-01
expect ahead 'late' -U 2025-12-31

# Relative ones, from now on.
for ((i = 0; i < 5; i++)); do
    date -d "@$(($(date +%s) - i * 3600 - 60))" "+%F %T hours $i"
done >recent
"$ctl" compress -k recent
expect recent '0 1' -S '2 hours ago'
expect recent '0' -S -15min
expect recent '2 3 4' -U '1.5h ago'
expect recent '0 1 2 3 4' -S yesterday -U tomorrow
expect recent '0 1 2 3 4' -U now -S "$(date -d '1 day ago' +%A)"
expect recent '' -S +1min
status=0
"$ctl" query -S tomorrow -U today '' recent 2>said || status=$?
[[ $status -eq 2 ]] || fail "a range that ends before it begins: status $status"

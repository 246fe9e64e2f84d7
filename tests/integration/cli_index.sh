#!/bin/bash
# The index of a segment: compress writes it if asked, info says how large it is, verify finds damage
# of it, and a query then warns and decodes everything; what comes out is the same in any case.
# shellcheck source=tests/integration/cli_lib.bash
source "${BASH_SOURCE[0]%/*}/cli_lib.bash"

member() { "$ctl" info --json "$1" | grep -o "\"$2\":[0-9]*" | cut -d : -f 2; }

awk 'BEGIN { srand(1); for (i = 0; i < 20000; i++)
    printf "2026-11-05 12:03:%02d worker %d sent block blk_%d%08d to 10.0.%d.%d\n", i % 60, i % 7,
        1e9 * (1 + rand()), 1e8 * rand(), i / 80, 256 * rand() }' >app.log
"$ctl" compress -c app.log >bare.logz
"$ctl" compress -c --index app.log >app.logz
(($(stat -c %s app.logz) <= $(stat -c %s bare.logz) * 102 / 100 + 128)) || fail 'the index is too large'
[[ $(member bare.logz filter_bytes) == 0 ]] || fail 'there is an index that nobody asked for'
filters=$(member app.logz filter_bytes)
((filters > 100)) || fail 'there is no index'
"$ctl" info app.logz | grep -q "($filters filters)" || fail 'info does not say how large the filters are'
"$ctl" verify app.logz || fail 'the index is not sound'
"$ctl" decompress -c app.logz | cmp - app.log || fail 'decompresses to something else'
"$ctl" decompress -c <app.logz | cmp - app.log || fail 'decompresses to something else from a pipe'
cat app.logz bare.logz app.logz >several.logz
"$ctl" decompress -c several.logz | cmp - <(cat app.log app.log app.log) || fail 'several: something else'

# A byte of the filters is damaged.
pattern=$(sed -n '7777s/.*\(blk_[0-9]*\).*/\1/p' app.log)
want=$(grep -c -F "$pattern" app.log)
[[ $("$ctl" query -c -F "$pattern" app.logz) == "$want" ]] || fail 'a line is not found'
at=$(($(stat -c %s app.logz) - $(member app.logz index_bytes) + filters / 2))
cp app.logz hurt.logz
byte=$(od -An -tu1 -j "$at" -N 1 hurt.logz)
printf '%b' "\\x$(printf %x $((byte ^ 255)))" | dd of=hurt.logz bs=1 seek="$at" conv=notrunc status=none
! "$ctl" verify hurt.logz 2>message || fail 'verify finds no damage'
grep -q filters message || fail "verify does not say that filters are damaged: $(cat message)"
[[ $("$ctl" query -c -F "$pattern" hurt.logz 2>message || true) == "$want" ]] || fail 'damage hides a line'
[[ -s message ]] || fail 'a query says nothing of the damage'

# A file that has a segment's name, and isn't one any more, is no text in which nothing is found.
for size in 4 100; do
    { printf x && head -c "$size" app.logz | tail -c +2; } >cut.logz
    status=0
    "$ctl" query -F "$pattern" cut.logz >found 2>message || status=$?
    [[ $status == 2 && ! -s found ]] || fail "status $status for a file that is no segment"
    grep -q 'cut.logz: ' message || fail "the file is not named: $(cat message)"
done

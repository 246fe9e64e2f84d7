#!/bin/bash
# What comes out is what went in, whatever it was, at all levels.
set -euo pipefail
packed=$(mktemp)
cd "$(mktemp -d)"
ctl=$BUILD/logzipctl

: >empty
printf '\n' >newline
printf 'no newline' >unterminated
printf 'a\0b\n\0\0\n\0' >nul
printf 'one\r\ntwo\r\n\r\n' >crlf
printf '\xff\xfe\x80 invalid \xc3\n\xed\xa0\x80\n' >invalid_utf8
printf 'Jan 32 99:99:99 x\n2026-02-30T25:61:61Z y\n1e9 0x 00012 -0 +5\n' >odd_stamps
printf '%s\n' '<*> <time> %d {0} \0 <*>' '<*>' >slots
head -c 1000000 /dev/urandom >random
head -c 1000000 /dev/zero | tr '\0' '\n' >blank_lines
head -c 50000000 /dev/zero | tr '\0' 'x' >long_line
for ((i = 0; i < 300; i++)); do printf '%*s%d\n' $((i * 13 % 997)) '' $((i * i)); done >spaces
(seq 1 40000 | sed 's/.*/2026-01-01 00:00:00 seq & of 40000/' && head -c 5000 random) >mixed

for level in --fast '' --best; do
    for file in *; do
        [[ $level == --best && $file == long_line ]] && continue
        # shellcheck disable=SC2086
        "$ctl" compress $level -c "$file" >"$packed" || {
            echo "$file $level: can't compress"
            exit 1
        }
        "$ctl" decompress -c "$packed" | cmp - "$file" || {
            echo "$file $level: differs"
            exit 1
        }
        "$ctl" verify "$packed"
    done
done
rm "$packed"

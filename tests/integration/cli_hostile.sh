#!/bin/bash
# Inputs without structure, or with too much of it, cost little more time and size than zstd does.
# The factors are generous: what they are to find is work that grows without bounds.
set -euo pipefail
ctl=$BUILD/logzipctl
cd "$(mktemp -d)"
if ! command -v zstd >/dev/null; then
    echo "no zstd here to compare with"
    exit 77
fi
size=1200000 # bytes of a file
factor=8     # times zstd's time, and
slack=700    # ms more
[[ -n ${SANITIZE-} ]] && factor=100 slack=20000

random_words() { # words of a line, what follows a word
    awk -v words="$1" -v behind="$2" -v size=$size 'BEGIN {
        srand(7)
        for (bytes = 0; bytes < size; bytes += length(line) + 1) {
            line = ""
            for (i = 0; i < words; i++) {
                word = ""
                for (n = 2 + int(rand() * 7); n; n--)
                    word = word sprintf("%c", 97 + int(rand() * 16))
                line = line word substr(behind, 1 + int(rand() * length(behind)), 1)
            }
            print line
        }
    }'
}

head -c $size /dev/urandom >random
base64 -w 76 random >encoded
zstd -q -c encoded >packed
printf 1 >one_byte
head -c 1000000 /dev/zero | tr '\0' '\n' >blank_lines
random_words 8 ' ' >templates
random_words 6 ' ,;:=|()[]' >shapes
random_words 10000 ' ' >tokens
random_words 1000 ' ' | tr -d '\n' >one_line
awk -v size=$size 'BEGIN { srand(3); for (i = 0; i < size / 2; i++) print int(rand() * 10) }' >digits

milliseconds() { # command with its output: user time
    local TIMEFORMAT='%3U'
    { time "$@" >out 2>/dev/null; } 2>&1 | tr -d .
}

for level in '--fast 3' ' 12' '--best 19'; do
    option=${level% *}
    for file in random encoded packed one_byte blank_lines templates shapes tokens one_line digits; do
        theirs=$((10#$(milliseconds zstd "-${level#* }" -q --single-thread -c $file)))
        limit=$(($(stat -c %s out) * 1001 / 1000 + 100))
        # shellcheck disable=SC2086
        ours=$((10#$(milliseconds "$ctl" compress $option -T 1 -c $file)))
        bytes=$(stat -c %s out)
        "$ctl" decompress -c out | cmp - $file
        if ((bytes > limit || ours > factor * theirs + slack)); then
            echo "$file $option: $bytes bytes (at most $limit), $ours ms (zstd: $theirs)"
            exit 1
        fi
    done
done

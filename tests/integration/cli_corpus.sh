#!/bin/bash
# Real logs come back byte for byte at all levels (large ones at the default level only), and are
# verified.
set -euo pipefail
corpus=$SRC/../shared/corpus
ctl=$BUILD/logzipctl
if [[ ! -d $corpus ]]; then
    echo "no ../shared/corpus here"
    exit 77
fi
if ! command -v zstd >/dev/null; then
    echo "no zstd here to unpack the corpus"
    exit 77
fi
cd "$(mktemp -d)"

large=1500000 # bytes
files=0
for packed in "$corpus"/*.zst; do
    zstd -dcq "$packed" >raw
    levels=(--fast '' --best)
    [[ $(stat -c %s raw) -gt $large || -n ${SANITIZE-} ]] && levels=('')
    for level in "${levels[@]}"; do
        # shellcheck disable=SC2086
        "$ctl" compress $level -c raw >segment
        "$ctl" verify segment
        "$ctl" decompress -c segment | cmp raw - || {
            echo "${packed##*/} $level differs"
            exit 1
        }
    done
    files=$((files + 1))
done
echo "$files files"
[[ $files -gt 0 ]]

#!/bin/bash
# `make bench`'s program measures what there is and finds out when a tool loses a byte.
set -euo pipefail
[[ -x $BUILD/tests/bench && -x $BUILD/logzipctl ]]
cd "$(mktemp -d)"
mkdir corpus out out/tests
for i in $(seq 1 500); do
    echo "2026-01-02T03:04:05Z host app[$((i % 7))]: request $i took $((i * 37 % 91)) ms"
done >corpus/a.log
zstd -q -o corpus/b.log.zst corpus/a.log
ln -s "$BUILD/tests/bench" out/tests/bench
ln -s "$BUILD/logzipctl" out/logzipctl

BUILD=$PWD/out "$SRC/tests/bench/run" corpus '*' 'gzip-9 logzip' | tee table.txt
[[ $(wc -l <out/bench.tsv) -eq 7 ]]
grep -qE '^b\.log +[0-9]+ +logzip +[0-9]+ ' table.txt
grep -qE '^geometric mean +2 +logzip ' table.txt

# A logzipctl whose decompression drops a byte.
rm out/logzipctl
cat >out/logzipctl <<'END'
#!/bin/sh
case $1 in
compress) for last; do :; done; cat "$last" ;;
*) head -c -1 ;;
esac
END
chmod +x out/logzipctl
if BUILD=$PWD/out "$SRC/tests/bench/run" corpus '*' logzip 2>errors.txt; then
    echo "a lost byte went unnoticed"
    exit 1
fi
grep -q 'NOT what was compressed' errors.txt

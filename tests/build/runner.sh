#!/bin/bash
# scripts/run-tests counts right, shows what failed, ends what hangs, and says so in its last line.
set -euo pipefail
cd "$(mktemp -d)"
mkdir -p tests/integration out

write() {
    cat >"tests/integration/$1.sh"
}
write good <<'END'
echo "not to be seen"
[ -d "$TMPDIR" ] && [ "$BUILD" = "$EXPECTED" ] && [ "$SRC" = "$PWD" ]
END
write bad <<<'echo "the reason"; exit 3'
write absent <<<'echo "first line"; echo "no such server here"; exit 77'
write endless <<<'sleep 1000'
write killed <<'END'
kill -SEGV $$
END

runner=$SRC/scripts/run-tests
export EXPECTED=$PWD/out BUILD=$PWD/out SRC=$PWD
run() {
    TEST_TIMEOUT=$limit "$runner" "$@"
}

limit=60
run tests/integration/{good,absent}.sh >log.txt
[[ $(tail -n 1 log.txt) == "1 passed, 0 failed, 1 skipped" ]]
grep -qE '^ok +[0-9.]+s  integration/good$' log.txt
grep -qE '^skip +[0-9.]+s  integration/absent  \(no such server here\)$' log.txt
if grep -q "not to be seen" log.txt; then exit 1; fi

limit=3
status=0
run tests/integration/*.sh >log.txt || status=$?
cat log.txt
[[ $status -ne 0 && $(tail -n 1 log.txt) == "1 passed, 3 failed, 1 skipped" ]]
grep -q '^the reason$' log.txt
grep -q 'exit status 3' log.txt
grep -q 'no end after 3 seconds' log.txt

status=0
run tests/integration/missing.sh >log.txt 2>&1 || status=$?
[[ $status -ne 0 && $(tail -n 1 log.txt) == "0 passed, 1 failed, 0 skipped" ]]

#!/bin/bash
# compress, decompress and query touch no memory that isn't theirs, and give all of it back.
set -euo pipefail
if [[ -n ${SANITIZE-} ]] || ! command -v valgrind >/dev/null; then
    echo "needs valgrind and a build without sanitizers"
    exit 77
fi
cd "$(mktemp -d)"
# The C library has one function for __memmove_chk and __memcpy_chk; which of the names valgrind takes
# it for depends on how the program was linked.
cat >suppressions <<'END'
{
    memmove
    Memcheck:Overlap
    fun:__memcpy_chk
    fun:memmove
}
END
run() {
    valgrind -q --suppressions=suppressions --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect \
        "$BUILD/logzipctl" "$@"
}

for ((i = 0; i < 400; i++)); do
    printf '2026-01-31 12:%02d:%02d host app[%d]: request %d from 10.0.%d.7 took %dms\n' \
        $((i / 60)) $((i % 60)) $((i * 7 % 90)) "$i" $((i % 9)) $((i * i % 1013))
done >log
for level in --fast --best; do
    run compress $level -c log >"log$level.logz"
done
run compress -T 2 -k log
run decompress -c log.logz | cmp log -
run decompress <log.logz | cmp log -
run verify log.logz
run info --json log.logz >description
# The JIT's code isn't known to valgrind; it reads whole vectors, which stay within a page.
[[ $(run query -F -c '10.0.3.7' log.logz) -eq $(grep -cF '10.0.3.7' log) ]]
[[ $(run query -c '(*NO_JIT)took 1\d\dms' log.logz) -eq $(grep -c 'took 1[0-9][0-9]ms' log) ]]
run query --json --since '2026-01-31 12:03' '(*NO_JIT)request \d+' log.logz log >json
[[ $(wc -l <json) -eq $((2 * (400 - 180))) ]]
head -c 300 log.logz >cut.logz
status=0
run decompress -c cut.logz >out 2>said || status=$?
[[ $status -eq 1 ]]

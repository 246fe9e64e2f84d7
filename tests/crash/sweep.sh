#!/bin/bash
# Some points of the crash sweep, chosen by a seed that is printed: of each life as many as fit into
# SWEEP_SECONDS. `make check-crash` tries all of them.
set -u
# A traced program can't look for leaks.
export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0
status=0
for life in daemon upkeep scrub; do
    "$BUILD/tests/sweep" -l "$life" -s "${SWEEP_SECONDS:-8}" "$BUILD" || status=$?
done
kept=$BUILD/tests/logs/sweep
rm -rf "$kept"
((status == 0 || status == 77)) || cp -r "${TMPDIR:-/tmp}"/sweep.* "$kept"
exit "$status"

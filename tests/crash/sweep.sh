#!/bin/bash
# Some points of the crash sweep, chosen by a seed that is printed: as many as fit into
# SWEEP_SECONDS. `make check-crash` tries all of them.
set -u
# A traced program can't look for leaks.
export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0
"$BUILD/tests/sweep" -s "${SWEEP_SECONDS:-15}" "$BUILD"
status=$?
kept=$BUILD/tests/logs/sweep
rm -rf "$kept"
((status == 0 || status == 77)) || cp -r "${TMPDIR:-/tmp}"/sweep.* "$kept"
exit "$status"

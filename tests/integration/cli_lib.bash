#!/bin/bash
# cli_lib.bash - what tests of logzipctl share that need no daemon: an own directory, which is
# removed at the end, and how to fail.
#
# Sourced by the tests, with BUILD set: the program is "$ctl".

: "${BUILD:?BUILD is the directory with logzipctl}"
set -euo pipefail
export LC_ALL=C TZ=UTC

# shellcheck disable=SC2034
ctl=$BUILD/logzipctl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# fail WHY...
fail() {
    echo "FAILED: $*" >&2
    exit 1
}

#!/bin/bash
# A short soak: 40 logs, some rotations by logrotate, bursts of 8 MB/s, kills, queries beside it.
# `make soak` is the long one.
set -u
KILL_EVERY=3 exec "$SRC/tests/soak/run" 12 40 8000000

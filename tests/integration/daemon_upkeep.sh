#!/bin/bash
# Queries, rotate and the daemon's seals at once, on a clock on which a day takes half a second.
# `make soak-rotate` is the long one.
set -u
exec "$SRC/tests/soak/upkeep" 10

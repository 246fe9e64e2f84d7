#!/bin/bash
# Some short random sequences of what happens to logs and to the daemon, from fixed seeds;
# `daemon_random` takes any others. It says which seed fails.
set -u
: "${BUILD:?BUILD is the directory with logzipd and logzipctl}"
random=${BASH_SOURCE[0]%/*}/daemon_random

for seed in 3 27; do
    LOGZIP_RANDOM_SEED=$seed LOGZIP_RANDOM_STEPS=40 "$random" || exit
done

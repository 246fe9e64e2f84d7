#!/bin/bash
# Some hundred random queries from a fixed seed, each compared with grep; `query_random` takes any
# other. It says which query fails.
set -u
: "${BUILD:?BUILD is the directory with logzipctl}"
random=${BASH_SOURCE[0]%/*}/query_random
if ! echo ab | grep -qP 'a(?=b)' 2>/dev/null; then
    echo "this grep has no -P"
    exit 77
fi
LOGZIP_RANDOM_SEED=1 LOGZIP_RANDOM_RUNS=600 LOGZIP_RANDOM_PER_DATA=100 "$random"

#!/bin/bash
# The shared library exports the functions of include/logzip.h, all of them, and nothing else.
set -euo pipefail
if [[ -n ${SANITIZE-} ]]; then
    echo "sanitizers add symbols of their own"
    exit 77
fi

cd "$(mktemp -d)"
nm -D --defined-only "$BUILD/liblogzip.so.0" | awk '{ print $NF }' | sort >exported.txt
"${CC:-cc}" -E "$SRC/include/logzip.h" | tr -d '\n' | grep -oE '\blgz_[a-z_]+ *\(' |
    grep -vE '_fn' | tr -d ' (' | sort -u >declared.txt
[[ -s declared.txt ]]
diff -u declared.txt exported.txt

soname=$(objdump -p "$BUILD/liblogzip.so.0" | awk '$1 == "SONAME" { print $2 }')
[[ $soname == liblogzip.so.0 ]]

#!/bin/bash
# scripts/check-layers and check-length find what they are there to find.
set -euo pipefail
cd "$(mktemp -d)"
mkdir -p scripts include src/{base,line,archive,cli,daemon,tail}
cp "$SRC/scripts/check-layers" scripts/
touch include/logzip.h src/tail/tail.h src/daemon/loop.h
echo '#include "logzip.h"' >src/base/buf.h
printf '%s\n' '#include <stdio.h>' '#include "base/buf.h"' >src/line/lines.h
printf '%s\n' '#include "line/lines.h"' '#include "base/buf.h"' >src/cli/main.c
scripts/check-layers

# with FILE LINE EXPECTED: that line in FILE is complained about.
with() {
    local status=0
    cp "$1" saved 2>/dev/null || : >saved
    echo "$2" >>"$1"
    scripts/check-layers 2>complaint.txt || status=$?
    cp saved "$1"
    if [[ $status -eq 0 ]] || ! grep -q "$3" complaint.txt; then
        echo "'$2' in $1 went unnoticed"
        exit 1
    fi
}
with src/base/buf.h '#include "line/lines.h"' 'base must not include'
with src/base/buf.h '#include "line/lines.h"' 'include each other'
with src/cli/main.c '#  include "tail/tail.h"' 'cli must not include'
with src/cli/main.c '#include "daemon/loop.h"' 'cli must not include'
with src/cli/main.c '#include "base/nothing.h"' "isn't there"
with src/cli/main.c '#include "buf.h"' "isn't named from src/"
with include/logzip.h '#include "base/buf.h"' 'public header'

write_function() {
    printf '%s\n' 'static int f(void)' '{'
    seq -f '    x(%g);' "$1"
    printf '%s\n' '}' ''
}
{ write_function 77 && write_function 10; } >short.c
write_function 78 >long.c
"$SRC/scripts/check-length" short.c
if "$SRC/scripts/check-length" short.c long.c >complaint.txt; then exit 1; fi
[[ $(cat complaint.txt) == "long.c:1: a function of 81 lines (at most 80)" ]]

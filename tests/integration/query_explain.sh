#!/bin/bash
# --explain says what was left out by what, and --no-index leaves out nothing by filters; what is
# printed is the same.
# shellcheck source=tests/integration/cli_lib.bash
source "${BASH_SOURCE[0]%/*}/cli_lib.bash"

# number WHAT: at the end of the line that says it
number() { awk -v what="$1" 'index($0, what) { print $NF; exit }' explained; }

# expect STATUS OUTPUT 'WHAT=NUMBER;...' QUERY-ARGUMENT...
expect() {
    local status=$1 output=$2 wanted=$3 got=0 item items
    shift 3
    "$ctl" query --explain "$@" >out 2>explained || got=$?
    ((got == status)) || fail "query $*: status $got"
    [[ $(<out) == "$output" ]] || fail "query $*: $(<out)"
    IFS=';' read -ra items <<<"$wanted"
    for item in "${items[@]}"; do
        [[ $(number "${item%=*}") == "${item#*=}" ]] ||
            fail "query $*: not $item: $(<explained)"
    done
}

awk 'BEGIN { srand(1); for (i = 0; i < 30000; i++)
    printf "2026-01-01 %02d:%02d:%02d service[%d]: request %08x%08x from user%d took %d ms\n",
        i / 3600, i / 60 % 60, i % 60, i % 7, rand() * 2 ^ 31, rand() * 2 ^ 31, i % 50,
        rand() * 1000 }' >app.log
cp app.log copy.log
"$ctl" compress --index app.log
expect 1 '' 'left out by filter=1; decoded=0;filters read=1' unfindable app.log.logz
expect 1 '' 'left out by filter=0;filters read=0' --no-index unfindable app.log.logz
expect 1 0 'left out by filter=1' -c '(unfindable|nowhere).*request' app.log.logz
expect 1 '' 'left out by filter=1' -i UNFINDABLE app.log.logz
expect 0 600 'left out by filter=0' -c 'user49 ' app.log.logz
expect 1 '' 'left out by filter=1' --where "who = 'unfindable'" app.log.logz
expect 0 30000 'left out by filter=0' -v -c unfindable app.log.logz
expect 1 '' 'left out by time=1;filters read=0' -U 2025-12-31 unfindable app.log.logz
expect 1 '' 'left out by source=1;filters read=0' --source other unfindable app.log.logz
expect 1 '' 'left out by input=1;filters read=0' --input other unfindable app.log.logz
expect 1 '' "journals and text=$(stat -c %s copy.log)" unfindable copy.log
expect 1 '' 'filters read=1' unfindable app.log.logz
grep -q '^needed: *"unfindable"$' explained || fail "$(<explained)"

# Less than a tenth of the file is read.
awk '/bytes read of segments/ { exit !($5 < $7 / 10) }' explained || fail "$(<explained)"

#!/bin/bash
# wait_lib.bash - waiting for a state, and never for a time: a machine may be busy with other things.
#
# Sourced by the other libraries, and by tests that need nothing else of them.

# soon COMMAND...: wait until it succeeds. Two minutes are far more than anything here takes, so they
# only end a test that would wait for ever. Returns 1 then.
soon() {
    local end=$((SECONDS + 120))
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.02
    done
}

# holds FILE PATTERN [COUNT]: are there so many lines like that, at least? The file may be still to come.
holds() {
    local count
    count=$(grep -Esc -e "$2" "$1")
    ((${count:-0} >= ${3-1}))
}

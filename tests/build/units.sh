#!/bin/bash
# The systemd units are sound and expose little.
set -euo pipefail
if ! command -v systemd-analyze >/dev/null; then
    echo "systemd-analyze isn't there"
    exit 77
fi
cd "$SRC"
for unit in systemd/logzipd.service systemd/logzip-rotate.service; do
    # The threshold is in tenths: fails at 2.0 and above.
    systemd-analyze security --no-pager --offline=true --threshold=19 "$unit" | tail -n 1
done

# Of the units themselves: what the programs' places are depends on the installation.
problems=$(systemd-analyze verify --man=no systemd/*.service systemd/*.timer systemd/*.socket 2>&1 |
    grep -E '^(.*/)?logzip[^ ]*:|Unknown|Failed to parse|Invalid' |
    grep -vE 'is not executable|No such file' || true)
if [[ -n $problems ]]; then
    echo "$problems"
    exit 1
fi

#!/bin/bash
# What docs/operations.md says works: the first day, a restore drill, rules that keep, a backup
# beside a daemon that seals, a backup over merged segments, and moving the archive.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

configure '[input main]' "path = $logs/*.log"

# The first day: look, import, compare, remove.
for i in 3 2 1; do
    lines "$i"000 "$i"900 'before logzipd' >"$logs/a.log.$i"
    cat "$logs/a.log.$i" >>"$work/a"
    touch -d "2026-05-0$((9 - i)) 10:00" "$logs/a.log.$i"
done
gzip "$logs"/a.log.[23]
lines 1 2000 | tee "$logs/a.log" >>"$work/a"
start_daemon
sync_all
ctl import -c "$conf" --dry-run "$logs"/*.gz "$logs"/*.[0-9] >"$work/out" || fail "$(cat "$work/out")"
ctl import -c "$conf" "$logs"/*.gz "$logs"/*.[0-9] >"$work/out" || fail "$(cat "$work/out")"
expect a.log "$work/a"
ctl import -c "$conf" --remove "$logs"/*.gz "$logs"/*.[0-9] >"$work/out" || fail "$(cat "$work/out")"
[[ $(ls "$logs") == a.log ]] || fail "not removed: $(ls "$logs")"

# Rules.
ctl keep -c "$conf" --since 2026-03-01 --until 2026-03-14 --input main --reason 'ticket 4711' \
    >"$work/out" 2>&1 || fail "$(cat "$work/out")"
ctl keep -c "$conf" | grep -q 'ticket 4711' || fail 'the rule is not listed'
ctl keep -c "$conf" --remove 1 >"$work/out" 2>&1 || fail "$(cat "$work/out")"

# The drill.
drill() {
    ctl verify "$1" >/dev/null || fail "$1 is damaged"
    ctl restore --source "$logs/a.log" -f -o "$work/restored" "$1" || fail "$1: no restore"
    cmp "$work/restored" "$work/a" || fail "$1: the log differs"
    [[ $(ctl query -h -c '' "$1") == $(wc -l <"$work/a") ]] || fail "$1: other lines"
    ctl export --format=zst -o "$work/all.zst" "$1" || fail "$1: no export"
    [[ $(zstd -dc "$work/all.zst" | wc -l) == $(wc -l <"$work/a") ]] || fail "$1: another export"
    rm "$work/all.zst"
}
ctl seal -c "$conf" || fail 'not sealed'
lines 2001 3000 | tee -a "$logs/a.log" >>"$work/a"
sync_all
drill "$archive"

# The backup, with the page's own commands: rotate has to wait, the daemon seals between the two
# copies.
backup() {
    echo "$1" >"$work/between.sh"
    sed -n '/^    # cd .var.lib.logzip && flock/,/^$/p' "$SRC/docs/operations.md" |
        sed -e 's/^    \(# \)\?//' -e "s|/var/lib/logzip|$archive|" -e "s|backup:/srv/logzip|$work/backup|" \
            -e "s|&&\$|\&\& sh $work/between.sh \&\&|" >"$work/backup.sh"
    (($(grep -c rsync "$work/backup.sh") == 2)) || fail "the page has other commands: $(cat "$work/backup.sh")"
    bash "$work/backup.sh" || fail 'no backup'
}
if command -v rsync >/dev/null; then
    backup "! $BUILD/logzipctl rotate -c $conf 2>/dev/null >&2 && $BUILD/logzipctl seal -c $conf"
    drill "$work/backup"
    # The small segments are still there when the copy gets what they are merged into.
    lines 3001 3500 | tee -a "$logs/a.log" >>"$work/a"
    ctl seal -c "$conf" || fail 'not sealed'
    backup true
    drill "$work/backup"
    [[ ! -e $work/backup/lock && ! -e $work/backup/rotate.lock ]] || fail 'locks are in the backup'
fi

# Moving: another directory, and nothing is read twice.
stop_daemon
cp -a "$archive" "$work/moved"
rm -r "$archive"
archive=$work/moved
configure '[input main]' "path = $logs/*.log"
lines 3501 4000 | tee -a "$logs/a.log" >>"$work/a"
start_daemon
sync_all
drill "$archive"
ctl rotate -c "$conf" >"$work/out" 2>&1 || fail "$(cat "$work/out")"
drill "$archive"
stop_daemon

# A damaged segment is put aside, and what is whole of it stays; both are told.
segment=$(find "$archive" -name '00000000000[1-9]-*.logz' | sort | head -n 1)
cp "$segment" "$work/good"
printf 'damage' | dd of="$segment" bs=1 seek=30 conv=notrunc status=none
ctl rotate -c "$conf" >"$work/out" 2>&1 && fail "damage isn't told: $(cat "$work/out")"
grep -q "${segment##*/}" "$work/out" || fail "the damaged one isn't named: $(cat "$work/out")"
[[ -e $segment.damaged ]] || fail "it isn't put aside: $(ls "$archive")"
ctl verify "$archive" >"$work/out" 2>&1 || fail "the archive is damaged: $(cat "$work/out")"
ctl list "$archive" | grep -q damaged || fail 'the damaged one is not listed'
ctl salvage -f -o "$work/again.logz" "$segment.damaged" >"$work/out" 2>&1
(($? == 1)) || fail "salvage: $(cat "$work/out")"
grep -q "$logs/a.log" "$work/out" || fail "what is gone isn't told: $(cat "$work/out")"
# The backup's one comes back.
cp -p "$work/good" "$segment"
drill "$archive"
ctl rotate -c "$conf" >"$work/out" 2>&1 || fail "rotate: $(cat "$work/out")"

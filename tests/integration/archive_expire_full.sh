#!/bin/bash
# A file system without a byte to spare: expire makes the room that keep_free wants, and a rule that
# can't be written is an error and leaves the rules as they were. A small tmpfs is the disk.
set -u
if [[ -z ${LOGZIP_OWN_MOUNTS-} ]]; then
    export LOGZIP_OWN_MOUNTS=1
    unshare -m true 2>/dev/null && exec unshare -m "$0"
    unshare -rm true 2>/dev/null && exec unshare -rm "$0"
    echo 'cannot mount a file system of its own here'
    exit 77
fi
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"
mkdir "$work/disk"
mount -t tmpfs -o size=4M logzip-test "$work/disk" 2>/dev/null || {
    echo 'cannot mount a tmpfs here'
    exit 77
}
archive=$work/disk/archive
archive_options=('keep_free = 64K' 'merge = none')
configure '[input main]' "path = $logs/*.log"

openssl enc -aes-128-ctr -K 0 -iv 1 -in /dev/zero 2>/dev/null | base64 -w 99 | head -n 8000 >"$logs/a.log"
"$BUILD/tests/make_archive" "$archive" 3 12 "$logs/a.log=$logs/a.log" || fail 'no archive'
segments() { find "$archive" -name '*.logz' | sort; }
before=$(segments | wc -l)
oldest=$(segments | head -n 1)

# fill: not one more byte
fill() { dd if=/dev/zero of="$work/disk/other" bs=4K oflag=append conv=notrunc 2>/dev/null; }
free() { stat -f -c '%a * %S' "$work/disk"; }

# Nothing has been locked or ruled here yet, so these files can't be made, either.
fill
(($(free) == 0)) || fail "$(free) bytes are free"
for ((i = 0; i < 2; i++)); do
    ctl keep -c "$conf" --input=any >"$work/out" 2>&1 && fail 'a rule is written on a full disk'
    [[ ! -e $archive/keep ]] || fail "half a rule: $(cat "$archive/keep")"
    ctl expire -c "$conf" >"$work/out" 2>&1 || fail "cannot expire: $(cat "$work/out")"
    (($(free) >= 65536)) || fail "only $(free) bytes are free: $(cat "$work/out")"
    grep -q '(free space)$' "$work/out" || fail "not said why: $(cat "$work/out")"
    fill
done
[[ ! -e $oldest ]] || fail 'the oldest segment is still there'
after=$(segments | wc -l)
((after < before && after > before - 8)) || fail "$after of $before segments are left"
rm "$work/disk/other"
ctl verify "$archive" >/dev/null || fail 'the archive is damaged'
[[ -z $(find "$archive" -name '.*.tmp*') ]] || fail "drafts: $(ls -A "$archive")"

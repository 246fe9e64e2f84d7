#!/bin/bash
# compress and decompress have gzip's manners: names, attributes, refusals, streams, statuses.
set -euo pipefail
cd "$(mktemp -d)"
ctl=$BUILD/logzipctl

fail() {
    echo "FAILED: $*"
    exit 1
}
# status WANTED COMMAND...: run the command, keep its messages in ./said.
status() {
    local wanted=$1 got=0
    shift
    "$@" >out 2>said || got=$?
    [[ $got -eq $wanted ]] || fail "$*: status $got, wanted $wanted: $(cat said)"
}
said() {
    grep -qF -- "$1" said || fail "no '$1' in: $(cat said)"
}
sample() {
    for ((i = 0; i < 2000; i++)); do
        echo "2026-01-31 12:$((i / 60 % 60)):$((i % 60)) host app[$((i * 7 % 900))]: request $i took ${i}ms"
    done
}

sample >original
cp original app.log
chmod 640 app.log
touch -d '2020-02-03 04:05:06.123456789' app.log

# The file is replaced, with its mode and time, and back.
status 0 "$ctl" compress app.log
[[ ! -e app.log && -f app.log.logz ]] || fail "app.log wasn't replaced"
[[ $(stat -c '%a %.9Y' app.log.logz) == "640 $(date -d '2020-02-03 04:05:06' +%s).123456789" ]] ||
    fail "attributes: $(stat -c '%a %.9Y' app.log.logz)"
[[ $(stat -c %s app.log.logz) -lt $(($(stat -c %s original) / 5)) ]] || fail "not compressed"
status 0 "$ctl" decompress app.log.logz
cmp original app.log
[[ ! -e app.log.logz ]] || fail "app.log.logz is still there"
[[ $(stat -c '%a %.9Y' app.log) == "640 $(date -d '2020-02-03 04:05:06' +%s).123456789" ]] ||
    fail "attributes after decompress"

# -k keeps, an existing output isn't overwritten but with -f, a second suffix isn't added.
status 0 "$ctl" compress -k app.log
status 2 "$ctl" compress app.log
said 'already exists; not overwritten'
cmp original app.log
echo other >app.log
status 2 "$ctl" decompress app.log.logz
[[ $(cat app.log) == other ]] || fail "app.log was overwritten"
status 0 "$ctl" decompress -k -f app.log.logz
cmp original app.log
status 2 "$ctl" compress app.log.logz
said 'already has the suffix'
[[ -f app.log.logz && ! -e app.log.logz.logz ]] || fail "suffix added twice"
status 2 "$ctl" decompress app.log
said "doesn't end in .logz"

# Standard streams, -c, -o; levels and threads write what can be read.
for options in --fast --best '-T 2' '-T0 --fast'; do
    # shellcheck disable=SC2086
    "$ctl" compress $options <original >streamed
    "$ctl" decompress <streamed | cmp original -
done
"$ctl" compress -T1 <original >one
"$ctl" compress -T3 <original >three
cmp one three || fail "the output depends on the number of threads"
# shellcheck disable=SC2094
"$ctl" compress -c app.log - <original | "$ctl" decompress -c | cmp <(cat original original) -
status 0 "$ctl" compress -o other.seg app.log
[[ -f app.log ]] || fail "-o removed the input"
status 0 "$ctl" decompress -o back other.seg
cmp original back
status 2 "$ctl" compress -o other.seg app.log
status 1 "$ctl" compress -o x app.log original
status 1 "$ctl" compress -c -o x app.log
status 1 "$ctl" compress --nonsense app.log
said "Try 'logzipctl help compress'"
status 1 "$ctl" compress -T 1000 app.log
compgen -G '.*.tmp*' && fail "a temporary file is left: $(ls -A)"

# Refused: what isn't a regular file, links, what isn't there. The others are done all the same.
mkdir directory
mkfifo fifo
ln -s original link
status 2 "$ctl" compress -k directory
said 'is a directory'
status 2 "$ctl" compress -k fifo
status 1 "$ctl" compress link
said 'symbolic link'
status 1 "$ctl" compress absent
said 'absent: No such file or directory'
cp original one.log
cp original two.log
status 1 "$ctl" compress one.log absent two.log
[[ -f one.log.logz && -f two.log.logz ]] || fail "the files beside the bad one"
status 0 "$ctl" compress -k -f link
"$ctl" decompress -c link.logz | cmp original -
ln app.log hard
status 2 "$ctl" compress hard
said 'other links'
rm hard

# Damaged, cut, and foreign input: an error, no output, the input stays.
"$ctl" compress -c original >good.logz
size=$(stat -c %s good.logz)
for cut in 0 1 7 8 9 $((size / 3)) $((size / 2)) $((size - 9)) $((size - 1)); do
    head -c "$cut" good.logz >cut.logz
    status 1 "$ctl" decompress cut.logz
    [[ -f cut.logz && ! -e cut ]] || fail "output of an input cut at $cut"
    status 1 "$ctl" verify cut.logz
done
(cat good.logz && echo garbage) >garbage.logz
status 1 "$ctl" decompress garbage.logz
[[ -f garbage.logz && ! -e garbage ]] || fail "output of trailing garbage"
cp original text.logz
status 1 "$ctl" decompress text.logz
for ((i = 1; i <= 20; i++)); do
    cp good.logz bad.logz
    at=$((size * i / 21))
    old=$(tail -c +$((at + 1)) bad.logz | head -c 1 | od -An -tu1)
    printf '%b' "\\x$(printf %x $(((old + 77) % 256)))" |
        dd of=bad.logz bs=1 seek=$at conv=notrunc status=none
    if "$ctl" decompress -c bad.logz >bad 2>said; then
        cmp original bad || fail "damage at $at went through"
    fi
done

# Several segments one behind the other are one text.
cat good.logz good.logz >twice.logz
"$ctl" decompress -c twice.logz | cmp <(cat original original) -
status 0 "$ctl" verify good.logz twice.logz

# Output that can't be written is an error.
if [[ -w /dev/full ]]; then
    "$ctl" decompress -c good.logz >/dev/full 2>said && fail "a full disk went unnoticed"
    said 'No space left'
fi

# Interrupted: nothing is left behind, the input stays.
mkdir interrupted
cp original interrupted/big
for ((i = 0; i < 9; i++)); do
    cat interrupted/big interrupted/big >interrupted/x && mv interrupted/x interrupted/big
done
"$ctl" compress --best interrupted/big &
sleep 0.3
if kill -TERM $! 2>/dev/null; then
    wait $! 2>/dev/null && fail "SIGTERM had no effect"
    [[ $(ls -A interrupted) == big ]] || fail "left behind: $(ls -A interrupted)"
else
    wait $!
fi

# Names of any bytes come through JSON whole.
mkdir odd
cp original odd/$'quo"te\\back\nline'
cp original odd/$'inv\xff.log'
status 0 "$ctl" compress odd/*
"$ctl" info --json odd/* >out
[[ $(wc -l <out) -eq 2 ]] || fail "not one object for each file: $(cat out)"
grep -qF '"path":"odd/quo\"te\\back\nline.logz"' out || fail "no escapes: $(cat out)"
encoded=$(printf 'odd/inv\xff.log' | base64)
grep -qF "\"name_base64\":\"$encoded\"" out || fail "no $encoded in $(cat out)"

# A progress line comes on a terminal after a second, but not into text that is shown there.
slowly() { # FILE SECONDS
    head -c 100 "$1"
    sleep "$2"
    tail -c +101 "$1"
}
export -f slowly
status 0 "$ctl" compress -k -o slow.logz original
for seconds in 1.2 4 16; do # on a busy machine it begins late
    shown=$(SHELL=/bin/bash script -qec "slowly original $seconds | '$ctl' compress >slow2.logz" /dev/null </dev/null)
    [[ $shown != *" -> "* ]] || break
done
[[ $shown == *" -> "* ]] || fail "no progress was shown: $shown"
SHELL=/bin/bash script -qec "slowly slow.logz $seconds | '$ctl' decompress" /dev/null </dev/null >shown
tr -d '\r' <shown | cmp - original

# Help and version.
status 0 "$ctl" --version
status 0 "$ctl" --help
for command in compress decompress info verify query restore rotate status seal reload; do
    grep -q "^  $command " <("$ctl" --help) || fail "--help doesn't name $command"
    "$ctl" help "$command" | cmp - <("$ctl" "$command" --help)
done
status 2 "$ctl" nonsense
status 2 "$ctl"
status 2 "$ctl" info
echo "ok"

#!/bin/bash
# Stack traces of Java and Python stay whole in queries: in the journal and in segments, where a
# seal, a rotation, a reload or a kill falls into the middle of one; fields; a regular expression
# that takes too much work.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

# traces FROM TO: log lines; each third is an error with a trace of Java, each fifth one of Python
traces() {
    perl -e '
        srand($ARGV[0]);
        for my $i ($ARGV[0] .. $ARGV[1]) {
            my $stamp = sprintf "2024-05-01 %02d:%02d:%02d", $i / 3600, $i / 60 % 60, $i % 60;
            if ($i % 3 == 0) {
                print "$stamp ERROR request $i failed\njava.lang.IllegalStateException: no $i\n";
                print "\tat com.example.Class$_.call(Class$_.java:", int rand 500, ")\n"
                    for 1 .. rand 40;
                print "Caused by: java.io.IOException: broken pipe\n\t... 7 more\n" if $i % 2;
            } elsif ($i % 5 == 0) {
                print "$stamp WARN retry $i\nTraceback (most recent call last):\n";
                print "  File \"/srv/app/part$_.py\", line $_, in run\n    step($_)\n"
                    for 1 .. rand 9;
                print "\nKeyError: \"key $i\"\n";
            } else {
                print "$stamp INFO request $i done\n";
            }
        }' "$1" "$2"
}
# reference FILE CODE: the events of a file for which the Perl expression holds, as they are
reference() {
    perl -0777 -ne '
        s/(?<!\n)\z/\n/; # a line that is not written to its end is shown as one
        for (split /^(?=\d{4}-)/m) {
            print if ('"$2"');
        }' "$1"
}
# same WHAT CODE OPTION...: what the query prints of trace.log is what the reference has
same() {
    local what=$1 code=$2
    shift 2
    reference "$work/written" "$code" >"$work/expected"
    ctl query -h --source '*/trace.log' "$@" "$archive" >"$work/got" 2>"$work/said"
    cmp "$work/expected" "$work/got" ||
        fail "$what: query $* differs: $(diff "$work/expected" "$work/got" | head -n 5)"
    [[ ! -s $work/said ]] || fail "$what: $(cat "$work/said")"
}
# all_same WHAT: several queries, all of which have to find whole events
all_same() {
    same "$1: all" 1 ''
    same "$1: a frame" '/Class39/' -F 'Class39.call'
    same "$1: begin of a line" '/^KeyError/m' '^KeyError'
    same "$1: over lines" '/ERROR.*broken pipe/s' '(?s)ERROR.*broken pipe'
    same "$1: inverted" '!/INFO/' -v INFO
    same "$1: time" '/^2024-05-01 00:0[2-4]:/' '' \
        --since '2024-05-01 00:02:00' --until '2024-05-01 00:04:59'
    [[ $(ctl query -h -c ERROR "$archive") = $(grep -c ERROR "$work/written") ]] ||
        fail "$1: counted otherwise"
    same "$1: lines" 1 '' --lines
}
# write FROM TO BYTES: append traces, all but the last BYTES bytes, which come with the next ones
rest=
write() {
    { printf '%s' "$rest"; traces "$1" "$2"; } >"$work/next"
    local size
    size=$(stat -c %s "$work/next")
    rest=$(tail -c "$3" "$work/next"; printf x)
    rest=${rest%x}
    head -c $((size - $3)) "$work/next" >>"$logs/trace.log"
    head -c $((size - $3)) "$work/next" >>"$work/written"
}

format='^(?<time>[^ ]+ [^ ]+) (?<level>[A-Z]+) (?<message>.*)$'
app=('[input app]' "path = $logs/trace.log" 'multiline_start = ^[0-9]{4}-' "format = $format")
configure "${app[@]}"
write 1 100 20
start_daemon
sync_all
all_same 'in the journal'
for n in 1 2 3; do
    write $((n * 100 + 1)) $((n * 100 + 100)) $((n * 37))
    sync_all
    ctl seal -c "$conf" || fail 'cannot seal'
done
all_same 'in segments'
write 401 500 300
sync_all
kill_daemon
write 501 600 30
start_daemon
sync_all
all_same 'after a kill'
configure "${app[@]}" '[input other]' "path = $logs/other.log"
ctl reload -c "$conf" || fail 'a reload is refused'
write 601 700 0
sync_all
all_same 'after a reload'

# Fields, and events as JSON.
ctl query -h --fields level,message 'Class39' "$archive" >"$work/got"
reference "$work/written" '/Class39/' |
    sed -n 's/^2024-[^ ]* [^ ]* \([A-Z]*\) \(.*\)/\1\t\2/p' >"$work/expected"
cmp "$work/expected" "$work/got" || fail '--fields differs'
# The fields of the format are those of expressions, too, and an event is one line to these.
same 'by a field' '/^\S+ \S+ WARN /' --where 'level = WARN'
same 'by two' '/^\S+ \S+ ERROR .*3\n/' --where "message ~ '3$' and level in (ERROR, FATAL)"
same 'by input and time' '/^2024-05-01 00:(?!00)/' --where 'input = app and time >= "2024-05-01 00:01:00"'
same 'with a pattern' '/^\S+ \S+ ERROR .*Class39/s' -e Class39 --where 'level = ERROR'
ctl query --fields nothing 'ERROR' "$archive" >/dev/null 2>"$work/said" && fail 'an unknown field'
grep -q "field 'nothing'" "$work/said" || fail "an unknown field: $(cat "$work/said")"
ctl query --json 'retry 5$' "$archive" >"$work/got"
grep -q '"line":"2024-05-01 00:00:05 WARN retry 5\\nTraceback' "$work/got" || fail 'no event as JSON'
grep -q '"fields":{"level":"WARN","message":"retry 5","time":"2024-05-01 00:00:05"}' "$work/got" ||
    fail "no fields in JSON: $(cat "$work/got")"
# Each line of an event has the name.
[[ $(ctl query -H 'retry 5$' "$archive" | grep -vc "^$logs/trace.log:") = 0 ]] ||
    fail 'a line of an event has no name'

# Rotated, an event ends with its file.
mv "$logs/trace.log" "$logs/trace.log.1"
printf '\tat the.start.of(another)\n2024-05-01 02:00:00 INFO new\n' >"$logs/trace.log"
sync_all
[[ $(ctl query -h 'the.start.of' "$archive") = $'\tat the.start.of(another)' ]] ||
    fail 'an event goes on in another file'

# An expression that would take for ever: lines are as good as ever, and so is the daemon.
configure '[input app]' "path = $logs/trace.log" 'multiline_start = ^(x+x+)+$'
ctl reload -c "$conf" || fail 'a reload is refused'
printf '%060d!\n' 0 | tr 0 x >>"$logs/trace.log"
sync_all
ctl query -h 'xxx' "$archive" >/dev/null 2>"$work/said" && fail 'no limit to the work'
grep -q 'multiline_start (--lines does without it): the pattern takes too much work' "$work/said" ||
    fail "too much work: $(cat "$work/said")"
[[ $(ctl query -h -c --lines 'xxx' "$archive") = 1 ]] || fail '--lines does not do without it'
configure '[input app]' "path = $logs/trace.log" 'format = ^(?<x>(x+x+)+)$'
ctl reload -c "$conf" || fail 'a reload is refused'
printf '%060d!\nxxxx\n' 0 | tr 0 x >>"$logs/trace.log"
sync_all
ctl query --json --lines 'xxx' "$archive" >"$work/got" 2>"$work/said" && fail 'no limit for fields'
[[ $(grep -c xxx "$work/got") = 3 && $(wc -l <"$work/said") = 1 ]] ||
    fail "a format that is too much work: $(cat "$work/said" "$work/got")"
grep -q 'without fields: format: the pattern takes too much work' "$work/said" ||
    fail "too much work for fields: $(cat "$work/said")"
stop_daemon
expect_sealed

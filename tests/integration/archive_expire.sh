#!/bin/bash
# logzipctl expire and keep: what is old goes, for each input by its own limits; what a rule keeps
# stays, restore tells the hole behind it, and queries don't join lines across it; what isn't sealed
# never goes.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

archive_options=('max_age = 30d')
configure '[input short]' "path = $logs/short.log" 'max_age = 3d' \
    '[input long]' "path = $logs/long.log" 'max_age = 0' '[input rest]' "path = $logs/*.log"

# run STATUS COMMAND ARGUMENT...: of logzipctl; what it prints is in $work/out
run() {
    local wanted=$1 status=0
    shift
    ctl "$1" -c "$conf" "${@:2}" >"$work/out" 2>&1 || status=$?
    ((status == wanted)) || fail "$*: exit status $status: $(cat "$work/out")"
}

# said PATTERN
said() { grep -q -- "$1" "$work/out" || fail "not said: '$1': $(cat "$work/out")"; }

# found COUNT PATTERN
found() {
    local count
    count=$(ctl query --config "$conf" --lines -h -e "$2" | wc -l)
    ((count == $1)) || fail "'$2' is found $count times, not $1 times"
}

# Rotated files of three logs, 1 to 40 days old, each a segment.
for log in short long other; do
    for age in 1 2 10 20 40; do
        lines 1 100 "$log $age" >"$logs/$log.log.$age"
        touch -d "$age days ago" "$logs/$log.log.$age"
        [[ $log = other ]] && cp "$logs/$log.log.$age" "$work/other.$age"
        run 0 import --level=fast --remove "$logs/$log.log.$age"
    done
done

run 0 expire --dry-run
cp "$work/out" "$work/dry"
said '^would expire 4 segments of .*; 11 segments of .* left$'
found 1500 ' of a log'
# A hold for what was read three weeks ago, whatever it is, and one for an input in vain.
run 0 keep
[[ ! -s $work/out ]] || fail "there are rules: $(cat "$work/out")"
run 0 keep --since '25 days ago' --until '15 days ago' --reason 'case 17'
said '^1 since=.*Z until=.*Z reason="case 17"$'
said '^# keeps 3 of 15 segments, '
run 0 list
(($(grep -Ec '^[0-9]{12}-.*  +1  +[a-z]+$' "$work/out") == 3)) || fail "list: $(cat "$work/out")"
(($(grep -Ec '^[0-9]{12}-.*  +-  +[a-z]+$' "$work/out") == 12)) || fail "list: $(cat "$work/out")"
run 0 list --json
[[ $(jq -s 'map(.kept_by) | sort' -c "$work/out") == '['*null,1,1,1']' ]] || fail "list --json: $(cat "$work/out")"
run 0 keep --input=nobody
said 'has no \[input nobody\]'
said '^# keeps 0 of 15 segments, 0 B$'
run 0 keep --input=nobody
said '^2 input="nobody"$'
run 0 keep --json
[[ $(jq -sc 'map(del(.since, .until))' "$work/out") == '[{"rule":1,"reason":"case 17"},{"rule":2,"input":"nobody"}]' ]] ||
    fail "keep --json: $(cat "$work/out")"
[[ $(jq -s 'def at: .[:19] + "Z" | fromdate; .[0] | (.until | at) - (.since | at) - 864000 | . == 0 or . == 1' "$work/out") == true ]] ||
    fail "keep --json: $(cat "$work/out")"
run 0 keep --json --input=nobody
[[ $(grep '^{' "$work/out" | jq -sc .) == '[{"rule":2,"input":"nobody"},{"kept_segments":0,"kept_bytes":0,"segments":15}]' ]] ||
    fail "keep --json, again: $(cat "$work/out")"
run 0 keep --remove=2
run 1 keep --remove=2
said 'there is no rule 2'
run 2 keep --since tomorrow --remove=1
run 1 keep --since tomorrow --until yesterday
said 'a time range ends before it begins'

# A signal ends it, here while somebody changes rules: then nothing has gone.
exec 9>"$archive/keep.lock"
flock 9
"$BUILD/logzipctl" expire -c "$conf" >"$work/out" 2>&1 9>&- &
pid=$!
until [[ /proc/$pid/exe -ef $BUILD/logzipctl && $(readlink "/proc/$pid/fd"/*) == *"/keep.lock"* ]]; do
    kill -0 "$pid" 2>/dev/null || fail "it doesn't wait for the rules: $(cat "$work/out")"
    sleep 0.01
done
kill -TERM "$pid"
exec 9>&-
status=0
{ wait "$pid"; } 2>/dev/null || status=$?
((status == 143)) || fail "expire ended with status $status by SIGTERM: $(cat "$work/out")"
said '^expired 0 segments; 15 segments of .* left; stopped by a signal$'
found 1500 ' of a log'

# It takes the segments that the dry run told, but for the one that is kept.
run 0 expire
said '^expired 3 segments of .*; 12 segments of .* left, rules keep 1 of '
mapfile -t gone < <(sed -n 's/^would expire \(.*\) (age)$/\1/p' "$work/dry")
((${#gone[@]} == 4)) || fail "the dry run named ${#gone[@]} segments"
kept=0
for segment in "${gone[@]}"; do [[ -e $segment ]] && kept=$((kept + 1)); done
((kept == 1)) || fail "$kept of the segments that were to expire are there"
for age in 1 2 20; do found 100 "short $age "; done
for age in 10 40; do found 0 "short $age "; done
for age in 1 2 10 20 40; do found 100 "long $age "; done
for age in 1 2 10 20; do found 100 "other $age "; done
found 0 'other 40 '
expect other.log "$work"/other.{20,10,2,1}

# Nothing more, until the rule is gone.
run 0 rotate
run 0 expire
said '^expired 0 segments; 12 segments of .* left, rules keep 1 of '
run 0 keep --remove=1
run 0 expire --quiet
[[ ! -s $work/out ]] || fail "not quiet: $(cat "$work/out")"
found 0 'short 20 '

# Rules that can't be read stop it, whatever the limits are.
archive_options=('max_size = 1')
configure
printf '1 journals=1\n2 something else\n' >"$archive/keep"
run 1 expire
said 'keep:2: .*something else'
run 1 rotate
run 1 list
said 'keep:2: .*something else'
found 1100 ' of a log'
rm "$archive/keep"

# Journals never go, and neither does a segment that somebody has damaged.
mapfile -t segments < <(find "$archive" -name '*.logz' | sort)
truncate -s -1 "${segments[0]}"
run 1 expire
said "doesn't expire"
said 'bytes more than max_size: no segment is left that may go'
[[ $(find "$archive" -name '*.logz') = "${segments[0]}" ]] || fail "left: $(ls "$archive")"
rm "${segments[0]}"

# A log in six segments and a journal, whose lines are cut anywhere; two of the segments are kept.
lines 1 4000 >"$logs/cut.log"
rm -r "$archive"
"$BUILD/tests/make_archive" "$archive" 7 7 "$logs/cut.log=$logs/cut.log" || fail 'no archive'
mapfile -t segments < <(find "$archive" -name '*.logz' | sort)
((${#segments[@]} == 6)) || fail "${#segments[@]} segments"
run 0 keep "${segments[1]}" "${segments[3]##*/}"
said '^2 journals=4-4$'
said '^# keeps 2 of 6 segments, '
run 0 list --json
[[ $(jq -s 'map(.kept_by)' -c "$work/out") == '[null,1,null,2,null,null]' ]] || fail "list --json: $(cat "$work/out")"
run 0 keep --json
[[ $(jq -sc '.[1]' "$work/out") == '{"rule":2,"first_journal":4,"last_journal":4}' ]] || fail "keep --json: $(cat "$work/out")"
run 1 expire
said '^expired 4 segments'
run 1 restore --source "$logs/cut.log" -f -o "$work/restored"
said ': the first [0-9]* bytes of source 1 '
(($(grep -c ': bytes [0-9]* to [0-9]* of source 1 ' "$work/out") == 2)) ||
    fail "not two holes: $(cat "$work/out")"
# Put together from what restore says is missing, it is the log.
perl -e '
    use strict;
    my ($log, $restored, $said) = map { local (@ARGV, $/) = ($_); <> } @ARGV;
    $said =~ /the first (\d+) bytes/ or die "no beginning\n";
    my @missing = ([0, $1 - 1]);
    push @missing, [$1, $2] while $said =~ /bytes (\d+) to (\d+) of/g;
    substr($log, $_->[0], $_->[1] - $_->[0] + 1) = "" for reverse @missing;
    exit($log ne $restored)' "$logs/cut.log" "$work/restored" "$work/out" || fail 'the rest differs'
# Each line that a query shows is one of the log, or the beginning or the end of one.
ctl query --config "$conf" --lines -h -e '' >"$work/lines"
perl -e '
    use strict;
    my ($log, $restored, $lines) = map { local (@ARGV, $/) = ($_); <> } @ARGV;
    my %whole = map { $_ => 1 } split /\n/, $log;
    my $cut = 0;
    for my $line (split /\n/, $lines) {
        next if $whole{$line};
        $cut++;
        index($log, "\n$line") >= 0 || index($log, "$line\n") >= 0 or die "joined: $line\n";
    }
    die "$cut lines are cut\n" if $cut > 5;
    my $there = () = $restored =~ /^2024-05-01 12:00:00 line \d+ of a log$/mg;
    my $shown = grep { $whole{$_} } split /\n/, $lines;
    die "$shown lines, not $there\n" if $shown < $there - 2' \
    "$logs/cut.log" "$work/restored" "$work/lines" || fail 'a query joins what is not one line'

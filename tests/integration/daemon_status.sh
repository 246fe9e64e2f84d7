#!/bin/bash
# What `logzipctl status` tells: for people, for programs, and for a screen of few lines.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

# value KEY [SOURCE]: of the status as JSON, or of that source in it
value() {
    status_json | perl -MJSON::PP -e '
        local $/; my $s = decode_json(<STDIN>);
        my ($key, $name) = @ARGV;
        ($s) = grep { $_->{name} eq $name } @{$s->{sources}} if defined $name;
        my $v = $s->{$key};
        print defined $v ? $v : "null", "\n"' "$@"
}

# is KEY VALUE [SOURCE]
has_value() { [[ $(value "$1" ${3+"$3"}) == "$2" ]]; }
is() { has_value "$@" || fail "$1 ${3-} isn't $2: $(status_json)"; }
becomes() { soon has_value "$@" || is "$@"; }

configure '[input main]' "path = $logs/*.log" '[input other]' "path = $logs/*.txt"
lines 1 1000 >"$logs/a.log"
lines 1 10 >"$logs/b.txt"
start_daemon
sync_all
size=$(stat -c %s "$logs/a.log")
is read_lines 1010
is read_lines 1000 "$logs/a.log"
is read_bytes "$size" "$logs/a.log"
is input other "$logs/b.txt"
is lag 0
is ratio null "$logs/a.log"
is state current "$logs/a.log"
[[ $(value last_read "$logs/a.log") == 20??-??-??T??:??:??Z ]] || fail 'no time of the last read'

# What matches and isn't a file that can be read is counted.
mkfifo "$logs/pipe.log"
becomes files_refused 1
is files 2
rm "$logs/pipe.log"
becomes files_refused 0

# Sealed: ratios, by source and altogether.
ctl seal -c "$conf" >/dev/null || fail 'seal fails'
is segments 1
is sealed_segments 1
is sealed_raw_bytes "$size" "$logs/a.log"
is sealed_raw_bytes $((size + $(stat -c %s "$logs/b.txt")))
perl -e 'exit !($ARGV[0] > 5)' "$(value ratio "$logs/a.log")" || fail 'the ratio is below 5'
(($(value sealed_stored_bytes "$logs/a.log") + $(value sealed_stored_bytes "$logs/b.txt") <= \
    $(value sealed_stored_bytes))) || fail 'the sources have more than there is'

# Rotated: the name's counts go on, and it is one source.
mv "$logs/a.log" "$logs/a.log.1"
lines 1001 1100 >"$logs/a.log"
sync_all
is read_lines 1100 "$logs/a.log"
is files 2 "$logs/a.log"
is position "$(stat -c %s "$logs/a.log")" "$logs/a.log"

# The text has the same; who is most behind comes first; ROWS limits the table.
ctl status -c "$conf" >"$work/status" || fail 'status fails'
grep -q "^logzipd .*, pid $daemon, running for 00:0" "$work/status" || fail 'the first line'
grep -q '^files      3 in 2 inputs, up to date$' "$work/status" || fail 'the files'
grep -Eq "^up to date current +[0-9]+ +[0-9]+ +1100 +[0-9.]+  $logs/a.log \[main\]$" \
    "$work/status" || fail "the row of a.log: $(cat "$work/status")"
sed -i 's/^sync_interval.*/sync_interval = 1h/' "$conf"
ctl reload -c "$conf" || fail 'reload fails'
lines 11 20 >>"$logs/b.txt"
# shellcheck disable=SC2317 # soon calls it
is_behind() { [[ $(value lag "$logs/b.txt") != 0 ]]; }
soon is_behind || fail 'b.txt is not behind'
ask 'status 1' >"$work/status"
grep -A1 '^ *LAG' "$work/status" | tail -n 1 | grep -q "^ *[0-9]* B .* $logs/b.txt" ||
    fail "b.txt isn't first: $(cat "$work/status")"
grep -q "a.log \[main\]" "$work/status" && fail 'the table has more than one row'
grep -q '^1 more: --all' "$work/status" || fail 'that there is more is not said'
grep -q '^files .* B behind in 1$' "$work/status" || fail 'the lag is not in the summary'
refused 'status x' 'unknown request'
refused 'status 1x' 'unknown request'

# On a terminal the table has as many rows as fit; --all shows all of them.
for ((i = 0; i < 50; i++)); do echo x >"$logs/many$i.log"; done
becomes files 53
if command -v script >/dev/null; then
    on_terminal() {
        script -qec "stty rows 24 cols 200; '$BUILD/logzipctl' status $* -c '$conf'" /dev/null
    }
    on_terminal >"$work/screen"
    (($(wc -l <"$work/screen") <= 24)) || fail 'the status is longer than the terminal'
    grep -q '^4[0-9] more' "$work/screen" || fail 'how many are left out is not said'
    on_terminal --all >"$work/screen"
    (($(grep -c '/many[0-9]*\.log' "$work/screen") == 50)) || fail '--all leaves some out'
fi

# A file that no input wants any more isn't current; it is again with its input.
cp "$conf" "$work/whole.conf"
sed -i '/^\[input other\]/,$d' "$conf"
ctl reload -c "$conf" || fail 'reload without an input fails'
sync_all
is state parked "$logs/b.txt"
is lag 0 "$logs/b.txt"
is state current "$logs/a.log"
ask status >"$work/status"
grep -Eq "^up to date parked .*  $logs/b.txt \[other\]$" "$work/status" ||
    fail "the row of b.txt: $(cat "$work/status")"
cp "$work/whole.conf" "$conf"
ctl reload -c "$conf" || fail 'reload with an input that was there fails'
sync_all
is state current "$logs/b.txt"

# A source that isn't a file.
printf '%s\n' '[input syslog]' "listen = unix:$work/syslog" >>"$conf"
ask reload >/dev/null || fail 'reload with an input that listens fails'
is state listening syslog
is messages 0 syslog
perl -MIO::Socket::UNIX -MSocket -e '
    IO::Socket::UNIX->new(Peer => $ARGV[0], Type => SOCK_DGRAM)->send("<13>one")' "$work/syslog"
becomes messages 1 syslog
is lag 8 syslog
sync_all
is lag 0 syslog
is read_lines 1 syslog
ask status >"$work/status"
grep -Eq '^files .* 1 sources that aren.t files, up to date' "$work/status" || fail 'the summary'
grep -Eq '^up to date listening +8 +8 +1 .*  syslog \[syslog\]$' "$work/status" ||
    fail "the row of syslog: $(cat "$work/status")"

# The last error of each kind, with its time.
echo nonsense >>"$conf"
refused reload "$conf:"
ask status >"$work/status"
grep -Eq "^errors     1 config, last 20[-0-9]*T[0-9:]*Z: $conf:[0-9]+: neither" "$work/status" ||
    fail 'the last error is not told'
ask 'status json' >"$work/status"
grep -q '"kind":"config","count":1,"last":"20' "$work/status" || fail 'nor to programs'
stop_daemon
exit 0

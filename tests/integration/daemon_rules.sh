#!/bin/bash
# multiline_start and format of an input go with the bytes: into the journal, through a reload, a
# kill and a seal; wrong ones are refused by --check and by a reload.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

# rules FILE: what the segments say of a source, one line for each: from, multiline_start, format
rules() {
    local segment
    for segment in "$archive"/*.logz; do
        ctl info --json "$segment"
    done | perl -ne '
        while (/"name":"\Q$ENV{NAME}\E".*?(?=\{"id"|$)/g) {
            my $source = $&;
            print "$1 $2 $3\n" while $source =~
                /"from":(\d+),"multiline_start":"([^"]*)","format":"([^"]*)"/g;
        }'
}
# expect_rules NAME LINE...
expect_rules() {
    local name=$1 line
    shift
    NAME=$logs/$name rules >"$work/rules"
    : >"$work/expected"
    for line; do printf '%s\n' "$line" >>"$work/expected"; done
    diff "$work/expected" "$work/rules" >"$work/diff" ||
        fail "the rules of $name are others: $(cat "$work/diff")"
}

configure '[input app]' "path = $logs/app.log" 'multiline_start = ^one' \
    '[input web]' "path = $logs/web.log" 'format = (?<' 'format = a>x)' \
    '[input plain]' "path = $logs/plain.log"
"$BUILD/logzipd" -c "$conf" --check >/dev/null 2>&1 || fail 'a good configuration is refused'
for name in app web plain; do lines 1 10 >"$logs/$name.log"; done
first=$(stat -c %s "$logs/app.log")
start_daemon
sync_all

# A wrong expression: said with its line and place, and nothing changes.
configure '[input app]' "path = $logs/app.log" 'multiline_start = two('
"$BUILD/logzipd" -c "$conf" --check 2>"$work/said" && fail 'a wrong expression is taken'
grep -q 'logzipd.conf:[0-9]*: multiline_start: at character 5: missing closing parenthesis' \
    "$work/said" || fail "it says: $(cat "$work/said")"
ctl reload -c "$conf" 2>"$work/said" && fail 'a reload takes a wrong expression'
grep -q 'missing closing parenthesis' "$work/said" || fail "reload says: $(cat "$work/said")"
lines 11 20 >>"$logs/app.log"
sync_all
second=$(stat -c %s "$logs/app.log")

# Another one: lines from now on have it. An input that is gone has none any more.
configure '[input app]' "path = $logs/app.log" 'multiline_start = ^two' \
    '[input other]' "path = $logs/web.log" '[input plain]' "path = $logs/plain.log"
ctl reload -c "$conf" || fail 'a reload is refused'
for name in app web plain; do lines 11 20 >>"$logs/$name.log"; done
sync_all
kill_daemon
third=$(stat -c %s "$logs/app.log")

# What is read after a crash has what the configuration says then.
configure '[input app]' "path = $logs/app.log" 'multiline_start = ^three'
lines 21 30 >>"$logs/app.log"
start_daemon
sync_all
ctl seal -c "$conf" || fail 'cannot seal'
stop_daemon
expect_sealed
expect app.log "$logs/app.log"
expect web.log <(lines 1 20)
expect_rules app.log '0 ^one ' "$second ^two " "$third ^three "
expect_rules web.log '0  (?<a>x)'
expect_rules plain.log
((first < second)) || fail 'the log has not grown'
[[ $(ctl query -c -h '' "$archive") = $((40 + 20 + 20)) ]] || fail 'lines are missing in a query'

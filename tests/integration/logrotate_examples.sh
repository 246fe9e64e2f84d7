#!/bin/bash
# The examples of conf/logrotate.d with the real logrotate: it writes .logz files that are exact, are
# found by queries, and are mailed as text; and with logzipd it removes no log that the archive
# doesn't have.
set -u
# shellcheck source=tests/integration/daemon_lib.bash
source "${BASH_SOURCE[0]%/*}/daemon_lib.bash"

PATH=$PATH:/usr/sbin:/sbin
command -v logrotate >/dev/null || exit 77
umask 022

mkdir "$work/bin"
for name in logzip unlogzip logzcat; do ln -s "$BUILD/logzipctl" "$work/bin/$name"; done

# example NAME: the example for /var/log/NAME, with this test's paths and user
example() {
    echo "su $(id -un) $(id -gn)"
    sed -n "\|^/var/log/$1/|,/^}/p" "$SRC/conf/logrotate.d/logzip" |
        sed -e "s|/var/log/$1/|$logs/|" -e "s|/usr/bin/logzipctl seal|$BUILD/logzipctl seal -c $conf|" \
            -e "s|/usr/bin/|$work/bin/|" -e "s|root adm|$(id -un) $(id -gn)|"
}

# rotate NAME [OPTION...]
rotate() {
    logrotate -f -s "$work/$1.state" "${@:2}" "$work/$1.conf" >"$work/logrotate.out" 2>&1
}

# .logz instead of .gz: four rotations, the last one is plain for a day.
example example-logz >"$work/logz.conf"
grep -q "compresscmd $work/bin/logzip" "$work/logz.conf" || fail 'the example is another one'
for ((day = 1; day <= 4; day++)); do
    seq -f "2024-05-0$day 12:00:00 line %.0f of day $day" 1 20000 >"$logs/a.log"
    [[ $day != 2 ]] || printf '\0\xff no newline' >>"$logs/a.log"
    cp "$logs/a.log" "$work/day.$day"
    rotate logz || fail "logrotate: $(cat "$work/logrotate.out")"
done
cmp "$work/day.4" "$logs/a.log.1" || fail 'the plain one'
for ((day = 1; day <= 3; day++)); do
    logz=$logs/a.log.$((5 - day)).logz
    "$work/bin/logzcat" "$logz" | cmp - "$work/day.$day" || fail "day $day"
    (($(stat -c %s "$logz") * 20 < $(stat -c %s "$work/day.$day"))) || fail "day $day isn't compressed"
    ctl verify "$logz" >/dev/null || fail "day $day is damaged"
done
[[ $(ctl query -h -F 'line 777 of' --since=2024-05-02 --until='2024-05-02 23:59' "$logs"/*.logz) == \
    '2024-05-02 12:00:00 line 777 of day 2' ]] || fail 'a query over the files'
# They know what they hold.
[[ $(ctl query -h -c --source="$logs/a.log.1" 'line 5 ' "$logs"/*.logz) == 3 ]] || fail 'the names'

# The one that goes is mailed, as text.
printf '#!/bin/sh\ncat >"%s"\n' "$work/mailed" >"$work/bin/mail"
chmod +x "$work/bin/mail"
sed -e 's/rotate 400/rotate 4/' -e 's/^}/    mail nobody\n    maillast\n}/' -i "$work/logz.conf"
echo more >"$logs/a.log"
rotate logz -m "$work/bin/mail" || fail "logrotate: $(cat "$work/logrotate.out")"
cmp "$work/mailed" "$work/day.1" || fail 'what is mailed'
rm "$logs"/a.log*

# With logzipd, plain files for a day.
configure '[input main]' "path = $logs/*.log"
example example-day >"$work/day.conf"
start_daemon
for ((day = 1; day <= 3; day++)); do
    lines 1 500 "day $day" | tee -a "$work/all" >"$logs/b.log"
    rotate day || fail "logrotate: $(cat "$work/logrotate.out")"
    [[ $(find "$logs" -type f | sort | tr '\n' ' ') == "$logs/b.log $logs/b.log.1 " ]] || fail "$(ls "$logs")"
    expect b.log "$work/all"
done
# While nobody reads them, they stay.
kill_daemon
lines 1 500 'unread' | tee -a "$work/all" >>"$logs/b.log"
for try in 1 2; do
    ! rotate day || fail "try $try: rotated though the archive has not got it"
    grep -q 'no daemon listens' "$work/logrotate.out" || fail "logrotate: $(cat "$work/logrotate.out")"
    grep -q unread "$logs/b.log" || fail 'the log is gone'
done
start_daemon
rotate day || fail "logrotate: $(cat "$work/logrotate.out")"
expect b.log "$work/all"
stop_daemon

#!/bin/bash
# A session with --where: an archive of several kinds of logs, with and without a pattern, over
# segments, a journal, a plain file and standard input; what is wrong is told.
# shellcheck source=tests/integration/cli_lib.bash
source "${BASH_SOURCE[0]%/*}/cli_lib.bash"

# check STATUS WANTED ARGUMENT...: what query prints, and its exit status
check() {
    local status=0
    "$ctl" query "${@:3}" >out 2>err || status=$?
    [[ $status -eq $1 ]] || fail "query ${*:3}: status $status, not $1: $(cat err)"
    [[ $(cat out) == "$2" ]] || fail "query ${*:3}: $(cat out)"
}

cat >app.json <<'END'
{"time":"2026-01-01T10:00:00Z","level":"info","status":200,"took":"3ms","user":{"name":"joe"}}
{"time":"2026-01-01T10:00:01Z","level":"error","status":503,"took":"1.5s","user":{"name":"jim"}}
{"time":"2026-01-01T10:00:02Z","level":"info","status":404,"took":"250us"}
END
cat >app.log <<'END'
2026-01-01 10:00:00,123 INFO [main] org.x.App: started
2026-01-01 10:00:01,500 ERROR [pool-1] org.x.Db: timeout took=1500ms status=503
plain text
END
cat >messages <<'END'
Jan  1 10:00:00 web1 sshd[24200]: Accepted publickey for joe
<11>Jan  1 10:00:01 web2 app[7]: {"status":500,"path":"\/a"}
END
json=$(<app.json)
mapfile -t lines <app.json

check 0 "${lines[1]}" --where 'status >= 500' app.json
check 0 "${lines[1]}" --where 'status >= 500' - <app.json
check 0 "${lines[0]}
${lines[1]}" --where user.name app.json
check 0 "${lines[1]}" --where 'took > 1s and level = error' app.json
check 0 "${lines[2]}" --where 'not user' app.json
check 0 2 -c --where 'level = info' app.json
check 1 '' --where 'status > 503' app.json
check 1 0 -c --where 'status > 503' app.json
check 0 "$json" --where 'status' app.json
# With a pattern, both have to be true. -v is about the pattern.
check 0 "${lines[0]}" -e jo --where 'level = info' app.json
check 0 "${lines[2]}" -v -e jo --where 'level = info' app.json
check 0 joe -o -e 'jo.' --where 'level = info' app.json
check 0 "${lines[0]}" -m 1 --where 'level = info' app.json
# In a header, in pairs, in JSON behind a header.
check 0 "$(sed -n 2p app.log)" --where 'level = ERROR and program ~ Db' app.log
check 0 "$(sed -n 2p app.log)" --where 'took >= 1.5s' app.log
check 0 "$(sed -n 1p messages)" --where 'program = sshd and pid = 24200 and host = web1' messages
check 0 "$(sed -n 2p messages)" --where 'status = 500 and path = /a and level = err' messages
check 0 "$(sed -n '2,$p' app.log)" --where "time >= '2026-01-01 10:00:01' and source ~ log" app.log
# All arguments are paths; the names of several come before their lines.
check 0 "app.json:${lines[1]}
app.log:$(sed -n 2p app.log)" --where 'status = 503' app.json app.log
check 0 'app.json:1
app.log:1
messages:1' -c --where 'status >= 500' app.json app.log messages

# Fields as output, of each kind of line.
tab=$'\t'
check 0 "200${tab}joe${tab}3ms
503${tab}jim${tab}1.5s
404${tab}${tab}250us" --fields status,user.name,took '' app.json
check 0 "2026-01-01T10:00:01.500Z${tab}ERROR${tab}org.x.Db${tab}503" --fields time,level,program,status 503 app.log
check 0 "web1${tab}sshd${tab}24200${tab}Accepted publickey for joe${tab}messages" \
    --fields host,program,pid,message,source --where 'pid = 24200' messages
check 0 'level,status,user
info,200,"{""name"":""joe""}"
error,503,"{""name"":""jim""}"
info,404,' --csv --fields level,status,user '' app.json
check 0 'time,source,line
2026-01-01T10:00:01Z,app.json,"{""time"":""2026-01-01T10:00:01Z"",""level"":""error"",""status"":503,""took"":""1.5s"",""user"":{""name"":""jim""}}"' \
    --csv 503 app.json
check 1 'a,b' --csv --fields a,b 'no such line' app.json
check 0 '{"time":"2026-01-01T10:00:02Z","source":"app.json","line":"{\"time\":\"2026-01-01T10:00:02Z\",\"level\":\"info\",\"status\":404,\"took\":\"250us\"}","fields":{"time":"2026-01-01T10:00:02Z","level":"info","status":404,"took":"250us"}}' \
    --json 404 app.json
check 0 '{"time":"2026-01-01T10:00:01.500Z","source":"app.log","line":"2026-01-01 10:00:01,500 ERROR [pool-1] org.x.Db: timeout took=1500ms status=503","fields":{"status":"503","level":"ERROR"}}' \
    --json --fields status,level 503 app.log
check 2 '' --fields nothing '' app.json
grep -q "no line that was selected has the field 'nothing'" err || fail "$(cat err)"
check 2 '' --csv --json '' app.json

check 2 '' --where 'status >=' app.json
grep -q '^logzipctl: where: character 10: a value is expected, not the end$' err || fail "$(cat err)"
check 2 '' --where 'user.name ~ "(jo"' app.json
grep -q 'character 13' err || fail "$(cat err)"
check 2 '' -v --where 'status' app.json
grep -q -- '-v needs -e PATTERN' err || fail "$(cat err)"
check 2 '' -o --where 'status' app.json
long=$(printf 'x%.0s' {1..60})
echo "a=$long!y" >work
check 2 '' --where 'a ~ "(x+x+)+[yz]"' work
grep -q "field 'a'" err || fail "$(cat err)"

# The same from a segment of each.
"$ctl" compress -k app.json app.log messages
check 0 "${lines[1]}" --where 'status >= 500' app.json.logz
check 0 "$(sed -n 2p app.log)" --where 'took >= 1.5s' app.log.logz
check 0 "$(sed -n 2p messages)" --where 'status = 500 and level = err' messages.logz

#!/bin/bash
# --where on lines of which only some fields are decoded: the same lines as in the plain text, with
# values that are cut by slots in all ways, names in values, escapes, and what is no JSON.
# shellcheck source=tests/integration/cli_lib.bash
source "${BASH_SOURCE[0]%/*}/cli_lib.bash"

perl -e '
    srand 7;
    sub pick { $_[int rand @_] }
    for my $i (1 .. 12000) {
        my $n = int rand 1000;
        my $kind = int rand 40;
        my $name = pick("joe", "jim, the 2nd", "a}b", "say \\\"status\\\":599", "\\u0041nn", "x" . int rand 50);
        my $took = pick(sprintf("%.3f", rand 3), int(rand 90), -int(rand 5), sprintf("%de-%d", 1 + rand 9, rand 4));
        print $kind == 0 ? "no json, status=$n took=$took user=\"$name\"\n"
            : $kind == 1 ? "{\"id\":$i,\"st\\u0061tus\":$n,\"took\":$took}\n"
            : $kind == 2 ? "{\"id\":$i,\"note\":\"status\",\"took\" : $took , \"user\":{\"name\":\"$name\"}}\n"
            : $kind == 3 ? "{\"id\":$i,\"status\":$n,\"took\":$took,\"user\":{\"na\n"
            : $kind == 4 ? "{\"id\":$i,\"status\":\"$n\",\"took\":null,\"tags\":[$n,\"$name\"]}\n"
            : "{\"id\":$i,\"status\":$n,\"path\":\"/a/$n/b.html\",\"user\":{\"name\":\"$name\"},\"took\":$took,\"size\":\"${n}KB\"}\n";
    }' >app.log
for i in 1 2 3 4; do
    sed "s/\"id\":/&$i/" app.log
done >big.log
"$ctl" compress --index -k -f big.log
((${SANITIZE:-0})) || [[ $(stat -c %s big.log) -gt 1048576 ]] || fail 'the log is too short for a search in parts'

count=0
while IFS= read -r expression; do
    "$ctl" query -h --where "$expression" big.log >wanted 2>/dev/null && status=0 || status=$?
    "$ctl" query -h --where "$expression" big.log.logz >got 2>err && found=0 || found=$?
    cmp -s wanted got || fail "$expression: $(wc -l <got) lines, not $(wc -l <wanted)"
    [[ $status = "$found" ]] || fail "$expression: status $found, not $status"
    [[ $("$ctl" query -c -h --where "$expression" big.log.logz) = "$(wc -l <wanted)" ]] ||
        fail "$expression: another number of lines"
    count=$((count + 1))
done <<'END'
status > 998
status >= 500 and took > 2.95
status = 599
took < -3
took > 2.995
took = 3e-2
took < 0.002 and user.name = joe
size > 998KB
size = 17KB and status = 17
user.name = "a}b" and status < 10
user.name = "jim, the 2nd" and took > 89
user.name = Ann and took > 88
user.name ~ "^x4" and status > 990
user = joe
user = "jim, the 2nd"
tags.0 > 990
tags.1 = joe
note
note = status and took > 2.9
status > 995 or took < -3
status > 995 or tags.0 > 995
not status and not took
not (status < 990) and took > 2
path = "/a/7/b.html"
id = 111999
absent > 3
status = ""
took = null
END
((count == 28)) || fail "$count expressions"

# Not much of it is decoded, where fields tell that no line is wanted.
"$ctl" query -c --explain --where 'took > 10000' big.log.logz >out 2>explained || true
grep -qE 'decoded in part +[1-9]' explained || fail "it's decoded as a whole: $(cat explained)"

#!/bin/bash
# query --where on JSON lines selects what jq's select does: expressions of all kinds, and those that
# chance makes, on lines that chance made, from a plain file and from a segment.
set -euo pipefail
cd "$(mktemp -d)"
ctl=$BUILD/logzipctl
export LC_ALL=C.UTF-8
if ! command -v jq >/dev/null; then
    echo "there is no jq"
    exit 77
fi

# Each line has its number, and some of the members n (a number), s (a string), b, z, o (an object)
# and l (an array), in any order, with names and strings that have escapes now and then.
awk 'BEGIN {
    srand(7)
    split("alpha beta gamma delta al\\u0070ha \\u03b1 a\\\"b x\\\\y n:5 {\\\"n\\\":7} tab\\t", w, " ")
    for (i = 0; i < 1500; i++) {
        c = int(rand() * 6); first = 1
        printf "{\"i\":%d", i
        for (k = 0; k < 6; k++) {
            m = (k + c) % 6
            if (rand() < 0.3) continue
            printf rand() < 0.2 ? " , " : ","
            number = rand() < 0.5 ? int(rand() * 20) - 5 : sprintf("%.2f", rand() * 20)
            if (rand() < 0.1) number = int(rand() * 20) "e1"
            if (m == 0) printf "\"%s\":%s", rand() < 0.1 ? "\\u006e" : "n", number
            if (m == 1) printf "\"s\" : \"%s\"", w[1 + int(rand() * 11)]
            if (m == 2) printf "\"b\":%s", rand() < 0.5 ? "true" : "false"
            if (m == 3) printf "\"z\":null"
            if (m == 4) printf "\"o\":{\"n\":%s,\"p\":{\"s\":\"%s\"},\"e\":{}}", number, w[1 + int(rand() * 11)]
            if (m == 5) printf "\"l\":[%s,{\"n\":%s},[],[[1,\"%s\"]]]", number, number, w[1 + int(rand() * 11)]
        }
        print rand() < 0.1 ? " } " : "}"
    }
}' >data
"$ctl" compress -k data

# compare EXPR FILTER: the numbers of the lines that both select.
count=0
compare() {
    jq -r "select($2) | .i" data >wanted
    for path in data data.logz; do
        "$ctl" query --where "$1" "$path" >lines || [[ $? -eq 1 ]]
        sed 's/^{"i":\([0-9]*\).*/\1/' lines >got
        if ! cmp -s wanted got; then
            echo "--where '$1' $path isn't $2"
            diff wanted got | head
            exit 1
        fi
        [[ $("$ctl" query -c --where "$1" "$path") -eq $(wc -l <wanted) ]]
        count=$((count + 1))
    done
}

compare 'n' 'has("n")'
compare 'not n' 'has("n") | not'
compare 'z' 'has("z")'
compare 'n >= 5' '.n != null and .n >= 5'
compare 'n < 0' '.n != null and .n < 0'
compare 'n = 7' '.n == 7'
compare 'n != 7' '.n != null and .n != 7'
compare 'n = 100' '.n == 100'
compare 'n in (1, 2, 30)' '.n == 1 or .n == 2 or .n == 30'
compare 'o.n <= 3.5' '.o.n != null and .o.n <= 3.5'
compare 'o.p.s = alpha' '.o.p.s == "alpha"'
compare 'o.p.s != alpha' '.o != null and .o.p.s != "alpha"'
compare 'l.0 > 12' '.l != null and .l[0] > 12'
compare 'l.1.n > 12' '.l != null and .l[1].n > 12'
compare 'l.3.0.1 = beta' '.l != null and .l[3][0][1] == "beta"'
compare 's = alpha' '.s == "alpha"'
compare 's = α' '.s == "α"'
compare "s = 'a\"b'" '.s == "a\"b"'
compare 's = "x\\y"' '.s == "x\\y"'
compare "s ~ '^a'" '.s != null and (.s | test("^a"))'
compare "s !~ 'a$'" '.s != null and (.s | test("a$") | not)'
compare "s ~ '[\\\\\"]'" '.s != null and (.s | test("[\\\\\"]"))'
compare "s ~ ph" '.s != null and (.s | test("ph"))'
compare 's in (beta, gamma)' '.s == "beta" or .s == "gamma"'
compare "s = 'n:5'" '.s == "n:5"'
compare 's > b' '.s != null and .s > "b"'
compare 'b = true' '.b == true'
compare 'b = true and n > 3 or s = beta' '(.b and .n != null and .n > 3) or .s == "beta"'
compare 'not (b = true or n > 3)' '(.b or (.n != null and .n > 3)) | not'
compare 'missing = 1 or o.missing' 'false'

# Expressions by chance: ANDs and ORs of the tests above.
tests=('n > 4' '.n != null and .n > 4' 'o.n < 9' '.o.n != null and .o.n < 9' 's = beta'
    '.s == "beta"' 'not b' 'has("b") | not' 's ~ a' '.s != null and (.s | test("a"))' 'l.0 = 3'
    '.l != null and .l[0] == 3' 'b != true' '.b == false' 'z' 'has("z")')
RANDOM=11
for ((n = 0; n < 60; n++)); do
    ours='' theirs=''
    for ((k = RANDOM % 4; k >= 0; k--)); do
        which=$((RANDOM % (${#tests[@]} / 2) * 2))
        one="(${tests[which]})" other="(${tests[which + 1]})"
        ((RANDOM % 3)) || one="not $one" other="($other | not)"
        if [[ $ours ]]; then
            join=and
            ((RANDOM % 2)) && join=or
            ours="($ours) $join $one" theirs="($theirs) $join $other"
        else
            ours=$one theirs=$other
        fi
    done
    compare "$ours" "$theirs"
done
echo "$count queries"

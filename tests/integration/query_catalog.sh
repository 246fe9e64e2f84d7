#!/bin/bash
# Segments that the catalog tells to be of no use are not opened, and no query finds anything else
# for it: random time ranges, sources and inputs, with the catalog and without. Lines, events and
# stamps are cut between segments wherever they can be.
# shellcheck source=tests/integration/cli_lib.bash
source "${BASH_SOURCE[0]%/*}/cli_lib.bash"

# Stamps near the times of reading, which begin at 2026-01-01; lines without any, some of which are
# long; events; a clock that goes back now and then.
perl -e 'srand 5; my $t = 0;
    sub stamp { my ($t) = @_; sprintf "2026-01-01%s%02d:%02d:%02d", $_[1], $t / 3600, $t / 60 % 60, $t % 60 }
    open my $zoned, ">", "zoned"; open my $local, ">", "local"; open my $trace, ">", "trace"; open my $some, ">", "some";
    for my $i (1 .. 4000) {
        $t += rand 2;
        my $now = $t - (rand() < 0.01 ? rand 300 : 0);
        print $zoned stamp($now, "T"), "Z zoned $i\n";
        print $local stamp($now, " "), " local $i\n" if $i % 2;
        print $some $i % 5 ? "no stamp $i" . "x" x (rand() < 0.01 ? rand 3000 : 3) : stamp($now, "T") . "Z some $i", "\n";
        print $trace stamp($now, "T"), "Z event $i\n", map { "  at $i $_\n" } 1 .. (rand() < 0.02 ? 200 : rand 4);
    }' || fail "perl"
make() {
    "$BUILD/tests/make_archive" "$1" "$2" "$3" 'traces~^2026' /log/zoned=zoned@zones /log/local=local \
        /log/trace=trace@traces /log/some=some@some
}
make many 1 60
"$BUILD/tests/make_archive" cuts 9 150 'traces~^2026' /log/zoned=zoned
make few 3 12
"$BUILD/tests/make_archive" traces 5 70 'traces~^2026' /log/trace=trace@traces
"$BUILD/tests/make_archive" bare 7 70 'traces~^2026' /log/some=some

# Stamps go over 4000 s, the times of reading over the first hundred.
runs=0 passed=0
compare() {
    local archive=$1 status=0 expected=0
    shift
    "$ctl" query --explain "$@" "$archive" >got 2>effort || status=$?
    "$ctl" query --no-index "$@" "$archive" >wanted || expected=$?
    if [ "$status" != "$expected" ] || ! cmp -s got wanted; then
        fail "TZ=$TZ query $* $archive: $(diff wanted got | head -5)"
    fi
    left=$(awk '/^segments left out by catalog:/ { print $NF }' effort)
    runs=$((runs + 1)) passed=$((passed + (left > 0)))
}

# Where the range begins or ends right behind a segment, the line that is cut there is in it.
for bound in $("$ctl" list --json cuts | jq -r .time_max); do
    compare cuts --since "$(date -u -d "$bound + 1 second" +%FT%TZ)" ''
    compare cuts --until "$(date -u -d "$bound + 1 second" +%FT%TZ)" ''
done

# Lines without a stamp of their own have that of a line in any segment before, else their time of
# reading, which may be in the range.
perl -e 'srand 6; open my $often, ">", "often"; open my $rare, ">", "rare";
    for my $i (1 .. 4000) {
        my $stamp = sprintf "2026-01-01T00:%02d:%02dZ", $i / 2400, $i / 40 % 60;
        print $often "$stamp often $i\n";
        print $rare $i % 250 ? "rare $i\n" : "$stamp rare $i\n";
    }' || fail "perl"
"$BUILD/tests/make_archive" mixed 13 150 'traces~^2026' /log/often=often /log/rare=rare
for from in {4..64..6}; do
    compare mixed --since "@$((1767225600 + from))" --source '*/rare' ''
done

patterns=('' '' 1 99 'at .* 2' 'event|no stamp' '^2026' xx) zones=(UTC UTC Europe/Berlin America/New_York)
archives=(many traces bare few)
for seed in {1..100}; do
    RANDOM=$seed
    # The catalogs know the directories as they are; from here on these have to be listed.
    [ "$seed" != 50 ] || touch {many,traces,bare,few}/other
    archive=${archives[seed % 4]}
    options=()
    at() { date -u -d "@$((1767225600 + $1))" +%FT%TZ; }
    from=$((RANDOM % 4200)) len=$((RANDOM % 7 ? RANDOM % 400 : 0))
    ((RANDOM % 4 == 0)) || options+=(--since "$(at $from)")
    ((RANDOM % 3 == 0)) || options+=(--until "$(at $((from + len)))")
    case $((RANDOM % 6)) in
    0) options+=(--source '*/trace') ;;
    1) options+=(--input zones --input traces) ;;
    2) options+=(--source '*l' -n) ;;
    esac
    case $((RANDOM % 9)) in
    0) options+=(-A 2) ;;
    1) options+=(-B 3) ;;
    2) options+=(--lines) ;;
    3) options+=(--json) ;;
    4) options+=(-v) ;;
    5) options+=(-m 5) ;;
    6) options+=(-c) ;;
    7) options+=(-L) ;;
    esac
    pattern=${patterns[RANDOM % ${#patterns[@]}]} zone=${zones[RANDOM % ${#zones[@]}]}
    TZ=$zone compare "$archive" "${options[@]}" "$pattern"
done
echo "$runs queries, $passed with segments left out"
[ "$passed" -gt 60 ] || fail "segments were left out by $passed of $runs queries only"

# What comes, goes, or becomes another file behind the catalog's back is seen at once.
segments=(traces/*.logz)
mkdir aside
mv "${segments[7]}" aside
compare traces --since "$(at 900)" --until "$(at 1100)" ''
cp "${segments[9]}" "${segments[7]}"
compare traces --since "$(at 900)" --until "$(at 1100)" ''
cp "${segments[30]}" other && mv other "${segments[20]}"
compare traces --since "$(at 1900)" --until "$(at 2100)" ''
mv -f aside/* traces
compare traces --since "$(at 900)" --until "$(at 1100)" ''

# Only those are opened that may match; a damaged catalog is told, and does no harm.
effort() { "$ctl" query --explain "$@" 2>&1 >/dev/null | sed -n 's/^segments opened: *//p'; }
all=$(find many -name '*.logz' | wc -l)
[ "$(effort --input nobody '' many)" = "0 of $all" ] || fail "$(effort --input nobody '' many)"
[ "$(effort --until 2025-12-31T21:00:00Z '' few)" != "$(effort '' few)" ] || fail "none is left out by time"
[ "$(effort '' many)" = "$all of $all" ] || fail "without limits"
printf 'x' | dd of=many/catalog bs=1 seek=77 conv=notrunc status=none
"$ctl" query --explain --input nobody '' many 2>effort || [ $? = 1 ] || fail "a damaged catalog is an error"
grep -q '^catalog not used: *many/catalog: damaged catalog' effort || fail "not told: $(cat effort)"
grep -q "^segments opened: *$all of $all$" effort || fail "$(cat effort)"

#!/bin/bash
# `make install` puts everything where the build says, programs find the library through
# pkg-config, also the example that searches an archive, and C++; a configuration that was changed
# stays, and `make uninstall` removes the rest.
set -euo pipefail
if [[ -n ${SANITIZE-} ]]; then
    echo "a sanitized build isn't for installing"
    exit 77
fi

cd "$(mktemp -d)"
root=$PWD/root
# The variables of the make that runs this test (CC=...) have to hold for this one, its jobs not.
case ${MAKEFLAGS-} in
*' -- '*) export MAKEFLAGS="-- ${MAKEFLAGS#* -- }" ;;
*) unset MAKEFLAGS ;;
esac
unset MAKELEVEL
# A relative path: make takes no blanks in names, which the way to the tree may have.
# shellcheck disable=SC2153  # the runner sets BUILD
build=$(realpath --relative-to="$SRC" "$BUILD")
in_tree() {
    make --no-print-directory -C "$SRC" "$@" BUILDDIR="$build" DESTDIR="$root" \
        PREFIX=/opt/logzip SYSCONFDIR=/etc
}

in_tree install
for file in sbin/logzipd bin/logzipctl lib/liblogzip.a lib/liblogzip.so lib/liblogzip.so.0 \
    include/logzip.h lib/systemd/system/logzipd.service lib/systemd/system/logzip-rotate.service \
    lib/systemd/system/logzip-rotate.timer lib/sysusers.d/logzip.conf \
    lib/systemd/system/logzipd-syslog.socket share/doc/logzip/LICENSE \
    share/doc/logzip/examples/cron.d/logzip share/doc/logzip/examples/search.c; do
    [[ -s $root/opt/logzip/$file ]] || {
        echo "$file isn't installed"
        exit 1
    }
done
grep -q '^ExecStart=/opt/logzip/sbin/logzipd ' "$root/opt/logzip/lib/systemd/system/logzipd.service"
grep -q ' /opt/logzip/bin/logzipctl rotate' "$root/opt/logzip/share/doc/logzip/examples/cron.d/logzip"
cmp "$SRC/conf/logzipd.conf" "$root/etc/logzip/logzipd.conf"

seq 1000 >numbers
"$root/opt/logzip/bin/logzip" <numbers >numbers.logz
"$root/opt/logzip/bin/unlogzip" <numbers.logz | cmp - numbers

cat >program.c <<'END'
#include <logzip.h>
#include <stdio.h>
int main(void)
{
    return puts(lgz_version()) < 0;
}
END
export PKG_CONFIG_PATH=$root/opt/logzip/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root
# shellcheck disable=SC2046 # flags are words
"${CC:-cc}" -o program program.c $(pkg-config --cflags --libs logzip)
version=$(LD_LIBRARY_PATH=$root/opt/logzip/lib ./program)
[[ $version == "$(pkg-config --modversion logzip)" ]] || {
    echo "lgz_version() is $version"
    exit 1
}

fail() {
    echo "$1"
    exit 1
}

# The example: lines of an archive of its own, the errors of all its parts, and linked both ways.
export LD_LIBRARY_PATH=$root/opt/logzip/lib
read -ra flags <<<"$(pkg-config --cflags --libs logzip)"
example=$root/opt/logzip/share/doc/logzip/examples/search.c
"${CC:-cc}" -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Werror -o search \
    "$example" "${flags[@]}"
for i in {1..500}; do
    echo "2026-03-01 10:00:$((i % 60 / 10))$((i % 10)) request $i status=$((200 + i % 4))"
done >app.log
"$BUILD/logzipctl" compress -k app.log
for path in app.log app.log.logz; do
    LC_ALL=C ./search "$path" 'request 4[0-9]*7 ' 'status >= 203' '2026-03-01T10:00:10Z' >out 2>err ||
        fail "search $path: $(cat err)"
    diff out - <<'END' || fail "search found other lines in $path"
2026-03-01T10:00:47Z app.log status=203: 2026-03-01 10:00:47 request 47 status=203
2026-03-01T10:00:47Z app.log status=203: 2026-03-01 10:00:47 request 407 status=203
2026-03-01T10:00:27Z app.log status=203: 2026-03-01 10:00:27 request 447 status=203
2026-03-01T10:00:47Z app.log status=203: 2026-03-01 10:00:47 request 467 status=203
END
    grep -q '^4 lines$' err || fail "search said: $(cat err)"
done
! ./search none x 2>err || fail "search found an archive that isn't there"
grep -q '^search: not found: none: ' err || fail "search said: $(cat err)"
! ./search app.log '(' 2>err || fail "search took a wrong pattern"
! ./search app.log x 'a >' 2>err || fail "search took a wrong expression"
grep -q '^search: argument: where: ' err || fail "search said: $(cat err)"
read -ra flags <<<"$(pkg-config --static --cflags --libs logzip)"
"${CC:-cc}" -o search.static "$example" "${flags[@]/-llogzip/-l:liblogzip.a}"
(unset LD_LIBRARY_PATH && ./search.static app.log 'request 250 ' >out 2>err)
[[ $(wc -l <out) == 1 ]] || fail "the static search found $(cat out)"

# C++ reads the same header.
if command -v "${CXX:-c++}" >/dev/null; then
    cat >program.cpp <<'END'
#include <logzip.h>
static int line(void *count, const lgz_line *)
{
    return ++*static_cast<int *>(count) == 3;
}
int main()
{
    lgz_query_options options;
    lgz_archive *archive = nullptr;
    lgz_query *query = nullptr;
    int count = 0;
    lgz_query_options_default(&options, sizeof options);
    options.line = line;
    options.context = &count;
    if (lgz_archive_open(&archive, "app.log", nullptr) || lgz_query_new(&query, &options, nullptr))
        return 1;
    const int code = lgz_query_run(query, archive, nullptr);
    lgz_query_free(query);
    lgz_archive_close(archive);
    return code != LGZ_ERR_CANCELLED || count != 3;
}
END
    read -ra flags <<<"$(pkg-config --cflags --libs logzip)"
    "${CXX:-c++}" -Wall -Wextra -Werror -o program.cxx program.cpp "${flags[@]}"
    ./program.cxx
fi

echo "# mine" >>"$root/etc/logzip/logzipd.conf"
in_tree install
grep -q '^# mine$' "$root/etc/logzip/logzipd.conf"
cmp "$SRC/conf/logzipd.conf" "$root/etc/logzip/logzipd.conf.new"

in_tree uninstall
left=$(find "$root" ! -type d | sed "s|^$root||" | sort | tr '\n' ' ')
[[ $left == "/etc/logzip/logzipd.conf /etc/logzip/logzipd.conf.new " ]] || {
    echo "left behind: $left"
    exit 1
}

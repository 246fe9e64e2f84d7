#!/bin/bash
# `make install` puts everything where the build says, a program finds the library through
# pkg-config, a configuration that was changed stays, and `make uninstall` removes the rest.
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
    lib/systemd/system/logzipd-syslog.socket share/doc/logzip/LICENSE share/doc/logzip/examples/cron.d/logzip; do
    [[ -s $root/opt/logzip/$file ]] || {
        echo "$file isn't installed"
        exit 1
    }
done
grep -q '^ExecStart=/opt/logzip/sbin/logzipd ' "$root/opt/logzip/lib/systemd/system/logzipd.service"
grep -q ' /opt/logzip/bin/logzipctl rotate' "$root/opt/logzip/share/doc/logzip/examples/cron.d/logzip"
cmp "$SRC/conf/logzipd.conf" "$root/etc/logzip/logzipd.conf"

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

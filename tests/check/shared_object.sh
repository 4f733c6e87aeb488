#!/usr/bin/env bash
# Shows that the shared library exports the functions the header declares and no other, under the soname of
# its version; and that what `make install` puts in place is enough, through pkg-config, to build and run
# programs with either library.
. "$(dirname "$0")/common.sh"

expect "make lib" build lib
nm -D --defined-only build/libotlp2parquet.so | awk '$2 != "A" { print $3 }' | sort >"$SCRATCH/exported"
# What the compiler takes for a declared function, independent of how the Makefile finds them.
gcc -fsyntax-only -aux-info "$SCRATCH/prototypes" -x c include/otlp2parquet.h
sed -n 's/^.*otlp2parquet\.h:.*[ *]\([a-z0-9_]*\) (.*/\1/p' "$SCRATCH/prototypes" | sort >"$SCRATCH/declared"
expect "$(wc -l <"$SCRATCH/declared") functions are declared and exported" diff "$SCRATCH/declared" "$SCRATCH/exported"
version=$(sed -n 's/^#define O2P_VERSION "\(.*\)"/\1/p' include/otlp2parquet.h)
expect "soname goes with version $version" \
    sh -c "readelf -d build/libotlp2parquet.so | grep -qF 'soname: [libotlp2parquet.so.${version%.*}]'"

stage=$SCRATCH/stage
expect "make install with DESTDIR and PREFIX" build install DESTDIR="$stage" PREFIX=/opt/o2p
cat >"$SCRATCH/program.c" <<'C'
#include <otlp2parquet.h>
#include <stdio.h>

int main(void)
{
    puts(o2p_version());
    return 0;
}
C
flags() {
    PKG_CONFIG_PATH=$stage/opt/o2p/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$stage pkg-config "$@" otlp2parquet
}
# shellcheck disable=SC2046  # flags are words
shared_program() {
    cc "$SCRATCH/program.c" $(flags --cflags --libs) -o "$SCRATCH/shared" &&
        [ "$(LD_LIBRARY_PATH=$stage/opt/o2p/lib "$SCRATCH/shared")" = "$version" ]
}
# shellcheck disable=SC2046
static_program() {
    cc "$SCRATCH/program.c" $(flags --cflags) "$stage/opt/o2p/lib/libotlp2parquet.a" \
        $(flags --static --libs-only-l | sed 's/-lotlp2parquet//') -o "$SCRATCH/static" &&
        [ "$("$SCRATCH/static")" = "$version" ]
}
expect "pkg-config gives a program with the shared library" shared_program
expect "pkg-config --static gives one with the static library" static_program
expect "the installed program runs" "$stage/opt/o2p/bin/otlp2parquet" --version
finish

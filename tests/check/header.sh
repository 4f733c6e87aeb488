#!/usr/bin/env bash
# Shows that include/otlp2parquet.h is complete by itself: as C11 and as C++17, with gcc and with clang,
# every warning on; and that a C++ program can be linked against it.
. "$(dirname "$0")/common.sh"

warnings=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror -fsyntax-only)
header=include/otlp2parquet.h
for compiler in gcc clang; do
    expect "$header alone: $compiler -std=c11" \
        "$compiler" -std=c11 -Wstrict-prototypes "${warnings[@]}" -include "$header" -x c /dev/null
done
for compiler in g++ clang++; do
    expect "$header alone: $compiler -std=c++17" \
        "$compiler" -std=c++17 -Wold-style-cast "${warnings[@]}" -include "$header" -x c++ /dev/null
done

cat >"$SCRATCH/program.cc" <<'C'
#include "otlp2parquet.h"

int main()
{
    o2p_output out{};
    o2p_status status = otlp_to_parquet(nullptr, 0, &out);
    o2p_output_free(&out);
    return status;
}
C
links() {
    build lib && g++ -std=c++17 -Iinclude "$SCRATCH/program.cc" build/libotlp2parquet.a -lsnappy -lzstd -lz -llz4 -o "$SCRATCH/program" &&
        "$SCRATCH/program"
}
expect "a C++ program linked with libotlp2parquet.a runs" links
finish

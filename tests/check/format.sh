#!/usr/bin/env bash
# Shows that every C file is laid out as .clang-format says. clang-format 14 is asked for by name, since
# versions differ and both Debian 12 and Ubuntu 24.04 have this one; `make format` uses it too.
. "$(dirname "$0")/common.sh"

mapfile -t files < <(find include lib shims examples tests fuzz -name '*.[ch]' ! -name '*.pb.h' | sort)
for file in "${files[@]}"; do
    expect "layout of $file" clang-format-14 --dry-run -Werror "$file"
done
finish

#!/usr/bin/env bash
# Shows that gcc and clang, at -O2 and at -O3, have nothing to say of any C file of the tree with
# -Wall -Wextra -Wpedantic -Wconversion -Wshadow (the flags are the Makefile's).
. "$(dirname "$0")/common.sh"

for configuration in gcc-O2 gcc-O3 clang-O2 clang-O3; do
    expect "no warning: $configuration" build -k "objects-$configuration"
done
finish

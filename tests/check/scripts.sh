#!/usr/bin/env bash
# Shows that shellcheck has nothing to say of any shell script of the tree.
. "$(dirname "$0")/common.sh"

mapfile -t scripts < <(
    find . -path ./build -prune -o -path ./.git -prune -o -type f -print |
        while read -r file; do
            case $file in
            *.sh) echo "$file" ;;
            *) head -c 40 "$file" | head -n 1 | grep -aqE '^#!.*\b(bash|sh)$' && echo "$file" ;;
            esac
        done | sort
)
for script in "${scripts[@]}"; do
    expect "shellcheck $script" shellcheck "$script"
done
finish

# What the checks share; sourced, not run. A check prints one line for each thing it shows:
#
#   ok WHAT     FAILED WHAT     skipped WHAT: WHY
#
# and ends with `finish`. tests/run.py counts these lines; each check can also be run alone, from anywhere.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

STATUS=0
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT

ok() { echo "ok $*"; }
failed() {
    echo "FAILED $*"
    STATUS=1
}
skipped() { echo "skipped $*"; }
finish() { exit "$STATUS"; }

# expect WHAT COMMAND...: ok when the command succeeds; else what it printed (the last of it), and FAILED.
expect() {
    local what=$1
    shift
    if "$@" >"$SCRATCH/output" 2>&1; then
        ok "$what"
    else
        tail -n 60 "$SCRATCH/output" | sed 's/^/    /'
        failed "$what"
    fi
}

# expect_nothing WHAT COMMAND...: ok when the command prints nothing, whatever its status; what it prints
# are offenders.
expect_nothing() {
    local what=$1
    shift
    "$@" >"$SCRATCH/output" 2>&1 || true
    if [ -s "$SCRATCH/output" ]; then
        sed 's/^/    /' "$SCRATCH/output"
        failed "$what"
    else
        ok "$what"
    fi
}

# build TARGET...: by a make of its own, on all cores, whatever make the check was started by.
build() { env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory -s -j"$(nproc)" "$@"; }

# Files of one request, and of many delimited ones; the large captures beside the checkout are used where
# they are.
REQUESTS=(examples/telemetry/*.pb)
SEQUENCES=(examples/telemetry/*.pbs)
for capture in ../shared/data/*.pb; do
    [ ! -e "$capture" ] || REQUESTS+=("$capture")
done

# convert_samples PROGRAM... DIR: every sample, into a folder of its own under DIR. PROGRAM may be a command
# with arguments, such as valgrind's.
convert_samples() {
    local folder=${*: -1} sample name
    local program=("${@:1:$#-1}")
    for sample in "${REQUESTS[@]}"; do
        name=$(basename "$sample")
        "${program[@]}" convert --out "$folder/$name" "$sample" >"$SCRATCH/convert.log" || return
    done
    for sample in "${SEQUENCES[@]}"; do
        name=$(basename "$sample")
        "${program[@]}" convert --delimited --out "$folder/$name" "$sample" >"$SCRATCH/convert.log" || return
    done
}

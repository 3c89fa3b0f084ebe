#!/usr/bin/env bash
# Makes the recordings of the planted faults in fixtures/regressions anew: one for each, shrunk.
# Needed only when a change of the plan's form makes this build unable to read them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cargo build --package muster --features planted --locked --quiet
muster=${CARGO_TARGET_DIR:-target}/debug/muster

sed -n 's/^ *[A-Za-z]* "\([a-z-]*\)" [A-Za-z]* Cores .*$/\1/p' crates/protocol/src/planted/plants.rs |
    while read -r fault; do
        "$muster" sim --plant "$fault" --seeds 200 --case-dir "$folder/$fault" --json \
            >"$folder/found.json" 2>/dev/null || true
        found=("$folder/$fault"/*.muster)
        printf '%-28s' "$fault"
        if [[ ! -e ${found[0]} ]]; then
            printf 'not found\n'
            continue
        fi
        "$muster" case shrink "${found[0]}" -o "fixtures/regressions/$fault.muster" 2>/dev/null | head -n 1
    done

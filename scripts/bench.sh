#!/usr/bin/env bash
# Measures muster beside bare quinn with the same TLS and transport settings, and prints a table.
#
#   scripts/bench.sh                    10,000 devices, 40 commands each, three rounds
#   scripts/bench.sh 2000 40 1          fewer devices, commands, rounds
#
# Both are run in turn in each round, so that what else the machine does hits both; the table takes
# the median of the rounds. Ratios count, not absolute figures.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

devices=${1:-10000} commands=${2:-40} rounds=${3:-3}

cargo build --release --locked --quiet -p muster --example bench
cargo build --release --locked --quiet -p muster-transport --example bare_quinn

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
for round in $(seq "$rounds"); do
    printf 'round %s of %s (load %s)\n' "$round" "$rounds" "$(cut -d' ' -f1-3 /proc/loadavg)" >&2
    target/release/examples/bare_quinn client "$devices" 256 "$commands" >"$results/bare.$round"
    target/release/examples/bench --devices "$devices" --commands "$commands" --in-flight 1024 \
        >"$results/muster.$round"
done

python3 scripts/bench_table.py "$results" "$rounds"

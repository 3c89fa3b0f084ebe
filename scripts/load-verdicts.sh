#!/usr/bin/env bash
# Tries that a load test says what is true of it:
#   - a healthy run passes, exit code 0;
#   - a server made slow on purpose fails its threshold, exit code 1, and the report shows the stage;
#   - a run whose generator is starved on purpose is inconclusive, exit code 2, and never passes.
# Usage: scripts/load-verdicts.sh [PATH-OF-MUSTER]. Takes about two minutes; each run is bounded.
set -euo pipefail
cd "$(dirname "$0")/.."

muster=${1:-target/release/muster}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# scenario NAME RATE FAULT: two phases of steady traffic, the second with whatever goes wrong.
scenario() {
  cat > "$work/$1.toml" <<TOML
name = "$1"
question = "Does the verdict of this run tell the truth?"
devices = 500

[[phase]]
name = "warm-up"
lasts = "3s"
warm-up = true

[[phase]]
name = "steady"
lasts = "15s"

[[arrivals]]
rate = "$2"
commands = "sync"

[[threshold]]
require = "p99(total) < 250ms"

[[threshold]]
require = "lost == 0"

[limits]
drain = "20s"
$3
TOML
}

# run NAME EXPECTED-EXIT COMMAND...: plays a scenario, keeps its report, compares the exit code.
run() {
  local name=$1 expected=$2 code=0
  shift 2
  timeout 180 "$@" load "$work/$name.toml" --json --quiet > "$work/$name.json" || code=$?
  if [ "$code" != "$expected" ]; then
    echo "FAILED: $name ended with $code, not with $expected" >&2
    python3 -c 'import json,sys; r=json.load(open(sys.argv[1])); print(r["verdict"], r["reason"], r["generator"])' \
      "$work/$name.json" >&2 || true
    exit 1
  fi
  echo "ok: $name ended with $code as it should"
}

scenario healthy 300/s ""
run healthy 0 "$muster"

scenario slow-server 300/s '
[[fault]]
server = "slow-disk"
by = "400ms"
phase = "steady"
'
run slow-server 1 "$muster"
python3 - "$work/slow-server.json" <<'PY'
import json, sys
latency = json.load(open(sys.argv[1]))["latency_ms"]
worst = max(("queued", "delivered", "acknowledged", "stored"), key=lambda s: latency[s]["p50"])
assert worst in ("queued", "stored"), latency
print(f"ok: the report shows the stage: {worst}, p50 {latency[worst]['p50']:.0f} ms")
PY

# One core for server, devices and pacer together, and somebody else on it at full speed: what is left
# is less than the devices need.
scenario starved 5_000/s ""
(while :; do :; done) & busy=$!
trap 'kill "$busy" 2>/dev/null || true; rm -rf "$work"' EXIT
taskset -cp 0 "$busy" > /dev/null
run starved 2 taskset -c 0 "$muster"
kill "$busy"
echo "all verdicts were true"

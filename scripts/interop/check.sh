#!/usr/bin/env bash
# Foreign clients against the real server: a device in Python on aioquic, well-behaved and hostile,
# and Microsoft's JavaScript client for the admin API.
#
#   scripts/interop/check.sh             uses target/debug/muster
#   scripts/interop/check.sh --release   uses target/release/muster
#
# Starts a server and a fleet on free loopback ports with a temporary data folder and ends them
# again. Packages come into target/interop once and are used again. Exit codes: 0 all passed,
# 1 something failed, 64 usage, 69 no binary. A part whose runtime is missing is skipped and said so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

DEVICES=20
UP_WITHIN=20 # seconds the server or the fleet may take to come up

profile=debug
case "${1:-}" in
    '') ;;
    --release) profile=release ;;
    -h | --help)
        sed -n '2,10s/^# \{0,1\}//p' scripts/interop/check.sh
        exit 0
        ;;
    *)
        printf 'scripts/interop/check.sh: unknown argument %s; there is only --release\n' "$1" >&2
        exit 64
        ;;
esac
here=$PWD/scripts/interop
tools=$PWD/target/interop
muster=$PWD/target/$profile/muster
if [[ ! -x $muster ]]; then
    printf 'no %s; run: cargo build -p muster\n' "target/$profile/muster" >&2
    exit 69
fi
# Nothing of the caller's environment may point the binary elsewhere.
unset MUSTER_DATA MUSTER_QUIC MUSTER_ADMIN MUSTER_SERVER MUSTER_DEVICES MUSTER_SEED
export PYTHONDONTWRITEBYTECODE=1

run=$(mktemp -d)
data=$run/data
lines=$run/lines # a line for each check
: >"$lines"
running=()

end() {
    local pid
    for pid in ${running[@]+"${running[@]}"}; do
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$run"
}
trap end EXIT
trap 'exit 130' INT TERM

count() { grep -c "^$1" "$lines" || true; }
report() { printf '%s\n' "$*" | tee -a "$lines"; }

# came_up <pid> <condition..>: waits until the condition holds, or the process is gone.
came_up() {
    local pid=$1 until=$((SECONDS + UP_WITHIN))
    shift
    until "$@"; do
        if ! kill -0 "$pid" 2>/dev/null || ((SECONDS >= until)); then return 1; fi
        sleep 0.1
    done
}

start_server() {
    RUST_LOG=${RUST_LOG:-warn} "$muster" server --data "$data" --quic 127.0.0.1:0 --admin 127.0.0.1:0 --json \
        >"$run/server.json" 2>"$run/server.log" &
    running+=($!)
    came_up $! test -s "$run/server.json"
}

# Its pid is in $fleet, its summary will be in fleet.json. Every fleet is the same hardware, so the
# second one begins new lives.
start_fleet() {
    "$muster" fleet --data "$data" --devices $DEVICES --seed 1 --json >"$run/fleet.json" 2>"$run/fleet.log" &
    fleet=$!
    running+=("$fleet")
    came_up "$fleet" grep -q 'devices connected' "$run/fleet.log"
}

# end_fleet <name> <pattern..>: ends the fleet and looks for each pattern in its summary.
end_fleet() {
    local name=$1 pattern code=0
    shift
    kill -INT "$fleet"
    wait "$fleet" || code=$?
    [[ $code == 0 ]] || { report "FAIL    $name: exit code $code"; return; }
    for pattern in "$@"; do
        grep -q "$pattern" "$run/fleet.json" || { report "FAIL    $name: no $pattern in its summary"; return; }
    done
    report "ok      $name"
}

# part <name> <command..>: adds its lines to the others; one that failed without a word has failed.
# The command bounds its own time.
part() {
    local name=$1 code=0 before
    shift
    before=$(count FAIL)
    "$@" | tee -a "$lines" || code=${PIPESTATUS[0]}
    [[ $code == 0 || $(count FAIL) != "$before" ]] || report "FAIL    $name: exit code $code"
}

# install <stamp> <what it depends on> <command..>: runs the command unless it has run for the same files.
install() {
    local stamp=$tools/$1.stamp inputs=$2
    shift 2
    cmp -s "$inputs" "$stamp" && return
    rm -f "$stamp"
    "$@" >"$run/install.log" 2>&1 || { tail -n 5 "$run/install.log" >&2; return 1; }
    cp "$inputs" "$stamp"
}

python_packages() {
    rm -rf "$tools/venv"
    python3 -m venv "$tools/venv" &&
        "$tools/venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
}

node_packages() {
    mkdir -p "$tools/node"
    cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$tools/node/"
    (cd "$tools/node" && npm ci --silent)
}

python_part() {
    if ! python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        report 'skipped the Python device: no python3 of version 3.11 or later with venv and pip'
        return
    fi
    # A Python that was replaced leaves its environment broken.
    "$tools/venv/bin/python" -c 'import aioquic, cryptography' 2>/dev/null || rm -f "$tools/venv.stamp"
    if ! install venv "$here/requirements.txt" python_packages; then
        report 'FAIL    the Python device: its packages cannot be installed'
        return
    fi
    local python=$tools/venv/bin/python
    if ! start_fleet; then
        report 'FAIL    a fleet for the Python device: it did not come up'
        return
    fi
    if "$python" "$here/quic_client.py" --self-test fixtures/wire/v1 >/dev/null; then
        report 'ok      the codec agrees with the golden bytes'
    else
        report 'FAIL    the codec agrees with the golden bytes'
    fi
    local quic
    quic=$(sed -n 's/.*"quic": *"\([^"]*\)".*/\1/p' "$data/endpoints.json")
    if "$python" "$here/quic_client.py" --server "$quic" --ca "$data/ca.pem" \
        --token-file "$data/enrolment-tokens/default" --serial PY-DOCUMENTED >"$run/device.log"; then
        report 'ok      the command line of docs/protocol enrols, polls and leaves'
    else
        cat "$run/device.log" >&2
        report 'FAIL    the command line of docs/protocol enrols, polls and leaves'
    fi
    part sessions "$python" "$here/sessions.py" --muster "$muster" --data "$data"
    part probes "$python" "$here/probes.py" --muster "$muster" --data "$data" --fleet $DEVICES
    end_fleet 'the fleet was never disconnected' \
        "\"connected\": $DEVICES" '"reconnects": 0' '"connect_failures": 0' '"closed_by_code": {}' '"executed_twice": 0'
}

node_part() {
    if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null ||
        ! command -v npm >/dev/null; then
        report 'skipped the Graph client: no node of version 20 or later with npm'
        return
    fi
    if ! install node "$here/package-lock.json" node_packages; then
        report 'FAIL    the Graph client: its packages cannot be installed'
        return
    fi
    if ! start_fleet; then
        report 'FAIL    a fleet for the Graph client: it did not come up'
        return
    fi
    cp "$here/graph.mjs" "$tools/node/" # Node looks for packages beside the script
    part graph env NODE_EXTRA_CA_CERTS="$data/ca.pem" node "$tools/node/graph.mjs" "$data"
    end_fleet 'the fleet executed nothing twice' '"executed_twice": 0'
}

mkdir -p "$tools"
if ! start_server; then
    cat "$run/server.log" >&2
    report 'FAIL    the server did not come up'
else
    python_part
    node_part
    if kill -0 "${running[0]}" 2>/dev/null && ! grep -E 'panicked|ERROR|WARN' "$run/server.log" >&2; then
        report 'ok      the server is still there and had nothing to warn of'
    else
        report 'FAIL    the server is still there and had nothing to warn of'
    fi
fi

failed=$(count FAIL)
skipped=$(count skipped)
printf '%s passed, %s failed' "$(count ok)" "$failed"
((skipped == 0)) || printf ', %s skipped' "$skipped"
printf '\n'
if [[ $failed != 0 ]]; then
    printf 'the last the server said:\n' >&2
    tail -n 20 "$run/server.log" >&2
    exit 1
fi

#!/usr/bin/env bash
# Foreign devices and push services in Python against the real server, well-behaved and hostile.
# Clients of the admin API are the matter of scripts/graph-clients.sh.
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
# shellcheck source=scripts/foreign_clients.bash
. scripts/foreign_clients.bash
data=$run/devices
vendor=$run/vendor

python_part() {
    if ! has_python 'aioquic, cryptography'; then
        report 'skipped the Python device: no python3 of version 3.11 or later with venv and pip'
        return
    fi
    if ! install venv "$here/requirements.txt" python_packages "$here/requirements.txt"; then
        report 'FAIL    the Python device: its packages cannot be installed'
        return
    fi
    local python=$tools/venv/bin/python
    if ! start_fleet devices $DEVICES; then
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
    part push "$python" "$here/push.py" --muster "$muster" --data "$data" --vendor "$vendor"
    end_fleet devices 'the fleet was never disconnected' \
        "\"connected\": $DEVICES" '"reconnects": 0' '"connect_failures": 0' '"closed_by_code": {}' '"executed_twice": 0'
}

mkdir -p "$tools"
if start_server devices --push-folder "$vendor"; then
    python_part
    nothing_to_warn_of devices "$server"
else
    report 'FAIL    the server did not come up'
fi
conclude devices

#!/usr/bin/env bash
# Real clients of Microsoft Graph against the admin API: Microsoft's SDKs for Python and JavaScript
# with azure-identity, scripts with Microsoft's hosts written into them, and schemathesis.
#
#   scripts/graph-clients.sh             uses target/debug/muster
#   scripts/graph-clients.sh --release   uses target/release/muster
#
# Starts servers and fleets on free loopback ports with temporary data folders and ends them again.
# Packages come into target/graph-clients once and are used again. Exit codes: 0 all passed,
# 1 something failed, 64 usage, 69 no binary. A part whose runtime is missing is skipped and said so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

DEVICES=30
THROTTLED_DEVICES=10
STRICT_DEVICES=4
OPENAPI_WITHIN=90 # seconds for schemathesis; it takes a third of it

profile=debug
case "${1:-}" in
    '') ;;
    --release) profile=release ;;
    -h | --help)
        sed -n '2,11s/^# \{0,1\}//p' scripts/graph-clients.sh
        exit 0
        ;;
    *)
        printf 'scripts/graph-clients.sh: unknown argument %s; there is only --release\n' "$1" >&2
        exit 64
        ;;
esac
here=$PWD/fixtures/graph-clients
tools=$PWD/target/graph-clients
muster=$PWD/target/$profile/muster
# shellcheck source=scripts/foreign_clients.bash
. scripts/foreign_clients.bash
python=$tools/venv/bin/python

# As anybody would have it in the environment; docs/identity.md has the values.
export AZURE_TENANT_ID=6d757374-6572-4000-8000-000000000001
export AZURE_CLIENT_ID=6d757374-6572-4003-8000-000000000001
export AZURE_CLIENT_SECRET=muster-automation-developer-secret

node_packages() {
    mkdir -p "$tools/node"
    cp "$here"/javascript/{package.json,package-lock.json,.npmrc} "$tools/node/"
    (cd "$tools/node" && npm ci --silent)
}

# What there is to run with is in $have_python and $have_node. Both install at once.
prepare() {
    local venv='' node=''
    if has_python 'msgraph, azure.identity, schemathesis'; then
        install venv "$here/python/requirements.txt" python_packages "$here/python/requirements.txt" &
        venv=$!
    else
        report 'skipped the Python clients: no python3 of version 3.11 or later with venv and pip'
    fi
    if node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null &&
        command -v npm >/dev/null; then
        install node "$here/javascript/package-lock.json" node_packages &
        node=$!
    else
        report 'skipped the JavaScript clients: no node of version 20 or later with npm'
    fi
    have_python=no have_node=no
    if [[ -n $venv ]]; then
        if wait "$venv"; then have_python=yes; else report 'FAIL    the Python packages cannot be installed'; fi
    fi
    if [[ -n $node ]]; then
        if wait "$node"; then have_node=yes; else report 'FAIL    the JavaScript packages cannot be installed'; fi
    fi
}

# sdk <name of a server> <command..>: runs a program that reaches the server by its address.
sdk() {
    local ca=$run/$1/ca.pem
    shift
    env SSL_CERT_FILE="$ca" REQUESTS_CA_BUNDLE="$ca" NODE_EXTRA_CA_CERTS="$ca" "$@"
}

# Both SDKs wait for the same window to end. Their lines come when both are done.
throttled() {
    local one='' two=''
    if [[ $have_python == yes ]]; then
        sdk throttled "$python" "$here/python/throttled.py" "$run/throttled" >"$run/said-python" 2>&1 &
        one=$!
    fi
    if [[ $have_node == yes ]]; then
        sdk throttled node "$tools/node/throttled.mjs" "$run/throttled" >"$run/said-node" 2>&1 &
        two=$!
    fi
    local code=0
    [[ -z $one ]] || wait "$one" || code=1
    [[ -z $two ]] || wait "$two" || code=1
    return $code
}

# unmodified <check> <what it prints> <command..>: runs a script that only knows Microsoft's hosts.
unmodified() {
    local check=$1 pattern=$2
    shift 2
    if (eval "$("$muster" trust --data "$run/main")" && timeout 60 "$@") >"$run/unmodified" 2>&1 &&
        grep -Eq "$pattern" "$run/unmodified"; then
        report "ok      unmodified: $check"
    else
        tail -n 20 "$run/unmodified" >&2
        report "FAIL    unmodified: $check"
    fi
}

admin() {
    curl --silent --fail --cacert "$run/main/ca.pem" \
        --header "Authorization: Bearer $(cat "$run/main/admin-token")" "$@"
}

# serial <filter>: the serial number of the first device, by id, that the filter is true of.
serial() {
    admin --get --data-urlencode "\$filter=$1" --data-urlencode '$select=serialNumber' --data '$top=1' \
        "$origin/v1.0/deviceManagement/managedDevices" | sed -n 's/.*"serialNumber":"\([^"]*\)".*/\1/p'
}

scripts() {
    local iphone android proxy="--import $tools/node/use-proxy.mjs"
    iphone=$(serial "x-muster-mode eq 'automated-device' and x-muster-connected")
    android=$(serial "x-muster-mode eq 'work-profile-personal' and x-muster-connected")
    if [[ $have_python == yes ]]; then
        unmodified 'a report with the Python SDK, over several pages' 'devices have not been seen for 0 days' \
            "$python" "$here/unmodified/stale_devices.py" 0
        unmodified 'requests for Python lock a device' "^$iphone: done" \
            "$python" "$here/unmodified/lock_device.py" "$iphone"
    fi
    if [[ $have_node == yes ]]; then
        unmodified 'the JavaScript client resets a passcode' "^$android: done, passcode " \
            env NODE_OPTIONS="$proxy" node "$tools/node/reset_passcode.mjs" "$android"
    fi
    unmodified 'a shell script with curl has devices check in' '^204 syncDevice' \
        "$here/unmodified/sync_devices.sh" iOS
    unmodified 'muster itself goes past the proxy' '^ serial +model' "$muster" device list --data "$run/main"
    local told
    told=$(eval "$("$muster" trust --data "$run/main")" &&
        curl --silent --max-time 10 --write-out '%{http_connect}' https://example.com || true)
    if [[ $told == 403 ]]; then
        report 'ok      unmodified: no other host is reached through the proxy'
    else
        report "FAIL    unmodified: no other host is reached through the proxy: $told"
    fi
}

# Every operation of the OpenAPI document, with values from its edges and random ones.
openapi() {
    MUSTER_TOKEN=$(cat "$run/main/admin-token")
    MUSTER_DEVICE=$(admin --get --data '$top=1' --data '$select=id' \
        "$origin/v1.0/deviceManagement/managedDevices" | sed -n 's/.*"id":"\([^"]*\)".*/\1/p')
    MUSTER_CA=$run/main/ca.pem
    export MUSTER_TOKEN MUSTER_DEVICE MUSTER_CA
    if (cd "$run" && timeout $OPENAPI_WITHIN "$tools/venv/bin/schemathesis" \
        --config-file "$here/python/schemathesis.toml" run "$openapi" \
        --url "$origin" --seed 1 --warnings off --no-color) >"$run/openapi" 2>&1; then
        report "ok      schemathesis: $(sed -n 's/^  \([0-9]* generated, [0-9]* passed\).*/\1/p' "$run/openapi")"
    else
        cut -c 1-400 "$run/openapi" | tail -n 120 >&2
        report 'FAIL    schemathesis: the answers are not those of the OpenAPI document'
    fi
}
openapi=$PWD/fixtures/openapi/muster-graph.json

mkdir -p "$tools"
prepare
mkdir -p "$run/main/client-certificates"
cp "$here/client-certificate.pem" "$run/main/client-certificates/automation.pem"
if [[ $have_node == yes ]]; then
    cp "$here"/{javascript,unmodified}/*.mjs "$tools/node/" # Node looks for packages beside the script
fi
if start_server throttled --throttle && throttled_server=$server && start_fleet throttled $THROTTLED_DEVICES &&
    start_server strict --strict && strict_server=$server && start_fleet strict $STRICT_DEVICES &&
    start_server main --intercept=127.0.0.1:0 && main_server=$server && start_fleet main $DEVICES; then
    origin=$(sed -n 's/.*"admin": *"\([^"]*\)".*/\1/p' "$run/main.json")
    throttled &
    throttled=$!
    if [[ $have_python == yes ]]; then
        part 'the Python SDK' sdk main "$python" "$here/python/sdk.py" "$run/main" \
            "$here/client-certificate.pem"
        part 'the Python SDK, strict' sdk strict "$python" "$here/python/strict.py" "$run/strict"
    fi
    if [[ $have_node == yes ]]; then
        part 'the JavaScript client' sdk main node "$tools/node/client.mjs" "$run/main" \
            "$here/client-certificate.pem"
    fi
    scripts
    if [[ $have_python == yes ]]; then openapi; fi
    code=0
    wait "$throttled" || code=$?
    part 'the throttled clients' bash -c "cat '$run'/said-*; exit $code"
    end_fleet main 'the fleet executed nothing twice' '"executed_twice": 0'
    nothing_to_warn_of main "$main_server"
    nothing_to_warn_of throttled "$throttled_server"
    nothing_to_warn_of strict "$strict_server"
else
    report 'FAIL    the servers and their fleets did not come up'
fi
conclude main throttled strict

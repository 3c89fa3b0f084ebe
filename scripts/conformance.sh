#!/usr/bin/env bash
# The conformance suite against three servers: muster's own, muster's own with a planted bug, and
# one in Python; and against muster's own devices. Then the servers side by side.
#
#   scripts/conformance.sh             uses target/debug/muster
#   scripts/conformance.sh --release   uses target/release/muster
#   scripts/conformance.sh --keep DIR  leaves the reports and the matrix in DIR
#
# The planted bug needs a binary with the feature `planted` at target/conformance/planted, which
# scripts/check.sh leaves there. Packages come into target/interop once and are used again. Exit
# codes: 0 all as it should be, 1 something is not, 64 usage, 69 no binary. A part that lacks what
# it needs is skipped and said so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PLANT=not-now-forgotten # a bug that shows at the protocol
PAGE_BYTES_MAX=2000000

profile=debug
keep=
while (($#)); do
    case $1 in
        --release) profile=release ;;
        --keep)
            [[ -n ${2:-} ]] || { printf 'scripts/conformance.sh: --keep needs a folder\n' >&2; exit 64; }
            keep=$2
            shift
            ;;
        -h | --help)
            sed -n '2,13s/^# \{0,1\}//p' scripts/conformance.sh
            exit 0
            ;;
        *)
            printf 'scripts/conformance.sh: unknown argument %s; there are --release and --keep\n' "$1" >&2
            exit 64
            ;;
    esac
    shift
done
tools=$PWD/target/interop
muster=$PWD/target/$profile/muster
planted=$PWD/target/conformance/planted
python_target=$PWD/fixtures/conformance/python-target
# shellcheck source=scripts/foreign_clients.bash
. scripts/foreign_clients.bash
reports=()

# ends <code> <check> <argument..>: what `muster conform` ends with; what it says is told if it is another code.
ends() {
    local wanted=$1 check=$2 code=0
    shift 2
    "${conform:-$muster}" conform "$@" >"$run/said" 2>&1 || code=$?
    if [[ $code == "$wanted" ]]; then
        report "ok      $check"
    else
        tail -n 40 "$run/said" >&2
        report "FAIL    $check: exit code $code instead of $wanted"
    fi
}

our_own() {
    ends 0 'our server keeps every promise over UDP' server --strict --out "$run/ours"
    ends 0 'our server in virtual time' server --sim --strict
    reports+=("$run/ours/report.json")
    if "$muster" conform agent --help >/dev/null 2>&1; then
        ends 0 'our devices keep every promise over UDP' agent --strict
        ends 0 'our devices in virtual time' agent --sim --strict
    else
        report 'skipped our devices: this muster has no conform agent'
    fi
}

with_a_planted_bug() {
    if [[ ! -x $planted ]]; then
        report 'skipped our server with a planted bug: no binary with the feature planted at target/conformance/planted'
        return
    fi
    conform=$planted ends 1 "our server with the bug $PLANT is found out" \
        server --sim --plant "$PLANT" --out "$run/planted"
    reports+=("$run/planted/report.json")
}

member() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$run/python/endpoints.json"; }

start_python() {
    "$tools/venv/bin/python" "$python_target/server.py" --data "$run/python" \
        --quic 127.0.0.1:0 --hook 127.0.0.1:0 >"$run/python.log" 2>&1 &
    python=$!
    running+=("$python")
    came_up "$python" test -s "$run/python/endpoints.json"
}

in_python() {
    if ! has_python 'aioquic, cryptography'; then
        report 'skipped the server in Python: no python3 of version 3.11 or later with venv and pip'
        return
    fi
    local packages=$PWD/scripts/interop/requirements.txt
    if ! install venv "$packages" python_packages "$packages"; then
        report 'FAIL    the server in Python: its packages cannot be installed'
        return
    fi
    if ! start_python; then
        cat "$run/python.log" >&2
        report 'FAIL    the server in Python: it did not come up'
        return
    fi
    cat >"$run/targets.toml" <<TOML
[[target]]
server = "$(member quic)"
ca = "python/ca.pem"
hook = "$(member hook)"
capabilities = "$python_target/capabilities.toml"
TOML
    ends 0 'the server in Python keeps what it claims' server --target "$(member quic)" --strict \
        --ca "$run/python/ca.pem" --hook "$(member hook)" \
        --capabilities "$python_target/capabilities.toml" --out "$run/in-python"
    reports+=("$run/in-python/report.json")
    kill -TERM "$python"
    wait "$python" || report 'FAIL    the server in Python ends when it is told to'
    ends 69 'a server that is gone is unreachable' matrix "$run/targets.toml" --out "$run/gone"
    if grep -q 'unreachable' "$run/gone/matrix.md"; then
        report 'ok      and its column says so'
    else
        report 'FAIL    and its column says so'
    fi
}

side_by_side() {
    local wanted=0 bytes
    [[ " ${reports[*]} " == *"$run/planted/"* ]] && wanted=1
    ends "$wanted" "${#reports[@]} reports stand side by side" matrix "${reports[@]}" --out "$run/matrix"
    bytes=$(stat -c %s "$run/matrix/matrix.html")
    if ((bytes < PAGE_BYTES_MAX)) && ! grep -q '<script\|src=' "$run/matrix/matrix.html"; then
        report "ok      the page has $bytes bytes and needs nothing else"
    else
        report "FAIL    the page has $bytes bytes, or needs something else"
    fi
    ends 65 'what is no report is refused' matrix "$run/said"
    ends 64 'a matrix of nothing is refused' matrix
}

mkdir -p "$tools"
our_own
with_a_planted_bug
in_python
side_by_side
if [[ -n $keep ]]; then
    mkdir -p "$keep"
    cp -R "$run/matrix" "${reports[@]%/report.json}" "$keep"
fi
conclude

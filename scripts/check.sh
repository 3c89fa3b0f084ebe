#!/usr/bin/env bash
# Everything a change has to pass: format, lints, tests, documentation, licences, foreign clients,
# planted faults, conformance, simulation.
#
#   scripts/check.sh          all of it
#   scripts/check.sh --fast   format, lints and tests only
#
# Stops at the first step that fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fast=no
for argument in "$@"; do
    case "$argument" in
        --fast) fast=yes ;;
        -h | --help)
            sed -n '2,8s/^# \{0,1\}//p' scripts/check.sh
            exit 0
            ;;
        *)
            printf 'scripts/check.sh: unknown argument %s; there is only --fast\n' "$argument" >&2
            exit 64
            ;;
    esac
done

# step <heading> <command> [argument..]: runs the command under a heading and tells how long it took.
step() {
    local heading=$1 started=$SECONDS
    shift
    printf '\n== %s\n   %s\n' "$heading" "$*"
    if "$@"; then
        printf '== %s: ok, %d s (%d s in all)\n' "$heading" $((SECONDS - started)) "$SECONDS"
    else
        local code=$?
        printf '== %s: FAILED, exit code %d, after %d s\n' "$heading" "$code" $((SECONDS - started)) >&2
        exit "$code"
    fi
}

unit_tests() {
    if cargo nextest --version >/dev/null 2>&1; then
        local profile=default
        [[ ${CI:-} == true ]] && profile=ci
        cargo nextest run --workspace --locked --profile "$profile"
    else
        cargo test --workspace --all-targets --locked
    fi
}

licences() {
    if cargo deny --version >/dev/null 2>&1; then
        cargo deny check licenses bans sources
    else
        printf '   SKIPPED: cargo-deny is not installed (cargo install --locked cargo-deny)\n'
    fi
}

documentation() {
    RUSTDOCFLAGS="-D warnings ${RUSTDOCFLAGS:-}" cargo doc --workspace --no-deps --locked
}

# Devices in another language against the debug binary; what is not installed is skipped and said so.
interop() {
    cargo build --package muster --locked --quiet && scripts/interop/check.sh
}

# Clients of Microsoft Graph against the same binary, likewise.
graph_clients() {
    cargo build --package muster --locked --quiet && scripts/graph-clients.sh
}

# The simulation and the suite of conformance find what is planted, and nothing where nothing is; the
# table says which case catches which fault.
planted_faults() {
    cargo test --package muster-sim --features planted --test planted --locked --quiet &&
        cargo test --package muster --features planted --test it --locked --quiet -- planted:: quic:: &&
        cargo test --package muster --features planted --test it --locked --quiet -- \
            mutants:: --nocapture --test-threads 1
}

# The suite of conformance against servers that keep the protocol and one that does not. The planted
# binary is the one the step above has built.
conformance() {
    cargo build --package muster --features planted --locked --quiet &&
        mkdir -p target/conformance && cp target/debug/muster target/conformance/planted &&
        cargo build --package muster --locked --quiet && scripts/conformance.sh
}

# Every seed also twice, its logs compared.
simulation() {
    cargo run --package muster --locked --quiet -- sim --seeds 300 --json &&
        cargo run --package muster-sim --example twice --locked --quiet -- 0 300
}

# The same with the real server and devices over QUIC, each seed twice: it has to tell the same.
simulation_over_quic() {
    cargo run --package muster --locked --quiet -- \
        sim --quic --devices 10 --minutes 10 --seeds 3 --twice
}

step 'format' cargo fmt --all --check
step 'lints' cargo clippy --workspace --all-targets --locked -- -D warnings
if [[ $fast == no ]]; then
    step 'documentation' documentation
    step 'licences, bans, sources' licences
fi
step 'examples in the documentation' cargo test --workspace --doc --locked --quiet
if [[ $fast == no ]]; then
    step 'interop' interop
    step 'clients of Graph' graph_clients
    step 'planted faults' planted_faults
    step 'conformance' conformance
    step 'simulation' simulation
    step 'simulation over QUIC' simulation_over_quic
fi
# Last, so that the run ends with the number of tests.
step 'tests' unit_tests

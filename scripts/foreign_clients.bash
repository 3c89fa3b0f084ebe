# Sourced by the scripts that run foreign clients against the real server: a line for each check,
# processes that end with the script, packages that are installed once.
#
# They set $muster and $tools beforehand.

UP_WITHIN=20 # seconds a server or a fleet may take to come up

if [[ ! -x $muster ]]; then
    printf 'no %s; run: cargo build -p muster\n' "${muster#"$PWD/"}" >&2
    exit 69
fi
# Nothing of the caller's environment may lead anybody elsewhere.
unset MUSTER_DATA MUSTER_QUIC MUSTER_ADMIN MUSTER_SERVER MUSTER_DEVICES MUSTER_SEED MUSTER_INTERCEPT
unset HTTPS_PROXY https_proxy HTTP_PROXY http_proxy ALL_PROXY all_proxy NO_PROXY no_proxy
export PYTHONDONTWRITEBYTECODE=1

run=$(mktemp -d)
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

# start_server <name> [flag..]: its data folder, its greeting and its log are $run/<name>*.
start_server() {
    local name=$1
    shift
    RUST_LOG=${RUST_LOG:-warn} "$muster" server --data "$run/$name" --quic 127.0.0.1:0 \
        --admin 127.0.0.1:0 --json "$@" >"$run/$name.json" 2>"$run/$name.log" &
    server=$!
    running+=("$server")
    came_up "$server" test -s "$run/$name.json" || { cat "$run/$name.log" >&2; return 1; }
}

# start_fleet <name of its server> <devices>: its pid is in $fleet, its summary will be in
# <name>-fleet.json. Every fleet is the same hardware, so a second one begins new lives.
start_fleet() {
    "$muster" fleet --data "$run/$1" --devices "$2" --seed 1 --json \
        >"$run/$1-fleet.json" 2>"$run/$1-fleet.log" &
    fleet=$!
    running+=("$fleet")
    came_up "$fleet" grep -q 'devices connected' "$run/$1-fleet.log"
}

# end_fleet <name of its server> <check> <pattern..>: ends the fleet and looks for each pattern in
# its summary.
end_fleet() {
    local server=$1 check=$2 pattern code=0
    shift 2
    kill -INT "$fleet"
    wait "$fleet" || code=$?
    [[ $code == 0 ]] || { report "FAIL    $check: exit code $code"; return; }
    for pattern in "$@"; do
        grep -q "$pattern" "$run/$server-fleet.json" ||
            { report "FAIL    $check: no $pattern in its summary"; return; }
    done
    report "ok      $check"
}

# nothing_to_warn_of <name> <pid>: the server is still there, and its log is clean.
nothing_to_warn_of() {
    if kill -0 "$2" 2>/dev/null && ! grep -E -m 20 'panicked|ERROR|WARN' "$run/$1.log" >&2; then
        report "ok      the server ($1) is still there and had nothing to warn of"
    else
        report "FAIL    the server ($1) is still there and had nothing to warn of"
    fi
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
    local stamp=$tools/$1.stamp inputs=$2 log=$run/$1-install.log
    shift 2
    cmp -s "$inputs" "$stamp" && return
    rm -f "$stamp"
    "$@" >"$log" 2>&1 || { tail -n 5 "$log" >&2; return 1; }
    cp "$inputs" "$stamp"
}

# python_packages <requirements>: into $tools/venv.
python_packages() {
    rm -rf "$tools/venv"
    python3 -m venv "$tools/venv" &&
        "$tools/venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$1"
}

# has_python <modules>: whether there is a Python to install for; forgets packages that do not work.
has_python() {
    python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || return
    # A Python that was replaced leaves its environment broken.
    "$tools/venv/bin/python" -c "import $1" 2>/dev/null || rm -f "$tools/venv.stamp"
}

# conclude <name of a server..>: the sum, and 1 if something failed, with the last words of the servers.
conclude() {
    local failed skipped name
    failed=$(count FAIL)
    skipped=$(count skipped)
    printf '%s passed, %s failed' "$(count ok)" "$failed"
    ((skipped == 0)) || printf ', %s skipped' "$skipped"
    printf ', in %d s\n' "$SECONDS"
    [[ $failed == 0 ]] && return
    for name in "$@"; do
        printf 'the last the server (%s) said:\n' "$name" >&2
        tail -n 20 "$run/$name.log" >&2 || true
    done
    return 1
}

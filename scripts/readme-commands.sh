#!/usr/bin/env bash
# Runs the commands the README promises: each ```sh block right below a line `<!-- ci -->`.
#
# The blocks run in order, from the root of the repository, with target/release in front of PATH.
# Each has READMECOMMANDS_SECONDS (default 120) to finish. Ends with `readme: N passed, N failed`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readme=${1:-README.md}
seconds=${READMECOMMANDS_SECONDS:-120}
blocks=$(mktemp -d)
trap 'rm -rf "$blocks"' EXIT
PATH="$PWD/target/release:$PATH"
export PATH

if [[ ! -f $readme ]]; then
    printf 'scripts/readme-commands.sh: there is no %s\n' "$readme" >&2
    exit 1
fi

# One file a block. A marked block that is not sh, or never ends, is an error.
awk -v folder="$blocks" '
    function fail(what) { printf "%s:%d: %s\n", FILENAME, FNR, what > "/dev/stderr"; failed = 1; exit 1 }
    inside && /^```[ \t]*$/ { inside = 0; close(file); next }
    inside                  { print > file; next }
    marked && /^```sh[ \t]*$/ {
        marked = 0; inside = 1
        file = sprintf("%s/%03d.sh", folder, ++count)
        printf "# line %d\n", FNR > file
        next
    }
    marked                  { fail("a ci mark must stand right above a block of sh") }
    /^<!-- ci -->[ \t]*$/   { marked = 1 }
    END { if (!failed && (inside || marked)) fail("a marked block does not end") }
' "$readme"

passed=0
failed=0
for block in "$blocks"/*.sh; do
    [[ -e $block ]] || break
    if grep -Eq 'scripts/check\.sh|\.ci/run|readme-commands' "$block"; then
        printf '%s, %s: a ci block must not call the checks: they call it\n' "$readme" "$(sed -n '1s/# //p' "$block")" >&2
        failed=$((failed + 1))
        continue
    fi
    printf '\n== %s, %s\n' "$readme" "$(sed -n '1s/# //p' "$block")"
    sed '1d; s/^/   $ /' "$block"
    if timeout --kill-after=10 "$seconds" bash -euo pipefail "$block" </dev/null; then
        passed=$((passed + 1))
    else
        printf '== FAILED with exit code %d (124: not done after %s s)\n' $? "$seconds" >&2
        failed=$((failed + 1))
    fi
done

if [[ $passed == 0 && $failed == 0 ]]; then
    printf '%s: no block is marked with <!-- ci -->\n' "$readme" >&2
    failed=1
fi
printf 'readme: %d passed, %d failed\n' "$passed" "$failed"
[[ $failed == 0 ]]

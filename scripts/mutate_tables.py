#!/usr/bin/env python3
"""Shows that no row of a behaviour table can change unnoticed.

    scripts/mutate_tables.py                     every row of every table
    scripts/mutate_tables.py capability          one table
    scripts/mutate_tables.py device R1 W2        some rows of one

Works on a copy of the checkout: changes one row, runs the tests that own the table, and expects
them to fail. Ends with 'N passed, N failed'; a row nobody noticed is a failure.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Table, the key of its outcome, and the tests that own it.
TABLES = {
    "capability": ("expected", ["-p", "muster-control", "--lib", "capability"]),
    "device": ("expect", ["-p", "muster-device", "--test", "it", "table"]),
}

ROW = re.compile(r"\[\[row\]\]\n(?:.+\n)+", re.MULTILINE)


def flipped(row: str, key: str) -> str:
    def other(found: re.Match) -> str:
        value = found.group(2)
        if value == "204":
            return found.group(1) + "400"
        if value == "400":
            return found.group(1) + "204"
        return found.group(1) + '"NotNow"' if "NotNow" not in value else found.group(1) + '"CommandFormatError"'

    changed, count = re.subn(rf"(?m)^({key} = )(.*)$", other, row)
    assert count == 1, f"no single {key!r} in\n{row}"
    return changed


def copy_of_checkout(into: str) -> str:
    place = os.path.join(into, "muster")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    for path in filter(None, listed.stdout.decode().split("\0")):
        if os.path.exists(os.path.join(ROOT, path)):
            os.makedirs(os.path.dirname(os.path.join(place, path)) or place, exist_ok=True)
            shutil.copy2(os.path.join(ROOT, path), os.path.join(place, path))
    return place


def passes(place: str, tests: list[str]) -> bool:
    target = os.path.join(ROOT, "target", "mutants")
    command = ["cargo", "test", "--quiet", "--locked", *tests]
    run = subprocess.run(command, cwd=place, env={**os.environ, "CARGO_TARGET_DIR": target},
                         capture_output=True)
    return run.returncode == 0


def mutate(place: str, table: str, wanted: set[str]) -> tuple[int, int]:
    key, tests = TABLES[table]
    path = os.path.join(place, "fixtures", "behaviour", f"{table}.toml")
    text = open(path).read()
    if not passes(place, tests):
        sys.exit(f"{table}: the tests fail before anything is changed")
    noticed = unnoticed = 0
    for found in ROW.finditer(text):
        name = re.search(r'id = "(.*)"', found.group()).group(1)
        if wanted and name not in wanted:
            continue
        with open(path, "w") as file:
            file.write(text[: found.start()] + flipped(found.group(), key) + text[found.end() :])
        if passes(place, tests):
            unnoticed += 1
            print(f"{table}#{name}: NOBODY NOTICED", flush=True)
        else:
            noticed += 1
            print(f"{table}#{name}: noticed", flush=True)
    with open(path, "w") as file:
        file.write(text)
    return noticed, unnoticed


def main() -> None:
    tables = sys.argv[1:2] or list(TABLES)
    noticed = unnoticed = 0
    with tempfile.TemporaryDirectory(prefix="muster-mutants-") as folder:
        place = copy_of_checkout(folder)
        for table in tables:
            found, missed = mutate(place, table, set(sys.argv[2:]))
            noticed, unnoticed = noticed + found, unnoticed + missed
    print(f"{noticed} passed, {unnoticed} failed")
    sys.exit(1 if unnoticed or not noticed else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Shows that no row of a behaviour table can change unnoticed.

    scripts/mutate_tables.py                     every row of every table
    scripts/mutate_tables.py capability          one table
    scripts/mutate_tables.py device R1 W2        some rows of one

Works on a copy of the checkout: builds the tests that own a table once, then gives one row at a
time the outcome of another row and expects the tests, which read the table as they run, to fail.
Ends with 'N passed, N failed'; a row nobody noticed is a failure.
"""

import json
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "target", "mutants")

DEVICE = ["-p", "muster-device", "--test", "it"]

# Table, the package of the tests that own it, and the filters that pick them out of their binary.
TABLES = {
    "capability": (["-p", "muster-control", "--lib"], ["capability::"]),
    "server": (["-p", "muster-control", "--test", "it"], ["server::"]),
    "device": (DEVICE, ["table::"]),
    "apple": (DEVICE, ["apple::"]),
    "android": (DEVICE, ["android::", "android_grid::"]),
    "activation": (DEVICE, ["activation::"]),
    "push": (DEVICE, ["push::"]),
}

# What an outcome is called: the first of these that a row has is changed.
KEYS = ("expect", "expected", "promise", "supervised", "notes", "said", "after")

# Rows no device is asked for: their call is not on the wire.
DATA_ONLY = {"unreached"}

ROW = re.compile(r"^\[\[(\w+)\]\]\n((?:(?!\[\[).*\n?)+)", re.MULTILINE)
NAME = re.compile(r'^(?:id|name) = "(.*)"', re.MULTILINE)
STEP = re.compile(r'=> ([^"]+)"')


class Row:
    def __init__(self, found: re.Match):
        self.array, self.body, self.start = found.group(1), found.group(2), found.start(2)
        self.name = NAME.search(self.body).group(1)

    def outcome(self) -> tuple[int, int] | None:
        """Where the value stands that says what has to come of the row."""
        keys = KEYS[2:] if "\npromise = " in self.body else KEYS
        for key in keys:
            found = re.search(rf"^{key} = (\[[^\]]*\]|\{{.*\}}|.+)$", self.body, re.MULTILINE)
            if found:
                return found.span(1)
        last = None
        for last in STEP.finditer(self.body):
            pass
        return last.span(1) if last else None

    def value(self) -> str:
        begin, end = self.outcome()
        return self.body[begin:end]

    def with_value(self, value: str) -> str:
        begin, end = self.outcome()
        return self.body[:begin] + value + self.body[end:]


def other_value(row: Row, rows: list[Row]) -> str:
    """The outcome of another row of the same kind."""
    opposites = {"true": "false", "false": "true"}
    if row.value() in opposites:
        return opposites[row.value()]
    alike = (it.value() for it in rows if it.array == row.array and it.outcome())
    return next(value for value in alike if value != row.value())


def copy_of_checkout() -> str:
    """Always at the same place: a test's binary knows where its tables stand."""
    place = os.path.join(BUILD, "checkout")
    shutil.rmtree(place, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    for path in filter(None, listed.stdout.decode().split("\0")):
        if os.path.exists(os.path.join(ROOT, path)):
            os.makedirs(os.path.dirname(os.path.join(place, path)) or place, exist_ok=True)
            shutil.copy2(os.path.join(ROOT, path), os.path.join(place, path))
    return place


def build(place: str, package: list[str]) -> str:
    """Builds tests and returns the path of their binary."""
    command = ["cargo", "test", "--no-run", "--quiet", "--locked", "--message-format=json", *package]
    environment = {**os.environ, "CARGO_TARGET_DIR": BUILD}
    built = subprocess.run(command, cwd=place, env=environment, check=True, stdout=subprocess.PIPE)
    messages = map(json.loads, built.stdout.decode().splitlines())
    tests = [it["executable"] for it in messages if it.get("profile", {}).get("test")]
    return [path for path in tests if path][-1]


def run(place: str, binary: str, filters: list[str]) -> subprocess.CompletedProcess:
    return subprocess.run([binary, "--quiet", *filters], cwd=place, capture_output=True, text=True)


def passes(place: str, binary: str, filters: list[str]) -> bool:
    return run(place, binary, filters).returncode == 0


def mutate(place: str, table: str, wanted: set[str]) -> tuple[int, int]:
    package, filters = TABLES[table]
    path = os.path.join(place, "fixtures", "behaviour", f"{table}.toml")
    text = open(path).read()
    binary = build(place, package)
    before = run(place, binary, filters)
    if before.returncode:
        sys.exit(f"{before.stdout}{before.stderr}\n{table}: the tests fail before anything is changed")
    rows = [row for row in map(Row, ROW.finditer(text)) if row.array not in DATA_ONLY]
    noticed = unnoticed = 0
    for row in rows:
        if wanted and row.name not in wanted:
            continue
        changed = row.with_value(other_value(row, rows))
        with open(path, "w") as file:
            file.write(text[: row.start] + changed + text[row.start + len(row.body) :])
        if passes(place, binary, filters):
            unnoticed += 1
            print(f"{table}#{row.name}: NOBODY NOTICED", flush=True)
        else:
            noticed += 1
            print(f"{table}#{row.name}: noticed", flush=True)
    with open(path, "w") as file:
        file.write(text)
    return noticed, unnoticed


def main() -> None:
    tables = sys.argv[1:2] or list(TABLES)
    noticed = unnoticed = 0
    place = copy_of_checkout()
    for table in tables:
        found, missed = mutate(place, table, set(sys.argv[2:]))
        noticed, unnoticed = noticed + found, unnoticed + missed
    print(f"{noticed} passed, {unnoticed} failed")
    sys.exit(1 if unnoticed or not noticed else 0)


if __name__ == "__main__":
    main()

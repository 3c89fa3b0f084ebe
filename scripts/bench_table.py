"""Prints the medians of scripts/bench.sh as a Markdown table, with ratios to bare quinn."""

import json
import os
import platform
import statistics
import sys


def load(folder: str, name: str, rounds: int) -> list[dict]:
    texts = (open(os.path.join(folder, f"{name}.{round_}")) for round_ in range(1, rounds + 1))
    return [json.load(text) for text in texts]


def median(runs: list[dict], *path: str) -> float:
    def dig(run: dict) -> float:
        for key in path:
            run = run[key]
        return run

    return statistics.median(map(dig, runs))


def row(what: str, ours: float, bare: float, target: str) -> None:
    print(f"| {what} | {ours:,.0f} | {bare:,.0f} | {ours / bare:.2f} | {target} |")


def main() -> None:
    folder, rounds = sys.argv[1], int(sys.argv[2])
    bare, ours = load(folder, "bare", rounds), load(folder, "muster", rounds)
    cpu = next(line for line in open("/proc/cpuinfo") if line.startswith("model name"))
    print(f"{cpu.split(':')[1].strip()}, {os.cpu_count()} cores, Linux {platform.release()}, "
          f"load {open('/proc/loadavg').read().split()[0]} at the end; "
          f"{ours[0]['devices']:,} devices, {ours[0]['commands']['count']:,} commands, "
          f"median of {rounds}\n")
    print("| what | muster | bare quinn | ratio | target |")
    print("|---|---:|---:|---:|---|")
    connect = sum(median(ours, "connect", "cpu_us", side) for side in ("server", "fleet"))
    handshake = sum(median(bare, "handshake_cpu_us", side) for side in ("server", "client"))
    row("CPU µs, connect + authenticate + first check-in, both sides", connect, handshake, "≤ 1.30")
    for when, key in (("idle", "idle_bytes"), ("after the commands", "after_bytes")):
        for side, other in (("server", "server"), ("fleet", "client")):
            row(f"memory, bytes per device, {side}, {when}", median(ours, key, side),
                median(bare, key, other), "≤ 1.35")
    row("durable commands per second, end to end (bare: round trips)",
        median(ours, "commands", "per_second"), median(bare, "round_trips_per_second"),
        "≥ 10,000 per second")
    failures = sum(run["enrol"]["connect_failures"] for run in ours)
    drops = sum(run[part]["kernel_drops"] for run in ours for part in ("enrol", "commands"))
    twice = sum(run["commands"]["executed_twice"] for run in ours)
    print(f"\nover all rounds: {failures} connects failed, {drops} datagrams dropped by the kernel, "
          f"{twice} commands executed twice; enrolled and connected in "
          f"{median(ours, 'enrol', 'seconds'):.1f} s; commands: p50 "
          f"{median(ours, 'commands', 'p50_ms'):.0f} ms, p99 {median(ours, 'commands', 'p99_ms'):.0f} ms "
          f"with 1,024 open")


if __name__ == "__main__":
    main()

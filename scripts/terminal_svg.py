#!/usr/bin/env python3
"""Draws what a program printed as a picture of a terminal.

    target/release/muster demo 2>/dev/null | scripts/terminal_svg.py '$ muster demo' > docs/demo.svg
"""

import html
import sys

COLUMN, LINE, MARGIN = 7.22, 16, 14
STYLE = (
    "text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#d6deeb}"
    ".prompt{fill:#7fdbca}.head{fill:#82aaff}.bad{fill:#ff6b6b}.good{fill:#addb67}"
)


def style(line: str, number: int) -> str:
    if number == 0:
        return "prompt"
    if number == 1:
        return "head"
    if "✗" in line or "FAIL" in line:
        return "bad"
    return "good" if line.startswith("verdict") else ""


def main() -> None:
    lines = [sys.argv[1], *sys.stdin.read().rstrip().splitlines()]
    width = max(map(len, lines)) * COLUMN + 2 * MARGIN
    height = len(lines) * LINE + 2 * MARGIN
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}">')
    print(f"<style>{STYLE}</style>")
    print(f'<rect width="100%" height="100%" rx="8" fill="#011627"/>')
    for number, line in enumerate(lines):
        baseline = MARGIN + (number + 0.8) * LINE
        text = html.escape(line)
        kind = style(line, number)
        print(f'<text xml:space="preserve" x="{MARGIN}" y="{baseline:.1f}" class="{kind}">{text}</text>')
    print("</svg>")


if __name__ == "__main__":
    main()

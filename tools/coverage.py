# SPDX-License-Identifier: GPL-2.0
"""
coverage.py FILE... - which lines of the driver have been reached?

A FILE has what "gcov --json-format --stdout" prints, a document for each object on a line.
A line counts as reached if it was in any of them.  Prints the lines that were not, with
their text, then how many there are in each file, and of all.
"""

import json
import sys

DRIVER = "drivers/net/lbx/"


def add(counts, document):
    """Add what a document of gcov has to {file: {line: count}}"""
    for file in document["files"]:
        start = file["file"].rfind(DRIVER)
        if start < 0:
            continue
        lines = counts.setdefault(file["file"][start:], {})
        for line in file["lines"]:
            number = line["line_number"]
            lines[number] = lines.get(number, 0) + line["count"]


def print_missed(path, lines):
    """The lines that were not reached, as grep -n prints them"""
    with open(path, encoding="utf-8") as file:
        text = file.read().split("\n")
    for number in sorted(lines):
        if not lines[number]:
            print(f"{path}:{number}:{text[number - 1]}")


def main():
    counts = {}
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            for document in file:
                add(counts, json.loads(document))
    if not counts:
        sys.exit("coverage.py: no line of the driver was counted")

    for path in sorted(counts):
        print_missed(path, counts[path])
    print(f"\n{'file':32} {'lines':>6} {'reached':>8} {'%':>6}")
    all_lines = all_reached = 0
    for path in sorted(counts):
        lines = len(counts[path])
        reached = sum(1 for count in counts[path].values() if count)
        print(f"{path:32} {lines:6} {reached:8} {100 * reached / lines:6.1f}")
        all_lines += lines
        all_reached += reached
    print(f"{'all':32} {all_lines:6} {all_reached:8} {100 * all_reached / all_lines:6.1f}")


main()

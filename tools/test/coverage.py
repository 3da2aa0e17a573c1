# SPDX-License-Identifier: GPL-2.0
"""
coverage.py FILE... - print which lines of the driver were not reached

FILE is the output of "gcov --json-format --stdout": a line for each object, with a JSON
document.  A line of the driver counts as reached if it was reached in any of them.
Prints the lines that were not reached with their text, and then the number of lines for
each file and in total.
"""

import json
import sys

DRIVER = "drivers/net/lbx/"


def add(counts, document):
    """Add a document of gcov to {file: {line: count}}"""
    for file in document["files"]:
        start = file["file"].rfind(DRIVER)
        if start < 0:
            continue
        lines = counts.setdefault(file["file"][start:], {})
        for line in file["lines"]:
            number = line["line_number"]
            lines[number] = lines.get(number, 0) + line["count"]


def print_missed(path, lines):
    """Print the lines that were not reached, as grep -n does"""
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
        sys.exit("coverage.py: the files have no line of the driver")

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

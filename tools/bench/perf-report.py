#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""perf-report.py DIR - print the output of "perf-record" as tables in Markdown

For each workload and family: the most expensive functions over lo or over lbx, in
instructions per operation, and how much lbx saves or adds in each. The instructions of
an operation, measured without perf, are distributed in proportion to the samples.
Functions with less than half a percent of them are omitted. Samples before the first
operation, after the last one, and in the pauses between operations do not count.
"""

import collections
import pathlib
import subprocess
import sys

LEAST = 0.005
# The function of lbx-bench that pauses between two operations
PAUSE = "dither"


def sampled(directory, file):
    """Return the functions in FILE, one for each sample."""
    done = subprocess.run(
        ["perf", "script", "-i", directory / file, "--kallsyms", directory / "kallsyms",
         "-F", "ip,sym"], stdout=subprocess.PIPE, text=True, check=True)
    names = [(line.split() + ["?"])[1] for line in done.stdout.splitlines() if line.strip()]
    if PAUSE not in names:
        sys.exit(f"{directory / file}: the file has no operation")
    first, last = names.index(PAUSE), len(names) - names[::-1].index(PAUSE)
    return [name for name in names[first:last] if name != PAUSE]


def main():
    """Read the directory and print the tables."""
    if len(sys.argv) != 2:
        sys.exit("perf-report.py: the directory of the samples is required")
    directory = pathlib.Path(sys.argv[1])
    totals, samples = {}, collections.defaultdict(collections.Counter)
    for line in (directory / "samples").read_text(encoding="utf-8").splitlines():
        field = line.split("\t")
        key = tuple(field[:3])
        totals[key] = float(field[3])
        samples[key].update(sampled(directory, field[4]))

    for workload, family, peer in totals:
        if peer != "lo":
            continue
        cost = {}
        for name in "lo", "lbx":
            key = workload, family, name
            unit = totals[key] / sum(samples[key].values())
            cost[name] = {f: n * unit for f, n in samples[key].items()}
        size = {name: totals[workload, family, name] for name in cost}
        print(f"\n### {workload}, {family}: lo {size['lo']:.0f}, lbx {size['lbx']:.0f} "
              "instructions\n")
        print("| function | lo | lbx | difference |")
        print("|---|--:|--:|--:|")
        rows = []
        for function in cost["lo"].keys() | cost["lbx"].keys():
            here = [cost[name].get(function, 0) for name in ("lo", "lbx")]
            if max(here) >= LEAST * size["lo"]:
                rows.append((function, *here))
        for function, lo, lbx in sorted(rows, key=lambda row: (row[2] - row[1], row[0])):
            print(f"| `{function}` | {lo:.0f} | {lbx:.0f} | {lbx - lo:+.0f} |")
        rest = [size[name] - sum(row[i] for row in rows)
                for i, name in ((1, "lo"), (2, "lbx"))]
        print(f"| all others | {rest[0]:.0f} | {rest[1]:.0f} | {rest[1] - rest[0]:+.0f} |")


if __name__ == "__main__":
    main()

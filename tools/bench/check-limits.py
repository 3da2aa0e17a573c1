#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
check-limits.py [--record] FILE... - check counts of instructions against the limits

FILE is the output of "compare". The lines of its kernel in two files apply to it:

- "limits" has limits, as ratios to lo.
- "baseline" has the baseline: the number of instructions by which a typical operation
  exceeded that over lo when the baseline was written.

With the same kernel and compiler, UDP over IPv4 takes exactly the same number of
instructions in each boot, and everything else differs by at most 6 in 8000. Therefore
the tolerances are 0.01 % and 0.1 % of lo's instructions. With another kernel or
compiler, the tolerance is 0.2 %.

A FILE with "planted" in its head is of a module with a planted slowdown. By the same
comparison, it must be worse than the FILE of the same kernel without it. Otherwise the
comparison could not detect a regression.

Prints a table, and a line for each promise, which tools/test/results counts. The exit
status is 1 if a promise is broken. With --record, prints the new content of "baseline"
instead.
"""

import os
import sys

import results

HERE = os.path.dirname(os.path.realpath(__file__))
# Tolerances in percent of the instructions over lo: of a workload, else SAME_REST; OTHER
# with another build
SAME, OTHER = {("udp", "IPv4"): 0.01}, 0.2
SAME_REST = 0.1


def rows(name, fields):
    """Return the lines of a table next to this program, as dicts"""
    path = os.path.join(HERE, name)
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            words = line.partition("#")[0].split()
            if not words:
                continue
            if len(words) != len(fields):
                sys.exit(f"{path}, line {number}: must have {' '.join(fields)}")
            yield dict(zip(fields, words))


def limits(kernel):
    fields = "kernel", "transport", "workload", "size", "at_most"
    return [row for row in rows("limits", fields) if row["kernel"] == kernel]


def baseline(kernel):
    fields = "kernel", "build", "transport", "workload", "size", "family", "extra"
    return {(row["transport"], row["workload"], row["size"], row["family"]):
            (row["build"], int(row["extra"]))
            for row in rows("baseline", fields) if row["kernel"] == kernel}


class Run:
    """A file of measurements, by (transport, workload, size, family)"""

    def __init__(self, path):
        self.head, measurements = results.load(path)
        self.kernel = self.head.get("kernel", "")
        self.build = self.head.get("build", "")
        self.series = {}
        for key, series in results.series(measurements).items():
            item = dict(zip(results.KEY, key))
            self.series[item["peer"], item["workload"], str(item["size"]),
                        item["family"]] = series

    def extra(self, key):
        """Return how many more instructions a typical operation takes than over lo"""
        return int(self.series[key].typical - self.base(key).typical)

    def base(self, key):
        return self.series[(results.BASE,) + key[1:]]

    def ratio(self, key):
        """Return the ratio of the best rounds, which have the least noise"""
        return self.series[key].least / self.base(key).least

    def spread(self, key):
        return max(self.series[key].spread, self.base(key).spread)


def slipped(run, key, build, extra):
    """Return the change from the baseline as text, and whether it is a regression"""
    percent = SAME.get((key[1], key[3]), SAME_REST) if build == run.build else OTHER
    tolerance = run.base(key).typical * percent / 100
    change = run.extra(key) - extra
    return f"{change:+}", change > tolerance


def check(run):
    """Print the table of a kernel, and return a (promise, kept) for each promise"""
    known = baseline(run.kernel)
    build = next(iter(known.values()))[0] if known else None
    kept, held, missing = True, True, 0
    print(f"\nLinux {run.head['release']}: instructions, of those of lo\n")
    print("transport       operation     family       lo    ratio  at most  spread"
          "   typical  baseline")
    for limit in limits(run.kernel):
        for family in "IPv4", "IPv6":
            key = limit["transport"], limit["workload"], limit["size"], family
            if key not in run.series:
                sys.exit(f"{run.kernel}: {' '.join(key)} has a limit, but was not measured")
            ratio, notes = run.ratio(key), []
            if ratio > float(limit["at_most"]):
                kept = False
                notes.append("MISSED")
            change = "none"
            if key in known:
                change, slip = slipped(run, key, *known[key])
                if slip:
                    held = False
                    notes.append("SLIPPED")
            else:
                missing += 1
            operation = f"{limit['workload']} {limit['size']}"
            print(f"{limit['transport']:15} {operation:13} {family}"
                  f" {run.base(key).least:10.0f} {ratio:8.4f} {limit['at_most']:>8}"
                  f" {run.spread(key):6.3f}% {run.extra(key):+8}  {change:>8} {' '.join(notes)}"
                  .rstrip())
    print()
    if missing:
        held = False
        print(f"{missing} of these have no baseline, write it: make bench-gate RECORD=1\n")
    elif build != run.build:
        print(f"the baseline is of another build, {build}, so {OTHER} % are tolerated\n")
    return [("each operation stays within its limit", kept),
            ("no operation takes more instructions than its baseline", held)]


def check_planted(planted, run):
    """Check that the planted slowdown is detected"""
    keys = [key for key in planted.series if key[0] != results.BASE]
    seen = []
    for key in keys:
        change, slip = slipped(planted, key, planted.build, run.extra(key))
        print(f"planted {planted.head['planted']}: {' '.join(key)}: {change} instructions"
              f"{' SLIPPED' if slip else ''}")
        seen.append(slip)
    return [(f"a needless {planted.head['planted']} for each packet is detected",
             bool(seen) and all(seen))]


def record(runs):
    """Print "baseline", with the lines of these kernels replaced by these runs"""
    fields = "kernel", "build", "transport", "workload", "size", "family", "extra"
    lines = {}
    for row in rows("baseline", fields):
        lines.setdefault(row["kernel"], []).append([row[name] for name in fields])
    for run in runs:
        lines[run.kernel] = [
            [run.kernel, run.build, *key, f"{run.extra(key):+}"]
            for limit in limits(run.kernel) for family in ("IPv4", "IPv6")
            for key in [(limit["transport"], limit["workload"], limit["size"], family)]]
    print("# Written by \"make bench-gate RECORD=1\": the number of instructions by which\n"
          "# a typical operation exceeds that over lo. See check-limits.py.\n#\n"
          "# " + "  ".join(fields))
    for kernel in sorted(lines, key=lambda name: [int(n) for n in name.split(".")]):
        for line in lines[kernel]:
            print("  ".join(line))


def main():
    paths = sys.argv[1:]
    recording = "--record" in paths
    if recording:
        paths.remove("--record")
    if not paths or paths[0].startswith("-"):
        sys.exit(__doc__.strip())
    all_runs = [Run(path) for path in paths]
    runs = [run for run in all_runs if "planted" not in run.head]
    if recording:
        record(runs)
        return 0
    failed = False
    promises = []
    for run in runs:
        promises += [(f"bench: {run.kernel}: {promise}", kept) for promise, kept in check(run)]
        for planted in all_runs:
            if planted.kernel == run.kernel and "planted" in planted.head:
                promises += [(f"bench: {run.kernel}: {promise}", kept)
                             for promise, kept in check_planted(planted, run)]
    print()
    for promise, kept in promises:
        failed |= not kept
        print(f"TEST: {promise:60}  [{' OK ' if kept else 'FAIL'}]")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

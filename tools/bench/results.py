# SPDX-License-Identifier: GPL-2.0
"""
results - read files of measurements, and compute statistics of repeated measurements

A file has a JSON object on each line, as "compare" and "scaling" print them, or is one document
{"head": ..., "measurements": [...]}. The head describes the environment:

  measure   "instructions" or "time"
  kernel    the VM's kernel, such as "6.12"; missing on a real machine
  release, version, machine, libc, cpu, cpus, virtual, date, lbx, rounds

A measurement has:

  workload  the kind of operation (lbx-bench --help)
  size      bytes that an operation sends
  family    "IPv4", "IPv6" or "unix"
  peer      the transport (see setups.sh)
  round     1, 2, ...: round 1 measures everything before round 2 begins
  flows     number of clients and servers that take turns
  cpus      number of threads, each on its own CPU, that share the flows
  value     cost of an operation: the median of the batches
  unit      "instructions/op" or "ns/op", also for the following
  spread    difference between the batches, in percent of value
  p50, p99, p999   percentiles of single operations: 50, 99 and 99.9 %
  operations       number of operations
"""

import json
from math import comb
from statistics import mean, median

# Measurements with the same values of these belong together
KEY = ("workload", "size", "family", "flows", "cpus", "peer")
BASE = "lo"


def load(path):
    """Return the head and the list of measurements in a file"""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        document = json.loads(text)
        if "measurements" in document:
            return document["head"], document["measurements"]
    except json.JSONDecodeError:
        pass
    head, measurements = {}, []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            item = json.loads(line)
        except json.JSONDecodeError as error:
            raise SystemExit(f"{path}, line {number}: {error}") from error
        if "head" in item:
            head.update(item["head"])
        else:
            measurements.append(item)
    if not measurements:
        raise SystemExit(f"{path}: the file has no measurement")
    return head, measurements


def figure(item):
    """Return the figure of a measurement that is compared.

    For instructions it is the mean, which includes rare events. For time it is the
    median operation, which does not change when another process gets the CPU. For
    several CPUs it is the value of all of them together.
    """
    if item["unit"] == "ns/op" and item.get("cpus") == 1:
        return item["p50"]
    return item["value"]


class Series:
    """A measurement in all rounds"""

    def __init__(self, items):
        items = sorted(items, key=lambda item: item["round"])
        self.items = items
        self.unit = items[0]["unit"]
        self.figures = {item["round"]: figure(item) for item in items}

    @property
    def typical(self):
        """The median operation of the best round: for instructions, an exact number

        About one process in some hundred takes 1 % more from beginning to end.
        """
        return min(item["p50"] for item in self.items)

    @property
    def least(self):
        """The figure of the best round"""
        return min(self.figures.values())

    @property
    def centre(self):
        values = self.figures.values()
        return median(values) if self.unit == "ns/op" else mean(values)

    @property
    def spread(self):
        """The difference between the rounds, or between the batches of a single round,
        in percent"""
        values = self.figures.values()
        if len(values) == 1:
            return self.items[0]["spread"]
        return (max(values) - min(values)) / self.centre * 100


def series(measurements):
    """Return all series by KEY, in the order of their measurement"""
    groups = {}
    for item in measurements:
        groups.setdefault(tuple(item[name] for name in KEY), []).append(item)
    return {key: Series(items) for key, items in groups.items()}


def base_of(key):
    """Return the key of the base of the ratio; for AF_UNIX, that is IPv4"""
    item = dict(zip(KEY, key))
    item["peer"] = BASE
    if item["family"] == "unix":
        item["family"] = "IPv4"
    return tuple(item[name] for name in KEY)


def interval(values, confidence=0.95):
    """Return two of the values that enclose the true median with that confidence

    Uses the order of the values only, so it holds for any distribution. Returns None if
    there are too few values.
    """
    values, n = sorted(values), len(values)
    best = None
    for low in range((n + 1) // 2):
        # The probability that at most low values are below the median, or above it
        outside = 2 * sum(comb(n, i) for i in range(low + 1)) / 2 ** n
        if 1 - outside < confidence:
            break
        best = values[low], values[n - 1 - low]
    return best


class Ratio:
    """The ratio of a transport to lo

    value    the ratio
    spread   difference between the ratios of the rounds, in percent; for instructions,
             the larger spread of the two series
    beyond   true if it differs from 1 by more than the noise: for instructions the
             spread, for time interval(). None if there are too few rounds.
    """

    def __init__(self, peer, base):
        if peer.unit == "ns/op":
            ratios = [peer.figures[n] / base.figures[n]
                      for n in peer.figures if n in base.figures]
            self.value = median(ratios)
            self.spread = (max(ratios) - min(ratios)) / self.value * 100
            bounds = interval(ratios)
            self.beyond = bounds and not bounds[0] <= 1 <= bounds[1]
        else:
            self.value = peer.centre / base.centre
            self.spread = max(peer.spread, base.spread)
            self.beyond = abs(self.value - 1) * 100 > self.spread

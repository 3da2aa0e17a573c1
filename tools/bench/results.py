# SPDX-License-Identifier: GPL-2.0
"""
results - files of measurements, and what is said of several of the same

A file has an object of JSON on each line, as "lab" and "grow" print them, or one
document {"head": ..., "measurements": [...]}. The head is what it ran on:

  measure   "instructions" or "time"
  kernel    the VM's kernel, such as "6.12"; on a real machine there is none
  release, version, machine, libc, cpu, cpus, virtual, date, lbx, rounds

and these are in a measurement:

  workload  what an operation is (lbx-bench --help)
  size      of what it sends, in bytes
  family    "IPv4", "IPv6" or "unix"
  peer      what carried it (see "peers")
  round     1, 2, ...: all were measured in round 1 before any was in round 2
  flows     clients and servers that took turns
  cpus      threads, of a CPU each, that shared the flows
  value     of an operation: the median of batches
  unit      "instructions/op" or "ns/op", also of the following
  spread    by how much the batches differ, in percent of value
  p50, p99, p999   single operations: so much or less in 50, 99 and 99.9 % of them
  operations       how many there were
"""

import json
from math import comb
from statistics import mean, median

# Which measurements are of the same thing
KEY = ("workload", "size", "family", "flows", "cpus", "peer")
BASE = "lo"


def load(path):
    """The head and the list of measurements in a file"""
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
        raise SystemExit(f"{path}: there is no measurement in it")
    return head, measurements


def figure(item):
    """What is compared of a measurement.

    Instructions are the mean of everything, what happens now and then included. Of
    time it is the median operation, which nobody else's turn on that CPU moves; of
    several CPUs it is what they do together.
    """
    if item["unit"] == "ns/op" and item.get("cpus") == 1:
        return item["p50"]
    return item["value"]


class Series:
    """The same in all rounds"""

    def __init__(self, items):
        items = sorted(items, key=lambda item: item["round"])
        self.items = items
        self.unit = items[0]["unit"]
        self.figures = {item["round"]: figure(item) for item in items}

    @property
    def typical(self):
        """The median operation of the best round: of instructions, an exact number

        Once in some hundred times a process takes 1 % more from beginning to end.
        """
        return min(item["p50"] for item in self.items)

    @property
    def least(self):
        """The best round"""
        return min(self.figures.values())

    @property
    def centre(self):
        values = self.figures.values()
        return median(values) if self.unit == "ns/op" else mean(values)

    @property
    def spread(self):
        """From the least to the largest of the rounds, or of the batches of a single
        one, in percent"""
        values = self.figures.values()
        if len(values) == 1:
            return self.items[0]["spread"]
        return (max(values) - min(values)) / self.centre * 100


def series(measurements):
    """All series, by KEY, in the order in which they were measured"""
    groups = {}
    for item in measurements:
        groups.setdefault(tuple(item[name] for name in KEY), []).append(item)
    return {key: Series(items) for key, items in groups.items()}


def base_of(key):
    """The key of what this is compared with; what has no family, with IPv4"""
    item = dict(zip(KEY, key))
    item["peer"] = BASE
    if item["family"] == "unix":
        item["family"] = "IPv4"
    return tuple(item[name] for name in KEY)


def interval(values, confidence=0.95):
    """Two of the values that the true median is between, with that confidence

    By order alone, whatever the distribution; None if they are too few for it.
    """
    values, n = sorted(values), len(values)
    best = None
    for low in range((n + 1) // 2):
        # The chance that more than low of n lie on one and the same side
        outside = 2 * sum(comb(n, i) for i in range(low + 1)) / 2 ** n
        if 1 - outside < confidence:
            break
        best = values[low], values[n - 1 - low]
    return best


class Ratio:
    """A peer by lo

    value    the ratio
    spread   of the ratios of the rounds, or for instructions the larger of both, in
             percent
    beyond   whether it differs from 1 by more than that: for time by interval(), and
             None if there are too few rounds to tell
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

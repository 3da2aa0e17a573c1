#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
report.py [-o DIR] FILE... - print measurements as tables in Markdown, and plot them

FILE is the output of "compare", "scaling" or "apps". NAME.jsonl, NAME.full.jsonl,
NAME.scaling.jsonl and so on become one report, NAME. With -o, writes to DIR: NAME.json,
a document with all measurements; NAME.md; and NAME-PLOT.svg, which needs gnuplot. Prints
the tables on stdout in any case.
"""

import getopt
import json
import os
import shutil
import subprocess
import sys

import results

KINDS = {
    "udp": "UDP send and receive", "udp-rr": "UDP request and response",
    "tcp-rr": "TCP request and response", "tcp": "TCP stream",
    "tcp-zc": "TCP stream, MSG_ZEROCOPY", "tcp-crr": "TCP connect, accept, close",
}
AXES = {
    "flows": "flows", "cpus": "CPUs", "devices": "lbx devices", "claims": "claims",
    "netns": "network namespaces",
}


def metric_of(item):
    """Return the quantity that a curve shows"""
    return item.get("metric") or f"{item['workload']}-{item['size']}"


def line_of(item):
    """Return the line of a curve to which a measurement belongs"""
    return item.get("line") or item["peer"]


def bytes_text(size):
    """Format a size with a unit: 64, 16 KiB"""
    for unit, name in (1 << 20, " MiB"), (1 << 10, " KiB"):
        if size >= unit and size % unit == 0:
            return f"{size // unit}{name}"
    return str(size)


def table(head, body):
    """Return a Markdown table with columns of minimal width"""
    rows = [head] + body
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) if i < 1 else cell.rjust(width)
                               for i, (cell, width) in enumerate(zip(row, widths))) + " |"
             for row in rows]
    rule = "|" + "|".join("-" * (width + 1) + ("-" if i < 1 else ":")
                          for i, width in enumerate(widths)) + "|"
    return "\n".join([lines[0], rule] + lines[1:]) + "\n"


def worst(spreads):
    """Return lbx's spread, and the largest one with its transport, from (spread, peer)"""
    if not spreads:
        return ""
    text = "".join(f"{spread:.2f} %, " for spread, peer in spreads if peer == "lbx")
    return text + "{:.2f} % ({})".format(*max(spreads))


def unique(items):
    return list(dict.fromkeys(items))


def rounded(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


class Report:
    """The report NAME"""

    def __init__(self, name, paths):
        self.name, self.head, self.measurements = name, {}, []
        for path in paths:
            head, measurements = results.load(path)
            # For keys in several heads, the first head counts
            self.head = {**head, **self.head}
            self.measurements += measurements
        self.plots = []
        plain = [item for item in self.measurements
                 if "curve" not in item and "app" not in item]
        self.series = results.series(plain)
        self.unit = plain[0]["unit"] if plain else None

    def title(self):
        head = self.head
        where = "in QEMU" if head.get("qemu") else "on a real machine"
        if head.get("virtual") and not head.get("qemu"):
            where = "in a virtual machine"
        text = f"## Linux {head.get('release', '?')}\n\n"
        text += f"lbx {head.get('lbx', '?')}, {where}"
        if head.get("qemu"):
            text += f" {head['qemu']}"
        text += f", {head.get('cpu', '?')}, {head.get('date', '?')}.\n"
        return text

    def cell(self, key):
        """The ratio of a transport, with "~" if it is noise, "?" if that is unknown"""
        base = results.base_of(key)
        if key not in self.series or base not in self.series:
            return "", 0
        ratio = results.Ratio(self.series[key], self.series[base])
        mark = {True: "", False: " ~", None: " ?"}[ratio.beyond]
        return f"{ratio.value:.3f}{mark}", ratio.spread

    def ratios(self):
        """The table of all transports, relative to lo"""
        if not self.series:
            return ""
        keys = [dict(zip(results.KEY, key)) for key in self.series]
        peers = [peer for peer in unique(key["peer"] for key in keys)
                 if peer != results.BASE]
        rows = []
        for item in keys:
            if item["peer"] != results.BASE:
                continue
            spreads, cells = [], []
            for peer in peers:
                key = {**item, "peer": peer}
                if peer == "unix":
                    key["family"] = "unix" if item["family"] == "IPv4" else ""
                text, spread = self.cell(tuple(key[name] for name in results.KEY))
                cells.append(text)
                spreads.append((spread, peer))
            base = self.series[tuple(item[name] for name in results.KEY)]
            rows.append([f"{item['workload']} {bytes_text(item['size'])}", item["family"],
                         rounded(base.centre)] + cells + [worst(spreads)])
        what = "instructions" if self.unit == "instructions/op" else "nanoseconds"
        text = (f"An operation over lo in {what}, and over other transports as a ratio to\n"
                "lo; the spread of lbx, and the largest spread:\n\n"
                + table(["operation", "family", "lo"] + peers + ["spread"], rows))
        if self.unit == "ns/op":
            text += ("\n~: within noise, ?: too few rounds (95 %, by the order of"
                     " the ratios of the rounds).\n")
        self.plot_ratios(keys, peers)
        return text

    def latencies(self):
        """For time: the percentiles 50, 99 and 99.9 of single operations"""
        if self.unit != "ns/op":
            return ""
        keys = [dict(zip(results.KEY, key)) for key in self.series]
        peers = unique(key["peer"] for key in keys)
        rows = []
        for operation in unique((key["workload"], key["size"], key["family"]) for key in keys):
            cells = []
            for peer in peers:
                found = [series for key, series in self.series.items()
                         if key[:3] == operation and key[5] == peer]
                cells.append(" / ".join(
                    f"{results.median(item[p] for item in found[0].items) / 1000:.1f}"
                    for p in ("p50", "p99", "p999")) if found else "")
            rows.append([f"{operation[0]} {bytes_text(operation[1])}", operation[2]] + cells)
        return ("Single operations in microseconds, p50 / p99 / p99.9 (the medians of the"
                " rounds):\n\n" + table(["operation", "family"] + peers, rows))

    def curves(self):
        """The cost of an operation as something grows"""
        items = [item for item in self.measurements if "curve" in item]
        text = ""
        for curve in unique(item["curve"] for item in items):
            these = [item for item in items if item["curve"] == curve]
            for metric in unique(metric_of(item) for item in these):
                text += self.curve(curve, metric, [
                    item for item in these if metric_of(item) == metric])
        return text

    def curve(self, curve, metric, items):
        unit = items[0]["unit"]
        lines = unique(line_of(item) for item in items)
        points = unique(item["x"] for item in items)
        values = {}
        for item in items:
            values.setdefault((item["x"], line_of(item)), []).append(results.figure(item))
        rows = [[f"{x:,}"] + [rounded(results.median(values[x, line]))
                            if (x, line) in values else "" for line in lines]
                for x in points]
        what = items[0].get("metric") or f"{items[0]['workload']} {items[0]['size']}"
        family = items[0].get("family")
        what += f", {family}" if family else ""
        self.plots.append((f"{curve}-{metric}".replace(" ", "-"), CURVE.format(
            title=f"{what}, by the number of {AXES.get(curve, curve)}",
            x=AXES.get(curve, curve), y=unit,
            log="set logscale x" if max(points) > 30 else "",
            data=data_block([[max(x, 0.5) if max(points) > 30 else x] + [results.median(values[x, line]) if (x, line) in values
                                    else "?" for line in lines] for x in points]),
            plots=", ".join(f"$data using 1:{i} with linespoints title \"{quote(line)}\""
                            for i, line in enumerate(lines, 2)))))
        return (f"\nBy the number of {AXES.get(curve, curve)}: {what}, {unit}:\n\n"
                + table([AXES.get(curve, curve)] + lines, rows))

    def apps(self):
        """The results of known applications; a ratio is taken within a round"""
        items = [item for item in self.measurements if "app" in item]
        rows = []
        for app, unit in unique((item["app"], item["unit"]) for item in items):
            values = {}
            for item in items:
                if item["app"] == app and item["unit"] == unit:
                    values.setdefault(item["peer"], {})[item["round"]] = item["value"]
            base = values.get(results.BASE, {})
            for peer, rounds in values.items():
                ratios = [rounds[n] / base[n] for n in rounds if base.get(n)]
                bounds = results.interval(ratios) if ratios else None
                mark = "?" if not bounds else "no" if bounds[0] <= 1 <= bounds[1] else "yes"
                rows.append([app, peer, unit, rounded(results.median(rounds.values())),
                             f"{results.median(ratios):.3f}" if ratios else "",
                             f"{min(ratios):.3f} to {max(ratios):.3f}" if ratios else "",
                             "" if peer == results.BASE else mark])
        if not rows:
            return ""
        return ("\nApplications, by their own reports; the ratio to lo is the median of"
                " the rounds:\n\n"
                + table(["application", "transport", "unit", "median", "by lo", "rounds",
                         "beyond noise"], rows))

    def plot_ratios(self, keys, peers):
        for family in unique(key["family"] for key in keys if key["family"] != "unix"):
            rows = []
            for item in keys:
                if item["peer"] != results.BASE or item["family"] != family:
                    continue
                row = [f'"{item["workload"]} {bytes_text(item["size"])}"']
                for peer in peers:
                    key = {**item, "peer": peer}
                    if peer == "unix":
                        key["family"] = "unix"
                    row.append(self.cell(tuple(key[name] for name in results.KEY))[0]
                               .split(" ")[0] or "?")
                rows.append(row)
            ratios = [float(cell) for row in rows for cell in row[1:] if cell != "?"]
            self.plots.append((family, BARS.format(
                least=min([0.5] + ratios) * 0.9, most=max([2] + ratios) * 1.1,
                title=f"{self.unit} by that of lo, {family}, Linux {self.head.get('release')}",
                data=data_block(rows), last=max(1, len(rows)) - 0.5,
                plots=", ".join(f"$data using {i}:xtic(1) title \"{quote(peer)}\""
                                for i, peer in enumerate(peers, 2)))))

    def text(self):
        parts = [self.title(), self.ratios(), self.latencies(), self.curves(),
                 self.apps()]
        return "\n".join(part for part in parts if part)

    def write(self, directory, text):
        path = os.path.join(directory, self.name)
        with open(path + ".json", "w", encoding="utf-8") as file:
            json.dump({"head": self.head, "measurements": self.measurements}, file, indent=1)
            file.write("\n")
        with open(path + ".md", "w", encoding="utf-8") as file:
            file.write(text)
        if not shutil.which("gnuplot"):
            print("report.py: no plots: cannot find gnuplot, try: apt-get install gnuplot-nox",
                  file=sys.stderr)
            return
        for name, script in self.plots:
            output = f"set output \"{quote(path)}-{name}.svg\"\n"
            subprocess.run(["gnuplot"], input=TERMINAL + output + script, text=True, check=True)


TERMINAL = """set terminal svg size 960,420 dynamic font "sans-serif,12" background "white"
set key outside right
set linetype cycle 14
set linetype 9 linecolor "#8c564b"
set linetype 10 linecolor "#7f7f7f"
set linetype 11 linecolor "#bcbd22"
set linetype 12 linecolor "#17becf"
set linetype 13 linecolor "#ff9896"
set linetype 14 linecolor "#98df8a"
set grid ytics linecolor "#cccccc"
"""
BARS = """set title "{title}" noenhanced
set style data histograms
set style histogram clustered gap 2
set style fill solid 0.8 noborder
set logscale y 2
set yrange [{least}:{most}]
set xtics rotate by -30 noenhanced
set arrow 1 from -0.5,1 to {last},1 nohead front
$data << END
{data}
END
set datafile missing "?"
plot {plots}
"""
CURVE = """set title "{title}" noenhanced
set xlabel "{x}"
set ylabel "{y}" noenhanced
set yrange [0:*]
{log}
$data << END
{data}
END
set datafile missing "?"
plot {plots}
"""


def quote(text):
    return text.replace("\\", "\\\\").replace('"', '\\"')


def data_block(rows):
    return "\n".join(" ".join(str(cell) for cell in row) for row in rows)


def main():
    try:
        options, paths = getopt.getopt(sys.argv[1:], "o:", ["help"])
    except getopt.GetoptError as error:
        sys.exit(f"report.py: {error} (see --help)")
    if ("--help", "") in options:
        print(__doc__.strip())
        return
    if not paths:
        sys.exit("report.py: a file is required (see --help)")
    names = {}
    for path in paths:
        name = os.path.basename(path)
        for end in ".jsonl", ".json", ".full", ".scaling", ".apps":
            name = name[:-len(end)] if name.endswith(end) else name
        names.setdefault(name, []).append(path)
    for name, files in names.items():
        report = Report(name, files)
        text = report.text()
        print(text)
        for _, directory in options:
            report.write(directory, text)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-2.0
"""
Unit tests of the statistics of measurements, of check-limits.py and of perf-report.py

Run by "make -C tools/bench check", in tools/bench.
"""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import pathlib
import sys
import tempfile
import types
import unittest
from unittest import mock

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
sys.dont_write_bytecode = True

import results  # noqa: E402


def program(name):
    """Return a script of tools/bench as a module"""
    path = os.path.join(os.path.dirname(HERE), name)
    loader = importlib.machinery.SourceFileLoader(name, path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def item(peer, value, **more):
    return {"workload": "udp", "size": 64, "family": "IPv4", "flows": 1, "cpus": 1,
            "peer": peer, "round": 1, "unit": "instructions/op", "value": value,
            "spread": 0.1, "p50": int(value), **more}


def ratio(base, peer, unit="ns/op"):
    def series(name, values):
        return results.Series([item(name, value, round=n, unit=unit)
                               for n, value in enumerate(values)])
    return results.Ratio(series("lbx", peer), series("lo", base))


class Statistics(unittest.TestCase):
    def test_interval_is_by_order(self):
        self.assertIsNone(results.interval([1, 2, 3, 4, 5]))
        self.assertEqual(results.interval([6, 1, 2, 3, 4, 5]), (1, 6))
        self.assertEqual(results.interval(range(1, 10)), (2, 8))
        self.assertEqual(results.interval(range(100)), (39, 60))

    def test_time_is_compared_within_a_round(self):
        # The machine slows down from round to round, and lbx is faster in each
        slower = [100 * 2 ** n for n in range(9)]
        found = ratio(slower, [value * 0.9 for value in slower])
        self.assertAlmostEqual(found.value, 0.9)
        self.assertTrue(found.beyond)

    def test_noise_is_recognised(self):
        base = [100] * 9
        self.assertFalse(ratio(base, [99, 101, 98, 102, 97, 103, 99, 101, 100]).beyond)
        self.assertTrue(ratio(base, [103] + [97] * 8).beyond)
        self.assertIsNone(ratio([100] * 3, [90] * 3).beyond)

    def test_instructions_are_a_mean(self):
        found = ratio([1000, 1002], [900, 902], "instructions/op")
        self.assertAlmostEqual(found.value, 901 / 1001)
        self.assertAlmostEqual(found.spread, 2 / 901 * 100)
        self.assertTrue(found.beyond)
        self.assertFalse(ratio([1000, 1010], [1001, 1005], "instructions/op").beyond)

    def test_several_cpus_count_by_their_common_value(self):
        self.assertEqual(results.figure(item("lo", 50.5, unit="ns/op", p50=99)), 99)
        self.assertEqual(results.figure(item("lo", 50.5, unit="ns/op", p50=99, cpus=2)), 50.5)


class Files(unittest.TestCase):
    def load(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            file.write(text)
            file.flush()
            return results.load(file.name)

    def test_lines_and_documents_are_the_same(self):
        lines = json.dumps({"head": {"release": "1"}}) + "\n" + json.dumps(item("lo", 1))
        document = json.dumps({"head": {"release": "1"}, "measurements": [item("lo", 1)]})
        self.assertEqual(self.load(lines), self.load(document))

    def test_invalid_json_is_refused_with_its_line(self):
        with self.assertRaisesRegex(SystemExit, "line 2"):
            self.load(json.dumps(item("lo", 1)) + "\nnothing\n")
        with self.assertRaisesRegex(SystemExit, "no measurement"):
            self.load("")


class CheckLimits(unittest.TestCase):
    def setUp(self):
        self.check_limits = program("check-limits.py")
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.check_limits.HERE = self.directory = directory.name
        self.write("limits", "6.1 lbx udp 64 0.901  # a promise\n")
        self.write("baseline", "".join(
            f"6.1 build lbx udp 64 {family} -1000\n" for family in ("IPv4", "IPv6")))

    def write(self, name, text):
        with open(os.path.join(self.directory, name), "w", encoding="utf-8") as file:
            file.write(text)

    def run_check(self, lbx, build="build", planted=None):
        """Return whether each promise is kept, if lo takes 10,000 instructions"""
        paths = []
        for name, extra, head in (("run", lbx, {}), ("planted", planted, {"planted": "atomic"})):
            if extra is None:
                continue
            self.write(name, "\n".join(json.dumps(line) for line in [
                {"head": {"kernel": "6.1", "release": "6.1.0", "build": build, **head}}] + [
                item(peer, value, family=family) for family in ("IPv4", "IPv6")
                for peer, value in (("lo", 10000), ("lbx", 10000 + extra))]))
            paths.append(os.path.join(self.directory, name))
        with contextlib.redirect_stdout(io.StringIO()) as out:
            sys.argv = ["check-limits.py", *paths]
            status = self.check_limits.main()
        kept = ["OK" in line for line in out.getvalue().splitlines()
                if line.startswith("TEST: ")]
        self.assertEqual(status, 0 if all(kept) else 1)
        return kept

    def test_within_the_limits_passes(self):
        self.assertEqual(self.run_check(-1000), [True, True])
        self.assertEqual(self.run_check(-1200), [True, True])

    def test_an_exceeded_limit_fails(self):
        self.assertEqual(self.run_check(-990, "other build"), [True, True])
        self.assertEqual(self.run_check(-989, "other build"), [False, True])

    def test_two_instructions_are_detected_on_the_same_build(self):
        self.assertEqual(self.run_check(-998), [True, False])
        self.assertEqual(self.run_check(-998, "other build"), [True, True])
        self.assertEqual(self.run_check(-975, "other build"), [False, False])

    def test_a_planted_slowdown_has_to_be_detected(self):
        self.assertEqual(self.run_check(-1000, planted=-980), [True, True, True])
        self.assertEqual(self.run_check(-1000, planted=-1000), [True, True, False])

    def test_the_best_round_counts(self):
        series = results.Series([item("lo", 105, round=1), item("lo", 100, round=2)])
        self.assertEqual((series.typical, series.least), (100, 100))

    def test_an_operation_without_baseline_fails(self):
        self.write("baseline", "")
        self.assertEqual(self.run_check(-1000), [True, False])

    def test_a_limit_that_was_not_measured_is_refused(self):
        self.write("limits", "6.1 lbx tcp 64 0.9\n")
        with self.assertRaisesRegex(SystemExit, "was not measured"):
            self.run_check(-1000)
        self.write("limits", "6.1 lbx udp 64\n")
        with self.assertRaisesRegex(SystemExit, "limits, line 1: must have kernel transport"):
            self.run_check(-1000)


class PerfReport(unittest.TestCase):
    def tables(self, lo, lbx):
        """Return the output for these samples, if an operation takes 1000 and 800"""
        with tempfile.TemporaryDirectory() as directory:
            with open(os.path.join(directory, "samples"), "w", encoding="utf-8") as file:
                file.write("udp:64\tIPv4\tlo\t1000\tlo.data\n"
                           "udp:64\tIPv4\tlbx\t800\tlbx.data\n")
            outputs = {pathlib.Path(directory, name):
                       "".join(f"ffff {word}\n\n" for word in words)
                       for name, words in (("lo.data", lo), ("lbx.data", lbx))}
            perf_report = program("perf-report.py")
            with mock.patch.object(perf_report.subprocess, "run", lambda command, **_:
                                   types.SimpleNamespace(stdout=outputs[command[3]])), \
                    mock.patch.object(sys, "argv", ["perf-report.py", directory]), \
                    contextlib.redirect_stdout(io.StringIO()) as out:
                perf_report.main()
        return out.getvalue()

    def test_instructions_are_distributed_over_operations_only(self):
        out = self.tables(["exec", "dither", "a", "b", "dither", "dither", "a", "a",
                           "dither", "exit"], ["dither", "a", "c", "dither"])
        self.assertIn("| `a` | 750 | 400 | -350 |\n| `b` | 250 | 0 | -250 |\n"
                      "| `c` | 0 | 400 | +400 |\n| all others | 0 | 0 | +0 |", out)

    def test_samples_without_an_operation_are_refused(self):
        with self.assertRaisesRegex(SystemExit, "lbx.data: the file has no operation"):
            self.tables(["dither", "a", "dither"], ["exec", "exit"])


if __name__ == "__main__":
    unittest.main()

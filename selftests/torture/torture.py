#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""torture.py SEED SECONDS DIRECTORY - do everything that can be done to lbx devices

torture.sh calls this program, in a netns that has eth0 (192.0.2.5, 2001:db8:1::5), a
dummy "sink", and 198.51.100.5 and .6 on lo. PEER is the netns behind eth0. The devices
are t0 to t3, or r0 to r3 while they are renamed, with the addresses 198.18.N.1 and
2001:db8:9:N::1. The run takes SECONDS.

Actors, each a process, do one operation after the other. Most operations are lines for
an "ip" or a "tc" that runs as long as the actor does. An actor draws its operations
from a generator of its own, which depends only on SEED and its name: a seed gives the
same operations again, but not at the same times. DIRECTORY/ACTOR.log has all of them
in their order, with their results. DIRECTORY may be shared with a host, so that its
files remain if this kernel crashes. Meanwhile "traffic" checks what arrives.

Ten minutes are a full run. It goes on until each kind of operation has succeeded and
enough bytes of each flow have been checked, but not for more than twice the time.

The program prints what has been done. It writes DIRECTORY/result.json: "failures",
sentences; "operations", for each kind how often it was done and refused, and the last
reason; "flows", the counts of traffic; "packets"; "not_tested", kinds and reasons.

torture_plan.py has the operations, torture_tools.py their implementation.
"""

import fcntl
import itertools
import json
import mmap
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import time

import torture_tools as tools
from torture_plan import ACTORS, FLOWS, UNDO, add_device
from torture_tools import (
    CPUS, DEVICES, HANG, LOCK, SLOW, Batch, Failed, Nft, Probe, Refused, bpf_setup, enter_net,
    fill_in, libc)

# A run of so many seconds is full: all operations have to be done, and so many bytes
# checked
FULL = 600
LEAST = {"tcp": 500_000, "sctp": 100_000, "udp": 200_000, "ping": 100_000, "mcast": 20_000}


def kinds(names):
    """Return all kinds of operations of these actors. A generator soon repeats
    itself."""
    return sorted({kind for name in names
                   for kind, *_ in itertools.islice(ACTORS[name](random.Random(0)), 3000)})


class Board:
    """Memory that all processes share: the kinds of operations that have been done, and
    the present operation of each actor with its start time"""
    SLOT = 512

    def __init__(self, actors):
        self.kinds = {kind: at for at, kind in enumerate(kinds(actors))}
        self.actors = {name: at for at, name in enumerate(actors)}
        size = len(actors) * self.SLOT
        memory = mmap.mmap(-1, size + len(self.kinds))
        self.texts, self.succeeded = memoryview(memory)[:size], memoryview(memory)[size:]
        # A double is written atomically, so that no reader sees a half of it
        self.since = memoryview(mmap.mmap(-1, 8 * len(actors))).cast("d")
        for name in actors:
            self.set(name, "")

    def set(self, name, text):
        at, text = self.actors[name] * self.SLOT, text.encode()[:self.SLOT - 2]
        struct.pack_into(f"=H{len(text)}s", self.texts, at, len(text), text)
        self.touch(name)

    def touch(self, name):
        self.since[self.actors[name]] = time.monotonic()

    def get(self, name):
        at = self.actors[name] * self.SLOT
        length, = struct.unpack_from("=H", self.texts, at)
        text = bytes(self.texts[at + 2:at + 2 + length]).decode(errors="replace")
        return time.monotonic() - self.since[self.actors[name]], text

    def done(self, kind):
        self.succeeded[self.kinds[kind]] = 1

    def missing(self):
        return [kind for kind, at in self.kinds.items() if not self.succeeded[at]]


class Actor:
    def __init__(self, name, seed, board, directory):
        self.name, self.board, self.directory = name, board, directory
        self.stop, self.tools, self.born = False, {}, time.monotonic()
        self.operations, self.counts = {}, {"capture": 0, "inject": 0}
        self.rng = random.Random(f"{seed} {name}")
        # If all wait for RTNL, the actors that restore devices would come too late
        self.pace = 3 if SLOW and name not in ("devices", "changes", "queues") else 1
        # pauses do not affect which operations are done
        self.pauses = random.Random(f"{seed} {name} pauses")
        self.pid = os.fork()
        if not self.pid:
            os._exit(self.run())

    def tool(self, name):
        if name not in self.tools:
            self.tools[name] = {
                "ip": lambda: Batch("ip", "-s", "-d").run, "ip6": lambda: Batch("ip", "-6").run,
                "tc": lambda: Batch("tc", "-s").run,
                "nft": lambda: Nft().run, "probe": lambda: Probe().run,
            }.get(name, lambda: getattr(tools, name))()
        return self.tools[name]

    def pause(self, ms):
        """Sleep without polling, which would cost an emulated CPU most of its time."""
        if not self.stop and signal.sigtimedwait([signal.SIGTERM], ms / 1000):
            self.stop = True

    def run(self):
        tools.progress = lambda: self.board.touch(self.name)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        status, lock = 0, open(LOCK)
        if self.name == "remotes":
            enter_net(os.environ["PEER"])
        with open(f"{self.directory}/{self.name}.log", "wb", buffering=0) as log:
            for kind, tool, text, pause in ACTORS[self.name](self.rng):
                self.pause(self.pauses.randrange(pause + 1) * self.pace)
                if self.stop and kind not in UNDO:
                    break
                self.board.set(self.name, f"{kind}: {text}")
                done = self.operations.setdefault(kind, {"done": 0, "refused": 0, "reason": ""})
                try:
                    if text == "unload":
                        fcntl.flock(lock, fcntl.LOCK_EX)
                    start = time.monotonic()
                    log.write(f"{start - self.born:.3f} {kind} | {tool} {text}".encode())
                    number = self.tool(tool)(fill_in(text) if tool != "probe" else text)
                    done["done"] += 1
                    self.board.done(kind)
                    if tool in ("capture", "inject"):
                        self.counts[tool] += number or 0
                    log.write(f" | done in {time.monotonic() - start:.3f}\n".encode())
                except (Refused, OSError) as error:
                    done["refused"] += 1
                    done["reason"] = str(error)[:200]
                    log.write(f" | {error} in {time.monotonic() - start:.3f}\n".encode())
                except Failed as error:
                    log.write(f" | FAILED {error}\n".encode())
                    self.board.set(self.name, str(error))
                    status = 1
                    break
                finally:
                    if text.startswith("load"):
                        fcntl.flock(lock, fcntl.LOCK_UN)
        with open(f"{self.directory}/{self.name}.json", "w") as file:
            json.dump({"operations": self.operations, "counts": self.counts}, file)
        return status


class Flow:
    def __init__(self, n, seed):
        self.kind, self.where = FLOWS[n]
        self.name = f"{self.kind} {self.where}"
        self.process = subprocess.Popen(
            ["nice", "-n", "19", "traffic", self.kind, self.where, str(5000 + 10 * n),
             str(seed + n)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.pid = self.process.pid
        os.set_blocking(self.process.stdout.fileno(), False)
        self.text, self.line = b"", ""
        self.heard = time.monotonic()

    def read(self):
        self.text += self.process.stdout.read() or b""
        *lines, self.text = self.text.split(b"\n")
        if lines:
            self.line, self.heard = lines[-1].decode(), time.monotonic()

    def values(self):
        pairs = [pair.split("=") for pair in self.line.split()]
        return {name: int(value) for name, value in pairs
                if name not in ("sender", "receiver", "silent")}

    def silent(self):
        """Yield (PID, seconds) of each process that has been silent for too long."""
        if time.monotonic() - self.heard > HANG:
            yield self.pid, time.monotonic() - self.heard
        for pid, seconds in re.findall(r"=(\d+) silent=(\d+)", self.line):
            if int(seconds) > HANG:
                yield int(pid), int(seconds)


def stacks(pid):
    """Return the kernel stacks of PID and its children."""
    found, pids = [], [pid]
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            pids += map(int, file.read().split())
    except OSError:
        pass
    for one in pids:
        try:
            with open(f"/proc/{one}/comm") as comm, open(f"/proc/{one}/stack") as stack:
                found.append(f"{comm.read().strip()}: " + " < ".join(
                    line.split()[-1].split("+")[0] for line in stack))
        except OSError as error:
            found.append(str(error))
    return "; ".join(found)


class Torture:
    def __init__(self, seed, seconds, directory):
        self.seed, self.seconds, self.directory = seed, seconds, directory
        self.failures, self.not_tested, self.hanging = [], {}, set()

    def fail(self, text):
        if text not in self.failures:
            print(f"FAILED: {text}", flush=True)
            self.failures.append(text)

    def hangs(self, name, pid, seconds, at):
        if pid in self.hanging:
            return
        self.hanging.add(pid)
        self.fail(f"{name} has hung for {seconds:.0f} s{at}: {stacks(pid)}")
        with open("/proc/sysrq-trigger", "w") as file:
            file.write("w")

    def received(self):
        """Return the number of IP packets received in this netns."""
        with open("/proc/net/snmp") as file:
            names, values = [line.split() for line in file if line.startswith("Ip:")]
        packets = int(dict(zip(names, values))["InReceives"])
        with open("/proc/net/snmp6") as file:
            return packets + int(next(line.split()[1] for line in file if "Ip6InReceives" in line))

    def add_devices(self):
        rng, ip = random.Random(self.seed), Batch("ip")
        for n in range(DEVICES):
            for _, _, text, _ in add_device(rng, n, 0):
                try:
                    ip.run(fill_in(text))
                except Refused:  # the second of two claims of one target
                    pass

    def start(self):
        names = dict(ACTORS)
        if not os.path.exists("/sys/devices/system/cpu/cpu1/online"):
            names.pop("cpus")
            self.not_tested["cpu offline"] = self.not_tested["cpu online"] = \
                "a kernel without CONFIG_HOTPLUG_CPU" if CPUS > 1 else "one CPU"
        elif os.environ.get("NO_HOTPLUG"):
            names.pop("cpus")
            self.not_tested["cpu offline"] = self.not_tested["cpu online"] = \
                os.environ["NO_HOTPLUG"]
        flows = list(range(len(FLOWS)))
        try:
            socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132).close()
        except OSError:
            self.not_tested["sctp"] = "a kernel without SCTP"
            flows = [n for n in flows if FLOWS[n][0] != "sctp"]
        self.add_devices()
        self.board = Board(list(names))
        self.actors = [Actor(name, self.seed, self.board, self.directory) for name in names]
        self.flows = [Flow(n, self.seed) for n in flows]

    def is_complete(self):
        """Return true if a full run has done everything. On a slow machine that takes
        longer."""
        return self.seconds < FULL or \
            not self.board.missing() and \
            all(flow.values().get("bytes", 0) >= LEAST[flow.kind] for flow in self.flows)

    def reap(self, left):
        for pid, one in list(left.items()):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                del left[pid]
                yield one, os.waitstatus_to_exitcode(status)

    def run(self):
        open(LOCK, "w").close()
        bpf_setup()
        before = self.received()
        self.start()
        start = time.monotonic()
        left = {one.pid: one for one in self.actors + self.flows}
        stopping = None
        reported = 0
        while left:
            time.sleep(1)
            now = time.monotonic()
            for flow in self.flows:
                flow.read()
            for one, status in self.reap(left):
                if isinstance(one, Actor):
                    reason = self.board.get(one.name)[1]
                else:
                    reason = one.process.stderr.read().decode().strip()
                    one.read()
                    # stopped before it had started
                    if stopping and status == -signal.SIGTERM and not one.line:
                        continue
                if status or not stopping:
                    self.fail(f"{one.name} has ended with status {status}: {reason}")
            for one in left.values():
                if isinstance(one, Flow):
                    for pid, seconds in one.silent():
                        self.hangs(one.name, pid, seconds, "")
                else:
                    seconds, text = self.board.get(one.name)
                    if seconds > HANG:
                        self.hangs(one.name, one.pid, seconds, f" in '{text}'")
            over = now - start - self.seconds
            if not stopping and (self.failures or over > 0 and
                                 (self.is_complete() or over > self.seconds)):
                stopping = now
                for one in left.values():
                    os.kill(one.pid, signal.SIGTERM)
            if stopping and now - stopping > 2 * HANG:
                for pid, one in left.items():
                    self.fail(f"{one.name} does not end: {stacks(pid)}")
                    os.kill(pid, signal.SIGKILL)
                break
            if now - start > reported + 60:
                reported += 60
                print(f"{reported} s: " + ", ".join(
                    f"{flow.name} {flow.values().get('bytes', 0) >> 10} KiB"
                    for flow in self.flows), flush=True)
        self.report(time.monotonic() - start, self.received() - before)

    def report(self, seconds, packets):
        operations = {kind: {"done": 0, "refused": 0, "reason": "never tried"}
                      for kind in self.board.kinds}
        counts = {}
        for actor in self.actors:
            try:
                with open(f"{self.directory}/{actor.name}.json") as file:
                    done = json.load(file)
            except OSError:
                continue
            for kind, of in done["operations"].items():
                to = operations[kind]
                to["done"] += of["done"]
                to["refused"] += of["refused"]
                to["reason"] = of["reason"] or to["reason"]
            for name, n in done["counts"].items():
                counts[name] = counts.get(name, 0) + n
        flows = {flow.name: {"least": LEAST[flow.kind], **flow.values()} for flow in self.flows}
        for kind, of in sorted(operations.items()):
            print(f"{kind:28} {of['done']:6} done {of['refused']:6} refused"
                  + (f"  ({of['reason']})" if not of["done"] else ""))
        for name, of in flows.items():
            print(f"{name}: " + ", ".join(f"{n} {v}" for n, v in of.items()))
        with open(f"{self.directory}/result.json", "w") as file:
            json.dump({"failures": self.failures, "operations": operations, "flows": flows,
                       "counts": counts, "packets": packets, "seconds": int(seconds),
                       "not_tested": self.not_tested}, file, indent=1)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    torture = Torture(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3])
    torture.run()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
faults_program.py command FIRST ROOT COMMAND ARG... [-- UNDO ARG...]
faults_program.py find FIRST ROOT COMMAND ARG... [-- UNDO ARG...]
faults_program.py watch FIRST ROOT TEXT COMMAND ARG... [-- CHANGE ARG...]
faults_program.py before ROOT COMMAND ARG...

Let each allocation of a program fail in turn, as faults.py does with those of one
operation.

"command" runs COMMAND, including its start. Its status has to be 0, or it has to be
another one after a message on stderr, and then 0 without a fault. Its allocation FIRST
(1, ...) is the first that fails. UNDO restores the previous state. "find" runs a
COMMAND that also has another status when it has printed on stdout what it has found.
"watch" runs a COMMAND that would not end: it has to show TEXT on a terminal, and is
ended then, or to end by itself after a message. CHANGE runs when the COMMAND has
printed on stderr that it is "watching". "before" prints the FIRST for commands that
have the same allocations as COMMAND, and then their own. ROOT is the directory that is
the root of COMMAND, with /proc, /sys and /run. The reason is that a file system (9p)
that had no memory to find a file may report it as lost, and then does so for all
processes.

Run it as root. The program prints how many allocations have failed, and how many of
these were noticed. The status is 0 if everything was as expected.
"""
import ctypes
import os
import pty
import select
import signal
import sys

from faults import LIMIT, Wrong, libc, run, write

CLONE_NEWNS = 0x20000
ADDR_NO_RANDOMIZE = 0x40000
# The number of allocations of a program varies between runs by less than this
MARGIN = 20


class Command:
    """A program, including its start. What it prints or changes is its own
    operation."""
    def __init__(self, root, argv, finds=False):
        self.root, self.argv, self.finds = root, argv, finds
        # These mounts end with this process
        if libc.unshare(CLONE_NEWNS):
            raise OSError(ctypes.get_errno(), "unshare")
        run(["mount", "--make-rprivate", "/"])
        for name in "proc", "sys", "run":
            os.makedirs(f"{root}/{name}", exist_ok=True)
            run(["mount", "--rbind", f"/{name}", f"{root}/{name}"])

    def start(self, nth, terminal=None):
        """Start the program. Return its PID and its stderr."""
        ready_read, ready_write = os.pipe()
        go_read, go_write = os.pipe()
        err_read, err_write = os.pipe()
        pid = os.fork()
        if not pid:
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(terminal or null, 0)
            os.dup2(terminal or (err_write if self.finds else null), 1)
            os.dup2(err_write, 2)
            os.chroot(self.root)
            os.chdir("/")
            # so that the number of page tables is the same each time
            libc.personality(ADDR_NO_RANDOMIZE)
            os.write(ready_write, b".")
            os.read(go_read, 1)
            try:
                os.execvp(self.argv[0], self.argv)
            except OSError as error:
                os.write(2, os.strerror(error.errno).encode())
            os._exit(1)
        os.close(err_write)
        os.close(ready_write)
        # earlier allocations of the child are not those of the program
        os.read(ready_read, 1)
        write(f"/proc/{pid}/fail-nth", nth)
        os.write(go_write, b".")
        for end in ready_read, go_read, go_write:
            os.close(end)
        return pid, err_read

    @staticmethod
    def end(pid):
        """Wait for the end. Return the status, and how many of nth are left."""
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        with open(f"/proc/{pid}/fail-nth", encoding="ascii") as file:
            left = int(file.read())
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status), left

    def run(self, nth):
        """Return its status, its stderr, and how many of nth are left."""
        pid, err = self.start(nth)
        messages = b""
        while data := os.read(err, 4096):
            messages += data
        os.close(err)
        status, left = self.end(pid)
        return status, messages.decode(errors="replace"), left


class Watch(Command):
    """A program that shows what happens, until it is ended"""
    def __init__(self, root, argv, wanted, change):
        super().__init__(root, argv)
        self.wanted, self.change = wanted.encode(), change

    def run(self, nth):
        """Run it. The status is 0 if it has shown the wanted text, and was ended
        then."""
        terminal, its_end = pty.openpty()
        pid, err = self.start(nth, its_end)
        os.close(its_end)
        ready, messages, shown, ended = False, b"", b"", False
        streams = [terminal, err]
        while streams:
            readable, _, _ = select.select(streams, [], [], 60)
            if not readable:
                os.kill(pid, signal.SIGKILL)
                raise Wrong(f"the program neither shows {self.wanted} nor ends: {messages} {shown}")
            for stream in readable:
                try:
                    data = os.read(stream, 4096)
                except OSError:
                    # this is how a terminal ends
                    data = b""
                if not data:
                    streams.remove(stream)
                elif stream == err:
                    messages += data
                    if self.change and not ready and b"watching" in messages:
                        ready, messages = True, b""
                        run(self.change)
                else:
                    shown += data
                    if not ended and self.wanted in shown:
                        ended = True
                        os.kill(pid, signal.SIGTERM)
        os.close(terminal)
        os.close(err)
        status, left = self.end(pid)
        # a program that uses ncurses ends with another status
        if ended:
            status = 0
        elif not status:
            raise Wrong(f"the program ended without showing {self.wanted}: {shown}")
        return status, messages.decode(errors="replace"), left


def sweep(command, first, undo=()):
    """Return how many allocations have failed, and how many of these were noticed."""
    noticed = 0
    for nth in range(first, LIMIT):
        try:
            status, messages, left = command.run(nth)
            # If memory is lacking before the first instruction of a program, the kernel
            # kills it
            if status < 0 and -status not in (signal.SIGKILL, signal.SIGSEGV):
                raise Wrong(f"killed by signal {-status}")
            if status > 0 and not messages:
                raise Wrong(f"the program ended with status {status} without a message")
            if status and left:
                raise Wrong(f"the program ended with status {status} without a fault: {messages}")
            if status:
                again, why, _ = command.run(0)
                if again:
                    raise Wrong(f"'{messages}', then status {again} without a fault: '{why}'")
            if undo:
                run(undo)
        except Wrong as wrong:
            raise Wrong(f"allocation {nth}: {wrong}") from wrong
        if left:
            if nth - first < MARGIN:
                raise Wrong(f"only {nth - first} have failed: to begin at {first} was too late")
            return nth - first, noticed
        noticed += bool(status)
    raise Wrong(f"the program has more than {LIMIT} allocations")


def before(command):
    """Return the first allocation for commands that share the start of COMMAND."""
    counts = []
    for _ in range(3):
        status, messages, left = command.run(LIMIT)
        if status or not left:
            raise Wrong(f"the program ended with status {status}: {messages}")
        counts.append(LIMIT - left)
    return max(min(counts) - MARGIN, 1)


def split(argv):
    """Return COMMAND, and the words after "--"."""
    at = argv.index("--") if "--" in argv else len(argv)
    return argv[:at], argv[at + 1:]


def main():
    what, *args = sys.argv[1:] or [""]
    try:
        if what == "before":
            print(before(Command(args[0], args[1:])))
            return 0
        if what not in ("command", "find", "watch"):
            sys.exit(__doc__.strip())
        first, root, (argv, more) = int(args[0]), args[1], split(args[2:])
        if what == "watch":
            failed, noticed = sweep(Watch(root, argv[1:], argv[0], more), first)
        else:
            failed, noticed = sweep(Command(root, argv, what == "find"), first, more)
    except Wrong as wrong:
        sys.exit(f"{what}: {wrong}")
    print(f"{failed} allocations have failed, {noticed} of them were noticed")
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""torture.py SEED SECONDS FOLDER: for so long, do to lbx devices all that can be done

What torture.sh calls, in a netns that has eth0 (192.0.2.5, 2001:db8:1::5), a dummy
"sink", and 198.51.100.5 and .6 on lo; PEER is the netns behind eth0. The devices are t0 to
t3, or r0 to r3 while they are renamed, with addresses 198.18.N.1 and 2001:db8:9:N::1.

Actors, each a process, do one operation after the other, most of them lines for an
"ip" or a "tc" that runs as long as the actor does. An actor draws its operations from a
generator of its own, made of SEED and its name, and nothing else: a seed gives the
same operations again, though not at the same times. FOLDER/ACTOR.log tells all of them
as they are done, with how each ended: FOLDER may be shared with a host that outlives
this kernel. Meanwhile "traffic" checks what arrives.

Ten minutes are a full run, which goes on until each kind of operation has succeeded and of
each flow enough has been checked, but not for more than twice the time.

Prints what has been done. Writes FOLDER/result.json: "failures", sentences; "operations",
for each kind how often it was done and refused, and the last reason; "flows",
what traffic counted; "packets"; "not_tested", kinds and why.
"""

import ctypes
import fcntl
import itertools
import json
import mmap
import os
import random
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import time

SLOW = os.environ.get("KSFT_MACHINE_SLOW") == "yes"
# Seconds after which somebody who has not done anything hangs
HANG = 300 if SLOW else 90
DEVICES = 4
CPUS = os.cpu_count()
CLAIMED = ("eth0", "192.0.2.5", "2001:db8:1::5", "198.51.100.5", "198.51.100.6")
LOCK = "/tmp/torture.lock"  # shared: the module stays; exclusive: it goes
BPF_FS = "/sys/fs/bpf"

BPF, CLONE_NEWNET = 321, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def progress():
    """Whoever takes many steps for one operation says so after each: an actor's own"""


class Refused(Exception):
    """The kernel has not done it, and says why"""


class Failed(Exception):
    """What must not be, a sentence"""


def unshare_net():
    if libc.unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")


def enter_net(name):
    with open(f"/run/netns/{name}") as netns:
        if libc.setns(netns.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")


def find(n):
    """Of device N, or the next that is there: its name and index now"""
    for m in range(n, n + DEVICES):
        for name in (f"t{m % DEVICES}", f"r{m % DEVICES}"):
            try:
                # not by SIOCGIFINDEX, which starts modprobe for each that is not there
                with open(f"/sys/class/net/{name}/ifindex") as file:
                    return name, int(file.read())
            except OSError:
                pass
    raise Refused("there is no device")


def fill_in(text):
    """@N is the index of device N as "ip" takes it, and %N its name: see find()"""

    def replace(match):
        name, index = find(int(match[2]))
        return name if match[1] == "%" else f"if{index}"

    return re.sub(r"([@%])([0-3])\b", replace, text)


class Batch:
    """A long-lived "ip" or "tc", which is given one line at a time"""

    def __init__(self, *command):
        self.command = [*command, "-force", "-batch", "-"]
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, bufsize=1)
        self.line = 0

    def run(self, text):
        # That it refuses a second line, "?", says that it is through with the first
        self.line += 2
        self.process.stdin.write(f"{text}\n?\n")
        self.process.stdin.flush()
        reason, refused = [], False
        for answer in self.process.stderr:
            if answer == f"Command failed -:{self.line - 1}\n":
                refused = True
            elif answer == f"Command failed -:{self.line}\n":
                break
            elif not answer.startswith('Object "?"'):
                reason.append(answer.strip())
        else:
            # some refusals end it, in spite of -force
            refused, status = True, self.process.wait()
            if status < 0:
                raise Failed(f"{self.command[0]} died of signal {-status} at '{text}'")
            self.start()
        progress()
        if refused:
            raise Refused(" ".join(reason))


class Nft:
    """libnftables: a program for each change would take longer than all changes"""

    def __init__(self):
        self.lib = ctypes.CDLL("libnftables.so.1")
        self.lib.nft_ctx_new.restype = ctypes.c_void_p
        self.lib.nft_ctx_get_error_buffer.restype = ctypes.c_char_p
        self.ctx = ctypes.c_void_p(self.lib.nft_ctx_new(0))
        self.lib.nft_ctx_buffer_output(self.ctx)
        self.lib.nft_ctx_buffer_error(self.ctx)

    def run(self, text):
        failed = self.lib.nft_run_cmd_from_buffer(self.ctx, text.encode())
        reason = self.lib.nft_ctx_get_error_buffer(self.ctx).decode()
        if failed:
            raise Refused(" ".join(reason.split()))


def command(text):
    """A program, for what has no other way"""
    done = subprocess.run(text.split(), stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise Refused(f"{done.returncode}: {done.stderr.strip()}")


def write(text):
    """PATH VALUE"""
    path, value = text.split()
    with open(path, "w") as file:
        file.write(value)


# SIOCETHTOOL: number, ifr_data to struct ethtool_value
ETHTOOL = {"tx": 0x17, "sg": 0x19, "tso": 0x1f, "gso": 0x24, "gro": 0x2c}


def ethtool(text):
    """DEV FEATURE 0|1"""
    name, feature, value = text.split()
    data = ctypes.create_string_buffer(struct.pack("=II", ETHTOOL[feature], int(value)))
    request = struct.pack("16sP", name.encode(), ctypes.addressof(data))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8946, request)


def module(text):
    """unload; load N, with as many devices"""
    if text == "unload":
        return command("rmmod lbx")
    parameter = f"devices={text.split()[1]}"
    if os.environ.get("LBX_KO"):
        return command(f"insmod {os.environ['LBX_KO']} {parameter}")
    return command(f"modprobe lbx {parameter}")


def bpf_load(name, kind, *insns):
    """Load and pin a program of INSNS: code, destination, offset, immediate"""
    code = ctypes.create_string_buffer(b"".join(struct.pack("=BBhi", *i) for i in insns))
    gpl = ctypes.create_string_buffer(b"GPL")
    path = ctypes.create_string_buffer(f"{BPF_FS}/{name}".encode())
    attr = struct.pack("=IIQQ104x", kind, len(insns), ctypes.addressof(code),
                       ctypes.addressof(gpl))
    fd = libc.syscall(BPF, 5, attr, len(attr))  # BPF_PROG_LOAD
    attr = struct.pack("=QII112x", ctypes.addressof(path), max(fd, 0), 0)
    if fd < 0 or libc.syscall(BPF, 6, attr, len(attr)):  # BPF_OBJ_PIN
        raise OSError(ctypes.get_errno(), f"bpf: {name}")
    os.close(fd)


def bpf_setup():
    """To pass everything; and to drop a packet in 16, by bpf_get_prandom_u32()"""
    subprocess.run(["mount", "-t", "bpf", "bpf", BPF_FS], check=True)
    for name, kind, passes, drops in (("xdp", 6, 2, 1), ("cls", 3, -1, 2)):
        bpf_load(f"{name}_pass", kind, (0xb7, 0, 0, passes), (0x95, 0, 0, 0))
        bpf_load(f"{name}_some", kind, (0x85, 0, 0, 7), (0x57, 0, 0, 15), (0x55, 0, 2, 0),
                 (0xb7, 0, 0, drops), (0x95, 0, 0, 0), (0xb7, 0, 0, passes), (0x95, 0, 0, 0))


# Frames


def checksum(data):
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    total = (total & 0xffff) + (total >> 16)
    return ~((total & 0xffff) + (total >> 16)) & 0xffff


def some_addr(rng, family, n):
    if family == 4:
        return socket.inet_aton(rng.choice((
            f"198.18.{n}.1", f"198.18.{n}.1", f"198.18.{n}.77", "203.0.113.1", "127.0.0.1",
            "224.0.0.1", "239.1.2.3", "255.255.255.255", f"198.18.{n}.255", "0.0.0.0")))
    return socket.inet_pton(socket.AF_INET6, rng.choice((
        f"2001:db8:9:{n}::1", f"2001:db8:9:{n}::1", f"2001:db8:9:{n}::77", "fe80::1",
        "fe80::77", "ff02::1", "ff05::1:3", "::1", "::", "2001:db8:ffff::1")))


def some_payload(rng, proto):
    """Ports are below 1024: they are not those of what traffic checks"""
    data = rng.randbytes(rng.choice((0, 8, 20, 64, 200, 1400)))
    ports = struct.pack("!HH", rng.randrange(1, 1024), rng.randrange(1, 1024))
    if proto == 6:
        data = ports + rng.randbytes(8) + bytes((rng.randrange(16) << 4, rng.randrange(256))) \
            + rng.randbytes(6) + data
    elif proto == 17:
        data = ports + struct.pack("!HH", rng.choice((8 + len(data), 0, 7, 65535)),
                                   rng.choice((0, rng.randrange(65536)))) + data
    elif proto == 1:
        data = bytes((rng.choice((0, 3, 4, 5, 8, 11, 13, 99)), rng.randrange(6))) \
            + b"\0\0" + rng.randbytes(4) + data
        data = data[:2] + struct.pack("!H", checksum(data)) + data[4:]
    elif proto == 58:
        data = bytes((rng.choice((1, 2, 3, 4, 128, 129, 130, 131, 133, 134, 135, 136, 137,
                                  143)), 0)) + rng.randbytes(6) + data
    elif proto == 132:
        data = ports + rng.randbytes(8) + bytes((rng.randrange(16), 0)) + data
    return data


PROTOS = (1, 2, 4, 6, 6, 17, 17, 41, 43, 44, 47, 50, 51, 58, 58, 59, 60, 103, 108, 132, 132, 136,
          255)


def ipv4(rng, n, fragment=None, ident=0):
    proto = rng.choice(PROTOS)
    data = some_payload(rng, proto)
    words = rng.choice((5, 5, 5, 6, 15, 4, 0))
    options = rng.randbytes(max(words - 5, 0) * 4)
    if fragment is None:
        fragment = rng.choice((0, 0, 0, 0x4000, 0x2000, rng.randrange(65536)))
    length = 20 + len(options) + len(data)
    header = struct.pack("!BBHHHBBH", rng.choice((4, 4, 4, 4, 6)) << 4 | words,
                         rng.randrange(256),
                         rng.choice((length, length, length, 0, 19, length + 9, 65535)) & 0xffff,
                         ident or rng.randrange(65536), fragment,
                         rng.choice((64, 64, 1, 0)), proto, 0)
    header += some_addr(rng, 4, n) + some_addr(rng, 4, n) + options
    if rng.randrange(8):
        header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return 0x0800, header + data


def ipv6(rng, n, ident=0):
    proto = rng.choice(PROTOS)
    data = some_payload(rng, proto)
    for _ in range(rng.choice((0, 0, 1, 1, 3, 20))):
        extension = rng.choice((0, 43, 44, 60))
        if extension == 44:
            data = struct.pack("!BBHI", proto, 0, rng.choice((0, 1, rng.randrange(65536))),
                               ident or rng.randrange(1 << 32)) + data
        else:
            data = bytes((proto, rng.choice((0, 0, 1, 255)))) + rng.randbytes(6) + data
        proto = extension
    return 0x86dd, struct.pack(
        "!IHBB", rng.choice((6, 6, 6, 6, 4)) << 28 | rng.randrange(1 << 28),
        rng.choice((len(data), len(data), len(data), 0, 1, 65535)) & 0xffff, proto,
        rng.choice((64, 64, 255, 1, 0))) + some_addr(rng, 6, n) + some_addr(rng, 6, n) + data


def arp(rng, n):
    return 0x0806, struct.pack("!HHBBH", 1, rng.choice((0x0800, 0x86dd)), rng.choice((6, 0)),
                               rng.choice((4, 16)), rng.randrange(5)) \
        + rng.randbytes(6) + some_addr(rng, 4, n) + rng.randbytes(6) + some_addr(rng, 4, n)


def unknown(rng, n):
    return rng.choice((0, 4, 46, 1500, 0x8100, 0x88a8, 0x8847, 0x8863, 0x88cc, 0x888e, 0x22f0,
                       n, rng.randrange(65536))), rng.randbytes(rng.randrange(200))


def fragments(rng, n):
    """A datagram in pieces of 8 to 64 bytes, that overlap, repeat, and leave gaps"""
    ident = rng.randrange(1, 65536)
    at = rng.choice((0, 0, 1, 8, 8000)) + rng.randrange(8)
    if rng.randrange(2):
        return ipv4(rng, n, rng.choice((0, 0x2000, 0x2000)) | at, ident)
    data = struct.pack("!BBHI", 17, 0, at << 3 | rng.randrange(2), ident % 16) \
        + rng.randbytes(rng.choice((8, 16, 64, 7)))
    return 0x86dd, struct.pack("!IHBB", 6 << 28, len(data), 44, 64) \
        + some_addr(rng, 6, n) + some_addr(rng, 6, n) + data


def vnet_header(rng, proto=6):
    """struct virtio_net_hdr, mostly right for a packet of TCP or UDP over IPv4"""
    right = [1, 1 if proto == 6 else 5, 54 if proto == 6 else 42, 536, 34, 16 if proto == 6 else 6]
    odd = ((0, 2, 4), (0, 1, 3, 4, 5, 0x81, 0xff), (0, 14, 1000, 65535), (0, 1, 8, 100, 65535),
           (0, 14, 15, 54, 65535), (0, 2, 7, 65535))
    for at, values in enumerate(odd):
        if not rng.randrange(8):
            right[at] = rng.choice(values)
    return struct.pack("=BBHHHH", *right)


def vnet(rng, n, mac):
    proto = rng.choice((6, 17))
    data = rng.randbytes(rng.choice((0, 100, 536, 4000, 30000)))
    ports = struct.pack("!HH", rng.randrange(1, 1024), rng.randrange(1, 1024))
    data = ports + (rng.randbytes(8) + b"\x50\x18" + rng.randbytes(6) if proto == 6 else
                    struct.pack("!HH", 8 + len(data), 0)) + data
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), 1, 0, 64, proto, 0) \
        + socket.inet_aton(f"198.18.{n}.1") * 2
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return vnet_header(rng, proto) + mac * 2 + b"\x08\x00" + header + data


def inject(text):
    """N KIND COUNT SEED: so many frames on device N; with vnet, what a guest would say"""
    n, kind, count, seed = text.split()
    n, rng = int(n), random.Random(seed)
    name = find(n)[0]
    make = {"ipv4": ipv4, "ipv6": ipv6, "arp": arp, "unknown": unknown,
            "fragments": fragments}.get(kind)
    done, reason = 0, ""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        try:
            sock.bind((name, 0))
            mac = sock.getsockname()[4]
        except OSError as error:
            raise Refused(str(error)) from None
        sock.settimeout(1)
        if kind == "vnet":
            sock.setsockopt(263, 15, 1)  # PACKET_VNET_HDR
        for _ in range(int(count)):
            proto, data = (make or rng.choice((ipv4, ipv6)))(rng, n)
            frame = rng.choice((mac, mac, mac, b"\xff" * 6, rng.randbytes(6))) + mac \
                + struct.pack("!H", proto) + data
            if not rng.randrange(4):
                frame = bytearray(frame)
                for _ in range(rng.randrange(1, 5)):
                    frame[rng.randrange(len(frame))] ^= 1 << rng.randrange(8)
            if kind == "truncated":
                frame = frame[:rng.randrange(len(frame))]
            if kind == "vnet":
                frame = vnet(rng, n, mac) if rng.randrange(4) else vnet_header(rng) + frame
            try:
                sock.send(frame)
                done += 1
            except OSError as error:
                reason = str(error)
    if not done:
        raise Refused(reason)
    return done


# Captures


def capture(text):
    """N|any KIND MS"""
    n, kind, ms = text.split()
    name, index = (None, 0) if n == "any" else find(int(n))
    if kind == "tcpdump":
        seconds = int(ms) / 1000 + (20 if SLOW else 2)
        done = subprocess.run(
            ["timeout", "-s", "INT", str(seconds), "tcpdump", "-i", name or "any", "-w",
             "/dev/null"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        if "listening on" not in done.stderr:
            raise Refused(f"{done.returncode}: {done.stderr.strip()}")
        return 0
    frames, until = 0, time.monotonic() + int(ms) / 1000
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as sock:
        try:
            if name:
                sock.bind((name, 3))
                # PACKET_ADD_MEMBERSHIP: PACKET_MR_PROMISC
                sock.setsockopt(263, 1, struct.pack("=iHH8x", index, 1, 0))
        except OSError as error:
            raise Refused(str(error)) from None
        if kind == "stamps":
            sock.setsockopt(socket.SOL_SOCKET, 37, 0x1a)  # SO_TIMESTAMPING, software
        if kind == "ring":
            blocks, size = 8, 1 << 16
            sock.setsockopt(263, 5, struct.pack("=IIII", size, blocks, 1 << 11,
                                                size * blocks >> 11))
            with mmap.mmap(sock.fileno(), size * blocks) as ring:
                at = 0
                while time.monotonic() < until:
                    if not ring[at] & 1:
                        select.select([sock], [], [], max(0, until - time.monotonic()))
                        continue
                    frames += 1
                    ring[at:at + 8] = bytes(8)
                    at = (at + (1 << 11)) % (size * blocks)
        sock.setblocking(False)
        while time.monotonic() < until:
            if select.select([sock], [], [], max(0, until - time.monotonic()))[0]:
                try:
                    sock.recv(65536)
                    frames += 1
                except OSError:  # the device has gone down
                    pass
    return frames


# Namespaces


def exchange(family, addr, dev):
    """4,000 bytes to ADDR and back, by UDP and by TCP"""
    data = os.urandom(4000)
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(family, kind) as server, socket.socket(family, kind) as client:
            until = time.monotonic() + HANG / 2
            while True:
                try:
                    # an IPv6 address can be bound when lo mirrors it
                    server.bind((addr, 0))
                    break
                except OSError as error:
                    if time.monotonic() > until:
                        raise Failed(f"{addr} of {dev} cannot be bound: {error}") from None
                    time.sleep(0.05)
            progress()
            server.settimeout(HANG / 2)
            client.settimeout(HANG / 2)
            if kind == socket.SOCK_STREAM:
                server.listen()
            client.connect(server.getsockname())
            if kind == socket.SOCK_STREAM:
                peer = server.accept()[0]
            else:
                peer = server
                peer.connect(client.getsockname())
            with peer:
                for out, into in ((client, peer), (peer, client)):
                    out.sendall(data)
                    got = b""
                    while len(got) < len(data):
                        more = into.recv(65536)
                        if not more:
                            break
                        got += more
                        progress()
                    if got != data:
                        raise Failed(f"{addr} of {dev}: what was sent is not what came")


def in_child(work):
    """WORK in a process of its own; its exception is raised here"""
    pipe_in, pipe_out = os.pipe()
    pid = os.fork()
    if not pid:
        status = 0
        try:
            work()
        except Failed as error:
            os.write(pipe_out, str(error).encode())
            status = 1
        except OSError as error:
            os.write(pipe_out, str(error).encode())
            status = 2
        os._exit(status)
    os.close(pipe_out)
    with os.fdopen(pipe_in, "rb") as pipe:
        reason = pipe.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status == 1:
        raise Failed(reason)
    if status:
        raise Refused(reason)


def netns_traffic(text):
    """NETNS: bring its device up and use it, by the old ioctls; sockets go with the netns"""
    def work():
        enter_net(text)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            addr = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton("192.0.2.9"))
            fcntl.ioctl(sock, 0x8916, struct.pack("16s16s8x", b"n0", addr))  # SIOCSIFADDR
            fcntl.ioctl(sock, 0x8914, struct.pack("16sH22x", b"n0", 0x41))  # up, running
        try:
            exchange(socket.AF_INET, "192.0.2.9", "n0")
        except Failed as error:
            # the device may have gone meanwhile; what came may not have changed
            if "is not what came" in str(error):
                raise
            raise OSError(str(error)) from None
    in_child(work)


class Probe:
    """While the module stays: a new device works at once, whatever goes on elsewhere"""

    def __init__(self):
        self.ip = None
        self.index = 10

    def run(self, text):
        if not self.ip:
            unshare_net()
            self.ip = Batch("ip")
            self.ip.run("link set lo up")
        with open(LOCK) as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            try:
                self.probe(text)
            except (Refused, OSError) as error:
                raise Failed(f"a new device does not work: {error}") from None

    def probe(self, text):
        # "ip" remembers names, and would take the last one's index
        for line in (f"link add p0 index {self.index} type lbx {text}",
                     f"link set if{self.index} up", f"addr add 192.0.2.1/24 dev if{self.index}",
                     f"addr add 2001:db8::1/64 dev if{self.index}"):
            self.ip.run(line)
        exchange(socket.AF_INET, "192.0.2.1", "p0")
        exchange(socket.AF_INET6, "2001:db8::1", "p0")
        with open("/proc/thread-self/net/dev") as file:
            packets = {line.split(":")[0].strip(): line.split()[2] for line in file
                       if ":" in line}
        if int(packets["p0"]) < 20:
            raise Failed(f"a new device has carried {packets['p0']} packets of what was its")
        self.ip.run(f"link del if{self.index}")
        self.index += 1


def remote(text):
    """N COUNT: from PEER, what isolation keeps out, or not"""
    n, count = map(int, text.split())
    answers = 0
    for _ in range(count):
        for addr in (f"198.18.{n}.1", "192.0.2.5"):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.sendto(b"lbx", (addr, 9))
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
                sock.settimeout(0.2)
                try:
                    sock.connect((addr, 9))
                except ConnectionRefusedError:
                    answers += 1
                except OSError:
                    pass
    if not answers:
        raise Refused("no answer")
    return answers


# What each actor does, one after the other: (kind, tool, text, and the longest pause before
# it, in ms). Whatever is drawn is drawn whether the last one was refused or not.


def some(rng, weighted):
    """One of {value: weight}"""
    return rng.choices(list(weighted), list(weighted.values()))[0]


def add_device(rng, n, pause):
    option = rng.choice(("", "", "", "direct off", "isolate on", f"claim {rng.choice(CLAIMED)}"))
    mtu = rng.choice(("", "", f" mtu {rng.randrange(1280, 65537)}"))
    kind = f"device add {option.split()[0]}" if option else "device add"
    yield kind, "ip", f"link add t{n}{mtu} type lbx {option}", pause
    yield "address add", "ip", f"addr add 198.18.{n}.1/24 dev @{n}", 0
    yield "address add IPv6", "ip", f"addr add 2001:db8:9:{n}::1/64 dev @{n}", 0
    yield "device up", "ip", f"link set @{n} up", 0


def devices(rng):
    while True:
        n = rng.randrange(DEVICES)
        what = some(rng, {"add": 16, "del": 4, "group": 1, "many": 1})
        if what == "add":
            yield from add_device(rng, n, 500)
        elif what == "del":
            yield "device del", "ip", f"link del @{n}", 1000
        elif what == "group":
            for m in rng.sample(range(DEVICES), 2):
                yield "device group", "ip", f"link set @{m} group 77", 0
            yield "device del group", "ip", "link del group 77", 1500
        else:
            for m in range(4):
                yield "device add", "ip", f"link add x{m} group 77 type lbx", 0


def changes(rng):
    while True:
        n = rng.randrange(DEVICES)
        what = some(rng, {"down": 4, "rename": 4, "address": 4, "set": 12, "nic": 1, "sysctl": 2})
        if what == "down":
            yield "device down", "ip", f"link set @{n} down", 600
            yield "device up", "ip", f"link set @{n} up", rng.choice((0, 0, 1000))
        elif what == "rename":
            if rng.randrange(2):
                yield "device down", "ip", f"link set @{n} down", 100
            yield "device rename", "ip", f"link set @{n} name r{n}", 300
            yield "device rename back", "ip", f"link set @{n} name t{n}", 600
            yield "device up", "ip", f"link set @{n} up", 0
        elif what == "address":
            for addr in (f"198.18.{n}.{rng.choice((1, 2, 3))}/24",
                         f"2001:db8:9:{n}::{rng.choice((1, 2, 3))}/64"):
                v6 = " IPv6" if ":" in addr else ""
                yield f"address del{v6}", "ip", f"addr del {addr} dev @{n}", 300
                yield f"address add{v6}", "ip", f"addr add {addr} dev @{n}", 300
            if not rng.randrange(4):
                yield "address flush", "ip", f"addr flush dev @{n}", 0
                yield "address add", "ip", f"addr add 198.18.{n}.1/24 dev @{n}", 100
                yield "address add IPv6", "ip", f"addr add 2001:db8:9:{n}::1/64 dev @{n}", 0
            yield "route replace", "ip6", f"route replace local 2001:db8:a:{n}::/64 dev @{n}", 0
            yield "neighbour replace", "ip", \
                f"neigh replace 198.18.{n}.9 lladdr 02:00:00:00:00:09 dev @{n}", 0
            yield "neighbour flush", "ip", f"neigh flush dev @{n}", 0
        elif what == "nic":
            yield "nic rename", "ip", "link set eth0 name eth9", 100
            yield "nic rename back", "ip", "link set eth9 name eth0", 500
            yield "nic address del", "ip", "addr del 192.0.2.7/24 dev eth0", 100
            yield "nic address add", "ip", "addr add 192.0.2.7/24 dev eth0", 100
        elif what == "sysctl":
            key, values = rng.choice((
                ("ipv4/conf/%/rp_filter", (0, 0, 2)), ("ipv4/conf/%/accept_local", (0, 1)),
                ("ipv4/conf/%/route_localnet", (0, 1)), ("ipv6/conf/%/disable_ipv6", (0, 0, 1)),
                ("ipv6/conf/%/keep_addr_on_down", (1, 0)), ("ipv6/conf/lo/disable_ipv6", (0, 0, 1)),
                ("core/netdev_max_backlog", (1000, 1000, 20)), ("ipv4/tcp_timestamps", (0, 1)),
                ("ipv4/ip_early_demux", (0, 1)), ("ipv4/tcp_autocorking", (0, 1))))
            key = key.replace("%", f"%{n}")
            kind = f"sysctl {key.split('/')[-1]}"
            yield kind, "write", f"/proc/sys/net/{key} {rng.choice(values)}", 200
            yield kind, "write", f"/proc/sys/net/{key} {values[0]}", 1000
        else:
            option, values = rng.choice((
                ("mtu", (65536, 65536, 1500, 1280, 9000, 576, 68)),
                ("mtu", (65536, 65536, rng.randrange(1280, 65536))),
                ("address", ("02:00:00:00:00:%02x" % rng.randrange(256),)),
                ("txqueuelen", (0, 10, 1000)), ("gso_max_size", (65536, 10000, 100000)),
                ("gso_max_segs", (65535, 2)), ("promisc", ("on", "off")),
                ("allmulticast", ("on", "off")), ("multicast", ("on", "off", "on")),
                ("addrgenmode", ("none", "eui64")), ("alias", ("a", "b")), ("arp", ("on", "off")),
                ("type lbx direct", ("on", "off")), ("type lbx isolate", ("on", "off", "off"))))
            value = rng.choice(values)
            yield f"set {option.split()[-1]}", "ip", f"link set @{n} {option} {value}", 400
            if option == "mtu" and value < 1280:
                yield "set mtu", "ip", f"link set @{n} mtu 65536", 500
                yield "address add IPv6", "ip", f"addr add 2001:db8:9:{n}::1/64 dev @{n}", 0


def claims(rng):
    while True:
        n = rng.randrange(DEVICES)
        target = rng.choice(CLAIMED)
        what = some(rng, {"claim": 8, "unclaim": 4, "move": 2, "tool": 1, "restore": 1})
        if what == "move":
            m = (n + 1) % DEVICES
            yield "claim remove", "ip", f"link set @{n} type lbx unclaim {target}", 300
            yield "claim", "ip", f"link set @{m} type lbx claim {target}", 0
        elif what == "tool":
            yield "claim by the tool", "command", f"lbx claim {target} dev %{n}", 500
            yield "claims listed by the tool", "command", "lbx -j claims", 0
            yield "claim remove by the tool", "command", "lbx unclaim --all", 500
        elif what == "restore":
            yield "devices listed by the tool", "command", "lbx -j show", 500
        else:
            kind = "claim" if what == "claim" else "claim remove"
            yield kind, "ip", f"link set @{n} type lbx {what} {target}", 600


def queues(rng):
    qdiscs = (
        "noqueue", "pfifo limit 50", "pfifo_fast", "fq", "fq_codel limit 500", "sfq perturb 1",
        "prio", "tbf rate 200mbit burst 128k latency 20ms", "netem delay 1ms 1ms",
        "netem loss 2% duplicate 1% corrupt 1%", "netem delay 2ms reorder 20% limit 200",
        "netem rate 100mbit", "multiq", "htb default 1")
    while True:
        n = rng.randrange(DEVICES)
        what = some(rng, {"root": 6, "del": 4, "filter": 6})
        if what == "root":
            qdisc = rng.choice(qdiscs)
            kind = qdisc.split()[0]
            yield f"qdisc {kind}", "tc", f"qdisc replace dev @{n} root handle 1: {qdisc}", 600
            if kind == "htb":
                yield "class htb", "tc", \
                    f"class add dev @{n} parent 1: classid 1:1 htb rate 300mbit burst 100k", 0
                yield "qdisc of a class", "tc", \
                    f"qdisc add dev @{n} parent 1:1 handle 2: {rng.choice(qdiscs[1:5])}", 0
                yield "filter u32 of a qdisc", "tc", \
                    f"filter add dev @{n} parent 1: protocol ip prio 1 " \
                    "u32 match ip dport 7 0xffff flowid 1:1", 0
            if kind == "prio":
                yield "qdisc of a class", "tc", f"qdisc add dev @{n} parent 1:2 handle 3: sfq", 0
        elif what == "del":
            yield "qdisc del", "tc", f"qdisc del dev @{n} root", 300
        else:
            yield "qdisc clsact", "tc", f"qdisc replace dev @{n} clsact", 200
            for _ in range(rng.randrange(1, 4)):
                hook = rng.choice(("ingress", "egress"))
                match = rng.choice((
                    "protocol all {} matchall", "protocol ip {} u32 match ip protocol 17 0xff",
                    "protocol ip {} flower ip_proto tcp", "protocol ipv6 {} flower ip_proto icmpv6",
                    "protocol all {} bpf"))
                kind = match.split()[3]
                match = match.format(f"prio {rng.randrange(1, 6)}")
                if kind == "bpf":
                    program = rng.choice(("pass", "some"))
                    action = f"direct-action object-pinned {BPF_FS}/cls_{program}"
                else:
                    # from a device's ingress, a packet would go round
                    to = "sink" if hook == "ingress" or n == DEVICES - 1 else \
                        f"@{rng.randrange(n + 1, DEVICES)}"
                    action = "action " + rng.choice((
                        "gact ok", "gact pipe", "drop" if kind == "flower" else "gact pass",
                        f"mirred egress mirror dev {to}", f"mirred egress redirect dev {to}",
                        "police rate 100mbit burst 100k conform-exceed drop/ok",
                        "skbedit mark 7", "csum ip and tcp and udp"))
                name = action.split()[1] if kind != "bpf" else "bpf"
                yield f"filter {kind}", "tc", f"filter add dev @{n} {hook} {match} {action}", 50
                yield f"action {name}", "tc", \
                    f"filter replace dev @{n} {hook} {match} {action}", 50
            hook = rng.choice(("ingress", "egress"))
            yield "filter del", "tc", f"filter del dev @{n} {hook}", 1000
            if rng.randrange(2):
                yield "qdisc clsact del", "tc", f"qdisc del dev @{n} clsact", 300


def rules(rng):
    while True:
        n = rng.randrange(DEVICES)
        what = some(rng, {"inet": 3, "netdev": 5, "del": 2})
        if what == "inet":
            hook = rng.choice(("input", "output", "postrouting", "prerouting"))
            way = "iifname" if hook in ("input", "prerouting") else "oifname"
            rule = rng.choice((
                f'{way} "t{n}" counter', f'{way} "t{n}" numgen random mod 50 == 0 drop',
                "ct state invalid counter",
                f'{way} "t{n}" meta length > 30000 limit rate 5/second counter',
                "tcp dport 9 reject with tcp reset", "udp dport 9 reject"
                if hook in ("input", "output") else "counter"))
            yield f"nft {hook}", "nft", \
                f"add table inet torture; add chain inet torture {hook} " \
                f"{{ type filter hook {hook} priority 0; }}; " \
                f"add rule inet torture {hook} {rule}", 500
        elif what == "netdev":
            hook = rng.choice(("ingress", "egress"))
            rule = rng.choice(("counter", "numgen random mod 50 == 0 drop", 'dup to "sink"',
                               "ip protocol icmp counter", "meta mark set 3"))
            yield f"nft netdev {hook}", "nft", \
                f"add table netdev d{n}; add chain netdev d{n} {hook} " \
                f'{{ type filter hook {hook} device "%{n}" priority {rng.randrange(3)}; }}; ' \
                f"add rule netdev d{n} {hook} {rule}", 300
            yield "nft netdev delete", "nft", f"delete table netdev d{n}", 1000
        else:
            yield "nft delete", "nft", "delete table inet torture", 500


def xdp(rng):
    while True:
        n = rng.randrange(DEVICES)
        program = rng.choice(("pass", "some"))
        yield f"xdp {program}", "ip", f"link set @{n} xdpgeneric pinned {BPF_FS}/xdp_{program}", 800
        if rng.randrange(4):
            yield "xdp off", "ip", f"link set @{n} xdpgeneric off", 1500


def captures(rng):
    while True:
        n = rng.choice([*range(DEVICES), "any"])
        kind = some(rng, {"raw": 3, "ring": 3, "stamps": 2, "tcpdump": 1})
        yield f"capture {kind}", "capture", f"{n} {kind} {rng.randrange(50, 2000)}", 500


def offloads(rng):
    while True:
        n = rng.randrange(DEVICES)
        feature = rng.choice(list(ETHTOOL))
        yield f"ethtool {feature}", "ethtool", f"%{n} {feature} {rng.choice((0, 1, 1))}", 500
        if not rng.randrange(4):
            for feature in ETHTOOL:
                yield f"ethtool {feature}", "ethtool", f"%{n} {feature} 1", 0
        if not rng.randrange(8):
            path = f"/sys/class/net/%{n}/queues/rx-0/rps_cpus"
            yield "rps", "write", f"{path} {rng.choice('0013')}", 100
            yield "rps", "write", f"{path} 0", 1000


def cpus(rng):
    while True:
        n = rng.randrange(1, CPUS)
        path = f"/sys/devices/system/cpu/cpu{n}/online"
        yield "cpu offline", "write", f"{path} 0", 30000
        yield "cpu online", "write", f"{path} 1", 5000


def modules(rng):
    while True:
        yield "module unload", "module", "unload", 40000
        yield "module load", "module", f"load {rng.randrange(4)}", 500
        for n in range(DEVICES):
            yield from add_device(rng, n, 0)


def injections(rng):
    while True:
        n = rng.randrange(DEVICES)
        kind = rng.choice(("ipv4", "ipv6", "arp", "unknown", "truncated", "vnet", "fragments"))
        count, seed = rng.randrange(1, 60), rng.randrange(1 << 32)
        yield f"inject {kind}", "inject", f"{n} {kind} {count} {seed}", 500


def namespaces(rng):
    while True:
        n = rng.randrange(3)
        yield "netns add", "ip", f"netns add torture-{n}", 2000
        yield "netns device add", "ip", f"link add n0 netns torture-{n} type lbx", 0
        if rng.randrange(3):
            yield "netns traffic", "netns_traffic", f"torture-{n}", 100
        yield "netns del", "ip", f"netns del torture-{n}", 300


def probes(rng):
    while True:
        yield "probe of a new device", "probe", rng.choice(("", "direct off", "isolate on")), 6000


def remotes(rng):
    while True:
        text = f"{rng.randrange(DEVICES)} {rng.randrange(1, 20)}"
        yield "packets of another machine", "remote", text, 400


def readers(rng):
    while True:
        n = rng.randrange(DEVICES)
        yield "link show", "ip", "link show", 2000
        yield "address show", "ip", "addr show", 0
        yield "route show", rng.choice(("ip", "ip6")), "route show table all", 0
        yield "neighbour show", "ip", "neigh show", 0
        yield "rule of a device", "ip", f"route get 198.18.{n}.1", 0
        yield "qdisc show", "tc", "qdisc show", 0
        yield "filter show", "tc", f"filter show dev @{n} egress", 0
        if not rng.randrange(8):
            yield "ethtool statistics", "command", f"ethtool -S %{n}", 500
            port = 5000 + 10 * rng.randrange(len(FLOWS))
            yield "sockets killed", "command", f"ss -HK sport = :{port}", 0


ACTORS = {
    "devices": devices, "changes": changes, "claims": claims, "queues": queues, "rules": rules,
    "xdp": xdp, "captures": captures, "offloads": offloads, "cpus": cpus, "modules": modules,
    "injections": injections, "namespaces": namespaces, "probes": probes, "remotes": remotes,
    "readers": readers,
}

# Seconds from which on a run is full: all has to be done, and so many bytes to be checked
FULL = 600
LEAST = {"tcp": 500_000, "sctp": 100_000, "udp": 200_000, "ping": 100_000, "mcast": 20_000}

FLOWS = (
    ("tcp", "198.18.0.1"), ("tcp", "2001:db8:9:1::1"), ("tcp", "192.0.2.5"),
    ("tcp", "2001:db8:1::5"), ("tcp", "198.51.100.5"), ("sctp", "198.18.2.1"),
    ("sctp", "192.0.2.5"), ("udp", "198.18.0.1"), ("udp", "2001:db8:9:3::1"),
    ("udp", "192.0.2.5"), ("ping", "198.18.1.1"), ("ping", "2001:db8:9:0::1"),
    ("ping", "198.51.100.6"), ("mcast", "t0,r0"), ("mcast", "t1,r1"),
)


# What is done even after the end, for the operation before it
UNDO = ("module load", "cpu online")


def kinds(names):
    """Of operations, that these actors know: a generator repeats itself soon"""
    return sorted({kind for name in names
                   for kind, *_ in itertools.islice(ACTORS[name](random.Random(0)), 3000)})


class Board:
    """Memory that all share: which kinds of operations have been done, and what each actor is
    at, since when"""
    SLOT = 512

    def __init__(self, actors):
        self.kinds = {kind: at for at, kind in enumerate(kinds(actors))}
        self.actors = {name: len(self.kinds) + at * self.SLOT for at, name in enumerate(actors)}
        self.memory = mmap.mmap(-1, len(self.kinds) + len(actors) * self.SLOT)
        for name in actors:
            self.set(name, "")

    def set(self, name, text):
        text = text.encode()[:self.SLOT - 10]
        struct.pack_into(f"=dH{len(text)}s", self.memory, self.actors[name], time.monotonic(),
                         len(text), text)

    def touch(self, name):
        struct.pack_into("=d", self.memory, self.actors[name], time.monotonic())

    def get(self, name):
        at = self.actors[name]
        since, length = struct.unpack_from("=dH", self.memory, at)
        text = self.memory[at + 10:at + 10 + length].decode(errors="replace")
        return time.monotonic() - since, text

    def done(self, kind):
        self.memory[self.kinds[kind]] = 1

    def missing(self):
        return [kind for kind, at in self.kinds.items() if not self.memory[at]]


class Actor:
    def __init__(self, name, seed, board, folder):
        self.name, self.board, self.folder = name, board, folder
        self.stop, self.tools, self.born = False, {}, time.monotonic()
        self.operations, self.counts = {}, {"capture": 0, "inject": 0}
        self.rng = random.Random(f"{seed} {name}")
        # with everybody waiting for RTNL, those who bring devices back would come too late
        self.pace = 3 if SLOW and name not in ("devices", "changes", "queues") else 1
        # pauses do not say what is done
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
            }.get(name, lambda: globals()[name])()
        return self.tools[name]

    def pause(self, ms):
        """Without waking up to look around, which costs an emulated CPU most of its time"""
        if not self.stop and signal.sigtimedwait([signal.SIGTERM], ms / 1000):
            self.stop = True

    def run(self):
        global progress

        def progress():
            self.board.touch(self.name)

        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        status, lock = 0, open(LOCK)
        if self.name == "remotes":
            enter_net(os.environ["PEER"])
        with open(f"{self.folder}/{self.name}.log", "wb", buffering=0) as log:
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
        with open(f"{self.folder}/{self.name}.json", "w") as file:
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
        """(PID, seconds) of whoever has been so for too long"""
        if time.monotonic() - self.heard > HANG:
            yield self.pid, time.monotonic() - self.heard
        for pid, seconds in re.findall(r"=(\d+) silent=(\d+)", self.line):
            if int(seconds) > HANG:
                yield int(pid), int(seconds)


def stacks(pid):
    """Where PID and its children are in the kernel"""
    said, pids = [], [pid]
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            pids += map(int, file.read().split())
    except OSError:
        pass
    for one in pids:
        try:
            with open(f"/proc/{one}/comm") as comm, open(f"/proc/{one}/stack") as stack:
                said.append(f"{comm.read().strip()}: " + " < ".join(
                    line.split()[-1].split("+")[0] for line in stack))
        except OSError as error:
            said.append(str(error))
    return "; ".join(said)


class Torture:
    def __init__(self, seed, seconds, folder):
        self.seed, self.seconds, self.folder = seed, seconds, folder
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
        """IP packets in this netns"""
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
                except Refused:  # of two claims of one target, the second
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
        self.actors = [Actor(name, self.seed, self.board, self.folder) for name in names]
        self.flows = [Flow(n, self.seed) for n in flows]

    def is_complete(self):
        """Has a full run seen it all? On a slow machine, that takes longer"""
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
        told = 0
        while left:
            time.sleep(1)
            now = time.monotonic()
            for flow in self.flows:
                flow.read()
            for one, status in self.reap(left):
                if isinstance(one, Actor):
                    said = self.board.get(one.name)[1]
                else:
                    said = one.process.stderr.read().decode().strip()
                    one.read()
                    # stopped before it had begun
                    if stopping and status == -signal.SIGTERM and not one.line:
                        continue
                if status or not stopping:
                    self.fail(f"{one.name} has ended with status {status}: {said}")
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
            if now - start > told + 60:
                told += 60
                print(f"{told} s: " + ", ".join(
                    f"{flow.name} {flow.values().get('bytes', 0) >> 10} KiB"
                    for flow in self.flows), flush=True)
        self.report(time.monotonic() - start, self.received() - before)

    def report(self, seconds, packets):
        operations = {kind: {"done": 0, "refused": 0, "reason": "never tried"}
                      for kind in self.board.kinds}
        counts = {}
        for actor in self.actors:
            try:
                with open(f"{self.folder}/{actor.name}.json") as file:
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
        with open(f"{self.folder}/result.json", "w") as file:
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

# SPDX-License-Identifier: GPL-2.0
"""
How torture.py does an operation: the programs, libraries and system calls, and what a
tool needs itself, such as frames and captures. A tool is a function of a text, or a
class with such a method "run". It raises Refused if the kernel has not done the
operation.
"""
import ctypes
import fcntl
import mmap
import os
import random
import re
import select
import socket
import struct
import subprocess
import time

SLOW = os.environ.get("KSFT_MACHINE_SLOW") == "yes"
# Seconds without any progress after which a process is said to hang
HANG = 300 if SLOW else 90
DEVICES = 4
CPUS = os.cpu_count()
CLAIMED = ("eth0", "192.0.2.5", "2001:db8:1::5", "198.51.100.5", "198.51.100.6")
LOCK = "/tmp/torture.lock"  # shared: the module stays loaded; exclusive: it is unloaded
BPF_FS = "/sys/fs/bpf"

BPF, CLONE_NEWNET = 321, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def progress():
    """A tool that takes many steps for one operation calls this after each. Actors replace
    it."""


class Refused(Exception):
    """The kernel has refused the operation; the text is the reason"""


class Failed(Exception):
    """Something that must not happen; the text is a sentence"""


def unshare_net():
    if libc.unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")


def enter_net(name):
    with open(f"/run/netns/{name}") as netns:
        if libc.setns(netns.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")


def find(n):
    """Return the present name and index of device N, or of the next that exists. While the
    module is not loaded there is none; wait for it then."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        for m in range(n, n + DEVICES):
            for name in (f"t{m % DEVICES}", f"r{m % DEVICES}"):
                try:
                    # not by SIOCGIFINDEX, which starts modprobe for each name that does
                    # not exist
                    with open(f"/sys/class/net/{name}/ifindex") as file:
                        return name, int(file.read())
                except OSError:
                    pass
        time.sleep(0.5)
    raise Refused("there is no device")


def fill_in(text):
    """Replace @N by the index of device N as "ip" takes it, and %N by its name; see
    find()."""

    def replace(match):
        name, index = find(int(match[2]))
        return name if match[1] == "%" else f"if{index}"

    return re.sub(r"([@%])([0-3])\b", replace, text)


class Batch:
    """A long-lived "ip" or "tc" that is given one line at a time"""

    def __init__(self, *command):
        self.command = [*command, "-force", "-batch", "-"]
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, bufsize=1)
        self.line = 0

    def run(self, text):
        # When it refuses the second line, "?", it has completed the first
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
    """libnftables: to start a program for each change would take longer than all
    changes"""

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
    """Run a program, for operations without a faster method."""
    done = subprocess.run(text.split(), stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise Refused(f"{done.returncode}: {done.stderr.strip()}")


def write(text):
    """Write a file; text is PATH VALUE."""
    path, value = text.split()
    with open(path, "w") as file:
        file.write(value)


# SIOCETHTOOL: number, ifr_data to struct ethtool_value
ETHTOOL = {"tx": 0x17, "sg": 0x19, "tso": 0x1f, "gso": 0x24, "gro": 0x2c}


def ethtool(text):
    """Switch an offload; text is DEV FEATURE 0|1."""
    name, feature, value = text.split()
    data = ctypes.create_string_buffer(struct.pack("=II", ETHTOOL[feature], int(value)))
    request = struct.pack("16sP", name.encode(), ctypes.addressof(data))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8946, request)


def module(text):
    """Text is "unload", or "load N" with N devices."""
    if text == "unload":
        return command("rmmod lbx")
    parameter = f"devices={text.split()[1]}"
    if os.environ.get("LBX_KO"):
        return command(f"insmod {os.environ['LBX_KO']} {parameter}")
    return command(f"modprobe lbx {parameter}")


def bpf_load(name, kind, *insns):
    """Load and pin a program of INSNS: code, destination, offset, immediate."""
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
    """Load programs that pass all packets, and that drop one in 16
    (bpf_get_prandom_u32())."""
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
    """Return a payload. Its ports are below 1024, which traffic does not use."""
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
    """Return fragments of 8 to 64 bytes that overlap, repeat, and leave gaps."""
    ident = rng.randrange(1, 65536)
    at = rng.choice((0, 0, 1, 8, 8000)) + rng.randrange(8)
    if rng.randrange(2):
        return ipv4(rng, n, rng.choice((0, 0x2000, 0x2000)) | at, ident)
    data = struct.pack("!BBHI", 17, 0, at << 3 | rng.randrange(2), ident % 16) \
        + rng.randbytes(rng.choice((8, 16, 64, 7)))
    return 0x86dd, struct.pack("!IHBB", 6 << 28, len(data), 44, 64) \
        + some_addr(rng, 6, n) + some_addr(rng, 6, n) + data


def vnet_header(rng, proto=6):
    """Return a struct virtio_net_hdr, mostly valid for a packet of TCP or UDP over
    IPv4."""
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
    """Send COUNT frames on device N; text is N KIND COUNT SEED. vnet acts as a guest
    would."""
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
    """Capture; text is N|any KIND MS."""
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


def await_source(family, addr, until):
    """Wait until ADDR is the source of what is sent to it. A new IPv6 address is tentative
    until a work item of the kernel has run, and a server can bind the mirror before."""
    while True:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((addr, 9))
            source = sock.getsockname()[0]
        if source == addr:
            return
        if time.monotonic() > until:
            raise Failed(f"{source} is the source of what is sent to {addr}")
        time.sleep(0.05)


def exchange(family, addr, dev):
    """Send 4,000 bytes to ADDR and back, by UDP and by TCP."""
    data = os.urandom(4000)
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(family, kind) as server, socket.socket(family, kind) as client:
            until = time.monotonic() + HANG / 2
            while True:
                try:
                    # an IPv6 address can be bound when lo has its mirror
                    server.bind((addr, 0))
                    break
                except OSError as error:
                    if time.monotonic() > until:
                        raise Failed(f"{addr} of {dev} cannot be bound: {error}") from None
                    time.sleep(0.05)
            progress()
            await_source(family, addr, until)
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
    """Run WORK in a process of its own; raise its exception here."""
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
    """Bring the device of a NETNS up by the old ioctls, and use it. Sockets end with the
    netns."""
    def work():
        enter_net(text)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            addr = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton("192.0.2.9"))
            fcntl.ioctl(sock, 0x8916, struct.pack("16s16s8x", b"n0", addr))  # SIOCSIFADDR
            fcntl.ioctl(sock, 0x8914, struct.pack("16sH22x", b"n0", 0x41))  # up, running
        try:
            exchange(socket.AF_INET, "192.0.2.9", "n0")
        except Failed as error:
            # the device may be gone meanwhile, but data that arrived must not have
            # changed
            if "is not what came" in str(error):
                raise
            raise OSError(str(error)) from None
    in_child(work)


class Probe:
    """While the module is loaded, a new device works at once, whatever other actors
    do"""

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
        # "ip" caches names, and would use the index of the last device
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
            raise Failed(f"a new device has carried only {packets['p0']} of its packets")
        self.ip.run(f"link del if{self.index}")
        self.index += 1


def remote(text):
    """Send packets from PEER, which isolation may keep out; text is N COUNT."""
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

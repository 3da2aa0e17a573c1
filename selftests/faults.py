#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
faults.py OPERATION

Lets each allocation of an operation fail in turn; faults_program.py does so with those of
a program.

Does OPERATION again and again, the first time with its first allocation failing, then
with its second (fail-nth and failslab, see Documentation/fault-injection/fault-injection.rst of the
kernel), until it has had none left to fail. Each time it has to succeed, or to be refused
for want of memory with all as it was before, and then to succeed without a fault.

Run it as root in a network namespace of its own; "module_load" takes the name of lbx.ko
from $LBX_KO, all others need it loaded. Prints how many allocations have failed, and how
many of these were noticed. Exit status 0 if all was as it has to be.
"""
import ctypes
import errno
import ipaddress
import os
import socket
import struct
import subprocess
import sys
import time

RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR = (
    16, 17, 18, 20, 21, 22)
RTF_LOCAL = 0x80000000          # in /proc/net/ipv6_route
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLM_F_EXCL, NLM_F_CREATE = 0x200, 0x400
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLA_F_NESTED = 1 << 15
IFLA_IFNAME, IFLA_MTU, IFLA_LINKINFO = 3, 4, 18
IFLA_INFO_KIND, IFLA_INFO_DATA = 1, 2
IFLA_LBX_DIRECT, IFLA_LBX_ISOLATE, IFLA_LBX_CLAIMS, IFLA_LBX_UNCLAIMS = 1, 2, 3, 4
IFLA_LBX_CLAIM, LBX_CLAIM_IFNAME, LBX_CLAIM_ADDR4, LBX_CLAIM_ADDR6 = 1, 1, 3, 4
IFA_ADDRESS, IFA_LOCAL = 1, 2
GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 16, 3, 1, 2
LBX_CMD_CLAIM_GET = 1
IFF_UP = 1
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK, NLMSGERR_ATTR_MSG = 270, 10, 11, 1
SYS_DELETE_MODULE, SYS_FINIT_MODULE = 176, 313
CLONE_NEWNET = 0x40000000
NETLINK_GENERIC = 16

# What there is too little of; the last is of dumps, which are to be asked for again
SCARCE = {errno.ENOMEM, errno.ENOBUFS, errno.EMSGSIZE}
LIMIT = 20000

DEBUGFS = "/sys/kernel/debug"
FAULTS = f"{DEBUGFS}/failslab", f"{DEBUGFS}/fail_page_alloc"

libc = ctypes.CDLL(None, use_errno=True)


class Wrong(Exception):
    """Something is not as it has to be"""


def write(path, value):
    with open(path, "w", encoding="ascii") as file:
        file.write(str(value))


def run(argv):
    """A program, without a fault"""
    done = subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, check=False)
    if done.returncode:
        raise Wrong(f"without a fault, {' '.join(argv)} has ended with {done.returncode}: "
                    f"{done.stderr}")


def only_below(function):
    """Only what this function of the kernel allocates, or another that it calls, may fail"""
    with open("/proc/kallsyms", encoding="ascii") as symbols:
        addrs = {name: int(address, 16)
                 for address, _, name, *_ in map(str.split, symbols)}
    start = addrs[function]
    # "ip netns exec" has a /sys of its own
    if not os.path.ismount(DEBUGFS):
        run(["mount", "-t", "debugfs", "debugfs", DEBUGFS])
    for fault in FAULTS:
        write(f"{fault}/stacktrace-depth", 32)
        write(f"{fault}/require-start", start)
        write(f"{fault}/require-end", min(end for end in addrs.values() if end > start))


def attr(type_, content):
    """A netlink attribute; content is bytes, or a list of attributes"""
    if isinstance(content, list):
        type_ |= NLA_F_NESTED
        content = b"".join(content)
    return (struct.pack("HH", 4 + len(content), type_) + content
            + bytes(-len(content) % 4))


def text(string):
    return string.encode() + b"\0"


class Netlink:
    """A socket of netlink, and what is asked by it"""
    def __init__(self, family=socket.NETLINK_ROUTE):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)

    def send(self, type_, flags, header, *attrs):
        data = header + b"".join(attrs)
        self.sock.send(struct.pack("IHHII", 16 + len(data), type_,
                                   NLM_F_REQUEST | flags, 1, 0) + data)

    def answers(self):
        """Messages up to the last of a dump or the answer to a request"""
        while True:
            data = self.sock.recv(1 << 16)
            while data:
                length, type_ = struct.unpack_from("IH", data)
                if type_ in (NLMSG_ERROR, NLMSG_DONE):
                    error, = struct.unpack_from("i", data, 16)
                    if error:
                        said = nested(data[36:length], NLMSGERR_ATTR_MSG).rstrip(b"\0")
                        raise OSError(-error, f"{os.strerror(-error)}: {said.decode()}")
                    return
                yield data[16:length]
                data = data[(length + 3) & ~3:]

    def ask(self, type_, flags, header, *attrs):
        self.send(type_, flags | NLM_F_ACK, header, *attrs)
        return list(self.answers())


def link(index=0, flags=0, change=0):
    return struct.pack("BxHiII", 0, 0, index, flags, change)


def kind(name, *data):
    return attr(IFLA_LINKINFO, [attr(IFLA_INFO_KIND, text(name)),
                                attr(IFLA_INFO_DATA, list(data))])


def claims(type_, *targets):
    """Of names of interfaces, and of addresses"""
    return attr(type_, [attr(IFLA_LBX_CLAIM, [
        attr(LBX_CLAIM_IFNAME, text(target)) if isinstance(target, str)
        else attr(LBX_CLAIM_ADDR4 if target.version == 4 else LBX_CLAIM_ADDR6,
                  target.packed)]) for target in targets])


def patiently(error, do):
    """Again and again, for ten seconds, until it has not that error"""
    for _ in range(1000):
        try:
            return do()
        except OSError as caught:
            if caught.errno != error:
                raise
            time.sleep(0.01)
    return do()


def index(name):
    return socket.if_nametoindex(name)


def there(name):
    return name in [found for _, found in socket.if_nameindex()]


IPV4, IPV6 = ipaddress.ip_address("192.0.2.1"), ipaddress.ip_address("2001:db8:9::1")
NIC4, NIC6 = ipaddress.ip_address("198.51.100.1"), ipaddress.ip_address("2001:db8:5::1")


class Operation:
    """What is done with a fault. "ready" brings what it needs, once"""
    # Packets may get lost without an error
    lossy = False
    # What the kernel says, besides SCARCE, when it has no memory for a part of this
    others = set()

    def ready(self):
        self.fresh()
        self.up("lo")

    def done(self):
        """Has it been done?"""
        raise NotImplementedError

    def do(self):
        """Only this has a fault"""
        raise NotImplementedError

    def undo(self):
        """So that it can be done again"""

    def once(self, nth):
        """Do it with a fault. Returns the error, if any, and whether there was a fault"""
        error = None
        # To write it and to read it, which it allows once, allocates nothing; to open it
        # does
        fd = os.open("/proc/thread-self/fail-nth", os.O_RDWR)
        os.write(fd, str(nth).encode())
        try:
            self.do()
        except OSError as caught:
            error = caught
        left = os.read(fd, 16)
        os.write(fd, b"0")
        os.close(fd)
        return error, int(left) == 0

    def fresh(self):
        """New sockets: after an error, there may be an answer left in the old ones"""
        self.route = Netlink()

    def new(self, name, kind_, *data):
        self.route.ask(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, link(),
                       attr(IFLA_IFNAME, text(name)), kind(kind_, *data))

    def delete(self, name):
        self.route.ask(RTM_DELLINK, 0, link(index(name)))

    def change(self, *data):
        self.route.ask(RTM_NEWLINK, 0, link(index("lbx0")), kind("lbx", *data))

    def up(self, name, up=True):
        self.route.ask(RTM_NEWLINK, 0, link(index(name), IFF_UP if up else 0, IFF_UP))

    def address(self, name, addr, command=RTM_NEWADDR):
        flags = NLM_F_CREATE | NLM_F_EXCL if command == RTM_NEWADDR else 0
        family, nodad = ((socket.AF_INET, 0) if addr.version == 4
                         else (socket.AF_INET6, 2))
        self.route.ask(command, flags,
                       struct.pack("BBBBi", family, addr.max_prefixlen, nodad, 0, index(name)),
                       attr(IFA_LOCAL, addr.packed), attr(IFA_ADDRESS, addr.packed))

    def nic(self):
        """eth0 with addresses, which can be claimed"""
        self.new("eth0", "dummy")
        self.address("eth0", NIC4)
        self.address("eth0", NIC6)
        self.up("eth0")
        self.wait_local(NIC6)

    @staticmethod
    def wait_local(addr):
        """Until an IPv6 addr has a route as an address of this machine, which is a moment
        after it was given, or its device is up"""
        def look():
            with open("/proc/thread-self/net/ipv6_route", encoding="ascii") as file:
                for dst, plen, *_, flags, _ in map(str.split, file):
                    if (dst, plen) == (addr.packed.hex(), "80") and int(flags, 16) & RTF_LOCAL:
                        return
            raise OSError(errno.EADDRNOTAVAIL, str(addr))
        patiently(errno.EADDRNOTAVAIL, look)

    def info(self):
        """The data of lbx0 that a reply has"""
        data, = self.route.ask(RTM_GETLINK, 0, link(index("lbx0")))
        return dict(nested(nested(data[16:], IFLA_LINKINFO), IFLA_INFO_DATA, True))


def nested(data, wanted, pairs=False):
    """The attribute of that type, or all that are in it"""
    found = {}
    while len(data) >= 4:
        length, type_ = struct.unpack_from("HH", data)
        found[type_ & ~NLA_F_NESTED] = data[4:length]
        data = data[(length + 3) & ~3:]
    content = found.get(wanted, b"")
    if not pairs:
        return content
    found = {}
    while len(content) >= 4:
        length, type_ = struct.unpack_from("HH", content)
        found[type_ & ~NLA_F_NESTED] = content[4:length]
        content = content[(length + 3) & ~3:]
    return found


class NewLink(Operation):
    """newlink with all there is: a device, isolated, with claims"""
    # device_add() of a device that has no name then; rt6_lookup() that finds no route
    others = {errno.EINVAL, errno.EADDRNOTAVAIL}

    def ready(self):
        super().ready()
        self.nic()

    def do(self):
        self.new("lbx0", "lbx", attr(IFLA_LBX_DIRECT, b"\0"), attr(IFLA_LBX_ISOLATE, b"\1"),
                 claims(IFLA_LBX_CLAIMS, "eth0", NIC4, NIC6))

    def done(self):
        return there("lbx0")

    def undo(self):
        self.delete("lbx0")


class DelLink(NewLink):
    """dellink of such a device, with addresses, that is up"""
    def ready(self):
        super().ready()
        self.undo()

    def do(self):
        self.delete("lbx0")

    def done(self):
        return not there("lbx0")

    def undo(self):
        NewLink.do(self)
        self.address("lbx0", IPV4)
        self.address("lbx0", IPV6)
        self.up("lbx0")


class WithDevice(Operation):
    """lbx0 is there, and a NIC"""
    def ready(self):
        super().ready()
        self.nic()
        self.new("lbx0", "lbx")


class Isolate(WithDevice):
    """changelink: isolation, and no direct output"""
    def do(self):
        self.change(attr(IFLA_LBX_ISOLATE, b"\1"), attr(IFLA_LBX_DIRECT, b"\0"))

    def done(self):
        info = self.info()
        isolate, direct = info[IFLA_LBX_ISOLATE] == b"\1", info[IFLA_LBX_DIRECT] == b"\1"
        if isolate == direct:
            raise Wrong("half of it was done")
        return isolate

    def undo(self):
        self.change(attr(IFLA_LBX_ISOLATE, b"\0"), attr(IFLA_LBX_DIRECT, b"\1"))


class Claim(WithDevice):
    """changelink: claims of an interface and of addresses"""
    others = {errno.EADDRNOTAVAIL}

    def do(self):
        self.change(claims(IFLA_LBX_CLAIMS, "eth0", NIC4, NIC6))

    def done(self):
        return IFLA_LBX_CLAIMS in self.info()

    def undo(self):
        self.change(claims(IFLA_LBX_UNCLAIMS, "eth0", NIC4, NIC6))


class Unclaim(Claim):
    """changelink: claims are given back"""
    def ready(self):
        super().ready()
        Claim.do(self)

    def do(self):
        Claim.undo(self)

    def done(self):
        return not Claim.done(self)

    def undo(self):
        Claim.do(self)


class Mtu(WithDevice):
    """an MTU with which IPv6 leaves the device, and one with which it comes back"""
    def ready(self):
        super().ready()
        self.up("lbx0")

    def set(self, mtu):
        self.route.ask(RTM_NEWLINK, 0, link(index("lbx0")), attr(IFLA_MTU, struct.pack("I", mtu)))

    def get(self):
        data, = self.route.ask(RTM_GETLINK, 0, link(index("lbx0")))
        return struct.unpack("I", nested(data[16:], IFLA_MTU))[0]

    def do(self):
        self.set(1500)

    def done(self):
        return self.get() == 1500

    def undo(self):
        self.set(1000)


class Up(WithDevice):
    """up, with addresses of both families"""
    def ready(self):
        super().ready()
        self.address("lbx0", IPV4)
        self.address("lbx0", IPV6)

    def flags(self):
        data, = self.route.ask(RTM_GETLINK, 0, link(index("lbx0")))
        return struct.unpack_from("I", data, 8)[0]

    def do(self):
        self.up("lbx0")

    def done(self):
        return bool(self.flags() & IFF_UP)

    def undo(self):
        self.up("lbx0", False)


class Down(Up):
    """down, with addresses of both families"""
    def ready(self):
        super().ready()
        self.up("lbx0")

    def do(self):
        Up.undo(self)

    def done(self):
        return not Up.done(self)

    def undo(self):
        Up.do(self)


class Address(WithDevice):
    """an IPv4 address"""
    addr = IPV4

    def ready(self):
        super().ready()
        self.up("lbx0")

    def do(self):
        self.address("lbx0", self.addr)

    def done(self):
        self.route.send(RTM_GETADDR, NLM_F_DUMP, struct.pack("BBBBi", 0, 0, 0, 0, 0))
        return self.addr.packed in [nested(data[8:], IFA_ADDRESS)
                                    for data in self.route.answers()
                                    if struct.unpack_from("i", data, 4)[0] == index("lbx0")]

    def undo(self):
        self.address("lbx0", self.addr, RTM_DELADDR)


class Address6(Address):
    """an IPv6 address, which a server can bind at once, or soon if its mirror on lo could
    not be made for want of memory"""
    addr = IPV6

    def bind(self):
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as server:
            server.bind((str(self.addr), 5000))

    def done(self):
        if not super().done():
            return False
        patiently(errno.EADDRNOTAVAIL, self.bind)
        return True


class Packet(WithDevice):
    """the first packet to an address: its route, its neighbour, its way by lbx"""
    family, server, lossy = socket.AF_INET, IPV4, True
    # No neighbour, in ip6_finish_output2(); no route
    others = {errno.EINVAL, errno.ENETUNREACH}

    def ready(self):
        super().ready()
        self.address("lbx0", self.server)
        self.up("lbx0")
        self.listen()

    def listen(self):
        self.receiver = socket.socket(self.family, socket.SOCK_DGRAM)
        patiently(errno.EADDRNOTAVAIL,
                  lambda: self.receiver.bind((str(self.server), 5000)))
        self.receiver.setblocking(False)
        self.undo()

    def undo(self):
        # which forgets neighbours and routes
        self.up("lbx0", False)
        self.up("lbx0")
        if self.server.version == 6:
            self.wait_local(self.server)
        self.sender = socket.socket(self.family, socket.SOCK_DGRAM)

    def do(self):
        self.sender.sendto(b"first", (str(self.server), 5000))

    def done(self):
        try:
            return self.receiver.recv(16) == b"first"
        except BlockingIOError:
            return False


class Packet6(Packet):
    """the same in IPv6"""
    family, server = socket.AF_INET6, IPV6


class ClaimedPacket(Packet):
    """the first packet to a claimed address"""
    server = NIC4

    def ready(self):
        Operation.ready(self)
        self.nic()
        self.new("lbx0", "lbx", claims(IFLA_LBX_CLAIMS, "eth0"))
        self.up("lbx0")
        self.listen()


class Connect(Packet):
    """a TCP connection, from its first packet to its last"""
    def ready(self):
        super().ready()
        self.listener = socket.create_server((str(self.server), 5001))
        self.listener.setblocking(False)

    def undo(self):
        Packet.undo(self)
        self.sender = socket.socket(self.family, socket.SOCK_STREAM)
        # or a SYN that is lost takes a second
        self.sender.setblocking(False)

    def do(self):
        try:
            self.sender.connect((str(self.server), 5001))
        except BlockingIOError:
            pass

    def done(self):
        try:
            accepted, _ = self.listener.accept()
        except BlockingIOError:
            return False
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        accepted.close()
        self.sender.close()
        return True


class Dump(Operation):
    """the lists of links and of claims"""
    def ready(self):
        super().ready()
        self.nic()
        self.new("lbx0", "lbx", claims(IFLA_LBX_CLAIMS, "eth0", NIC4, NIC6))
        reply, = self.generic.ask(GENL_ID_CTRL, 0, struct.pack("BBH", CTRL_CMD_GETFAMILY, 1, 0),
                                  attr(CTRL_ATTR_FAMILY_NAME, text("lbx")))
        self.family, = struct.unpack("H", nested(reply[4:], CTRL_ATTR_FAMILY_ID))
        self.listed = ()

    def do(self):
        self.listed = ()
        self.route.send(RTM_GETLINK, NLM_F_DUMP, link())
        links = list(self.route.answers())
        self.generic.send(self.family, NLM_F_DUMP, struct.pack("BBH", LBX_CMD_CLAIM_GET, 1, 0))
        self.listed = len(links), len(list(self.generic.answers()))

    def done(self):
        return self.listed == (3, 3)

    def undo(self):
        self.listed = ()

    def fresh(self):
        super().fresh()
        self.generic = Netlink(NETLINK_GENERIC)


class NewNetns(Operation):
    """a new network namespace"""
    # Whatever those say that begin with it: proc_net_ns_init() EEXIST, uevent_net_init()
    # ENODEV, sockets of protocols EAFNOSUPPORT
    others = set(errno.errorcode)

    def ready(self):
        super().ready()
        self.mine = os.open("/proc/self/ns/net", os.O_RDONLY)

    def netns(self):
        return os.stat("/proc/thread-self/ns/net").st_ino

    def do(self):
        if libc.unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "unshare")

    def done(self):
        changed = os.fstat(self.mine).st_ino != self.netns()
        if changed:
            libc.setns(self.mine, CLONE_NEWNET)
        return changed


class NetnsExit(NewLink):
    """the end of a network namespace with devices and claims, which a worker does"""
    # Files in /proc/net are among what goes last
    FILES = "/sys/kernel/slab/proc_dir_entry"

    def ready(self):
        Operation.ready(self)
        self.mine = os.open("/proc/self/ns/net", os.O_RDONLY)
        # What has allocated by then, in the kernel's own count, of which interval is a
        # divisor when it lets one fail
        self.count = 0
        only_below("cleanup_net")
        write(f"{FAULTS[0]}/probability", 100)
        # Another one may be about to go
        self.before, before = self.files(), None
        while before != self.before:
            time.sleep(3)
            self.before, before = self.files(), self.before
        self.undo()

    def files(self):
        """How many there are, of all namespaces"""
        write(f"{self.FILES}/shrink", 1)
        with open(f"{self.FILES}/objects", encoding="ascii") as file:
            return int(file.read().split()[0])

    def once(self, nth):
        self.count += nth
        write(f"{FAULTS[0]}/interval", self.count)
        write(f"{FAULTS[0]}/times", 1)
        os.close(self.theirs)
        for _ in range(600):
            if self.done():
                break
            time.sleep(0.1)
        with open(f"{FAULTS[0]}/times", encoding="ascii") as file:
            faulty = int(file.read()) == 0
        write(f"{FAULTS[0]}/times", 0)
        return None, faulty

    def done(self):
        return self.files() == self.before

    def undo(self):
        if libc.unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "unshare")
        self.fresh()
        NewLink.ready(self)
        NewLink.do(self)
        self.address("lbx0", IPV4)
        self.address("lbx0", IPV6)
        self.up("lbx0")
        self.theirs = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        # a socket is in its netns for as long as it is open
        del self.route
        libc.setns(self.mine, CLONE_NEWNET)


class ModuleLoad(Operation):
    """the initialisation of the module, with a device"""
    # device_add(), as in NewLink
    others = {errno.EINVAL}

    def ready(self):
        super().ready()
        # Not what the kernel does before: tracing takes it for a bug that it has no
        # memory for a module's events
        only_below("do_init_module")
        self.file = os.open(os.environ["LBX_KO"], os.O_RDONLY)
        if ModuleLoad.done(self):
            ModuleLoad.undo(self)

    def do(self):
        if libc.syscall(SYS_FINIT_MODULE, self.file, b"devices=1", 0):
            raise OSError(ctypes.get_errno(), "finit_module")

    def done(self):
        return os.path.exists("/sys/module/lbx")

    def undo(self):
        if libc.syscall(SYS_DELETE_MODULE, b"lbx", os.O_NONBLOCK):
            raise OSError(ctypes.get_errno(), "delete_module")


class ModuleUnload(ModuleLoad):
    """the end of the module, with a device"""
    def ready(self):
        super().ready()
        only_below("__x64_sys_delete_module")
        ModuleLoad.do(self)

    def do(self):
        ModuleLoad.undo(self)

    def done(self):
        return not ModuleLoad.done(self)

    def undo(self):
        ModuleLoad.do(self)


def attempt(operation, nth):
    """Once with a fault, and if that did not do it, without. Returns whether there was
    a fault, and whether it was noticed"""
    error, faulty = operation.once(nth)
    if error:
        operation.fresh()
        if error.errno not in SCARCE | operation.others:
            raise Wrong(f"{error}")
    done = operation.done()
    # ENOBUFS is what netlink says when it has no memory for the answer
    if error and done and error.errno != errno.ENOBUFS:
        raise Wrong(f"it was done, but {error}")
    if not done:
        if not error and not operation.lossy:
            raise Wrong("it was not done, and nothing said")
        if not faulty:
            raise Wrong("it was not done, without a fault")
        if operation.lossy:
            operation.undo()
        operation.do()
        if not operation.done():
            raise Wrong("it was not done without a fault either")
    operation.undo()
    return faulty, not done


def sweep(operation):
    """Returns how many allocations have failed, and how many of these were noticed"""
    noticed = 0
    operation.ready()
    for nth in range(1, LIMIT):
        try:
            faulty, missed = attempt(operation, nth)
        except (Wrong, OSError) as wrong:
            raise Wrong(f"allocation {nth}: {wrong}") from wrong
        if not faulty:
            return nth - 1, noticed
        noticed += missed
    raise Wrong(f"it has had more than {LIMIT} allocations")


OPERATIONS = {
    "module_load": ModuleLoad, "module_unload": ModuleUnload, "newlink": NewLink,
    "dellink": DelLink, "isolate": Isolate, "claim": Claim, "unclaim": Unclaim, "mtu": Mtu,
    "up": Up, "down": Down, "address4": Address, "address6": Address6, "packet4": Packet,
    "packet6": Packet6, "claimed_packet": ClaimedPacket, "connect": Connect, "dump": Dump,
    "netns": NewNetns, "netns_exit": NetnsExit,
}


def main():
    operation = sys.argv[1] if len(sys.argv) == 2 else ""
    if operation not in OPERATIONS:
        sys.exit(f"{__doc__.strip()}\n\nOperations: {' '.join(OPERATIONS)}")
    try:
        failed, noticed = sweep(OPERATIONS[operation]())
    except Wrong as wrong:
        sys.exit(f"{operation}: {wrong}")
    print(f"{failed} allocations have failed, {noticed} of them were noticed")
    return 0


if __name__ == "__main__":
    sys.exit(main())

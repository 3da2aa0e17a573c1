#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
faults.py OPERATION

Let each allocation of an operation fail in turn. faults_program.py does the same with
the allocations of a program.

The program repeats OPERATION. The first time, the first allocation fails, then the
second, and so on (fail-nth and failslab, see
Documentation/fault-injection/fault-injection.rst of the kernel), until there is none
left to fail. Each time the operation has to succeed. Or it has to be refused for lack
of memory with everything as before, and then to succeed without a fault.

Run it as root in a network namespace of its own. "module_load" needs the name of lbx.ko
in $LBX_KO, all others need the loaded module. The program prints how many allocations
have failed, and how many of these were noticed. The status is 0 if everything was as
expected.
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

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from netlink import (
    CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME, CTRL_CMD_GETFAMILY, GENL_ID_CTRL,
    IFA_ADDRESS, IFA_LOCAL, IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_LBX_CLAIM,
    IFLA_LBX_CLAIMS, IFLA_LBX_DIRECT, IFLA_LBX_ISOLATE, IFLA_LBX_UNCLAIMS, IFLA_LINKINFO,
    IFLA_MTU, LBX_CLAIM_ADDR4, LBX_CLAIM_ADDR6, LBX_CLAIM_IFNAME, LBX_CMD_CLAIM_GET,
    NETLINK_GENERIC, NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REQUEST,
    NLMSG_DONE, NLMSG_ERROR, NLMSGERR_ATTR_MSG, RTM_DELADDR, RTM_DELLINK, RTM_GETADDR,
    RTM_GETLINK, RTM_NEWADDR, RTM_NEWLINK, attr, attributes, connect, nested, text)

RTF_LOCAL = 0x80000000          # in /proc/net/ipv6_route
IFF_UP = 1
SYS_DELETE_MODULE, SYS_FINIT_MODULE = 176, 313
CLONE_NEWNET = 0x40000000

# Errors for lack of memory; the last is that of dumps, which have to be requested again
SCARCE = {errno.ENOMEM, errno.ENOBUFS, errno.EMSGSIZE}
LIMIT = 20000

DEBUGFS = "/sys/kernel/debug"
FAULTS = f"{DEBUGFS}/failslab", f"{DEBUGFS}/fail_page_alloc"

libc = ctypes.CDLL(None, use_errno=True)


class Wrong(Exception):
    """Something is not as expected"""


def write(path, value):
    with open(path, "w", encoding="ascii") as file:
        file.write(str(value))


def run(argv):
    """Run a program without a fault."""
    done = subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, check=False)
    if done.returncode:
        raise Wrong(f"'{' '.join(argv)}' ended with status {done.returncode} without a fault: "
                    f"{done.stderr}")


def only_below(function):
    """Only allocations by this function of the kernel, or by others that it calls, may
    fail."""
    with open("/proc/kallsyms", encoding="ascii") as symbols:
        addrs = {name: int(address, 16)
                 for address, _, name, *_ in map(str.split, symbols)}
    start = addrs[function]
    # "ip netns exec" mounts another /sys
    if not os.path.ismount(DEBUGFS):
        run(["mount", "-t", "debugfs", "debugfs", DEBUGFS])
    for fault in FAULTS:
        write(f"{fault}/stacktrace-depth", 32)
        write(f"{fault}/require-start", start)
        write(f"{fault}/require-end", min(end for end in addrs.values() if end > start))


class Netlink:
    """A netlink socket, and requests by it"""
    def __init__(self, family=socket.NETLINK_ROUTE):
        self.sock = connect(family)

    def send(self, type_, flags, header, *attrs):
        data = header + b"".join(attrs)
        self.sock.send(struct.pack("IHHII", 16 + len(data), type_,
                                   NLM_F_REQUEST | flags, 1, 0) + data)

    def answers(self):
        """Yield the messages up to the last of a dump or the answer to a request."""
        while True:
            data = self.sock.recv(1 << 16)
            while data:
                length, type_ = struct.unpack_from("IH", data)
                if type_ in (NLMSG_ERROR, NLMSG_DONE):
                    error, = struct.unpack_from("i", data, 16)
                    if error:
                        extack = nested(data[36:length], NLMSGERR_ATTR_MSG).rstrip(b"\0")
                        raise OSError(-error, f"{os.strerror(-error)}: {extack.decode()}")
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
    """Return claims of names of interfaces and of addresses."""
    return attr(type_, [attr(IFLA_LBX_CLAIM, [
        attr(LBX_CLAIM_IFNAME, text(target)) if isinstance(target, str)
        else attr(LBX_CLAIM_ADDR4 if target.version == 4 else LBX_CLAIM_ADDR6,
                  target.packed)]) for target in targets])


def patiently(error, do):
    """Repeat for ten seconds, until this error does not occur."""
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
    """An operation that is done with a fault. ready() prepares for it once."""
    # Packets may be lost without an error
    lossy = False
    # Errors of the kernel, besides SCARCE, when it has no memory for a part of this
    others = set()

    def ready(self):
        self.fresh()
        self.up("lo")

    def done(self):
        """Return true if the operation has been done."""
        raise NotImplementedError

    def do(self):
        """Do the operation. Only this has a fault."""
        raise NotImplementedError

    def undo(self):
        """Undo the operation, so that it can be done again."""

    def once(self, nth):
        """Do it with a fault. Return the error, if any, and whether there was a
        fault."""
        error = None
        # Writing and reading the file, which the kernel allows once, allocate nothing.
        # Opening it does.
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
        """Use new sockets: after an error, an answer may be left in the old ones."""
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
        """Make eth0 with addresses that can be claimed."""
        self.new("eth0", "dummy")
        self.address("eth0", NIC4)
        self.address("eth0", NIC6)
        self.up("eth0")
        self.wait_local(NIC6)

    @staticmethod
    def wait_local(addr):
        """Wait until an IPv6 addr has a local route. This takes a moment after the address
        is added or its device is up."""
        def look():
            with open("/proc/thread-self/net/ipv6_route", encoding="ascii") as file:
                for dst, plen, *_, flags, _ in map(str.split, file):
                    if (dst, plen) == (addr.packed.hex(), "80") and int(flags, 16) & RTF_LOCAL:
                        return
            raise OSError(errno.EADDRNOTAVAIL, str(addr))
        patiently(errno.EADDRNOTAVAIL, look)

    def info(self):
        """Return the data of lbx0 that a reply has."""
        data, = self.route.ask(RTM_GETLINK, 0, link(index("lbx0")))
        return dict(attributes(nested(nested(data[16:], IFLA_LINKINFO), IFLA_INFO_DATA)))


class NewLink(Operation):
    """newlink with all attributes: an isolated device with claims"""
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
    """An operation with lbx0 and a network interface"""
    def ready(self):
        super().ready()
        self.nic()
        self.new("lbx0", "lbx")


class Isolate(WithDevice):
    """changelink: isolation on, and direct output off"""
    def do(self):
        self.change(attr(IFLA_LBX_ISOLATE, b"\1"), attr(IFLA_LBX_DIRECT, b"\0"))

    def done(self):
        info = self.info()
        isolate, direct = info[IFLA_LBX_ISOLATE] == b"\1", info[IFLA_LBX_DIRECT] == b"\1"
        if isolate == direct:
            raise Wrong("only a part of the change was done")
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
    """changelink: unclaims"""
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
    """an MTU that disables IPv6 on the device, and one that enables it again"""
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
    """setting a device up, with addresses of both families"""
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
    """setting a device down, with addresses of both families"""
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
    """adding an IPv4 address"""
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
    """adding an IPv6 address. A server can bind it at once, or soon after if its mirror on
    lo could not be made for lack of memory."""
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
    """the first packet to an address: its route, its neighbour entry, its path
    through lbx"""
    family, server, lossy = socket.AF_INET, IPV4, True
    # No neighbour entry, in ip6_finish_output2(); no route
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
        # this deletes neighbour entries and routes
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
    """the first packet to an IPv6 address"""
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
        # otherwise a lost SYN takes a second
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
    """dumps of links and of claims"""
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
    """making a network namespace"""
    # The errors of all functions that run for a new netns: proc_net_ns_init() EEXIST,
    # uevent_net_init() ENODEV, sockets of protocols EAFNOSUPPORT
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
    """the end of a network namespace with devices and claims, in a worker"""
    # Files in /proc/net are among the last objects to be freed
    FILES = "/sys/kernel/slab/proc_dir_entry"

    def ready(self):
        Operation.ready(self)
        self.mine = os.open("/proc/self/ns/net", os.O_RDONLY)
        # The kernel's count of allocations up to now. An allocation fails if interval
        # is a divisor of that count.
        self.count = 0
        only_below("cleanup_net")
        write(f"{FAULTS[0]}/probability", 100)
        # Another netns may be about to end
        self.before, before = self.files(), None
        while before != self.before:
            time.sleep(3)
            self.before, before = self.files(), self.before
        self.undo()

    def files(self):
        """Return the number of these files in all namespaces."""
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
        # a socket is in its netns until it is closed
        del self.route
        libc.setns(self.mine, CLONE_NEWNET)


class ModuleLoad(Operation):
    """the initialisation of the module, with a device"""
    # device_add(), as in NewLink
    others = {errno.EINVAL}

    def ready(self):
        super().ready()
        # Not the earlier steps of the kernel: tracing reports a bug if it has no memory
        # for the events of a module
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
    """Try the operation once with a fault, and if that fails, without. Return whether
    there was a fault, and whether it was noticed."""
    error, faulty = operation.once(nth)
    if error:
        operation.fresh()
        if error.errno not in SCARCE | operation.others:
            raise Wrong(f"{error}")
    done = operation.done()
    # netlink reports ENOBUFS when it has no memory for the answer
    if error and done and error.errno != errno.ENOBUFS:
        raise Wrong(f"the operation was done, but reported {error}")
    if not done:
        if not error and not operation.lossy:
            raise Wrong("the operation was not done, and reported no error")
        if not faulty:
            raise Wrong("the operation was not done although there was no fault")
        if operation.lossy:
            operation.undo()
        operation.do()
        if not operation.done():
            raise Wrong("the operation was not done in a second attempt without a fault")
    operation.undo()
    return faulty, not done


def sweep(operation):
    """Return how many allocations have failed, and how many of these were noticed."""
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
    raise Wrong(f"the operation has more than {LIMIT} allocations")


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

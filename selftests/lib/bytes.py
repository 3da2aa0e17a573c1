#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
bytes.py replies DEV - check that the kernel's messages about DEV have no uninitialised byte
bytes.py frames DEV ADDR MAC - check the same of captured frames that DEV carries
bytes.py short DEV - send frames that are shorter than an Ethernet header

The checks repeat the same requests. Before each, they fill as much free memory of the
kernel as they can with another byte, which would appear in uninitialised bytes.
"replies" compares the complete answers, with the padding of each attribute, for link
messages, refusals, the dump of claims and ethtool. "frames" sends datagrams to ADDR,
and compares their frames, the data with them (PACKET_VNET_HDR, PACKET_AUXDATA) and
sockaddr_ll. The source in their Ethernet header has to be MAC, or that of DEV if MAC is
"own". "short" prints the result of sendto() for each length.

The program prints what is wrong. The status is 0 if nothing is.
"""
import array
import ctypes
import errno
import fcntl
import socket
import struct
import sys

from request import Message

TIMES = 8
SIZES = (100, 200, 400, 800, 1500, 3000, 7000, 15000, 30000)
NETLINK_USERSOCK = 2
SIOCETHTOOL, SIOCGIFHWADDR = 0x8946, 0x8927
ETHTOOL_GDRVINFO, ETHTOOL_GSTRINGS, ETHTOOL_GSTATS = 0x3, 0x1b, 0x1d
ETHTOOL_GSSET_INFO, ETH_SS_STATS = 0x37, 1
ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 3, 0x800, 0x86dd
SOL_PACKET, PACKET_AUXDATA, PACKET_VNET_HDR = 263, 8, 15
IP_MTU_DISCOVER, IP_PMTUDISC_DO = 10, 2

# Nests by their path: of an lbx device, of another device (such as tunl0, which is in
# each netns once ipip is loaded), and of a claim in the generic netlink family
NESTS = {(18,), (18, 2), (18, 3), (18, 2, 3), (18, 2, 3, 1)}
OTHER_NESTS = {(18,)}
GENL_NESTS = {(2,)}
# These change by themselves: statistics of the whole link, and random timers of IPv6
UNSTABLE = {7, 23, 26}

failures = []


def fail(text):
    if text not in failures:
        failures.append(text)
        print(text)


def spray(byte):
    """Fill buffers of many sizes, and free them again."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_USERSOCK) as sock:
        sock.bind((0, 0))
        for size in SIZES * 4:
            sock.sendto(bytes([byte]) * size, (sock.getsockname()[0], 0))
            sock.recv(65536)
    one, two = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, two:
        for size in SIZES:
            for _ in range(4):
                one.send(bytes([byte]) * size)
            for _ in range(4):
                two.recv(65536)


def attributes(data, at, end):
    """Yield type, start and end of each attribute. Their padding has to be zero."""
    while at < end:
        if at + 4 > end:
            fail(f"{end - at} bytes after the last attribute")
            return
        length, type_ = struct.unpack_from("HH", data, at)
        if length < 4 or at + length > end:
            fail(f"attribute {type_ & 0x3fff} has length {length} of {end - at}")
            return
        padded = min(at + ((length + 3) & ~3), end)
        if any(data[at + length:padded]):
            fail(f"attribute {type_ & 0x3fff}: padding {data[at + length:padded].hex()}")
        yield type_ & 0x3fff, at, at + length
        at = padded


def walk(data, at, end, nests, path=()):
    for type_, start, stop in attributes(data, at, end):
        if path + (type_,) in nests:
            walk(data, start + 4, stop, nests, path + (type_,))


def stable(data, header):
    """Return the message of a link without the parts that change by themselves."""
    return data[:16 + header][4:] + b"".join(
        data[start:stop] for type_, start, stop in attributes(data, 16 + header, len(data))
        if type_ not in UNSTABLE)


def link_nests(data):
    """Return the nests of a link message. Only lbx's IFLA_INFO_DATA is known here."""
    return NESTS if b"\x08\0\1\0lbx\0" in data else OTHER_NESTS


def exchange(proto, request):
    """Return all messages of the answer."""
    messages = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, proto) as sock:
        sock.bind((4242, 0))
        for option in 10, 11, 12:       # CAP_ACK, EXT_ACK, GET_STRICT_CHK
            sock.setsockopt(270, option, 1)
        sock.send(request)
        while True:
            data = sock.recv(1 << 17)
            while data:
                length, type_ = struct.unpack_from("IH", data)
                messages.append(data[:length])
                if type_ in (2, 3):
                    return messages
                data = data[(length + 3) & ~3:]


def message(type_, flags, header):
    return struct.pack("IHHII", 16 + len(header), type_, 1 | flags, 1, 0) + header


def family():
    request = message(16, 4, struct.pack("BBHHH4s", 3, 1, 0, 8, 2, b"lbx\0"))
    reply = exchange(16, request)[0]
    return next(struct.unpack_from("H", reply, start + 4)[0]
                for type_, start, _ in attributes(reply, 20, len(reply)) if type_ == 1)


def refusal(index):
    request = Message(index)
    request.put_link([("claim", "addr:198.51.100.200")])
    return bytes(request.data)


def netlink_answers(dev):
    index = socket.if_nametoindex(dev)
    one = struct.pack("BxHiII", 0, 0, index, 0, 0)
    everything = struct.pack("BxHiII", 0, 0, 0, 0, 0)
    for what, proto, request, header, nests in (
            ("a link", 0, message(18, 4, one), 16, link_nests),
            ("all links", 0, message(18, 0x300, everything), 16, link_nests),
            ("a refusal", 0, refusal(index), 0, lambda _: set()),
            ("the claims", 16, message(family(), 0x300, struct.pack("BBH", 1, 1, 0)), 4,
             lambda _: GENL_NESTS)):
        yield what, lambda p=proto, r=request, h=header, n=nests: \
            netlink_answer(p, r, h, n)


def netlink_answer(proto, request, header, nests):
    answer = []
    for data in exchange(proto, request):
        type_, = struct.unpack_from("H", data, 4)
        if type_ in (2, 3):
            answer.append(data)
            continue
        walk(data, 16 + header, len(data), nests(data))
        answer.append(stable(data, header) if proto == 0 else data)
    return answer


def ethtool(dev, data):
    """Return what the kernel makes of DATA, whose room is filled with a pattern."""
    buf = array.array("B", data)
    ifreq = struct.pack("16sP16x", dev.encode(), buf.buffer_info()[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCETHTOOL, ifreq)
    return buf.tobytes()


def text(data, what):
    """Check a text field: it has to be zero after the end of the text."""
    if any(data[data.index(0):] if 0 in data else b"\1"):
        fail(f"{what}: {data!r} is not zero after its end")


def ethtool_answers(dev):
    count = struct.unpack_from("I", ethtool(dev, struct.pack(
        "IIQI", ETHTOOL_GSSET_INFO, 0, 1 << ETH_SS_STATS, 0)), 16)[0]

    def drvinfo():
        data = ethtool(dev, struct.pack("I", ETHTOOL_GDRVINFO) + b"\xa5" * 192)
        for start, end in (4, 36), (36, 68), (68, 100), (100, 132), (132, 164), (164, 176):
            text(data[start:end], "ethtool -i")
        return [data]

    def strings():
        data = ethtool(dev, struct.pack("III", ETHTOOL_GSTRINGS, ETH_SS_STATS, count) +
                       b"\xa5" * 32 * count)
        for i in range(count):
            text(data[12 + 32 * i:44 + 32 * i], "the name of a counter")
        return [data]

    def stats():
        return [ethtool(dev, struct.pack("II", ETHTOOL_GSTATS, count) +
                        b"\xa5" * 8 * count)]

    return ("ethtool -i", drvinfo), ("names of counters", strings), ("counters", stats)


def compare(what, first, got):
    """Report where they begin to differ."""
    for one, two in zip(first, got):
        at = next((i for i in range(min(len(one), len(two))) if one[i] != two[i]), None)
        if at is not None:
            fail(f"{what}: from byte {at} on, {one[at:at + 16].hex()} and then "
                 f"{two[at:at + 16].hex()}")
        elif len(one) != len(two):
            fail(f"{what}: {len(one)} bytes and then {len(two)}")
    if len(first) != len(got):
        fail(f"{what}: {len(first)} messages and then {len(got)}")


def replies(dev):
    for what, answer in (*netlink_answers(dev), *ethtool_answers(dev)):
        first = None
        for i in range(TIMES):
            spray(0x11 * (i + 1))
            got = answer()
            if first is not None:
                compare(what, first, got)
            first = first or got
        if not first:
            fail(f"{what}: no answer")



def receive(sock):
    """Return a frame with its struct virtio_net_hdr, its sockaddr_ll and
    tpacket_auxdata."""
    libc = ctypes.CDLL(None, use_errno=True)
    buf = ctypes.create_string_buffer(2048)
    name = ctypes.create_string_buffer(b"\xa5" * 64, 64)
    control = ctypes.create_string_buffer(b"\xa5" * 128, 128)
    iov = struct.pack("PN", ctypes.addressof(buf), len(buf))
    iov_buf = ctypes.create_string_buffer(iov, len(iov))
    msg = ctypes.create_string_buffer(struct.pack(
        "PI4xPNPNi4x", ctypes.addressof(name), 64, ctypes.addressof(iov_buf), 1,
        ctypes.addressof(control), 128, 0))
    got = libc.recvmsg(sock.fileno(), msg, socket.MSG_DONTWAIT)
    if got < 0:
        return None
    _, name_len, _, _, _, control_len, _ = struct.unpack("PI4xPNPNi4x", msg.raw[:56])
    return (buf.raw[:got], name.raw[:name_len],
            control.raw[16:control_len] if control_len else b"")


def hwaddr(dev):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        return fcntl.ioctl(sock, SIOCGIFHWADDR, struct.pack("40s", dev.encode()))[18:24]


def frames(dev, addr, mac):
    family_ = socket.AF_INET6 if ":" in addr else socket.AF_INET
    ethertype = ETH_P_IPV6 if ":" in addr else ETH_P_IP
    own = hwaddr(dev)
    source = own if mac == "own" else bytes.fromhex(mac.replace(":", ""))
    first = None
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as capture, \
            socket.socket(family_, socket.SOCK_DGRAM) as udp:
        capture.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        capture.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        capture.bind((dev, ETH_P_ALL))
        # With DF, a datagram that is not fragmented has the identification 0
        if family_ == socket.AF_INET:
            udp.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
        udp.bind((addr, 5000))
        for i in range(TIMES):
            spray(0x11 * (i + 1))
            udp.sendto(b"odd", (addr, 5000))
            udp.recv(100)
            got = receive(capture)
            if not got:
                fail(f"{addr}: no frame")
                return
            frame, name, aux = got
            if frame[10:24] != own + source + struct.pack("!H", ethertype):
                fail(f"{addr}: Ethernet header {frame[10:24].hex()}")
            if frame[-3:] != b"odd":
                fail(f"{addr}: the frame ends with {frame[-3:].hex()}")
            if len(name) != 20 or name[11] != 6 or name[12:] != source + b"\0\0":
                fail(f"{addr}: sockaddr_ll {name.hex()}")
            if first:
                compare(addr, first, got)
            first = got
            # There are as many frames as datagrams, not one more
            if receive(capture):
                fail(f"{addr}: another frame")


def short(dev):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        for length in range(15):
            try:
                sock.sendto(b"\xff" * length, (dev, ETH_P_IP))
                print(length, "ok")
            except OSError as error:
                print(length, errno.errorcode[error.errno])


def main():
    {"replies": replies, "frames": frames, "short": short}[sys.argv[1]](*sys.argv[2:])
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())

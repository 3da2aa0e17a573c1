#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
outside.py FILE - execute the commands on stdin

The program prints "ok" when it is ready, and after each command.

  serve ADDR PORT [echo | from ADDR PORT]
  send SRC DST FINAL PORT [HEADER...] TEXT
  error SRC DST INNER-SRC PORT INNER-DST PORT [HEADER...]
  redirect SRC DST INNER-SRC PORT INNER-DST PORT

"serve" adds a line to FILE for each datagram that is received, with its text, and
"error PORT" for each error of its socket. With "echo" it sends each datagram back. With
"from" the socket is connected, so that it receives errors.

"send" sends a datagram with the source address SRC and the destination DST. FINAL is
the destination when the datagram is delivered, for the checksum. "error" sends an ICMP
error: the port of a datagram, which was sent from INNER-SRC to INNER-DST, is
unreachable. "redirect" sends an ICMPv6 redirect because of such a datagram.

HEADER, in the order of the packet:
  hop, dest          IPv6 options that do nothing
  dest:N             N of them
  rt2:A              IPv6 routing header of this type; all of its addresses are still
  rt3:A,B...         to be visited. rt3 omits the bytes that they share with DST
  rt4:A,B...
  frag               IPv6 fragment header of a datagram in one piece
  split:N            IPv6 fragment header; what follows is sent in two pieces, the first
                     of N bytes
  lsrr:A,B ssrr:A,B  IPv4 source route
  split              IPv4: as two fragments
"""
import os
import selectors
import shlex
import socket
import struct
import sys

UDP, ICMP, ICMP6 = socket.IPPROTO_UDP, socket.IPPROTO_ICMP, socket.IPPROTO_ICMPV6
HOP, ROUTING, FRAGMENT, DEST = 0, 43, 44, 60
IDENT = 0x1b5


def family(addr):
    return socket.AF_INET6 if ":" in addr else socket.AF_INET


def packed(addr):
    return socket.inet_pton(family(addr), addr)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def pseudo(src, dst, length, proto):
    return packed(src) + packed(dst) + struct.pack("!II", length, proto)


def udp(src, sport, dst, dport, data):
    header = struct.pack("!HHHH", sport, dport, 8 + len(data), 0)
    csum = checksum(pseudo(src, dst, 8 + len(data), UDP) + header + data) or 0xffff
    return header[:6] + struct.pack("!H", csum) + data


def ipv4(src, dst, proto, payload, options=b"", frag_off=0):
    ihl = 5 + len(options) // 4
    return struct.pack("!BBHHHBBH4s4s", ihl | 0x40, 0, ihl * 4 + len(payload), IDENT, frag_off,
                       64, proto, 0, packed(src), packed(dst)) + options + payload


def ipv6(src, dst, nexthdr, payload, hop_limit=64):
    return struct.pack("!IHBB", 6 << 28, len(payload), nexthdr, hop_limit) + packed(src) + \
        packed(dst) + payload


def routing(kind, addrs, dst):
    """Return an IPv6 routing header from the type on, without its first byte."""
    if kind == 3:
        own, data = packed(dst), [packed(a) for a in addrs]
        skip = min([15] + [len(os.path.commonprefix([own, a])) for a in data])
        body = b"".join(a[skip:] for a in data)
        pad = -len(body) % 8
        extra = struct.pack("!BBH", skip << 4 | skip, pad << 4, 0)
        body += b"\0" * pad
    else:
        listed = ([dst] + addrs)[::-1] if kind == 4 else addrs
        body = b"".join(packed(a) for a in listed)
        extra = struct.pack("!BBH", len(addrs) if kind == 4 else 0, 0, 0)
    return struct.pack("!BBB", len(body) // 8, kind, len(addrs)) + extra + body


def chain6(headers, dst, proto, payload):
    """Return [(number of the first header, packet after the IPv6 header)]."""
    # the destination when a routing header is processed
    found = []
    for header in headers:
        found.append(dst)
        if header.startswith("rt"):
            dst = header.partition(":")[2].split(",")[-1]
    headers = list(headers)
    while headers:
        name, _, arg = headers.pop().partition(":")
        dst = found.pop()
        if name in ("hop", "dest"):
            for _ in range(int(arg or 1)):
                payload = bytes((proto, 0, 1, 4, 0, 0, 0, 0)) + payload
                proto = HOP if name == "hop" else DEST
        elif name.startswith("rt"):
            payload = bytes((proto,)) + routing(int(name[2:]), arg.split(","), dst) + payload
            proto = ROUTING
        elif name == "frag":
            payload = struct.pack("!BBHI", proto, 0, 0, IDENT) + payload
            proto = FRAGMENT
        elif name == "split":
            # this is the outermost header
            assert not headers
            at = int(arg)
            return [(FRAGMENT, struct.pack("!BBHI", proto, 0, 1, IDENT) + payload[:at]),
                    (FRAGMENT, struct.pack("!BBHI", proto, 0, at, IDENT) + payload[at:])]
        else:
            sys.exit("unknown header: " + name)
    return [(proto, payload)]


def send_all(dst, packets):
    sock = socket.socket(family(dst), socket.SOCK_RAW, socket.IPPROTO_RAW)
    if family(dst) == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, 36, 1)    # IPV6_HDRINCL
    for packet in packets:
        sock.sendto(packet, (dst, 0))


def emit(src, dst, headers, proto, payload):
    if family(dst) == socket.AF_INET6:
        send_all(dst, [ipv6(src, dst, first, data)
                       for first, data in chain6(headers, dst, proto, payload)])
        return
    options, split = b"", False
    for header in headers:
        name, _, arg = header.partition(":")
        if name == "split":
            split = True
        else:
            addrs = b"".join(packed(a) for a in arg.split(","))
            options += bytes((131 if name == "lsrr" else 137, 3 + len(addrs), 4)) + addrs
    options += b"\0" * (-len(options) % 4)
    if split:
        send_all(dst, [ipv4(src, dst, proto, payload[:8], options, 0x2000),
                       ipv4(src, dst, proto, payload[8:], options, 1)])
    else:
        send_all(dst, [ipv4(src, dst, proto, payload, options)])


def send(src, dst, final, port, *rest):
    *headers, text = rest
    emit(src, dst, headers, UDP, udp(src, 7000, final, int(port), text.encode()))


def error(src, dst, inner_src, sport, inner_dst, dport, *headers):
    datagram = udp(inner_src, int(sport), inner_dst, int(dport), b"lost")
    if family(dst) == socket.AF_INET6:
        data = struct.pack("!BBHI", 1, 4, 0, 0) + ipv6(inner_src, inner_dst, UDP, datagram)
        csum = checksum(pseudo(src, dst, len(data), ICMP6) + data)
        proto = ICMP6
    else:
        data = struct.pack("!BBHI", 3, 3, 0, 0) + ipv4(inner_src, inner_dst, UDP, datagram)
        csum = checksum(data)
        proto = ICMP
    emit(src, dst, headers, proto, data[:2] + struct.pack("!H", csum) + data[4:])


def redirect(src, dst, inner_src, sport, inner_dst, dport):
    inner = ipv6(inner_src, inner_dst, UDP,
                 udp(inner_src, int(sport), inner_dst, int(dport), b"redirect"))
    inner += b"\0" * (-len(inner) % 8)
    # Target: the sender. Redirected Header: option 4, RFC 4861
    data = struct.pack("!BBHI", 137, 0, 0, 0) + packed(src) + packed(inner_dst) + \
        struct.pack("!BBHI", 4, 1 + len(inner) // 8, 0, 0) + inner
    csum = checksum(pseudo(src, dst, len(data), ICMP6) + data)
    send_all(dst, [ipv6(src, dst, ICMP6, data[:2] + struct.pack("!H", csum) + data[4:], 255)])


class Service:
    """A socket, and what it does with received datagrams."""

    def __init__(self, log, addr, port, *mode):
        self.log, self.mode, self.port = log, mode, port
        self.sock = socket.socket(family(addr), socket.SOCK_DGRAM)
        # bind() does not accept an IPv6 address of a local prefix as local
        if family(addr) == socket.AF_INET6:
            self.sock.setsockopt(socket.IPPROTO_IPV6, 78, 1)    # IPV6_FREEBIND
        self.sock.bind((addr, int(port)))
        if mode[:1] == ("from",):
            self.sock.connect((mode[1], int(mode[2])))

    def receive(self):
        """Receive one datagram or error."""
        try:
            data, sender = self.sock.recvfrom(4096)
        except OSError:
            print("error", self.port, file=self.log, flush=True)
            return
        print(data.decode(), file=self.log, flush=True)
        if self.mode == ("echo",):
            self.sock.sendto(data, sender)


def main():
    """Execute the commands on stdin."""
    with open(sys.argv[1], "a", encoding="ascii") as log, \
            selectors.DefaultSelector() as selector:
        selector.register(sys.stdin, selectors.EVENT_READ)
        print("ok", flush=True)
        while True:
            for key, _ in selector.select():
                if key.data:
                    key.data.receive()
                    continue
                # one line at a time, so that nothing is left in a buffer
                line = bytearray()
                while not line.endswith(b"\n"):
                    byte = os.read(0, 1)
                    if not byte:
                        return
                    line += byte
                name, *args = shlex.split(line.decode())
                try:
                    if name == "serve":
                        service = Service(log, *args)
                        selector.register(service.sock, selectors.EVENT_READ, service)
                    else:
                        {"send": send, "error": error, "redirect": redirect}[name](*args)
                    print("ok", flush=True)
                except OSError as exc:
                    print(line.decode().strip() + ":", exc.strerror, flush=True)


if __name__ == "__main__":
    main()

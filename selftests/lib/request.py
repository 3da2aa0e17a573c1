#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
request.py DEV - request changes of an lbx device, also such as ip would not make

Each line of stdin is a request, ATTR... ATTR is NAME=VALUE. With the NAME claim or
unclaim, VALUE is KEY:VALUE[,KEY:VALUE]... and the keys are name, index and addr. The
value of addr is an address, or 0x and the bytes. With direct, isolate or count, VALUE
is a number, as wide as in lbx.h, or 0x and the bytes. The same applies to claims, which
is not a list then.

The program prints a line for each: "ok", or "EINVAL at claims.claim.addr: the kernel's
reason". The status is 0 if all were accepted.
"""
import errno
import ipaddress
import socket
import struct
import sys

RTM_NEWLINK, NLM_F_REQUEST, NLM_F_ACK, NLM_F_ACK_TLVS = 16, 1, 4, 0x200
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 10, 11
NLMSGERR_ATTR_MSG, NLMSGERR_ATTR_OFFS = 1, 2
NLA_F_NESTED = 1 << 15
IFLA_LINKINFO, IFLA_INFO_KIND, IFLA_INFO_DATA = 18, 1, 2
# from lbx.h
NUMBERS = {"direct": (1, "B"), "isolate": (2, "B"), "count": (5, "I"),
           "claims": (3, "I")}
LISTS = {"unclaim": (4, "unclaims"), "claim": (3, "claims")}
CLAIM = 1


def name(value):
    return value.encode() + b"\0"


def index(value):
    return struct.pack("I", int(value))


def addr(value):
    if value.startswith("0x"):
        return bytes.fromhex(value[2:])
    return ipaddress.ip_address(value).packed


ADDR4, ADDR6 = 3, 4
KEYS = {"name": (1, name), "index": (2, index), "addr": (ADDR4, addr)}


class Message:
    """A request, and the position of each attribute in it"""
    def __init__(self, ifindex):
        self.data = bytearray(struct.pack("IHHIIBxHiII", 0, RTM_NEWLINK,
                                          NLM_F_REQUEST | NLM_F_ACK, 1, 0,
                                          socket.AF_UNSPEC, 0, ifindex, 0, 0))
        self.path_at = {}

    def put(self, type_, content, path=""):
        """Add an attribute; content is bytes, or a function that adds the nested
        attributes."""
        start = len(self.data)
        self.path_at[start] = path
        if callable(content):
            type_ |= NLA_F_NESTED
        self.data += struct.pack("HH", 0, type_)
        if callable(content):
            content()
        else:
            self.data += content
        struct.pack_into("H", self.data, start, len(self.data) - start)
        self.data += bytes(-len(self.data) % 4)

    def put_claim(self, text, path):
        def keys():
            for item in filter(None, text.split(",")):
                key, value = item.split(":", 1)
                type_, pack = KEYS[key]
                if type_ == ADDR4 and len(pack(value)) > 5:
                    type_ = ADDR6
                self.put(type_, pack(value), f"{path}.{key}")
        self.put(CLAIM, keys, path)

    def put_args(self, args):
        for key, value in args:
            if key in NUMBERS:
                type_, form = NUMBERS[key]
                raw = (bytes.fromhex(value[2:]) if value.startswith("0x")
                       else struct.pack(form, int(value)))
                self.put(type_, raw, key)
        for key, (type_, path) in LISTS.items():
            values = [value for arg, value in args if arg == key]
            if values:
                self.put(type_, lambda path=path, values=values:
                         [self.put_claim(v, f"{path}.claim") for v in values], path)

    def put_link(self, args):
        def linkinfo():
            self.put(IFLA_INFO_KIND, b"lbx\0")
            self.put(IFLA_INFO_DATA, lambda: self.put_args(args))
        self.put(IFLA_LINKINFO, linkinfo)
        struct.pack_into("I", self.data, 0, len(self.data))


def connect():
    """Return a socket of rtnetlink whose errors have a reason (extack)."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    sock.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
    sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
    return sock


def answer(sock, message):
    """Return the next answer as a line."""
    reply = sock.recv(65536)
    flags, = struct.unpack_from("H", reply, 6)
    error, = struct.unpack_from("i", reply, 16)
    if not error:
        return "ok"
    reason, path = "no reason", "no attribute"
    at = 36
    while flags & NLM_F_ACK_TLVS and at + 4 <= len(reply):
        length, type_ = struct.unpack_from("HH", reply, at)
        value = reply[at + 4:at + length]
        if type_ == NLMSGERR_ATTR_MSG:
            reason = value.rstrip(b"\0").decode()
        elif type_ == NLMSGERR_ATTR_OFFS:
            path = message.path_at.get(struct.unpack("I", value)[0], "nowhere")
        at += (length + 3) & ~3
    return f"{errno.errorcode[-error]} at {path}: {reason}"


def main():
    ifindex = socket.if_nametoindex(sys.argv[1])
    answers = []
    with connect() as sock:
        for line in sys.stdin:
            message = Message(ifindex)
            message.put_link([arg.split("=", 1) for arg in line.split()])
            sock.send(message.data)
            answers.append(answer(sock, message))
    print("\n".join(answers))
    return any(answer != "ok" for answer in answers)


if __name__ == "__main__":
    sys.exit(main())

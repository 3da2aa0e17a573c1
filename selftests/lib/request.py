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

from netlink import (IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_LBX_CLAIM, IFLA_LBX_CLAIM_COUNT,
                     IFLA_LBX_CLAIMS, IFLA_LBX_DIRECT, IFLA_LBX_ISOLATE, IFLA_LBX_UNCLAIMS,
                     IFLA_LINKINFO, LBX_CLAIM_ADDR4, LBX_CLAIM_ADDR6, LBX_CLAIM_IFINDEX,
                     LBX_CLAIM_IFNAME, NLM_F_ACK_TLVS, RTM_NEWLINK, Request, connect, refusal,
                     text)

NUMBERS = {"direct": (IFLA_LBX_DIRECT, "B"), "isolate": (IFLA_LBX_ISOLATE, "B"),
           "count": (IFLA_LBX_CLAIM_COUNT, "I"), "claims": (IFLA_LBX_CLAIMS, "I")}
LISTS = {"unclaim": (IFLA_LBX_UNCLAIMS, "unclaims"), "claim": (IFLA_LBX_CLAIMS, "claims")}


def index(value):
    return struct.pack("I", int(value))


def addr(value):
    if value.startswith("0x"):
        return bytes.fromhex(value[2:])
    return ipaddress.ip_address(value).packed


KEYS = {"name": (LBX_CLAIM_IFNAME, text), "index": (LBX_CLAIM_IFINDEX, index),
        "addr": (LBX_CLAIM_ADDR4, addr)}


class Message(Request):
    """A request for a link"""
    def __init__(self, ifindex, type_=RTM_NEWLINK, flags=0):
        super().__init__(type_, flags, struct.pack("BxHiII", socket.AF_UNSPEC, 0, ifindex, 0, 0))

    def put_claim(self, words, path):
        def keys():
            for item in filter(None, words.split(",")):
                key, value = item.split(":", 1)
                type_, pack = KEYS[key]
                if type_ == LBX_CLAIM_ADDR4 and len(pack(value)) > 5:
                    type_ = LBX_CLAIM_ADDR6
                self.put(type_, pack(value), f"{path}.{key}")
        self.put(IFLA_LBX_CLAIM, keys, path)

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
            self.put(IFLA_INFO_KIND, text("lbx"))
            self.put(IFLA_INFO_DATA, lambda: self.put_args(args))
        self.put(IFLA_LINKINFO, linkinfo)
        self.finish()


def answer(sock, message):
    """Return the next answer as a line."""
    reply = sock.recv(65536)
    flags, = struct.unpack_from("H", reply, 6)
    error, = struct.unpack_from("i", reply, 16)
    if not error:
        return "ok"
    reason, path = refusal(reply[36:] if flags & NLM_F_ACK_TLVS else b"", message.path_at)
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

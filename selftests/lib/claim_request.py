#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
claim_request.py [listen] - send requests of the generic netlink family "lbx"

The requests may be ones that no tool would make. Each line of stdin is a request. The
program prints its answer: the claims that were read, then "ok" or an error such as
"EINVAL at change.claim.name: the kernel's reason". The status is 0 if all were
accepted.

	new|del|get WORD...	send this command
	dump [WORD...]		get all; prints "interrupted" before "ok" if that happened
	change [new|del WORD... ;]...

With listen, join the group "claims" instead, and print each notification as it arrives.

A WORD is dev:NAME or dev:#INDEX for the lbx device, name:NAME, index:INDEX,
addr:ADDRESS or waiting for the claim, excl, replace or flags:NUMBER for LBX_A_FLAGS.
raw:TYPE:HEX is an attribute of the request, claim:TYPE:HEX one of the claim.
header:FLAGS adds to nlmsg_flags. A claim is printed as such words, so that it can be
used as a request.
"""
import errno
import ipaddress
import struct
import sys

import netlink
from netlink import (CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME, CTRL_ATTR_MCAST_GROUPS,
                     CTRL_ATTR_MCAST_GRP_ID, CTRL_CMD_GETFAMILY, GENL_ID_CTRL,
                     LBX_CLAIM_ADDR4, LBX_CLAIM_ADDR6, LBX_CLAIM_IFINDEX, LBX_CLAIM_IFNAME,
                     LBX_CLAIM_WAITING, NETLINK_ADD_MEMBERSHIP, NETLINK_GENERIC,
                     NLM_F_ACK_TLVS, NLM_F_DUMP, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR,
                     SOL_NETLINK, Request, attributes, text)

# from lbx.h
GET, NEW, DEL, CHANGE, NEW_NTF, DEL_NTF = 1, 2, 3, 4, 5, 6
COMMANDS = {"get": GET, "dump": GET, "new": NEW, "del": DEL, "change": CHANGE}
A_IFINDEX, A_IFNAME, A_CLAIM, A_FLAGS, A_NEW, A_DEL = 1, 2, 3, 4, 5, 6
F_EXCL, F_REPLACE = 1, 2


class Message(Request):
    """A request of the family"""
    def __init__(self, family, command, flags):
        super().__init__(family, flags, struct.pack("BBH", command, 1, 0))

    def put_claim(self, words, path):
        for word in words:
            key, _, value = word.partition(":")
            if key == "name":
                self.put(LBX_CLAIM_IFNAME, text(value), f"{path}.name")
            elif key == "index":
                self.put(LBX_CLAIM_IFINDEX, struct.pack("I", int(value)), f"{path}.index")
            elif key == "addr":
                address = ipaddress.ip_address(value)
                self.put(LBX_CLAIM_ADDR4 if address.version == 4 else LBX_CLAIM_ADDR6,
                         address.packed, f"{path}.addr")
            elif key == "waiting":
                self.put(LBX_CLAIM_WAITING, b"", f"{path}.waiting")
            elif key == "claim":
                type_, raw = value.split(":")
                self.put(int(type_), bytes.fromhex(raw), f"{path}.raw")

    def put_words(self, words, path):
        flags = None
        claim = []
        for word in words:
            key, _, value = word.partition(":")
            if key == "dev" and value.startswith("#"):
                self.put(A_IFINDEX, struct.pack("I", int(value[1:])), f"{path}dev")
            elif key == "dev":
                self.put(A_IFNAME, text(value), f"{path}dev")
            elif key in ("excl", "replace", "flags"):
                flags = (flags or 0) | {"excl": F_EXCL, "replace": F_REPLACE}.get(key, 0)
                flags |= int(value or "0", 0)
            elif key == "raw":
                type_, raw = value.split(":")
                self.put(int(type_), bytes.fromhex(raw), f"{path}raw")
            elif key != "header":
                claim.append(word)
        if claim:
            self.put(A_CLAIM, lambda: self.put_claim(claim, f"{path}claim"), f"{path}claim")
        if flags is not None:
            self.put(A_FLAGS, struct.pack("I", flags), f"{path}flags")

    def put_changes(self, words):
        for change in filter(None, (part.split() for part in " ".join(words).split(";"))):
            kind = change.pop(0)
            self.put(A_NEW if kind == "new" else A_DEL,
                     lambda change=change: self.put_words(change, "change."), "change")


def claim_text(data):
    """Return a message of the family, without its header, as words of a request."""
    words = []
    for type_, value in attributes(data):
        if type_ == A_IFINDEX:
            words.append("dev:#%d" % struct.unpack("I", value))
        elif type_ == A_CLAIM:
            for key, content in attributes(value):
                if key == LBX_CLAIM_IFNAME:
                    words.append("name:" + content.rstrip(b"\0").decode())
                elif key == LBX_CLAIM_IFINDEX:
                    words.append("index:%d" % struct.unpack("I", content))
                elif key in (LBX_CLAIM_ADDR4, LBX_CLAIM_ADDR6):
                    words.append(f"addr:{ipaddress.ip_address(content)}")
                elif key == LBX_CLAIM_WAITING:
                    words.append("waiting")
                else:
                    words.append(f"claim:{key}:{content.hex()}")
        else:
            words.append(f"raw:{type_}:{value.hex()}")
    return " ".join(words)


def messages(sock):
    while True:
        data = sock.recv(1 << 17)
        at = 0
        while at + 16 <= len(data):
            length, type_, flags = struct.unpack_from("IHH", data, at)
            yield type_, flags, data[at + 16:at + length]
            at += (length + 3) & ~3


def refusal(code, flags, payload, message):
    reason, path = netlink.refusal(payload[20:] if flags & NLM_F_ACK_TLVS else b"",
                                   message.path_at)
    # errno 95 has two names
    name = errno.errorcode[-code].replace("ENOTSUP", "EOPNOTSUPP")
    return f"{name} at {path}: {reason}"


def ask(sock, message):
    """Return the lines of the answer."""
    lines, interrupted = [], False
    sock.send(message.finish())
    for type_, flags, payload in messages(sock):
        interrupted |= bool(flags & NLM_F_DUMP_INTR)
        if type_ in (NLMSG_ERROR, NLMSG_DONE):
            code = struct.unpack_from("i", payload)[0] if payload else 0
            if interrupted:
                lines.append("interrupted")
            lines.append(refusal(code, flags, payload, message) if code < 0 else "ok")
            return lines
        lines.append(claim_text(payload[4:]))


def connect():
    sock = netlink.connect(NETLINK_GENERIC)
    sock.bind((0, 0))
    return sock


def find_family(sock):
    """Return the number of the family, and that of its multicast group."""
    message = Message(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0)
    message.put(CTRL_ATTR_FAMILY_NAME, text("lbx"), "name")
    sock.send(message.finish())
    number = group = 0
    for type_, _, payload in messages(sock):
        if type_ == NLMSG_ERROR:
            break
        for key, value in attributes(payload[4:]):
            if key == CTRL_ATTR_FAMILY_ID:
                number, = struct.unpack("H", value)
            if key == CTRL_ATTR_MCAST_GROUPS:
                for _, entry in attributes(value):
                    group, = struct.unpack("I", dict(attributes(entry))[CTRL_ATTR_MCAST_GRP_ID])
    if not number:
        sys.exit("the kernel has no generic netlink family lbx")
    return number, group


def listen(group):
    names = {NEW_NTF: "new", DEL_NTF: "del"}
    with connect() as sock:
        sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)
        print("listening", flush=True)
        while True:
            try:
                for _, _, payload in messages(sock):
                    print(names[payload[0]], claim_text(payload[4:]), flush=True)
            except OSError as error:
                print(errno.errorcode[error.errno], flush=True)


def main():
    failed = False
    with connect() as sock:
        family, group = find_family(sock)
        if sys.argv[1:] == ["listen"]:
            listen(group)
        for line in sys.stdin:
            words = line.split()
            command = words.pop(0)
            flags = sum(int(word[7:], 0) for word in words if word.startswith("header:"))
            if command == "dump":
                flags |= NLM_F_DUMP
            message = Message(family, COMMANDS[command], flags)
            if command == "change":
                message.put_changes(words)
            else:
                message.put_words(words, "")
            lines = ask(sock, message)
            print("\n".join(lines), flush=True)
            failed |= lines[-1] != "ok"
    return failed


if __name__ == "__main__":
    sys.exit(main())

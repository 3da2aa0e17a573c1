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
import socket
import struct
import sys

NETLINK_GENERIC, GENL_ID_CTRL = 16, 16
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_ACK_TLVS = 1, 4, 0x300, 0x10, 0x200
NLMSG_ERROR, NLMSG_DONE = 2, 3
SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 1, 10, 11
NLMSGERR_ATTR_MSG, NLMSGERR_ATTR_OFFS = 1, 2
NLA_F_NESTED = 1 << 15
# from lbx.h
GET, NEW, DEL, CHANGE, NEW_NTF, DEL_NTF = 1, 2, 3, 4, 5, 6
COMMANDS = {"get": GET, "dump": GET, "new": NEW, "del": DEL, "change": CHANGE}
A_IFINDEX, A_IFNAME, A_CLAIM, A_FLAGS, A_NEW, A_DEL = 1, 2, 3, 4, 5, 6
CLAIM_IFNAME, CLAIM_IFINDEX, CLAIM_ADDR4, CLAIM_ADDR6, CLAIM_WAITING = 1, 2, 3, 4, 5
F_EXCL, F_REPLACE = 1, 2


class Message:
    """A request, and the position of each attribute in it"""
    def __init__(self, family, command, flags):
        self.data = bytearray(struct.pack("IHHIIBBH", 0, family,
                                          NLM_F_REQUEST | NLM_F_ACK | flags, 1, 0,
                                          command, 1, 0))
        self.path_at = {}

    def put(self, type_, content, path):
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

    def put_claim(self, words, path):
        for word in words:
            key, _, value = word.partition(":")
            if key == "name":
                self.put(CLAIM_IFNAME, value.encode() + b"\0", f"{path}.name")
            elif key == "index":
                self.put(CLAIM_IFINDEX, struct.pack("I", int(value)), f"{path}.index")
            elif key == "addr":
                address = ipaddress.ip_address(value)
                self.put(CLAIM_ADDR4 if address.version == 4 else CLAIM_ADDR6,
                         address.packed, f"{path}.addr")
            elif key == "waiting":
                self.put(CLAIM_WAITING, b"", f"{path}.waiting")
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
                self.put(A_IFNAME, value.encode() + b"\0", f"{path}dev")
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
        text = " ".join(words)
        for change in filter(None, (part.split() for part in text.split(";"))):
            kind = change.pop(0)
            self.put(A_NEW if kind == "new" else A_DEL,
                     lambda change=change: self.put_words(change, "change."), "change")

    def finish(self):
        struct.pack_into("I", self.data, 0, len(self.data))
        return self.data


def attributes(data):
    at = 0
    while at + 4 <= len(data):
        length, type_ = struct.unpack_from("HH", data, at)
        yield type_ & ~NLA_F_NESTED, data[at + 4:at + length]
        at += (length + 3) & ~3


def claim_text(data):
    """Return a message of the family, without its header, as words of a request."""
    words = []
    for type_, value in attributes(data):
        if type_ == A_IFINDEX:
            words.append("dev:#%d" % struct.unpack("I", value))
        elif type_ == A_CLAIM:
            for key, content in attributes(value):
                if key == CLAIM_IFNAME:
                    words.append("name:" + content.rstrip(b"\0").decode())
                elif key == CLAIM_IFINDEX:
                    words.append("index:%d" % struct.unpack("I", content))
                elif key in (CLAIM_ADDR4, CLAIM_ADDR6):
                    words.append(f"addr:{ipaddress.ip_address(content)}")
                elif key == CLAIM_WAITING:
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
    reason, path = "no reason", "no attribute"
    for type_, value in attributes(payload[20:] if flags & NLM_F_ACK_TLVS else b""):
        if type_ == NLMSGERR_ATTR_MSG:
            reason = value.rstrip(b"\0").decode()
        elif type_ == NLMSGERR_ATTR_OFFS:
            path = message.path_at.get(struct.unpack("I", value)[0], "nowhere")
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
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
    sock.bind((0, 0))
    sock.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
    sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
    return sock


def find_family(sock):
    """Return the number of the family, and that of its multicast group."""
    message = Message(GENL_ID_CTRL, 3, 0)
    message.put(2, b"lbx\0", "name")
    sock.send(message.finish())
    number = group = 0
    for type_, _, payload in messages(sock):
        if type_ == NLMSG_ERROR:
            break
        for key, value in attributes(payload[4:]):
            if key == 1:
                number, = struct.unpack("H", value)
            if key == 7:
                for _, entry in attributes(value):
                    group, = struct.unpack("I", dict(attributes(entry))[2])
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

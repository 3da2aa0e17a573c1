#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
reach.py netns DEV OTHER FD PID ID - test requests of rtnetlink for another netns
reach.py commands - test all commands of the generic netlink family
reach.py reasons DEV ADDR COUNT - print why DEV may not claim ADDR

"netns" requests that a device is made, that DEV is changed (which moves it), and that
OTHER is deleted and shown. It does so by each attribute that names another netns: that
of the file descriptor FD, of the process PID, or the one with the ID in this netns.
"commands" sends each possible command number, as a request for one object. Both print a
line for each request: what was requested and "ok" or the name of the error.

"reasons" requests the same claim COUNT times, as fast as it can, and prints each
different answer once.
"""
import errno
import socket
import struct
import sys

from netlink import (CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME, CTRL_CMD_GETFAMILY,
                     GENL_ID_CTRL, IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND,
                     IFLA_LINKINFO, NETLINK_GENERIC, NLM_F_CREATE, NLM_F_EXCL, NLMSG_ERROR,
                     RTM_DELLINK, RTM_GETLINK, RTM_NEWLINK, Request, connect, nested, text)
from request import Message, answer

# this errno has two names
ERRORS = {errno.EOPNOTSUPP: "EOPNOTSUPP"}


def ask(sock, data):
    """Return the header of the answer, and what follows it."""
    sock.send(data)
    reply = sock.recv(65536)
    return struct.unpack_from("IHHII", reply), reply[16:]


def verdict(sock, data):
    (_, type_, _, _, _), rest = ask(sock, data)
    error = struct.unpack_from("i", rest)[0] if type_ == NLMSG_ERROR else 0
    return "ok" if not error else ERRORS.get(-error, errno.errorcode[-error])


def link(type_, flags, name, netns, data):
    """Return a request for the link NAME with the attribute NETNS, and with data of
    lbx."""
    message = Message(0, type_, flags)
    message.put(IFLA_IFNAME, text(name))
    message.put(netns[0], struct.pack("I", netns[1]))
    if data is not None:
        def linkinfo():
            message.put(IFLA_INFO_KIND, text("lbx"))
            message.put(IFLA_INFO_DATA, lambda: message.put_args(data))
        message.put(IFLA_LINKINFO, linkinfo)
    return message.finish()


def netns(dev, other, fd, pid, id_):
    netns_attrs = (("pid", (19, pid)), ("fd", (28, fd)), ("link", (37, id_)),
                   ("target", (46, id_)))
    requests = (
        ("make", RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "lbx9", []),
        ("change", RTM_NEWLINK, 0, dev, [("isolate", "0")]),
        ("delete", RTM_DELLINK, 0, other, None),
        ("show", RTM_GETLINK, 0, other, None),
    )
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
        for what, type_, flags, name, data in requests:
            for by, attribute in netns_attrs:
                print(what, by, verdict(sock, link(type_, flags, name, attribute, data)))


def genl(type_, cmd):
    return Request(type_, 0, struct.pack("BBH", cmd, 1, 0))


def commands():
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC) as sock:
        request = genl(GENL_ID_CTRL, CTRL_CMD_GETFAMILY)
        request.put(CTRL_ATTR_FAMILY_NAME, text("lbx"))
        _, reply = ask(sock, request.finish())
        sock.recv(65536)        # the ack
        family, = struct.unpack("H", nested(reply[4:], CTRL_ATTR_FAMILY_ID))
        for cmd in range(256):
            print(cmd, verdict(sock, genl(family, cmd).finish()))


def reasons(dev, addr, count):
    batch = 64      # the answers of so many fit in a socket
    message = Message(socket.if_nametoindex(dev))
    message.put_link([("claim", f"addr:{addr}")])
    found = set()
    with connect() as sock:
        for _ in range(0, count, batch):
            sock.send(message.data * batch)
            found |= {answer(sock, message) for _ in range(batch)}
    print("\n".join(found))


def main():
    if sys.argv[1] == "reasons":
        reasons(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    elif sys.argv[1] == "netns":
        netns(sys.argv[2], sys.argv[3], *map(int, sys.argv[4:]))
    else:
        commands()


if __name__ == "__main__":
    main()

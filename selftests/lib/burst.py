#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""burst.py SOURCE ADDR[:PORT]... COUNT

Send COUNT datagrams from port 6000 of SOURCE to each ADDR, one ADDR after the other,
without a pause. Print the source port of each received datagram.

One socket receives all of them, at port 7000 of the first ADDR. The program ends when
all have arrived, or none has for 10 seconds. The status is 0 if all have arrived.
"""

import socket
import sys

source, *targets, count = sys.argv[1:]
count = int(count)


def endpoint(text):
    """Split ADDR, [ADDR]:PORT or ADDR:PORT."""
    if text.startswith("["):
        addr, _, port = text[1:].partition("]:")
    elif text.count(":") == 1:
        addr, _, port = text.partition(":")
    else:
        addr, port = text, ""
    return addr, int(port or 7000)


targets = [endpoint(text) for text in targets]
family = socket.AF_INET6 if ":" in source else socket.AF_INET
server = socket.socket(family, socket.SOCK_DGRAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
server.bind((targets[0][0], 7000))
server.settimeout(10)
client = socket.socket(family, socket.SOCK_DGRAM)
client.bind((source, 6000))
for target in targets:
    for i in range(count):
        client.sendto(b"%d" % i, target)
for i in range(count * len(targets)):
    try:
        data, peer = server.recvfrom(100)
    except TimeoutError:
        sys.exit(f"{i} of {count * len(targets)} datagrams arrived")
    print(peer[1])

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""refused.py ADDR SOURCE...

Connect to ports of ADDR that are closed or rejected, bound to each SOURCE of its family
("-": not bound), and print each connection that is not refused.

A firewall has to reject port 1001 with a TCP reset and port 1002 with an ICMP error.
Port 1003 has to be closed. The status is 0 if all connections are refused within 5
seconds.
"""

import socket
import sys

addr, *sources = sys.argv[1:]
family = socket.AF_INET6 if ":" in addr else socket.AF_INET
bad = False
for source in sources:
    if source != "-" and (":" in source) != (":" in addr):
        continue
    for kind, port in (
        (socket.SOCK_STREAM, 1001),
        (socket.SOCK_STREAM, 1002),
        (socket.SOCK_DGRAM, 1002),
        (socket.SOCK_STREAM, 1003),
        (socket.SOCK_DGRAM, 1003),
    ):
        with socket.socket(family, kind) as sock:
            sock.settimeout(5)
            if source != "-":
                sock.bind((source, 0))
            try:
                sock.connect((addr, port))
                sock.send(b"x")
                sock.recv(1)
                error = "not refused"
            except ConnectionRefusedError:
                continue
            except OSError as e:
                error = e
            print(f"{source} to {addr}, {kind.name}, port {port}: {error}")
            bad = True
sys.exit(bad)

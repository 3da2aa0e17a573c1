#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""window.py ADDR - a TCP connection whose window closes, and then opens completely

Both ends are in this process. In each round the client sends until the server's window
and its own buffer are full, and then the server reads everything. The status is 1 if it
reads other data than was sent.
"""

import socket
import sys

# As SO_RCVBUF and SO_SNDBUF, for users who may exceed net.core.rmem_max
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
ROUNDS = 3


def main():
    """Send and read in rounds."""
    family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 20)
    listener.bind((sys.argv[1], 0))
    listener.listen()
    client = socket.socket(family)
    client.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 2 << 20)
    client.connect(listener.getsockname())
    server, _ = listener.accept()
    client.setblocking(False)
    server.settimeout(20)

    for number in range(ROUNDS):
        data = b"".join(b"%07d\n" % (number * 1000000 + i) for i in range(1 << 19))
        sent = 0
        try:
            while sent < len(data):
                sent += client.send(data[sent:])
        except BlockingIOError:
            pass
        got = b""
        while len(got) < sent:
            got += server.recv(1 << 20)
        if got != data[:sent]:
            sys.exit("the server read other data than was sent")
    print(f"{sent} bytes in the last round")


if __name__ == "__main__":
    main()

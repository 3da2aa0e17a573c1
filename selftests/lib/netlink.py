# SPDX-License-Identifier: GPL-2.0
"""
Netlink for the programs that send requests of their own: numbers of the kernel's
headers and of lbx.h, attributes, and sockets.
"""
import socket
import struct

# linux/netlink.h
NETLINK_GENERIC = 16
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP_INTR, NLM_F_DUMP = 1, 4, 0x10, 0x300
NLM_F_EXCL, NLM_F_CREATE, NLM_F_ACK_TLVS = 0x200, 0x400, 0x200
NLA_F_NESTED = 1 << 15
SOL_NETLINK = 270
NETLINK_ADD_MEMBERSHIP, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 1, 10, 11
NLMSGERR_ATTR_MSG, NLMSGERR_ATTR_OFFS = 1, 2
# linux/genetlink.h
GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 16, 3
CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME, CTRL_ATTR_MCAST_GROUPS = 1, 2, 7
CTRL_ATTR_MCAST_GRP_ID = 2
# linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h
RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR = (
    16, 17, 18, 20, 21, 22)
IFLA_IFNAME, IFLA_MTU, IFLA_LINKINFO = 3, 4, 18
IFLA_INFO_KIND, IFLA_INFO_DATA = 1, 2
IFA_ADDRESS, IFA_LOCAL = 1, 2
# linux/lbx.h
IFLA_LBX_DIRECT, IFLA_LBX_ISOLATE, IFLA_LBX_CLAIMS, IFLA_LBX_UNCLAIMS, IFLA_LBX_CLAIM_COUNT = (
    1, 2, 3, 4, 5)
IFLA_LBX_CLAIM = 1
LBX_CLAIM_IFNAME, LBX_CLAIM_IFINDEX, LBX_CLAIM_ADDR4, LBX_CLAIM_ADDR6, LBX_CLAIM_WAITING = (
    1, 2, 3, 4, 5)
LBX_CMD_CLAIM_GET = 1


def text(string):
    """Return the content of an attribute with a string."""
    return string.encode() + b"\0"


def attr(type_, content):
    """Return a netlink attribute; content is bytes, or a list of attributes."""
    if isinstance(content, list):
        type_ |= NLA_F_NESTED
        content = b"".join(content)
    return (struct.pack("HH", 4 + len(content), type_) + content
            + bytes(-len(content) % 4))


def attributes(data):
    """Yield the type and the content of each attribute in data."""
    at = 0
    while at + 4 <= len(data):
        length, type_ = struct.unpack_from("HH", data, at)
        yield type_ & ~NLA_F_NESTED, data[at + 4:at + length]
        at += (length + 3) & ~3


def nested(data, wanted):
    """Return the content of the attribute of that type, or nothing."""
    return dict(attributes(data)).get(wanted, b"")


def refusal(data, path_at):
    """Return the text of the kernel, and the path of the attribute that it refuses: of
    the attributes that follow an error."""
    reason, path = "no reason", "no attribute"
    for type_, value in attributes(data):
        if type_ == NLMSGERR_ATTR_MSG:
            reason = value.rstrip(b"\0").decode()
        elif type_ == NLMSGERR_ATTR_OFFS:
            path = path_at.get(struct.unpack("I", value)[0], "nowhere")
    return reason, path


class Request:
    """A request, and the position of each attribute in it"""
    def __init__(self, type_, flags, header):
        self.data = bytearray(struct.pack("IHHII", 0, type_,
                                          NLM_F_REQUEST | NLM_F_ACK | flags, 1, 0) + header)
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

    def finish(self):
        """Write the length, and return the request."""
        struct.pack_into("I", self.data, 0, len(self.data))
        return self.data


def connect(family=socket.NETLINK_ROUTE):
    """Return a socket whose errors have a reason (extack)."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family)
    sock.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
    sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
    return sock

/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/**
 * DOC: Links and claims
 *
 * RTM_NEWLINK with IFLA_INFO_KIND "lbx" creates or changes an lbx device, and
 * RTM_DELLINK removes it.  The standard attributes of a link (IFLA_IFNAME, IFLA_MTU,
 * IFLA_ADDRESS, ...) work as on any device, see rtnetlink(7).  IFLA_INFO_DATA has the
 * attributes of lbx devices (IFLA_LBX_*).  IFLA_INFO_XSTATS has their counters
 * (LBX_XSTATS_*), in replies only.  The generic netlink family LBX_GENL_NAME has
 * commands for claims (LBX_CMD_*).  Documentation/netlink/specs describes both in
 * machine-readable form, in lbx-link.yaml and lbx.yaml.
 *
 * RTM_NEWLINK reports each change of a link to RTNLGRP_LINK.
 *
 * If the kernel refuses a request, the reply names the attribute (NLMSGERR_ATTR_OFFS)
 * and the reason (NLMSGERR_ATTR_MSG).  No attribute of IFLA_INFO_DATA is applied then.
 * If a request also has standard attributes, rtnetlink applies IFLA_INFO_DATA first.
 */
#ifndef _UAPI_LINUX_LBX_H
#define _UAPI_LINUX_LBX_H

/**
 * define LBX_KIND - IFLA_INFO_KIND of lbx devices
 */
#define LBX_KIND	"lbx"

/**
 * define LBX_MTU_MIN - smallest IFLA_MTU, in bytes
 *
 * IPv4 allows no smaller MTU (RFC 791).  IPv6 is not available on a device whose MTU is
 * below 1280 (RFC 8200).
 */
#define LBX_MTU_MIN	68

/**
 * define LBX_MTU_MAX - largest IFLA_MTU, in bytes
 *
 * A new device has this MTU, as lo has.
 */
#define LBX_MTU_MAX	65536

/**
 * define LBX_IFAPROT - IFA_PROTO of mirrors
 *
 * A mirror is the copy on lo of an IPv6 address of an lbx device.  The module adds and
 * removes it.  From iproute2 6.3 on, ip prints "proto 0x6c".  IFA_RT_PRIORITY of a
 * mirror ("metric" in ip's output) is the interface index of the lbx device.  The local
 * route of the mirror has the same metric.
 *
 * Values above IFAPROT_KERNEL_LL are free for userspace, so other software may use this
 * value too.  The module therefore treats an address on lo as a mirror only if proto,
 * metric, prefix length and flags (nodad, noprefixroute, deprecated) all match.
 */
#define LBX_IFAPROT	108

/**
 * define LBX_LINKLOCAL - link-local address of each lbx device that is up
 *
 * Its prefix length is 64.  Every loopback of the BSDs has such an address.  A packet to
 * a link-local destination needs it as its source.  "addrgenmode none" prevents the
 * address.
 */
#define LBX_LINKLOCAL	"fe80::1"

/**
 * enum - attributes in IFLA_INFO_DATA of an lbx device
 *
 * Requests and replies have the same attributes, unless noted.  If a request leaves an
 * attribute out, its value does not change; a new device gets the default given here.
 * Nests have NLA_F_NESTED.
 *
 * @IFLA_LBX_UNSPEC: not used
 * @IFLA_LBX_DIRECT: u8, 0 or 1 (default).  1: IP passes packets directly to the device,
 *	past the qdisc layer.  A packet is queued all the same if the qdisc layer has
 *	something that must see it: a qdisc, a tc or nftables egress hook, an offload
 *	that is switched off, or a requested timestamp.  0: all packets are queued, as
 *	on lo.
 * @IFLA_LBX_ISOLATE: u8, 0 (default) or 1.  1: the device is isolated.  Packets that
 *	came in by another device are not delivered to its addresses, not even by a
 *	routing header, NAT, TPROXY or IPVS.  If NAT forwards a connection to its
 *	addresses, the packets are dropped, too.  Only the replies to a connection
 *	that this machine opened are delivered.  A socket that is bound to the device
 *	cannot send by another device.  An isolated device that is down is blocked:
 *	packets to its addresses are dropped.  Without isolation, lo carries them.
 * @IFLA_LBX_CLAIMS: nested list of IFLA_LBX_CLAIM.  In a request: claims to add; a
 *	claim that exists is an error (EEXIST, or EBUSY if another device holds it).
 *	In a reply: the claims of the device, interfaces first, at most
 *	LBX_CLAIMS_SHOWN.  LBX_CMD_CLAIM_GET lists all.
 * @IFLA_LBX_UNCLAIMS: nested list of IFLA_LBX_CLAIM, only in a request: claims to
 *	remove, before those of IFLA_LBX_CLAIMS are added.
 * @IFLA_LBX_CLAIM_COUNT: u32, only in a reply: number of claims of the device.
 * @__IFLA_LBX_MAX: one more than the last
 */
enum {
	IFLA_LBX_UNSPEC,
	IFLA_LBX_DIRECT,
	IFLA_LBX_ISOLATE,
	IFLA_LBX_CLAIMS,
	IFLA_LBX_UNCLAIMS,
	IFLA_LBX_CLAIM_COUNT,
	__IFLA_LBX_MAX
};

#define IFLA_LBX_MAX (__IFLA_LBX_MAX - 1)

/**
 * define IFLA_LBX_CLAIM - element of IFLA_LBX_CLAIMS and IFLA_LBX_UNCLAIMS
 *
 * It is a nest of LBX_CLAIM_*.
 */
#define IFLA_LBX_CLAIM	1

/**
 * define LBX_CLAIMS_SHOWN - maximum number of claims in the message of a link
 *
 * The message has to fit in one page with all its other attributes, because a dump of
 * links begins with a page.  if_nameindex(3) and getifaddrs(3) do not see a device whose
 * message is larger than their buffer.
 */
#define LBX_CLAIMS_SHOWN	32

/**
 * enum - attributes of a claim
 *
 * A claim takes local traffic over from lo: the lbx device carries all packets that
 * this machine sends to the claimed addresses.  At most one lbx device of a netns holds
 * the claim of a target.  While that device is down, lo carries the packets.
 *
 * The target is an interface or an address.  Requests, replies and notifications have
 * the same format, so a program can send back a claim as it has read it.
 *
 * Future attributes may narrow a target (a protocol, a port).  The kernel refuses
 * unknown attributes.
 *
 * @LBX_CLAIM_UNSPEC: not used
 * @LBX_CLAIM_IFNAME: string, 1 to IFNAMSIZ - 1 characters: all present and future
 *	addresses of the interface.  lo, L3 masters and lbx devices cannot be claimed.
 *	The claim follows the interface when it is renamed.  When the interface leaves
 *	the netns or is enslaved to a VRF, the claim waits for the next interface of
 *	that name.
 * @LBX_CLAIM_IFINDEX: u32, not 0: index of the interface, instead of its name or with
 *	it.  Both must name the same interface.  A reply has both, or only the name
 *	while the claim waits.
 * @LBX_CLAIM_ADDR4: IPv4 address, 4 bytes in network byte order.  It is a unicast
 *	address, not of 127.0.0.0/8, and a local address when it is claimed.  Its claim
 *	has precedence over a claim of the interface that has the address.
 * @LBX_CLAIM_ADDR6: IPv6 address, 16 bytes in network byte order, neither link-local
 *	nor ::1.  The rest is as for LBX_CLAIM_ADDR4.
 * @LBX_CLAIM_WAITING: flag.  In a request: make the claim even if the interface does not
 *	exist now, or if the address is not local now.  In a reply: the claim waits for
 *	an interface of its name.
 * @__LBX_CLAIM_MAX: one more than the last
 */
enum {
	LBX_CLAIM_UNSPEC,
	LBX_CLAIM_IFNAME,
	LBX_CLAIM_IFINDEX,
	LBX_CLAIM_ADDR4,
	LBX_CLAIM_ADDR6,
	LBX_CLAIM_WAITING,
	__LBX_CLAIM_MAX
};

#define LBX_CLAIM_MAX (__LBX_CLAIM_MAX - 1)

/**
 * define LBX_GENL_NAME - name of the generic netlink family
 */
#define LBX_GENL_NAME		"lbx"

/**
 * define LBX_GENL_VERSION - version of LBX_GENL_NAME
 */
#define LBX_GENL_VERSION	1

/**
 * define LBX_GENL_MCGRP_CLAIMS - multicast group that receives notifications of claims
 */
#define LBX_GENL_MCGRP_CLAIMS	"claims"

/**
 * enum - commands of the generic netlink family LBX_GENL_NAME
 *
 * They act on the netns of the socket.  All but LBX_CMD_CLAIM_GET need CAP_NET_ADMIN
 * in the user namespace that owns the netns.
 *
 * LBX_GENL_MCGRP_CLAIMS receives a notification when a claim is made, is removed, moves
 * to another device, or begins or ends to wait.  The cause can be a request or a change
 * of an interface.  A notification has the attributes of a reply to LBX_CMD_CLAIM_GET.
 * RTM_NEWLINK also reports the new IFLA_LBX_CLAIM_COUNT to RTNLGRP_LINK.
 *
 * @LBX_CMD_UNSPEC: not used
 * @LBX_CMD_CLAIM_GET: read claims.  A single request returns the claim of the target in
 *	LBX_A_CLAIM.  A dump returns all claims, or those of the device in LBX_A_IFINDEX
 *	or LBX_A_IFNAME.  Each claim is a message with LBX_A_IFINDEX and LBX_A_CLAIM.
 *	If a message of a dump has NLM_F_DUMP_INTR, claims have changed meanwhile:
 *	dump again.
 * @LBX_CMD_CLAIM_NEW: make the claim LBX_A_CLAIM for the device in LBX_A_IFINDEX or
 *	LBX_A_IFNAME.  LBX_A_FLAGS decides what happens if the target is claimed already.
 * @LBX_CMD_CLAIM_DEL: remove the claim of the target in LBX_A_CLAIM.  If a device is
 *	given in LBX_A_IFINDEX or LBX_A_IFNAME, that device must hold the claim.
 * @LBX_CMD_CLAIM_CHANGE: make and remove many claims, all of them or none.  The message
 *	has any number of LBX_A_NEW and LBX_A_DEL, which are applied in its order.  If
 *	a target changes several times, only the result takes effect.  If a target is
 *	claimed before and after, lo carries none of its traffic in between.
 * @LBX_CMD_CLAIM_NEW_NTF: notification that the claim is new or has changed.  The
 *	attributes are its new state.
 * @LBX_CMD_CLAIM_DEL_NTF: notification that the claim is removed.  When the interface of
 *	a claim is renamed, the claim is reported as removed and as new.
 * @__LBX_CMD_MAX: one more than the last
 */
enum {
	LBX_CMD_UNSPEC,
	LBX_CMD_CLAIM_GET,
	LBX_CMD_CLAIM_NEW,
	LBX_CMD_CLAIM_DEL,
	LBX_CMD_CLAIM_CHANGE,
	LBX_CMD_CLAIM_NEW_NTF,
	LBX_CMD_CLAIM_DEL_NTF,
	__LBX_CMD_MAX
};

#define LBX_CMD_MAX (__LBX_CMD_MAX - 1)

/**
 * enum - attributes of the generic netlink family LBX_GENL_NAME
 *
 * @LBX_A_UNSPEC: not used
 * @LBX_A_IFINDEX: u32: index of the lbx device that holds the claim
 * @LBX_A_IFNAME: string, only in a request: name of that device, instead of its index
 *	or with it.  Both must name the same device.
 * @LBX_A_CLAIM: a nest of LBX_CLAIM_*
 * @LBX_A_FLAGS: u32, LBX_F_*
 * @LBX_A_NEW: a nest of the attributes of LBX_CMD_CLAIM_NEW
 * @LBX_A_DEL: a nest of the attributes of LBX_CMD_CLAIM_DEL
 * @__LBX_A_MAX: one more than the last
 */
enum {
	LBX_A_UNSPEC,
	LBX_A_IFINDEX,
	LBX_A_IFNAME,
	LBX_A_CLAIM,
	LBX_A_FLAGS,
	LBX_A_NEW,
	LBX_A_DEL,
	__LBX_A_MAX
};

#define LBX_A_MAX (__LBX_A_MAX - 1)

/**
 * DOC: Values of LBX_A_FLAGS
 *
 * Without flags, the claim of a target that the device has already succeeds, and the
 * claim of a target that another device has is refused (EBUSY).  NLM_F_EXCL and
 * NLM_F_REPLACE have the same meaning as the two flags, but genl_header_check() in the
 * kernel refuses them.
 */

/**
 * define LBX_F_EXCL - refuse a target that the device has already (EEXIST)
 */
#define LBX_F_EXCL	(1U << 0)

/**
 * define LBX_F_REPLACE - take the target from the device that has it
 */
#define LBX_F_REPLACE	(1U << 1)

/**
 * enum - attributes in IFLA_INFO_XSTATS of an lbx device
 *
 * All are u64, the sum of all CPUs since the device was created.  Packets are counted
 * as the stack passes them to the device: a packet that is segmented later counts once.
 * Bytes do not include the Ethernet header, as on lo.  "ethtool -S" shows these counters
 * and those of each CPU.
 *
 * @LBX_XSTATS_UNSPEC: not used
 * @LBX_XSTATS_QUEUED_PACKETS: queued packets: those that came through the qdisc layer
 * @LBX_XSTATS_QUEUED_BYTES: their bytes
 * @LBX_XSTATS_DIRECT_PACKETS: direct packets: those that IP passed to the device, past
 *	the qdisc layer
 * @LBX_XSTATS_DIRECT_BYTES: their bytes
 * @LBX_XSTATS_CLAIMED_PACKETS: claimed packets: those taken over from lo, past the
 *	qdisc layer
 * @LBX_XSTATS_CLAIMED_BYTES: their bytes
 * @LBX_XSTATS_INLINE_PACKETS: direct and claimed packets that were received inline: in
 *	the sender's context instead of a softirq of their own
 * @LBX_XSTATS_MULTICAST_PACKETS: packets of any path that were sent to a multicast or
 *	broadcast address
 * @LBX_XSTATS_DROP_NOT_LOCAL: dropped, because the route is not a local one
 * @LBX_XSTATS_DROP_ISOLATED: dropped, because the device is isolated
 * @LBX_XSTATS_DROP_BACKLOG: dropped, because the CPU's backlog was full
 *	(net.core.netdev_max_backlog)
 * @LBX_XSTATS_DROP_DOWN: dropped, because the device went down
 * @LBX_XSTATS_DROP_MALFORMED: dropped, because the Ethernet header is incomplete
 * @LBX_XSTATS_PAD: for alignment
 * @__LBX_XSTATS_MAX: one more than the last
 */
enum {
	LBX_XSTATS_UNSPEC,
	LBX_XSTATS_QUEUED_PACKETS,
	LBX_XSTATS_QUEUED_BYTES,
	LBX_XSTATS_DIRECT_PACKETS,
	LBX_XSTATS_DIRECT_BYTES,
	LBX_XSTATS_CLAIMED_PACKETS,
	LBX_XSTATS_CLAIMED_BYTES,
	LBX_XSTATS_INLINE_PACKETS,
	LBX_XSTATS_MULTICAST_PACKETS,
	LBX_XSTATS_DROP_NOT_LOCAL,
	LBX_XSTATS_DROP_ISOLATED,
	LBX_XSTATS_DROP_BACKLOG,
	LBX_XSTATS_DROP_DOWN,
	LBX_XSTATS_DROP_MALFORMED,
	LBX_XSTATS_PAD,
	__LBX_XSTATS_MAX
};

#define LBX_XSTATS_MAX (__LBX_XSTATS_MAX - 1)

#endif /* _UAPI_LINUX_LBX_H */

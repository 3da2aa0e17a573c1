/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * lbx: additional loopback devices - interface to userspace
 *
 * An lbx device is made, changed and removed with RTM_NEWLINK and RTM_DELLINK,
 * IFLA_INFO_KIND "lbx".  Standard attributes of a link (IFLA_IFNAME, IFLA_MTU,
 * IFLA_ADDRESS, ...) work as on any device, see rtnetlink(7); what only an lbx
 * device has is in IFLA_INFO_DATA (IFLA_LBX_*) and, read only, in
 * IFLA_INFO_XSTATS (LBX_XSTATS_*).  Claims have commands of their own in the generic
 * netlink family LBX_GENL_NAME (LBX_CMD_*).  Documentation/netlink/specs describes
 * both for programs, in lbx-link.yaml and lbx.yaml.
 *
 * RTM_NEWLINK reports each change to RTNLGRP_LINK.  A refusal names the
 * attribute (NLMSGERR_ATTR_OFFS) and the reason (NLMSGERR_ATTR_MSG), and nothing of
 * IFLA_INFO_DATA is done then; of a request that has standard attributes too,
 * rtnetlink does IFLA_INFO_DATA first.
 */
#ifndef _UAPI_LINUX_LBX_H
#define _UAPI_LINUX_LBX_H

#define LBX_KIND	"lbx"

/* Bounds of IFLA_MTU, in bytes; a new device has LBX_MTU_MAX, as lo has.  The
 * lower one is the least MTU that IPv4 allows (RFC 791); IPv6 leaves a device
 * whose MTU is below 1280 (RFC 8200).
 */
#define LBX_MTU_MIN	68
#define LBX_MTU_MAX	65536

/* IFA_PROTO of the IPv6 addresses that the module keeps on lo, each a mirror
 * of one on an lbx device ("proto 0x6c" in ip's output, from iproute2 6.3 on).
 * The mirror's IFA_RT_PRIORITY ("metric" in ip's output) is the interface index of
 * that lbx device, and so is the metric of its local route.  Values above
 * IFAPROT_KERNEL_LL are free for userspace's use, and this one can therefore be taken
 * by somebody else: the module treats an address on lo as its mirror only if proto,
 * metric, prefix length and flags (nodad, noprefixroute, deprecated) all fit.
 */
#define LBX_IFAPROT	108

/* Every link-local destination needs a source: each lbx device that is up has
 * this address with prefix length 64, as every loopback of the BSDs, unless
 * "addrgenmode none" is set on it.
 */
#define LBX_LINKLOCAL	"fe80::1"

/**
 * enum - attributes in IFLA_INFO_DATA of an lbx device
 *
 * Requests and replies have the same attributes, but where it says otherwise.
 * What a request leaves out stays as it is, and of a new device is as given here.
 * Nests have NLA_F_NESTED.
 *
 * @IFLA_LBX_UNSPEC: none
 * @IFLA_LBX_DIRECT: u8, 0 or 1 (default).  1: IP hands packets to the device past
 *	its queue, unless there is something on the way that they would miss: a
 *	qdisc, a tc or nftables egress hook, an offload switched off, a timestamp
 *	asked for.  0: always by the queue, as lo does.
 * @IFLA_LBX_ISOLATE: u8, 0 (default) or 1.  1: what came in by another device is
 *	not delivered to the device's addresses, even while it is down (without,
 *	lo carries then); nor by a routing header, NAT, TPROXY or IPVS, nor is a
 *	connection to them that NAT forwards.  Answers to a connection that this
 *	machine opened to one of them, and that NAT forwards, are delivered.  And a
 *	socket that is bound to the device sends by no other.
 * @IFLA_LBX_CLAIMS: nested list of IFLA_LBX_CLAIM.  In a request: claims to add; one
 *	that exists is an error (EEXIST, or EBUSY if another device has it).  In a
 *	reply: the claims of the device, interfaces first, at most
 *	LBX_CLAIMS_SHOWN.  LBX_CMD_CLAIM_GET lists all.
 * @IFLA_LBX_UNCLAIMS: nested list of IFLA_LBX_CLAIM, in a request only: claims to
 *	remove, before those of IFLA_LBX_CLAIMS are added.
 * @IFLA_LBX_CLAIM_COUNT: u32, in a reply only: number of claims there are.
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

/* An element of IFLA_LBX_CLAIMS and IFLA_LBX_UNCLAIMS: a nest of LBX_CLAIM_* */
#define IFLA_LBX_CLAIM	1

/* The most claims that a link's message lists.  A link has to fit in a page with all
 * its other attributes: programs that list links (if_nameindex(3), getifaddrs(3))
 * have no more room, or give the kernel none.
 */
#define LBX_CLAIMS_SHOWN	32

/**
 * enum - attributes of a claim
 *
 * A claim takes local traffic over from lo: what this machine sends to the claimed
 * addresses is then carried by the lbx device.  A target belongs to one lbx device
 * in its netns; while that is down, lo carries.
 *
 * The target is an interface or an address.  Requests, replies and notifications have
 * the same format: a claim that was read can be sent back as it is.
 *
 * More attributes may follow that narrow a target (a protocol, a port).  The kernel
 * refuses attributes that it does not know.
 *
 * @LBX_CLAIM_UNSPEC: none
 * @LBX_CLAIM_IFNAME: string, 1 to IFNAMSIZ - 1 characters: all addresses that the
 *	interface, any but lo, L3 masters and lbx devices, has or will have.  The
 *	claim follows the interface when it is renamed.  When it leaves the netns or
 *	is enslaved to a VRF, the claim waits for the next interface of that name.
 * @LBX_CLAIM_IFINDEX: u32, not 0: the same, by index.  If LBX_CLAIM_IFNAME is given
 *	too, both must name the same interface.  A reply has both, or the name only
 *	while the claim waits.
 * @LBX_CLAIM_ADDR4: IPv4 address, 4 bytes in network byte order: one unicast address,
 *	not of 127.0.0.0/8, that is local on this machine when it is claimed.  It
 *	goes before a claim of the interface that has it.
 * @LBX_CLAIM_ADDR6: the same for an IPv6 address, 16 bytes in network byte order,
 *	not link-local and not ::1
 * @LBX_CLAIM_WAITING: flag.  In a request: make the claim also if there is no such
 *	interface now, or if the address is not local now.  In a reply: the claim
 *	waits for an interface of its name.
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

#define LBX_GENL_NAME		"lbx"
#define LBX_GENL_VERSION	1
/* The multicast group of LBX_GENL_NAME that gets the notifications */
#define LBX_GENL_MCGRP_CLAIMS	"claims"

/**
 * enum - commands of the generic netlink family LBX_GENL_NAME
 *
 * They act on the netns of the socket.  All but LBX_CMD_CLAIM_GET need CAP_NET_ADMIN
 * in the user namespace that owns it.
 *
 * Each claim that is made, removed, moved to another device, or begins or ends to wait
 * is reported to LBX_GENL_MCGRP_CLAIMS, whichever request or event was the cause.
 * A notification has the attributes of a reply to LBX_CMD_CLAIM_GET.  RTM_NEWLINK
 * reports the new IFLA_LBX_CLAIM_COUNT to RTNLGRP_LINK as well.
 *
 * @LBX_CMD_UNSPEC: none
 * @LBX_CMD_CLAIM_GET: read claims.  Do: the claim of the target in LBX_A_CLAIM.  Dump:
 *	all claims, or those of the device in LBX_A_IFINDEX or LBX_A_IFNAME.  Each
 *	is a message with LBX_A_IFINDEX and LBX_A_CLAIM.  A message of a dump with
 *	NLM_F_DUMP_INTR says that claims have changed meanwhile: dump again.
 * @LBX_CMD_CLAIM_NEW: make the claim LBX_A_CLAIM for the device in LBX_A_IFINDEX or
 *	LBX_A_IFNAME; LBX_A_FLAGS says what to do if the target is claimed already.
 * @LBX_CMD_CLAIM_DEL: remove the claim of the target in LBX_A_CLAIM.  If a device is
 *	given in LBX_A_IFINDEX or LBX_A_IFNAME, the claim must be of that device.
 * @LBX_CMD_CLAIM_CHANGE: make and remove many claims, all of them or none: any number of
 *	LBX_A_NEW and LBX_A_DEL, which are done in the order of the message.  Of a
 *	target that changes several times, the result counts; at no moment lo
 *	carries its traffic if it is claimed before and after.
 * @LBX_CMD_CLAIM_NEW_NTF: notification: the claim is new or has changed, and this is its
 *	state now
 * @LBX_CMD_CLAIM_DEL_NTF: notification: the claim is gone.  A claim whose interface is
 *	renamed is reported as gone and as new.
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
 * @LBX_A_UNSPEC: none
 * @LBX_A_IFINDEX: u32: the index of the lbx device that has the claim
 * @LBX_A_IFNAME: string: its name, in a request instead of LBX_A_IFINDEX; if both
 *	are given, both must name the same device.
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

/* LBX_A_FLAGS.  Without any, a target that the device has already is a success, and one
 * that another device has is refused (EBUSY).  NLM_F_EXCL and NLM_F_REPLACE would say the
 * same, but generic netlink refuses them, see genl_header_check() in the kernel.
 */
#define LBX_F_EXCL	(1U << 0)	/* refuse what the device has already (EEXIST) */
#define LBX_F_REPLACE	(1U << 1)	/* take the target from the device that has it */

/**
 * enum - attributes in IFLA_INFO_XSTATS of an lbx device
 *
 * All are u64, the sum of all CPUs since the device was made.  Packets are counted
 * as the stack hands them over: one that is segmented later counts once.  Bytes
 * are without the Ethernet header, as lo counts them.  "ethtool -S" shows the
 * same, and each CPU's share.
 *
 * @LBX_XSTATS_UNSPEC: none
 * @LBX_XSTATS_QUEUED_PACKETS: packets that came by the device's queue
 * @LBX_XSTATS_QUEUED_BYTES: their bytes
 * @LBX_XSTATS_DIRECT_PACKETS: packets that IP handed over past the queue
 * @LBX_XSTATS_DIRECT_BYTES: their bytes
 * @LBX_XSTATS_CLAIMED_PACKETS: packets taken over from lo past the queue
 * @LBX_XSTATS_CLAIMED_BYTES: their bytes
 * @LBX_XSTATS_INLINE_PACKETS: of the direct and the claimed ones, those that were
 *	received in the sender's context instead of a softirq of their own
 * @LBX_XSTATS_MULTICAST_PACKETS: of all, those sent to a multicast or broadcast
 *	address
 * @LBX_XSTATS_DROP_NOT_LOCAL: dropped, because the route is not a local one
 * @LBX_XSTATS_DROP_ISOLATED: dropped, because the device is isolated
 * @LBX_XSTATS_DROP_BACKLOG: dropped, because the CPU's backlog was full
 *	(net.core.netdev_max_backlog)
 * @LBX_XSTATS_DROP_DOWN: dropped, because the device went down
 * @LBX_XSTATS_DROP_MALFORMED: dropped, because there is no whole Ethernet header
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

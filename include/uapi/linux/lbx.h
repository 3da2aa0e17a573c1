/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * lbx: additional loopback devices - interface to userspace
 *
 * RTM_NEWLINK with IFLA_INFO_KIND "lbx" creates or changes an lbx device, and
 * RTM_DELLINK removes it.  The standard attributes of a link (IFLA_IFNAME, IFLA_MTU,
 * IFLA_ADDRESS, ...) work as on any device, see rtnetlink(7).  The attributes that only
 * an lbx device has are in IFLA_INFO_DATA (IFLA_LBX_*) and, read only, in
 * IFLA_INFO_XSTATS (LBX_XSTATS_*).  Claims have commands of their own in the generic
 * netlink family LBX_GENL_NAME (LBX_CMD_*).  Documentation/netlink/specs describes
 * both in machine-readable form, in lbx-link.yaml and lbx.yaml.
 *
 * RTM_NEWLINK reports each change to RTNLGRP_LINK.  If the kernel refuses a request,
 * the reply names the attribute (NLMSGERR_ATTR_OFFS) and the reason
 * (NLMSGERR_ATTR_MSG), and no attribute of IFLA_INFO_DATA has been applied.  If a
 * request has standard attributes too, rtnetlink applies IFLA_INFO_DATA first.
 */
#ifndef _UAPI_LINUX_LBX_H
#define _UAPI_LINUX_LBX_H

#define LBX_KIND	"lbx"

/* Limits of IFLA_MTU, in bytes.  A new device has LBX_MTU_MAX, as lo has.  LBX_MTU_MIN
 * is the least MTU that IPv4 allows (RFC 791).  IPv6 is not available on a device whose
 * MTU is below 1280 (RFC 8200).
 */
#define LBX_MTU_MIN	68
#define LBX_MTU_MAX	65536

/* IFA_PROTO of the IPv6 addresses that the module keeps on lo ("proto 0x6c" in ip's
 * output, from iproute2 6.3 on).  Each is the mirror of an address of an lbx device.
 * IFA_RT_PRIORITY of a mirror ("metric" in ip's output) is the interface index of that
 * lbx device, and so is the metric of the mirror's local route.  Values above
 * IFAPROT_KERNEL_LL are free for userspace, so other software may use this value too.
 * The module therefore treats an address on lo as a mirror only if proto, metric,
 * prefix length and flags (nodad, noprefixroute, deprecated) all match.
 */
#define LBX_IFAPROT	108

/* Link-local address of each lbx device that is up, with prefix length 64, as on every
 * loopback of the BSDs.  A packet to a link-local destination needs such a source.
 * "addrgenmode none" prevents the address.
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
 * @IFLA_LBX_DIRECT: u8, 0 or 1 (default).  1: IP passes packets to the device without
 *	its queue, unless a packet would miss something there: a qdisc, a tc or
 *	nftables egress hook, an offload that is switched off, or a requested
 *	timestamp.  0: all packets are queued, as on lo.
 * @IFLA_LBX_ISOLATE: u8, 0 (default) or 1.  1: the device is isolated.  Packets that
 *	came in by another device are not delivered to its addresses, not even by a
 *	routing header, NAT, TPROXY or IPVS.  A connection to its addresses that NAT
 *	forwards is dropped, too, unless this machine opened it: then the replies are
 *	delivered.  A socket that is bound to the device sends by no other device.  An
 *	isolated device that is down is blocked: packets to its addresses are dropped
 *	(without isolation, lo carries them).
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

/* An element of IFLA_LBX_CLAIMS and IFLA_LBX_UNCLAIMS: a nest of LBX_CLAIM_* */
#define IFLA_LBX_CLAIM	1

/* Maximum number of claims in the message of a link.  A link has to fit in a page with
 * all its other attributes: programs that list links (if_nameindex(3), getifaddrs(3))
 * have no more room, or give the kernel none.
 */
#define LBX_CLAIMS_SHOWN	32

/**
 * enum - attributes of a claim
 *
 * A claim takes local traffic over from lo: the lbx device carries all packets that
 * this machine sends to the claimed addresses.  A target is claimed by at most one lbx
 * device in its netns.  While that device is down, lo carries the packets.
 *
 * The target is an interface or an address.  Requests, replies and notifications have
 * the same format: a claim that was read can be sent back as it is.
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
 * @LBX_CLAIM_IFINDEX: u32, not 0: the same, by index.  If LBX_CLAIM_IFNAME is given
 *	too, both must name the same interface.  A reply has both, or only the name
 *	while the claim waits.
 * @LBX_CLAIM_ADDR4: IPv4 address, 4 bytes in network byte order: one unicast address,
 *	not of 127.0.0.0/8, that is a local address when it is claimed.  It has
 *	precedence over a claim of the interface that has the address.
 * @LBX_CLAIM_ADDR6: the same for an IPv6 address, 16 bytes in network byte order,
 *	not link-local and not ::1
 * @LBX_CLAIM_WAITING: flag.  In a request: make the claim even if there is no such
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
/* The multicast group of LBX_GENL_NAME that receives the notifications */
#define LBX_GENL_MCGRP_CLAIMS	"claims"

/**
 * enum - commands of the generic netlink family LBX_GENL_NAME
 *
 * They act on the netns of the socket.  All but LBX_CMD_CLAIM_GET need CAP_NET_ADMIN
 * in the user namespace that owns it.
 *
 * LBX_GENL_MCGRP_CLAIMS receives a notification when a claim is made, is removed, moves
 * to another device, or begins or ends to wait, whatever request or event is the cause.
 * A notification has the attributes of a reply to LBX_CMD_CLAIM_GET.  RTM_NEWLINK
 * reports the new IFLA_LBX_CLAIM_COUNT to RTNLGRP_LINK as well.
 *
 * @LBX_CMD_UNSPEC: not used
 * @LBX_CMD_CLAIM_GET: read claims.  Do: the claim of the target in LBX_A_CLAIM.  Dump:
 *	all claims, or those of the device in LBX_A_IFINDEX or LBX_A_IFNAME.  Each
 *	claim is a message with LBX_A_IFINDEX and LBX_A_CLAIM.  If a message of a dump
 *	has NLM_F_DUMP_INTR, claims have changed meanwhile: dump again.
 * @LBX_CMD_CLAIM_NEW: make the claim LBX_A_CLAIM for the device in LBX_A_IFINDEX or
 *	LBX_A_IFNAME; LBX_A_FLAGS says what to do if the target is claimed already.
 * @LBX_CMD_CLAIM_DEL: remove the claim of the target in LBX_A_CLAIM.  If a device is
 *	given in LBX_A_IFINDEX or LBX_A_IFNAME, that device must hold the claim.
 * @LBX_CMD_CLAIM_CHANGE: make and remove many claims, all or none of them: any number
 *	of LBX_A_NEW and LBX_A_DEL, in the order of the message.  If a target changes
 *	several times, only the result takes effect.  If it is claimed before and
 *	after, lo carries none of its traffic in between.
 * @LBX_CMD_CLAIM_NEW_NTF: notification: the claim is new or has changed; the attributes
 *	are its new state
 * @LBX_CMD_CLAIM_DEL_NTF: notification: the claim is removed.  When the interface of a
 *	claim is renamed, the claim is reported as removed and as new.
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
 * @LBX_A_IFINDEX: u32: the index of the lbx device that holds the claim
 * @LBX_A_IFNAME: string: the name of that device, in a request instead of
 * LBX_A_IFINDEX.
 *	If both are given, both must name the same device.
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

/* Values of LBX_A_FLAGS.  Without flags, a target that the device has claimed already
 * is a success, and one that another device has claimed is refused (EBUSY).  NLM_F_EXCL
 * and NLM_F_REPLACE have the same meaning, but generic netlink refuses them, see
 * genl_header_check() in the kernel.
 */
#define LBX_F_EXCL	(1U << 0)	/* refuse a target that the device has already (EEXIST) */
#define LBX_F_REPLACE	(1U << 1)	/* take the target from the device that has it */

/**
 * enum - attributes in IFLA_INFO_XSTATS of an lbx device
 *
 * All are u64, the sum of all CPUs since the device was created.  Packets are counted
 * as the stack passes them to the device: a packet that is segmented later counts once.
 * Bytes do not include the Ethernet header, as on lo.  "ethtool -S" shows the same, and
 * the counters of each CPU.
 *
 * @LBX_XSTATS_UNSPEC: not used
 * @LBX_XSTATS_QUEUED_PACKETS: queued packets: those that came by the device's queue
 * @LBX_XSTATS_QUEUED_BYTES: their bytes
 * @LBX_XSTATS_DIRECT_PACKETS: direct packets: those that IP passed without the queue
 * @LBX_XSTATS_DIRECT_BYTES: their bytes
 * @LBX_XSTATS_CLAIMED_PACKETS: claimed packets: those taken over from lo without the
 *	queue
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

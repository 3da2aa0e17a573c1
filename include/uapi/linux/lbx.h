/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * lbx: additional loopback devices - interface to userspace
 *
 * An lbx device is made, changed and removed with RTM_NEWLINK and RTM_DELLINK,
 * IFLA_INFO_KIND "lbx".  The kind has no attribute of its own: everything that
 * can be set is a standard attribute of a link (IFLA_IFNAME, IFLA_MTU,
 * IFLA_ADDRESS, ...).  See rtnetlink(7).
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
 * The mirror's IFA_RT_PRIORITY ("metric" in ip's output) is the interface index of that lbx
 * device.  Values above IFAPROT_KERNEL_LL are free for userspace's use, and this
 * one can therefore be taken by somebody else: the module treats an address on lo
 * as its mirror only if proto, metric, prefix length and flags all fit.
 */
#define LBX_IFAPROT	108

/* Every link-local destination needs a source: each lbx device that is up has
 * this address with prefix length 64, as every loopback of the BSDs, unless
 * "addrgenmode none" is set on it.
 */
#define LBX_LINKLOCAL	"fe80::1"

#endif /* _UAPI_LINUX_LBX_H */

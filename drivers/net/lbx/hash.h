/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hash function of claimed addresses (claim.c).  In a header of its own, and with
 * nothing of the kernel but integers, for selftests/hash.c, which tries thousands of
 * seeds.
 */
#ifndef _LBX_HASH_H
#define _LBX_HASH_H

#ifdef __KERNEL__
#include <linux/bitops.h>
#include <linux/hash.h>
#endif

/* For each packet of lo that is not to 127.0.0.0/8 or ::1, and a quarter of what
 * jhash2() costs.  A product has in its upper bits what is below; the rotation keeps
 * subnets and hosts apart.  One multiplication leaves addresses in a row in a row, and
 * with some factors they are then all in a few buckets, which rhashtable refuses
 * (-EBUSY): the second, of what the shift has folded, scatters them.  The first factor
 * is odd, and nobody knows it who could choose addresses.
 */
static __always_inline u32 lbx_addr_hash(u64 high, u64 low, u32 seed)
{
	u64 factor = GOLDEN_RATIO_64 ^ ((u64)seed << 1);
	u64 hash = (rol64(high, 32) * factor + low) * factor;

	return ((hash ^ hash >> 32) * GOLDEN_RATIO_64) >> 32;
}

#endif /* _LBX_HASH_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hash function of claimed addresses (claim.c).  This header uses nothing of the
 * kernel but integers, so that selftests/hash.c can try thousands of seeds.
 */
#ifndef _LBX_HASH_H
#define _LBX_HASH_H

#ifdef __KERNEL__
#include <linux/bitops.h>
#include <linux/hash.h>
#endif

/* Runs for each packet of lo that is not sent to 127.0.0.0/8 or ::1, and costs a
 * quarter of jhash2().  The upper bits of a product depend on the bits below.  The
 * rotation keeps subnets and hosts apart.  After one multiplication only, consecutive
 * addresses would have hashes at equal distances.  With some factors they would all be
 * in a few buckets, which rhashtable refuses (-EBUSY).  So the shift folds the hash and
 * a second multiplication scatters it.  The first factor is odd.  It is secret, so no
 * user can choose addresses whose hashes are equal.
 */
static __always_inline u32 lbx_addr_hash(u64 high, u64 low, u32 seed)
{
	u64 factor = GOLDEN_RATIO_64 ^ ((u64)seed << 1);
	u64 hash = (rol64(high, 32) * factor + low) * factor;

	return ((hash ^ hash >> 32) * GOLDEN_RATIO_64) >> 32;
}

#endif /* _LBX_HASH_H */

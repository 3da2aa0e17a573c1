/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A planted slowdown, for "make bench-gate" to see: three needless atomics for each packet,
 * in a cache line that all CPUs share.  With one, the compiler has saved two instructions
 * elsewhere in lbx_xmit_claimed().  Included by force into each file of a module
 * that is built for this and nothing else (KCFLAGS=-include): whatever way a packet
 * takes in xmit.c, its timestamp is cleared there, once.
 */
#ifdef __KERNEL__
#include <linux/atomic.h>
#include <linux/skbuff.h>

static atomic_t lbx_planted __maybe_unused;

#define skb_clear_tstamp(skb) do {		\
	atomic_inc(&lbx_planted);		\
	atomic_inc(&lbx_planted);		\
	atomic_inc(&lbx_planted);		\
	(skb_clear_tstamp)(skb);		\
} while (0)
#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A planted slowdown that "make bench-gate" must detect: three needless atomics for
 * each packet, on a cache line that all CPUs share.  With one atomic, the compiler
 * saved two instructions elsewhere in lbx_xmit_claimed().  KCFLAGS=-include adds this
 * file to each file of a module that is built for this purpose only.  On each packet
 * path in xmit.c, the timestamp of a packet is cleared there once.
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

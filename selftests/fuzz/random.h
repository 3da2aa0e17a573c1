/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random numbers for fuzz_link and fuzz_packet, which a seed repeats.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof(*(array)))

/* The state, which each program defines */
extern __u64 chance;

/* Seeds that differ by one give unrelated sequences (splitmix64) */
static inline void seed(__u64 n)
{
	n += 0x9e3779b97f4a7c15;
	n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9;
	n = (n ^ n >> 27) * 0x94d049bb133111eb;
	chance = (n ^ n >> 31) ?: 1;
}

/* xorshift64*, Vigna 2016 */
static inline __u32 any(void)
{
	chance ^= chance >> 12;
	chance ^= chance << 25;
	chance ^= chance >> 27;
	return chance * 0x2545f4914f6cdd1dull >> 32;
}

static inline __u32 below(__u32 n)
{
	return any() % n;
}

static inline bool one_in(__u32 n)
{
	return !below(n);
}

/* A number at a boundary, where programs often have errors */
static inline __u64 edge(void)
{
	static const __u64 edges[] = {
		0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff,
		0x80000000, 0xffffffff, ~0ull
	};

	return edges[below(ARRAY_SIZE(edges))];
}

static inline void junk(void *data, size_t len)
{
	unsigned char *byte = data;

	while (len--)
		*byte++ = any();
}

#endif /* RANDOM_H */

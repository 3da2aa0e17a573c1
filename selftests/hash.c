// SPDX-License-Identifier: GPL-2.0
/*
 * The hash function of claimed addresses (drivers/net/lbx/hash.h): for any seed and any
 * choice of addresses, no bucket of a full table has more of them than rhashtable
 * allows. If a bucket has more while the table is growing, rhashtable refuses to insert
 * (-EBUSY).
 */
#include <arpa/inet.h>
#include <linux/types.h>
#include <string.h>

#include "kselftest.h"

typedef __u32 u32;
typedef __u64 u64;

/* <linux/hash.h>, <linux/bitops.h> */
#define GOLDEN_RATIO_64	0x61C8864680B583EBull

static inline u64 rol64(u64 word, unsigned int shift)
{
	return word << shift | word >> (64 - shift);
}

#include "../drivers/net/lbx/hash.h"

/* from lib/rhashtable.c */
#define RHT_ELASTICITY	16u

#define SEEDS		2000
#define SIZE_MAX_TRIED	2048u

/* The nth IPv4 address from @first on, in steps of @step, in the form of
 * lbx_addr4_hash()
 */
static void addr4(u32 first, u32 step, u32 n, u64 half[2])
{
	half[0] = 0;
	half[1] = htonl(first + n * step);
}

/* An IPv6 address, 2001:db8:9:: plus n << shift, and @last in its last byte */
static void addr6(unsigned int shift, unsigned char last, u32 n, u64 half[2])
{
	unsigned char addr[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 9 };
	int i;

	for (i = 15 - shift / 8; n; i--, n >>= 8)
		addr[i] += n;
	addr[15] += last;
	memcpy(half, addr, sizeof(addr));
}

static void in_a_row4(u32 n, u64 half[2])	{ addr4(0xc6120000, 1, n, half); }
static void subnets4(u32 n, u64 half[2])	{ addr4(0xc6120001, 256, n, half); }
static void networks4(u32 n, u64 half[2])	{ addr4(0x0a000001, 65536, n, half); }
static void scattered4(u32 n, u64 half[2])	{ addr4(0x0a000001, 167, n, half); }
static void in_a_row6(u32 n, u64 half[2])	{ addr6(0, 0, n, half); }
static void subnets6(u32 n, u64 half[2])	{ addr6(64, 1, n, half); }
static void middle6(u32 n, u64 half[2])		{ addr6(32, 0, n, half); }

static const struct {
	const char *name;
	void (*addr)(u32 n, u64 half[2]);
} patterns[] = {
	{ "consecutive IPv4 addresses", in_a_row4 },
	{ "one address of each IPv4 /24", subnets4 },
	{ "one address of each IPv4 /16", networks4 },
	{ "each 167th IPv4 address", scattered4 },
	{ "consecutive IPv6 addresses", in_a_row6 },
	{ "one address of each IPv6 /64", subnets6 },
	{ "one address of each IPv6 /96", middle6 },
};

/* Return how many of @size addresses are in the fullest of @size buckets */
static unsigned int fullest(unsigned int pattern, u32 seed, u32 size)
{
	static unsigned char bucket[SIZE_MAX_TRIED];
	unsigned int most = 0;
	u64 half[2];
	u32 n, at;

	memset(bucket, 0, size);
	for (n = 0; n < size; n++) {
		patterns[pattern].addr(n, half);
		at = lbx_addr_hash(half[0], half[1], seed) & (size - 1);
		if (bucket[at] < 255)
			bucket[at]++;
		if (bucket[at] > most)
			most = bucket[at];
	}
	return most;
}

int main(void)
{
	unsigned int i, n, most, found;
	u32 seed, size;

	ksft_print_header();
	ksft_set_plan(ARRAY_SIZE(patterns));
	for (i = 0; i < ARRAY_SIZE(patterns); i++) {
		most = 0;
		/* the same seeds in each run */
		for (n = 0, seed = 1; n < SEEDS; n++, seed = seed * 1664525 + 1013904223)
			for (size = 64; size <= SIZE_MAX_TRIED; size *= 4) {
				found = fullest(i, seed, size);
				if (found > most)
					most = found;
			}
		ksft_print_msg("at most %u in a bucket\n", most);
		ksft_test_result(most <= RHT_ELASTICITY, "the hash scatters %s over the buckets\n",
				 patterns[i].name);
	}
	ksft_finished();
}

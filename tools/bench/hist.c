// SPDX-License-Identifier: GPL-2.0-only
/*
 * The distribution of single operations, in the slots of HdrHistogram: linear within a
 * power of two, with the same number of slots in each.  Debian has its C library only
 * from forky on (libhdr-histogram-dev), but the images are Debian 12 and 13.
 */
#include <err.h>
#include <math.h>
#include <stdlib.h>

#include "hist.h"

#define HALF	(1U << (HIST_BITS - 1))

struct hist *hist_new(void)
{
	struct hist *hist = calloc(1, sizeof(*hist));

	if (!hist)
		err(1, "a histogram");
	return hist;
}

/* Return the slot of a value.  Below 2^HIST_BITS, each value has a slot; above, each
 * power of two has HALF slots.
 */
unsigned int hist_slot(uint64_t value)
{
	unsigned int shift;

	if (value >> HIST_MAX)
		value = (1ULL << HIST_MAX) - 1;
	if (value < 2 * HALF)
		return value;
	shift = 64 - __builtin_clzll(value) - HIST_BITS;
	return shift * HALF + (value >> shift);
}

/* Return the largest value of a slot, so that a percentile is never too optimistic. */
uint64_t hist_value(unsigned int slot)
{
	unsigned int shift;

	if (slot < 2 * HALF)
		return slot;
	shift = slot / HALF - 1;
	return ((uint64_t)(slot - shift * HALF + 1) << shift) - 1;
}

void hist_add(struct hist *hist, uint64_t value)
{
	hist->n++;
	hist->count[hist_slot(value)]++;
}

void hist_merge(struct hist *to, const struct hist *from)
{
	unsigned int i;

	to->n += from->n;
	for (i = 0; i < HIST_SLOTS; i++)
		if (from->count[i])
			to->count[i] += from->count[i];
}

/* Return the value that @percent of all values do not exceed, or 0 if there are none. */
uint64_t hist_percentile(const struct hist *hist, double percent)
{
	uint64_t wanted = ceil(hist->n * percent / 100), seen = 0;
	unsigned int i;

	if (!wanted)
		wanted = 1;
	for (i = 0; i < HIST_SLOTS; i++) {
		seen += hist->count[i];
		if (hist->n && seen >= wanted)
			return hist_value(i);
	}
	return 0;
}

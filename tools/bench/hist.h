/* SPDX-License-Identifier: GPL-2.0-only */
/* The distribution of a value; see hist.c */
#ifndef HIST_H
#define HIST_H

#include <stdint.h>

/* The format of HdrHistogram: values below 2^HIST_BITS are exact, larger values have a
 * resolution of half of that number of parts, and values from 2^HIST_MAX on count as
 * the largest one.
 */
#define HIST_BITS	18
#define HIST_MAX	36
#define HIST_SLOTS	((HIST_MAX - HIST_BITS + 2) << (HIST_BITS - 1))

/**
 * struct hist - a histogram
 * @n: number of values
 * @count: number of values in each slot; only the memory of used slots is touched
 */
struct hist {
	uint64_t	n;
	uint32_t	count[HIST_SLOTS];
};

struct hist *hist_new(void);
unsigned int hist_slot(uint64_t value);
uint64_t hist_value(unsigned int slot);
void hist_add(struct hist *hist, uint64_t value);
void hist_merge(struct hist *to, const struct hist *from);
uint64_t hist_percentile(const struct hist *hist, double percent);

#endif /* HIST_H */

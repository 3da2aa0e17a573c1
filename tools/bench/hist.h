/* SPDX-License-Identifier: GPL-2.0-only */
/* The distribution of a value, see hist.c */
#ifndef HIST_H
#define HIST_H

#include <stdint.h>

/* As HdrHistogram has them: values below 2^HIST_BITS are exact, those above to
 * half of that many parts, and those of 2^HIST_MAX and more are taken for the
 * largest there is.
 */
#define HIST_BITS	18
#define HIST_MAX	36
#define HIST_SLOTS	((HIST_MAX - HIST_BITS + 2) << (HIST_BITS - 1))

/**
 * struct hist - how often each value was there
 * @n: number of values
 * @count: how often; its memory is touched where there are values only
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

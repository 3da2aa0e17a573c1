/* SPDX-License-Identifier: GPL-2.0-only */
/* Readings of the counters, and the rates between two of them; see sample.c */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "dev.h"

/* The device as a whole, instead of one CPU */
#define ALL_CPUS	-1

/* Columns of the output, in this order */
enum column {
	COLUMN_PACKETS,
	COLUMN_BYTES,
	COLUMN_DIRECT,
	COLUMN_QUEUED,
	COLUMN_CLAIMED,
	COLUMN_INLINE,
	COLUMN_DROPS,
	N_COLUMNS
};

extern const char *const column_names[N_COLUMNS];

/**
 * struct row - counters, or rates per second
 * @index: index of the device
 * @dev: its name
 * @cpu: the CPU, or ALL_CPUS
 * @value: indexed by LBX_XSTATS_* - 1
 */
struct row {
	int	index;
	char	dev[IFNAMSIZ];
	int	cpu;
	double	value[N_COUNTERS];
};

/**
 * struct sample - a reading
 * @item: the rows: a device, its CPUs, the next device
 * @n: number of rows
 * @time: time of the reading in seconds
 */
struct sample {
	struct row	*item;
	size_t		n;
	double		time;
};

int sample_get(struct sample *sample, const char *dev, bool cpu,
	       struct nl_error *error);
void sample_rates(const struct sample *before, const struct sample *now,
		  struct sample *rates);
void sample_total(const struct sample *sample, struct row *total);
double row_column(const struct row *row, enum column column);

#endif /* SAMPLE_H */

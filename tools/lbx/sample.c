// SPDX-License-Identifier: GPL-2.0-only
/*
 * Readings of the counters.  The link message of a device has its sums.  Only ethtool
 * reports the counters of each CPU: ETHTOOL_GSTATS, with names such as
 * "cpu0_direct_packets".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "sample.h"

const char *const column_names[N_COLUMNS] = {
	"PACKETS", "BYTES", "DIRECT", "QUEUED", "CLAIMED", "INLINE", "DROPS",
};

static int ethtool(int fd, const char *dev, void *data)
{
	struct ifreq ifr = { .ifr_data = data };

	copy_name(ifr.ifr_name, dev);
	return ioctl(fd, SIOCETHTOOL, &ifr);
}

/* Store "cpuN_COUNTER" in the row of that CPU. */
static void take_stat(struct sample *sample, size_t first, const char *name,
		      uint64_t value)
{
	struct row row = sample->item[first];
	size_t i, j;
	int skip;

	if (sscanf(name, "cpu%d_%n", &row.cpu, &skip) != 1)
		return;
	/* The counters of one CPU are adjacent, so it is mostly the last row */
	for (i = sample->n - 1; i > first; i--)
		if (sample->item[i].cpu == row.cpu)
			break;
	if (i == first) {
		memset(row.value, 0, sizeof(row.value));
		i = sample->n;
		list_add(sample, row);
	}
	for (j = 0; j < N_COUNTERS; j++)
		if (!strcmp(name + skip, counter_names[j]))
			sample->item[i].value[j] = value;
}

/* Append a row for each CPU.  The last row must be that of the device. */
static void add_cpus(struct sample *sample)
{
	struct {
		struct ethtool_sset_info	info;
		uint32_t			n;
	} sset = { .info = { .cmd = ETHTOOL_GSSET_INFO,
			     .sset_mask = 1ULL << ETH_SS_STATS } };
	size_t first = sample->n - 1, i;
	struct ethtool_gstrings *strings;
	struct ethtool_stats *stats;
	const char *dev = sample->item[first].dev;
	char name[ETH_GSTRING_LEN + 1] = { };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (ethtool(fd, dev, &sset) || !sset.info.sset_mask) {
		close(fd);
		return;
	}
	strings = xcalloc(1, sizeof(*strings) + sset.n * ETH_GSTRING_LEN);
	stats = xcalloc(1, sizeof(*stats) + sset.n * sizeof(uint64_t));
	strings->cmd = ETHTOOL_GSTRINGS;
	strings->string_set = ETH_SS_STATS;
	strings->len = sset.n;
	stats->cmd = ETHTOOL_GSTATS;
	stats->n_stats = sset.n;
	if (!ethtool(fd, dev, strings) && !ethtool(fd, dev, stats))
		for (i = 0; i < sset.n; i++) {
			memcpy(name, strings->data + i * ETH_GSTRING_LEN,
			       ETH_GSTRING_LEN);
			take_stat(sample, first, name, stats->data[i]);
		}
	free(stats);
	free(strings);
	close(fd);
}

/**
 * sample_get - read the counters
 * @sample: filled; free it with list_free()
 * @dev: a device, or NULL for all devices
 * @cpu: read the counters of each CPU, too
 * @error: filled on failure
 *
 * Return: 0, also if the device does not exist, or -1.
 */
int sample_get(struct sample *sample, const char *dev, bool cpu,
	       struct nl_error *error)
{
	struct timespec now;
	struct devs devs;
	size_t i, j;

	memset(sample, 0, sizeof(*sample));
	if (devs_get(&devs, 0, error))
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	sample->time = now.tv_sec + now.tv_nsec / 1e9;
	for (i = 0; i < devs.n; i++) {
		struct row row = { .index = devs.item[i].index, .cpu = ALL_CPUS };

		if (dev && strcmp(dev, devs.item[i].name))
			continue;
		strcpy(row.dev, devs.item[i].name);
		for (j = 0; j < N_COUNTERS; j++)
			row.value[j] = devs.item[i].counters[j];
		list_add(sample, row);
		if (cpu)
			add_cpus(sample);
	}
	devs_free(&devs);
	return 0;
}

/* Return the row of the same device and CPU, or NULL.  The search starts at *@at, wraps
 * around, and moves *@at past the match, because two readings mostly have the same
 * order.
 */
static const struct row *find_row(const struct sample *sample, const struct row *row,
				  size_t *at)
{
	size_t i;

	for (i = 0; i < sample->n; i++) {
		const struct row *found = sample->item + (*at + i) % sample->n;

		if (found->index == row->index && found->cpu == row->cpu) {
			*at = found - sample->item + 1;
			return found;
		}
	}
	return NULL;
}

/**
 * sample_rates - compute the rates per second between two readings
 * @before: the first reading
 * @now: the second reading
 * @rates: filled with the devices of @now; free it with list_free()
 */
void sample_rates(const struct sample *before, const struct sample *now,
		  struct sample *rates)
{
	double seconds = now->time - before->time;
	size_t i, j, at = 0;

	memset(rates, 0, sizeof(*rates));
	rates->time = now->time;
	for (i = 0; i < now->n; i++) {
		const struct row *last = find_row(before, &now->item[i], &at);
		struct row row = now->item[i];

		for (j = 0; j < N_COUNTERS; j++) {
			/* The counters of a new device started at 0 */
			if (last)
				row.value[j] -= last->value[j];
			row.value[j] = seconds > 0 ? row.value[j] / seconds : 0;
		}
		list_add(rates, row);
	}
}

/**
 * sample_total - sum up all devices
 * @sample: counters or rates
 * @total: filled with the sums
 */
void sample_total(const struct sample *sample, struct row *total)
{
	size_t i, j;

	*total = (struct row){ .dev = "total", .cpu = ALL_CPUS };
	for (i = 0; i < sample->n; i++)
		for (j = 0; j < N_COUNTERS && sample->item[i].cpu == ALL_CPUS; j++)
			total->value[j] += sample->item[i].value[j];
}

static double value(const struct row *row, int type)
{
	return row->value[type - 1];
}

/* Return the value of a column. */
double row_column(const struct row *row, enum column column)
{
	switch (column) {
	case COLUMN_PACKETS:
		return value(row, LBX_XSTATS_DIRECT_PACKETS) +
		       value(row, LBX_XSTATS_QUEUED_PACKETS) +
		       value(row, LBX_XSTATS_CLAIMED_PACKETS);
	case COLUMN_BYTES:
		return value(row, LBX_XSTATS_DIRECT_BYTES) +
		       value(row, LBX_XSTATS_QUEUED_BYTES) +
		       value(row, LBX_XSTATS_CLAIMED_BYTES);
	case COLUMN_DIRECT:
		return value(row, LBX_XSTATS_DIRECT_PACKETS);
	case COLUMN_QUEUED:
		return value(row, LBX_XSTATS_QUEUED_PACKETS);
	case COLUMN_CLAIMED:
		return value(row, LBX_XSTATS_CLAIMED_PACKETS);
	case COLUMN_INLINE:
		return value(row, LBX_XSTATS_INLINE_PACKETS);
	case COLUMN_DROPS:
		return value(row, LBX_XSTATS_DROP_NOT_LOCAL) +
		       value(row, LBX_XSTATS_DROP_ISOLATED) +
		       value(row, LBX_XSTATS_DROP_BACKLOG) +
		       value(row, LBX_XSTATS_DROP_DOWN) +
		       value(row, LBX_XSTATS_DROP_MALFORMED);
	case N_COLUMNS:
		break;
	}
	return 0;
}

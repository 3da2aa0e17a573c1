// SPDX-License-Identifier: GPL-2.0-only
/* lbx stats: packet counters of devices, once or live */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "out.h"
#include "sample.h"

static void print_names(void)
{
	size_t i;

	printf("%-15s %4s", "DEVICE", "CPU");
	for (i = 0; i < N_COLUMNS; i++)
		printf(" %*s", i == COLUMN_BYTES ? 9 : 7, column_names[i]);
	putchar('\n');
}

/* A total that is too long for its column makes the line longer. */
static void print_row(const struct row *row, bool rates)
{
	char buf[16], cpu[12] = "all";
	size_t i;

	if (row->cpu != ALL_CPUS)
		sprintf(cpu, "%d", row->cpu);
	printf("%-15s %4s", row->dev, cpu);
	for (i = 0; i < N_COLUMNS; i++) {
		int width = i == COLUMN_BYTES ? 9 : 7;

		if (rates)
			printf(" %*s", width, human(row_column(row, i), buf));
		else
			printf(" %*.0f", width, row_column(row, i));
	}
	putchar('\n');
	if (!row_column(row, COLUMN_DROPS))
		return;
	printf("%-15s %4s  dropped:", "", "");
	for (i = 0; i < N_COUNTERS; i++)
		if (row->value[i] && !strncmp(counter_names[i], "drop_", 5))
			printf(" %s %s", counter_names[i] + 5,
			       human(row->value[i], buf));
	putchar('\n');
}

static void print_text(const struct sample *sample, bool rates)
{
	char buf[TIME_STRLEN];
	size_t i;

	if (rates)
		printf("[%s] packets and bytes per second\n", short_time(buf));
	print_names();
	for (i = 0; i < sample->n; i++)
		print_row(&sample->item[i], rates);
}

static json_t *json_values(const struct row *row, bool rates)
{
	json_t *object = json_object();
	size_t i;

	/* jansson's integers are signed */
	for (i = 0; i < N_COUNTERS; i++)
		json_object_set_new(object, counter_names[i],
				    rates || row->value[i] >= (double)INT64_MAX ?
				    json_real(row->value[i]) :
				    json_integer(row->value[i]));
	return object;
}

/* Print an object for each device, with an array of its CPUs if they were read. */
static void print_json(const struct sample *sample, bool rates)
{
	json_t *array = json_array(), *dev = NULL, *cpus = NULL, *values;
	const char *key = rates ? "rates" : "stats";
	char buf[TIME_STRLEN];
	size_t i;

	short_time(buf);
	for (i = 0; i < sample->n; i++) {
		const struct row *row = &sample->item[i];

		values = json_values(row, rates);
		if (row->cpu == ALL_CPUS) {
			dev = json_pack("{s:i, s:o, s:o}", "ifindex", row->index,
					"ifname", json_text(row->dev), key, values);
			if (rates)
				json_object_set_new(dev, "timestamp", json_string(buf));
			json_array_append_new(array, dev);
			cpus = NULL;
			continue;
		}
		if (!cpus) {
			cpus = json_array();
			json_object_set_new(dev, "cpus", cpus);
		}
		json_array_append_new(cpus, json_pack("{s:i, s:o}", "cpu", row->cpu,
						      key, values));
	}
	out_json(array);
}

static void print_sample(const struct sample *sample, bool rates)
{
	if (options.json)
		print_json(sample, rates);
	else
		print_text(sample, rates);
}

static void wait_seconds(double seconds)
{
	struct timespec time = { .tv_sec = seconds };

	time.tv_nsec = (seconds - time.tv_sec) * 1e9;
	nanosleep(&time, NULL);
}

/* Loop until stdout is closed, the device is deleted, or a signal arrives. */
static int watch(const struct args *args, struct sample *before)
{
	struct sample now, rates;
	struct nl_error error;
	int status = EXIT_DONE;

	while (!status) {
		wait_seconds(args->interval);
		if (sample_get(&now, args->dev, args->cpu, &error))
			return refused("stats", &error);
		if (args->dev && !now.n)
			return err_no_device(args->dev);
		sample_rates(before, &now, &rates);
		print_sample(&rates, true);
		status = out_end();
		list_free(&rates);
		list_free(before);
		*before = now;
	}
	return status;
}

int do_stats(struct args *args)
{
	struct sample sample;
	struct nl_error error;
	int status = EXIT_DONE;

	if (sample_get(&sample, args->dev, args->cpu, &error))
		return refused("stats", &error);
	if (args->dev && !sample.n)
		status = err_no_device(args->dev);
	else if (args->interval)
		status = watch(args, &sample);
	else
		print_sample(&sample, false);
	list_free(&sample);
	return status;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of lbx-bench, with cmocka; they need no network.  "make -C tools/bench
 * check" runs them with AddressSanitizer and UBSan.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../bench.h"
#include "../hist.h"

static void median_is_the_middle(void **state)
{
	double odd[] = { 3, 1, 2 }, even[] = { 4, 1, 3, 2 }, one[] = { 7 };

	(void)state;
	assert_true(median(odd, 3) == 2);
	assert_true(median(even, 4) == 2.5);
	assert_true(median(one, 1) == 7);
}

static void spread_is_in_percent(void **state)
{
	double values[] = { 101, 100, 99 }, one[] = { 7 }, none[] = { 0, 0 };

	(void)state;
	assert_true(fabs(spread(values, 3) - 2) < 1e-9);
	assert_true(spread(one, 1) == 0);
	assert_true(spread(none, 2) == 0);
}

/* Each slot begins after the largest value of the slot before. */
static void slots_follow_each_other(void **state)
{
	uint64_t last = 0;
	unsigned int i;

	(void)state;
	for (i = 1; i < HIST_SLOTS; i++) {
		uint64_t value = hist_value(i);

		assert_true(value > last);
		assert_int_equal(hist_slot(value), i);
		assert_int_equal(hist_slot(last + 1), i);
		last = value;
	}
	assert_true(last == (1ULL << HIST_MAX) - 1);
	assert_int_equal(hist_slot(UINT64_MAX), HIST_SLOTS - 1);
}

static void slots_are_fine(void **state)
{
	uint64_t value;

	(void)state;
	for (value = 0; value < 1 << HIST_BITS; value += 77)
		assert_int_equal(hist_value(hist_slot(value)), value);
	for (value = 1; value < 1ULL << HIST_MAX; value = value * 5 / 4 + 1)
		assert_true(hist_value(hist_slot(value)) - value <= value >> (HIST_BITS - 1));
}

static void percentiles_are_counted(void **state)
{
	struct hist *hist = hist_new(), *other = hist_new();
	unsigned int i;

	(void)state;
	assert_int_equal(hist_percentile(hist, 50), 0);
	for (i = 1; i <= 500; i++) {
		hist_add(hist, i);
		hist_add(other, 1001 - i);
	}
	hist_merge(hist, other);
	assert_int_equal(hist->n, 1000);
	assert_int_equal(hist_percentile(hist, 50), 500);
	assert_int_equal(hist_percentile(hist, 99), 990);
	assert_int_equal(hist_percentile(hist, 99.9), 999);
	assert_int_equal(hist_percentile(hist, 100), 1000);
	assert_int_equal(hist_percentile(hist, 0), 1);
	free(hist);
	free(other);
}

#define DEV_HEAD \
	"Inter-|   Receive                            |  Transmit\n" \
	" face |bytes packets errs drop fifo frame compressed multicast|bytes packets\n"
#define DEV(name, rx, tx) \
	"  " name ": 123 " #rx " 0 0 0 0 0 0 456 " #tx " 0 0 0 0 0 0\n"

static void carriers_are_told(void **state)
{
	static const char before[] = DEV_HEAD DEV("lo", 10, 10) DEV("lbx0", 5, 5);
	static const struct {
		const char *after, *via, *why;
	} cases[] = {
		{ DEV_HEAD DEV("lo", 10, 10) DEV("lbx0", 1005, 1005), "lbx0", "nothing" },
		{ DEV_HEAD DEV("lo", 12, 12) DEV("lbx0", 1005, 5), "lbx0", "nothing" },
		{ DEV_HEAD DEV("lo", 1010, 10) DEV("lbx0", 1005, 5), "lo,lbx0", "nothing" },
		{ DEV_HEAD DEV("lo", 10, 10) DEV("lbx0", 1005, 5) DEV("new", 9, 0), "lbx0",
		  "nothing" },
		{ DEV_HEAD DEV("lo", 1010, 1010) DEV("lbx0", 5, 5), "lbx0", "lo has carried" },
		{ DEV_HEAD DEV("lo", 10, 10) DEV("lbx0", 500, 400), "lbx0", "lbx0 has carried only" },
		{ DEV_HEAD DEV("lo", 10, 10) DEV("lbx0", 1005, 5) DEV("new", 900, 0), "lbx0",
		  "new has carried" },
		{ DEV_HEAD DEV("lo", 10, 10), "lbx0", "Cannot find device \"lbx0\"" },
		{ DEV_HEAD DEV("lo", 10, 10), "l", "Cannot find device \"l\"" },
		{ DEV_HEAD DEV("lo", 1010, 10), "lo,lbx0", "nothing" },
		{ "", "lo", "Cannot find device \"lo\"" },
	};
	char why[256];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		strcpy(why, "nothing");
		carriers_differ(before, cases[i].after, cases[i].via, 1000, why, sizeof(why));
		if (!strstr(why, cases[i].why))
			fail_msg("case %zu: '%s' is wrong", i, why);
	}
}

static void echo_swaps_addresses(void **state)
{
	unsigned char v4[20] = { 0x45, [12] = 192, 0, 2, 1, 198, 51, 100, 2 };
	unsigned char v6[40] = { 0x60, [8] = 0x20, [23] = 1, [24] = 0x20, [39] = 2 };
	static const unsigned char swapped[] = { 198, 51, 100, 2, 192, 0, 2, 1 };

	(void)state;
	assert_true(echo_swap(v4, sizeof(v4)));
	assert_memory_equal(v4 + 12, swapped, sizeof(swapped));
	assert_true(echo_swap(v6, sizeof(v6)));
	assert_int_equal(v6[23], 2);
	assert_int_equal(v6[39], 1);

	assert_false(echo_swap(v4, 19));
	assert_false(echo_swap(v6, 39));
	assert_false(echo_swap(v4, 0));
	v4[16] = 224;
	assert_false(echo_swap(v4, sizeof(v4)));
	v6[24] = 0xff;
	assert_false(echo_swap(v6, sizeof(v6)));
	v4[0] = 0x55;
	assert_false(echo_swap(v4, sizeof(v4)));
}

static void tags_are_read(void **state)
{
	json_t *object = json_object();

	(void)state;
	assert_true(add_tag(object, "peer=lo-nic-claimed"));
	assert_true(add_tag(object, "round=12"));
	assert_true(add_tag(object, "kernel=6.1"));
	assert_true(add_tag(object, "empty="));
	assert_false(add_tag(object, "nothing"));
	assert_false(add_tag(object, "=1"));
	assert_string_equal(json_string_value(json_object_get(object, "peer")), "lo-nic-claimed");
	assert_int_equal(json_integer_value(json_object_get(object, "round")), 12);
	assert_string_equal(json_string_value(json_object_get(object, "kernel")), "6.1");
	assert_string_equal(json_string_value(json_object_get(object, "empty")), "");
	json_decref(object);
}

static void batches_fit_the_size(void **state)
{
	const struct workload *workload;

	(void)state;
	assert_null(find_workload("tcp-"));
	assert_null(find_workload(""));
	assert_string_equal(find_workload("tcp-zc")->name, "tcp-zc");
	for (workload = workloads; workload->name; workload++) {
		assert_ptr_equal(find_workload(workload->name), workload);
		assert_true(batch_of(workload, 1) > workload->batch * 9 / 10);
		assert_true(batch_of(workload, 65536) < workload->batch / 2);
		assert_true(batch_of(workload, SIZE_MAX_STREAM) >= 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(median_is_the_middle),
		cmocka_unit_test(spread_is_in_percent),
		cmocka_unit_test(slots_follow_each_other),
		cmocka_unit_test(slots_are_fine),
		cmocka_unit_test(percentiles_are_counted),
		cmocka_unit_test(carriers_are_told),
		cmocka_unit_test(echo_swaps_addresses),
		cmocka_unit_test(tags_are_read),
		cmocka_unit_test(batches_fit_the_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

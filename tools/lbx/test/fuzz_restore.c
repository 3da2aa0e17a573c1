// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer of "lbx restore": the file, the planned transaction, and its result, against
 * the kernel in kernel.c.
 *
 * The input is a file.  Its last byte selects the request that is refused, and then the
 * request whose answer is lost.  For each file,
 *
 * - it is restored as a whole, or refused and nothing has changed, whether or not there
 *   were devices before;
 * - a second restore changes nothing;
 * - the result, saved and restored, is the same again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../commands.h"
#include "fuzz.h"
#include "kernel.h"

/* The content of "FILE" */
static const char *file_data;
static size_t file_size;

FILE *__wrap_fopen(const char *path, const char *mode)
{
	if (strcmp(path, "FILE"))
		return __real_fopen(path, mode);
	return fmemopen((void *)file_data, file_size, "r");
}

/* Devices before the restore; the input may have the same names and addresses */
static const char populated[] =
	"add a 10.9.0.1/24 10.9.0.2/24 10.8.0.1/24 2001:db8::1/64 2001:db8::2 fe80::5/64\n"
	"local 10.7.0.0/16 dev a\n"
	"local 2001:db8:a::/64 dev a table 100\n"
	"claim eth0 192.0.2.1 2001:db8::5 dev a\n"
	"add b 10.7.0.1 mtu 1500 isolate on direct off down\n"
	"claim eth1 192.0.2.2 dev b\n"
	"add c\n";

static int restore(const char *data, size_t size)
{
	struct args args = { .file = "FILE" };

	file_data = data;
	file_size = size;
	kernel.changes = 0;
	return do_restore(&args);
}

static void check(bool holds, const char *promise)
{
	if (holds)
		return;
	fprintf(stderr, "not so: %s\n", promise);
	abort();
}

static char *save(size_t *size)
{
	FILE *old = stdout;
	bool json = options.json;
	struct args args = { };
	char *text = NULL;

	options.json = false;
	stdout = open_memstream(&text, size);
	check(do_save(&args) == EXIT_DONE, "what there is can be saved");
	fclose(stdout);
	stdout = old;
	options.json = json;
	return text;
}

/* Restore on top of @before.  Request number @refuse is refused unless it is negative. */
static bool try(const struct devs *before, const char *data, size_t size, int refuse)
{
	struct devs after;
	bool ok;

	kernel_put(before);
	kernel.refuse = refuse;
	ok = restore(data, size) == EXIT_DONE;
	kernel.refuse = -1;
	if (!ok) {
		check(before->n == kernel.devs.n && same_devs(before, &kernel.devs, true),
		      "what is refused changes nothing");
		return false;
	}
	after = kernel_copy();
	check(restore(data, size) == EXIT_DONE, "what is restored can be restored again");
	check(after.n == kernel.devs.n && same_devs(&after, &kernel.devs, true),
	      "the second time changes nothing");
	check(!kernel.changes, "the second time asks for nothing");
	devs_free(&after);
	return true;
}

static void round_trip(void)
{
	static const struct devs nothing;
	struct devs before = kernel_copy();
	size_t size;
	char *text = save(&size);

	check(try(&nothing, text, size, -1), "what is saved can be restored");
	check(before.n == kernel.devs.n && same_devs(&before, &kernel.devs, true),
	      "what is saved and restored is the same");
	devs_free(&before);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct devs nothing;
	struct devs before, from_nothing;
	const char *text = (const char *)data;
	bool ok;

	/* fmemopen(3) does not accept size 0 */
	if (!size)
		return 0;

	kernel_reset();
	options.json = data[size - 1] & 1;
	ok = try(&nothing, text, size, -1);
	from_nothing = kernel_copy();
	if (ok)
		round_trip();

	kernel_reset();
	check(restore(populated, strlen(populated)) == EXIT_DONE, "there are devices");
	before = kernel_copy();
	if (try(&before, text, size, -1) && ok)
		check(same_devs(&from_nothing, &kernel.devs, false),
		      "what there was before does not matter");
	try(&before, text, size, data[size - 1] >> 1);
	kernel.lose = true;
	try(&before, text, size, data[size - 1] >> 1);
	kernel.lose = false;

	devs_free(&before);
	devs_free(&from_nothing);
	kernel_reset();
	return 0;
}

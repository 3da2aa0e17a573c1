// SPDX-License-Identifier: GPL-2.0-only
/* The environment of a measurement, which is the first object in a file of measurements,
 * and tags, which describe any object
 */
#include <err.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <jansson.h>

#include "bench.h"

/* Add KEY=VALUE to an object; VALUE becomes an integer if it looks like one. */
bool add_tag(json_t *object, const char *text)
{
	const char *value = strchr(text, '=');
	json_t *tag;
	char key[64], *end;
	long long n;

	if (!value || value == text || (size_t)(value - text) >= sizeof(key))
		return false;
	memcpy(key, text, value - text);
	key[value++ - text] = 0;
	n = strtoll(value, &end, 10);
	tag = *value && !*end ? json_integer(n) : json_string(value);
	return tag && !json_object_set_new(object, key, tag);
}

/* Return the value of the first line "KEY : VALUE" of /proc/cpuinfo.  It points into
 * @line.
 */
static const char *cpu_line(const char *key, char *line, size_t size)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	const char *value = "unknown";

	while (file && fgets(line, size, file)) {
		if (strncmp(line, key, strlen(key)) || !strchr(line, ':'))
			continue;
		line[strcspn(line, "\n")] = 0;
		value = strchr(line, ':') + 1;
		value += strspn(value, " ");
		break;
	}
	if (file)
		fclose(file);
	return value;
}

/* Print the head.  @argv: KEY=VALUE pairs that are added or replace others.  Return the
 * exit status.
 */
int print_head(int argc, char **argv)
{
	static char model[512], flags[8192];
	struct utsname name;
	time_t now = time(NULL);
	json_t *head;
	char date[32];
	int i;

	uname(&name);
	strftime(date, sizeof(date), "%F %R UTC", gmtime(&now));
	cpu_line("flags", flags, sizeof(flags));
	head = json_pack("{s:s, s:s, s:s, s:s, s:i, s:b, s:s, s:s}",
			 "release", name.release, "version", name.version,
			 "machine", name.machine,
			 "cpu", cpu_line("model name", model, sizeof(model)),
			 "cpus", (int)sysconf(_SC_NPROCESSORS_ONLN),
			 "virtual", strstr(cpu_line("flags", flags, sizeof(flags)),
					   " hypervisor") != NULL,
			 "libc", gnu_get_libc_version(), "date", date);
	for (i = 0; head && i < argc; i++)
		if (!add_tag(head, argv[i]))
			errx(2, "--head must be KEY=VALUE, not \"%s\"", argv[i]);
	head = json_pack("{s:o}", "head", head);
	if (!head || json_dumpf(head, stdout, JSON_COMPACT))
		errx(1, "cannot print the head");
	putchar('\n');
	return 0;
}

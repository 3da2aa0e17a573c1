// SPDX-License-Identifier: GPL-2.0-only
/* Addresses and names in text and back, and what every program needs */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <linux/lbx.h>

#include "util.h"

static void no_memory(void)
{
	fputs("lbx: out of memory\n", stderr);
	exit(EXIT_REFUSED);
}

void *xcalloc(size_t n, size_t size)
{
	void *ptr = calloc(n, size);

	if (!ptr)
		no_memory();
	return ptr;
}

/* A list gets its item number @n: memory doubles, so that it is moved seldom */
void *grow(void *ptr, size_t n, size_t size)
{
	if (n > 1 && (n - 1) & (n - 2))
		return ptr;
	/* n - 1 is 0, 1, or a power of two: that many are full */
	ptr = reallocarray(ptr, n > 1 ? (n - 1) * 2 : 1, size);
	if (!ptr)
		no_memory();
	return ptr;
}

/* Says something on stderr, as this program */
void say(const char *format, ...)
{
	va_list args;

	fputs("lbx: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

int addr_size(const struct prefix *prefix)
{
	return prefix->family == AF_INET ? 4 : 16;
}

/**
 * parse_prefix - an address, alone or with the length of its prefix
 * @text: "ADDR" or "ADDR/LEN"; alone it is as long as it can be
 * @prefix: to fill
 *
 * Return: whether it is one.
 */
bool parse_prefix(const char *text, struct prefix *prefix)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	char addr[INET6_ADDRSTRLEN], *end;
	int max;

	if (!n || n >= sizeof(addr))
		return false;
	memcpy(addr, text, n);
	addr[n] = '\0';
	memset(prefix, 0, sizeof(*prefix));
	prefix->family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(prefix->family, addr, prefix->addr) != 1)
		return false;

	max = addr_size(prefix) * 8;
	prefix->len = max;
	if (slash) {
		long len;

		if (slash[1] < '0' || slash[1] > '9')
			return false;
		errno = 0;
		len = strtol(slash + 1, &end, 10);
		if (*end || errno || len > max)
			return false;
		prefix->len = len;
	}
	return true;
}

/* As dev_valid_name() in the kernel, but that it may not begin with "-" */
bool is_ifname(const char *text)
{
	return *text && *text != '-' && strlen(text) < IFNAMSIZ &&
	       strcmp(text, ".") && strcmp(text, "..") &&
	       !strpbrk(text, "/: \t\n\v\f\r");
}

/* Into @to, which has IFNAMSIZ bytes; no more than that of it */
void copy_name(char *to, const char *from)
{
	size_t n = strnlen(from, IFNAMSIZ - 1);

	memcpy(to, from, n);
	to[n] = '\0';
}

/* An address without a length, or else the name of an interface */
bool parse_target(const char *text, struct target *target)
{
	memset(target, 0, sizeof(*target));
	if (!strchr(text, '/') && parse_prefix(text, &target->addr))
		return true;
	memset(target, 0, sizeof(*target));
	if (!is_ifname(text))
		return false;
	copy_name(target->ifname, text);
	return true;
}

bool same_prefix(const struct prefix *a, const struct prefix *b)
{
	return a->family == b->family && a->len == b->len &&
	       !memcmp(a->addr, b->addr, addr_size(a));
}

/* For qsort() and bsearch(), of struct target or what begins with one */
int compare_targets(const void *a, const void *b)
{
	const struct target *x = a, *y = b;
	int order = strcmp(x->ifname, y->ifname);

	if (order || *x->ifname)
		return order;
	if (x->addr.family != y->addr.family)
		return x->addr.family - y->addr.family;
	return memcmp(x->addr.addr, y->addr.addr, addr_size(&x->addr));
}

bool contains(const struct prefixes *list, const struct prefix *prefix)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (same_prefix(&list->item[i], prefix))
			return true;
	return false;
}

/* The link-local address that each lbx device which is up has of itself */
bool is_auto_addr(const struct prefix *prefix)
{
	struct prefix of_itself;

	return parse_prefix(LBX_LINKLOCAL "/64", &of_itself) &&
	       same_prefix(prefix, &of_itself);
}

const char *addr_text(const struct prefix *prefix, char *buf)
{
	return inet_ntop(prefix->family == AF_INET ? AF_INET : AF_INET6, prefix->addr,
			 buf, INET6_ADDRSTRLEN);
}

/* Into @buf, which has PREFIX_STRLEN bytes */
const char *prefix_text(const struct prefix *prefix, char *buf)
{
	addr_text(prefix, buf);
	sprintf(buf + strlen(buf), "/%d", prefix->len);
	return buf;
}

/* Into @buf, which has PREFIX_STRLEN bytes, unless it is a name */
const char *target_text(const struct target *target, char *buf)
{
	return *target->ifname ? target->ifname : addr_text(&target->addr, buf);
}

/* How many characters have to be changed, put in, left out or swapped with their
 * neighbours to make one out of the other (optimal string alignment)
 */
static size_t distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), i, j, best;
	size_t row[3][64];

	if (n > 60 || m > 60)
		return SIZE_MAX;
	for (j = 0; j <= m; j++)
		row[0][j] = j;
	for (i = 1; i <= n; i++) {
		size_t *now = row[i % 3], *last = row[(i + 2) % 3];

		now[0] = i;
		for (j = 1; j <= m; j++) {
			best = last[j - 1] + (a[i - 1] != b[j - 1]);
			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] &&
			    row[(i + 1) % 3][j - 2] + 1 < best)
				best = row[(i + 1) % 3][j - 2] + 1;
			now[j] = best;
		}
	}
	return row[n % 3][m];
}

/**
 * nearest - what may have been meant
 * @word: what was written
 * @words: what could be, ending with NULL
 *
 * Return: the one with the fewest differences, if those are few, or NULL.
 */
const char *nearest(const char *word, const char *const *words)
{
	size_t least = strlen(word) / 3 + 1;
	const char *found = NULL;

	for (; *words; words++) {
		size_t n = strncmp(word, *words, strlen(word)) ?
			   distance(word, *words) : 1;

		if (n <= least) {
			if (found && n == least)
				continue;
			found = *words;
			least = n;
		}
	}
	return found;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Convert addresses and names to text and back; lists, errors, suggestions */
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

/* Make room for item number @n of a list.  The size doubles each time, to avoid copies.
 */
void *array_grow(void *ptr, size_t n, size_t size)
{
	if (n > 1 && (n - 1) & (n - 2))
		return ptr;
	/* if n - 1 is 0, 1 or another power of two, the list is full */
	ptr = reallocarray(ptr, n > 1 ? (n - 1) * 2 : 1, size);
	if (!ptr)
		no_memory();
	return ptr;
}

/* Print a message on stderr, with the name of the program. */
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
 * parse_prefix - parse an address with an optional prefix length
 * @text: "ADDR" or "ADDR/LEN"; without LEN, the prefix is a single address
 * @prefix: filled
 *
 * Return: true if it is valid.
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

/* The rules of dev_valid_name() in the kernel; in addition, no leading "-". */
bool is_ifname(const char *text)
{
	return *text && *text != '-' && strlen(text) < IFNAMSIZ &&
	       strcmp(text, ".") && strcmp(text, "..") &&
	       !strpbrk(text, "/: \t\n\v\f\r");
}

/* Copy a name to @to, which has IFNAMSIZ bytes.  A longer name is truncated. */
void copy_name(char *to, const char *from)
{
	size_t n = strnlen(from, IFNAMSIZ - 1);

	memcpy(to, from, n);
	to[n] = '\0';
}

/* Parse an address without a length, or else the name of an interface. */
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

/* For qsort() and bsearch(), on struct target or a structure that begins with one */
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

/* Return true for the link-local address that each lbx device gets when it is up. */
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

/* Format a prefix into @buf, which has PREFIX_STRLEN bytes. */
const char *prefix_text(const struct prefix *prefix, char *buf)
{
	addr_text(prefix, buf);
	sprintf(buf + strlen(buf), "/%d", prefix->len);
	return buf;
}

/* Return the text of a target: a name, or an address in @buf with PREFIX_STRLEN bytes. */
const char *target_text(const struct target *target, char *buf)
{
	return *target->ifname ? target->ifname : addr_text(&target->addr, buf);
}

/* Return the number of characters to change, insert, delete or swap with their
 * neighbour to turn @a into @b (optimal string alignment).
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
 * suggest - find the most similar word
 * @word: the word that was typed
 * @words: the valid words, ending with NULL
 *
 * Return: the word with the fewest differences, or NULL if all have many.
 */
const char *suggest(const char *word, const char *const *words)
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

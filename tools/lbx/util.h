/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses, names, and memory allocation that does not fail; see util.c */
#ifndef UTIL_H
#define UTIL_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/**
 * enum - exit statuses, the first three as those of ip(8)
 * @EXIT_DONE: success
 * @EXIT_USAGE: the command line is invalid
 * @EXIT_REFUSED: the kernel, or lbx on its behalf, refused the command
 * @EXIT_PROBLEM: the command was carried out, and reports a problem
 */
enum {
	EXIT_DONE,
	EXIT_USAGE,
	EXIT_REFUSED,
	EXIT_PROBLEM,
};

/**
 * struct prefix - an address with a prefix length
 * @family: AF_INET or AF_INET6
 * @addr: in network byte order, 4 or 16 bytes
 * @len: prefix length in bits
 */
struct prefix {
	int		family;
	unsigned char	addr[16];
	int		len;
};

/* Size of the text of a prefix */
#define PREFIX_STRLEN	(INET6_ADDRSTRLEN + 4)

/**
 * struct target - target of a claim
 * @ifname: an interface, or empty
 * @ifindex: index of the interface, in a reply of the kernel; 0 while the claim waits
 * @addr: an address, if it is not an interface
 * @waits: the claim waits for an interface of that name; in a request, the interface or
 *	the address does not have to exist
 */
struct target {
	char		ifname[IFNAMSIZ];
	uint32_t	ifindex;
	struct prefix	addr;
	bool		waits;
};

/* Lists that grow: { TYPE *item; size_t n; } */
#define list_add(list, value) do {					\
	typeof(list) __list = (list);					\
									\
	__list->item = array_grow(__list->item, __list->n + 1,		\
				  sizeof(*__list->item));		\
	__list->item[__list->n++] = (value);				\
} while (0)

#define list_free(list) do {						\
	typeof(list) __list = (list);					\
									\
	free(__list->item);						\
	__list->item = NULL;						\
	__list->n = 0;							\
} while (0)

struct prefixes { struct prefix *item; size_t n; };
struct targets { struct target *item; size_t n; };

void *xcalloc(size_t n, size_t size);
void *array_grow(void *ptr, size_t n, size_t size);

bool parse_prefix(const char *text, struct prefix *prefix);
bool parse_target(const char *text, struct target *target);
bool is_ifname(const char *text);
void copy_name(char *to, const char *from);

int addr_size(const struct prefix *prefix);
bool same_prefix(const struct prefix *a, const struct prefix *b);
int compare_targets(const void *a, const void *b);
bool contains(const struct prefixes *list, const struct prefix *prefix);
bool is_auto_addr(const struct prefix *prefix);
const char *addr_text(const struct prefix *prefix, char *buf);
const char *prefix_text(const struct prefix *prefix, char *buf);
const char *target_text(const struct target *target, char *buf);

const char *suggest(const char *word, const char *const *words);

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* UTIL_H */

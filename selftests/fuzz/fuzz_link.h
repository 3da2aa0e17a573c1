/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the sources of fuzz_link share. See fuzz_link.c.
 */
#ifndef FUZZ_LINK_H
#define FUZZ_LINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>

#include "random.h"

#define DEVICES		8
#define ROOM		4096

int open_socket(int family);

/* fuzz_link_request.c: requests, which are built in req */
struct request {
	struct nlmsghdr nlh;
	char payload[ROOM];
};

extern struct request req;

void start(int type, int flags, const void *header, size_t len);
struct nlattr *put(int type, const void *data, size_t len);
void put_u32(int type, __u32 value);
void put_linkinfo(void);
void mutate(size_t header);
const char *device(unsigned int i);
void local_addr(bool ipv6, unsigned char *addr);
void build_delete_all(void);
void build_delete(const char *name);
void build_create(const char *name);
void build_ensure(const char *name);
void build_target(void);
void build_link(void);
void build_genl(int family, int flags);

/* fuzz_link_answer.c: answers, which are counted by their text */
void count_answer(const struct nlmsghdr *nlh, size_t len);
void forget_answers(void);
void print_answers(unsigned long requests);

/* fuzz_link_dump.c: a process that reads dumps and sends packets */
void share_dumps(void);
void read_dumps(int turns, int family, __u64 n);
void print_dumps(void);

#endif /* FUZZ_LINK_H */

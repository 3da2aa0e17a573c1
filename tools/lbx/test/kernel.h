/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel for the fuzzers: what rtnetlink and lbx.ko make of the tool's requests, in
 * place of libmnl's sockets; see kernel.c
 */
#ifndef KERNEL_H
#define KERNEL_H

#include "../dev.h"

/* The number of the family "lbx", not that of a message of rtnetlink */
#define GENL_ID_LBX	0x1000

/**
 * struct kernel - what there is, and what has been asked for
 * @devs: the lbx devices, with their addresses and claims
 * @changes: how many requests have changed something
 * @refuse: that one is refused, counted from 0, if none before it is; -1 for none
 * @lose: instead, its answer is lost
 * @record: gets each answer, or is NULL
 */
struct kernel {
	struct devs	devs;
	int		changes;
	int		refuse;
	bool		lose;
	void		(*record)(const void *data, size_t len);
};

extern struct kernel kernel;

void kernel_reset(void);
struct devs kernel_copy(void);
void kernel_put(const struct devs *devs);
bool same_devs(const struct devs *a, const struct devs *b, bool order);

#endif /* KERNEL_H */

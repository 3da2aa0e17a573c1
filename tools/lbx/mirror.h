/* SPDX-License-Identifier: GPL-2.0-only */
/* Wait until programs can bind IPv6 addresses; see mirror.c */
#ifndef MIRROR_H
#define MIRROR_H

#include "util.h"

void mirror_wait(const char *dev, const struct prefixes *addrs);

#endif /* MIRROR_H */

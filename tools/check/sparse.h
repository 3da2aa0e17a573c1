/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Included before every file that sparse reads ("run").  Debian's sparse, 0.6.4,
 * lacks these features that the headers of newer kernels need.
 */

/* 7.2's scripts/checker-valid.sh rejects a sparse that does not know it */
#define __typeof_unqual__	__typeof__

/* MODULE_INFO() checks in a static_assert() whether a string literal contains a NUL,
 * and sparse does not treat this as a constant
 */
#define __builtin_strlen(s)	(sizeof(s) - 1)

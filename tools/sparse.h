/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For sparse, ahead of every file it reads (tools/check): what the headers of
 * kernels younger than Debian's sparse, 0.6.4, take for granted.
 */

/* 7.2's scripts/checker-valid.sh refuses a sparse that has not heard of it */
#define __typeof_unqual__	__typeof__

/* MODULE_INFO() asks in a static_assert() whether a string literal has a NUL in
 * it, and sparse does not take this for a constant
 */
#define __builtin_strlen(s)	(sizeof(s) - 1)

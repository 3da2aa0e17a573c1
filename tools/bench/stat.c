// SPDX-License-Identifier: GPL-2.0-only
/* Statistics of repeated measurements */
#include <stdlib.h>

#include "bench.h"

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts @values, of which there must be at least one. */
double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* Return the difference of the largest and the smallest value, in percent of the
 * median.  Sorts @values.
 */
double spread(double *values, size_t n)
{
	double middle = median(values, n);

	return middle ? (values[n - 1] - values[0]) / middle * 100 : 0;
}

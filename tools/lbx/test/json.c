// SPDX-License-Identifier: GPL-2.0-only
/*
 * For the fuzzers: check that printed JSON is complete.  jansson returns NULL for what
 * it cannot express, such as a string that is not UTF-8, and then omits it.
 */
#include <stdlib.h>

#include "fuzz.h"

int __wrap_json_array_append_new(json_t *array, json_t *value)
{
	if (!array || !value)
		abort();
	return __real_json_array_append_new(array, value);
}

int __wrap_json_object_set_new(json_t *object, const char *key, json_t *value)
{
	if (!object || !value)
		abort();
	return __real_json_object_set_new(object, key, value);
}

int __wrap_json_dumpf(const json_t *json, FILE *output, size_t flags)
{
	if (__real_json_dumpf(json, output, flags))
		abort();
	return 0;
}

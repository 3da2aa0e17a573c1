/* SPDX-License-Identifier: GPL-2.0-only */
/* Output: text for people, JSON for programs; see out.c */
#ifndef OUT_H
#define OUT_H

#include <stdint.h>
#include <jansson.h>

#include "dev.h"

/* Size of the text of a time */
#define TIME_STRLEN	40

void out_json(json_t *value);
int out_end(void);

json_t *json_text(const char *text);
json_t *json_prefix(const struct prefix *prefix);
json_t *json_target(const struct target *target);
json_t *json_counters(const uint64_t *counters);
void json_set_state(json_t *object, const struct dev *dev);
json_t *json_dev(const struct dev *dev);

void text_dev(const struct dev *dev);
const char *short_time(char *buf);
void text_time(int form);
const char *human(double value, char *buf);

#endif /* OUT_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * Answers to the requests of fuzz_link: count them by the kernel's text. See fuzz_link.c.
 */
#define _GNU_SOURCE	/* strerrorname_np() */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_link.h"

/* Results by the text of the kernel, without addresses and names */
static struct outcome {
	char text[128];
	unsigned long n;
	bool lbx;
} outcomes[512];

static unsigned int n_outcomes;

/* Return true if the text is one of lbx */
static bool is_of_lbx(const char *text)
{
	static const char *const texts[] = {
		"A claim is required", "A claim needs either", "A dump cannot be limited",
		"A link-local address cannot", "A list of claims can",
		"Already claimed by DEV", "An lbx device cannot be claimed",
		"An lbx device is required", "Cannot find the claim",
		"Cannot find the interface to claim", "Cannot find the lbx device",
		"Cannot register the device", "Claimed by DEV, not by this device",
		"Duplicate target in request", "Invalid interface name",
		"LBX_F_EXCL and LBX_F_REPLACE", "Link-layer address must",
		"Not claimed by any lbx device", "The index does not match the name",
		"The number of claims is read-only",
		"Too many waiting claims", "cannot be claimed; add",
		"is already carried by DEV", "is not a local address",
		"is not an lbx device", "lo cannot be claimed",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (strstr(text, texts[i]))
			return true;
	return false;
}

/* Copy the text without names and addresses */
static void normalise(char *to, size_t room, const char *from)
{
	const char *last = to + room - 8;
	size_t word;

	while (*from && to < last) {
		word = strcspn(from, " ,;");
		if (word && !strncmp(from, "fuzz", 4))
			to = stpcpy(to, "DEV");
		else if (memchr(from, ':', word) && isxdigit(from[word - 1]))
			to = stpcpy(to, "ADDR");
		else if (word > 4 && isdigit(*from) && from[word - 1] != '8')
			to = stpcpy(to, "ADDR");
		else
			while (word && to < last) {
				*to++ = *from++;
				word--;
			}
		from += word;
		if (*from && to < last)
			*to++ = *from++;
	}
	*to = 0;
}

void count_answer(const struct nlmsghdr *nlh, size_t len)
{
	const struct nlmsgerr *e = NLMSG_DATA(nlh);
	const struct nlattr *nla = (const void *)(e + 1);
	const char *text = NULL;
	char normal[sizeof(outcomes->text)];
	struct outcome *o;

	len -= NLMSG_LENGTH(sizeof(*e));
	while (nlh->nlmsg_flags & NLM_F_ACK_TLVS && len >= sizeof(*nla) &&
	       nla->nla_len >= sizeof(*nla)) {
		if (nla->nla_type == NLMSGERR_ATTR_MSG)
			text = (const char *)(nla + 1);
		if ((size_t)NLA_ALIGN(nla->nla_len) >= len)
			break;
		len -= NLA_ALIGN(nla->nla_len);
		nla = (const void *)((const char *)nla + NLA_ALIGN(nla->nla_len));
	}
	if (!e->error)
		snprintf(normal, sizeof(normal), "accepted");
	else if (text)
		normalise(normal, sizeof(normal), text);
	else
		snprintf(normal, sizeof(normal), "%s", strerrorname_np(-e->error) ?: "?");

	for (o = outcomes; o < outcomes + n_outcomes; o++)
		if (!strcmp(o->text, normal))
			break;
	if (o == outcomes + n_outcomes) {
		if (n_outcomes == ARRAY_SIZE(outcomes))
			errx(1, "the kernel has more than %u answers", n_outcomes);
		n_outcomes++;
		memcpy(o->text, normal, sizeof(o->text));
		o->n = 0;
		o->lbx = e->error && is_of_lbx(normal);
	}
	o->n++;
}

static int by_number(const void *a, const void *b)
{
	const struct outcome *one = a, *other = b;

	return one->n < other->n ? 1 : -(one->n > other->n);
}

void forget_answers(void)
{
	n_outcomes = 0;
}

void print_answers(unsigned long requests)
{
	unsigned long accepted = 0, by_lbx = 0, by_kernel = 0, untold = 0;
	struct outcome *o;

	qsort(outcomes, n_outcomes, sizeof(*outcomes), by_number);
	for (o = outcomes; o < outcomes + n_outcomes; o++) {
		if (!strcmp(o->text, "accepted"))
			accepted += o->n;
		else if (o->lbx)
			by_lbx += o->n;
		else if (o->text[0] == 'E' && isupper(o->text[1]))
			untold += o->n;
		else
			by_kernel += o->n;
	}
	printf("%lu requests: %lu accepted, %lu refused by lbx, %lu by the kernel, %lu without a text\n",
	       requests, accepted, by_lbx, by_kernel, untold);
	print_dumps();
	for (o = outcomes; o < outcomes + n_outcomes; o++)
		printf("%9lu %s %s\n", o->n, o->lbx ? "lbx:   " : "kernel:", o->text);
}

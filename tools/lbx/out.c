// SPDX-License-Identifier: GPL-2.0-only
/* Output: text for people, JSON (with jansson) for programs */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <net/if.h>
#include <linux/if.h>
#include <linux/if_link.h>

#include "commands.h"
#include "out.h"

/* More than the number of interface flags with a name */
#define FLAGS_MAX	20

/* Print a value and free it; on a line of its own unless --pretty is set. */
void out_json(json_t *value)
{
	json_dumpf(value, stdout, JSON_ENCODE_ANY |
		   (options.pretty ? JSON_INDENT(4) : JSON_COMPACT));
	putchar('\n');
	json_decref(value);
}

/* Flush stdout.  Return the exit status. */
int out_end(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return EXIT_DONE;
	/* The reader has closed the pipe, as in "lbx show | head" */
	if (errno != EPIPE)
		say("stdout: %s", strerror(errno));
	return EXIT_REFUSED;
}

/* The name of an interface can contain any byte, but JSON is UTF-8.  If a text is not
 * UTF-8, replace each byte that is not ASCII by U+FFFD.
 */
json_t *json_text(const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	json_t *string = json_string(text);
	char *copy, *to;

	if (string)
		return string;
	copy = xcalloc(strlen(text) + 1, strlen(replacement));
	for (to = copy; *text; text++) {
		if ((unsigned char)*text < 0x80)
			*to++ = *text;
		else
			to = stpcpy(to, replacement);
	}
	string = json_string(copy);
	free(copy);
	return string;
}

static const char *family_name(const struct prefix *prefix)
{
	return prefix->family == AF_INET ? "inet" : "inet6";
}

json_t *json_prefix(const struct prefix *prefix)
{
	char buf[PREFIX_STRLEN];

	return json_pack("{s:s, s:s, s:i}",
			 "family", family_name(prefix),
			 "local", addr_text(prefix, buf), "prefixlen", prefix->len);
}

/* Return a claim in the shape of the plugin of ip (print_claim() in link_lbx.c), which
 * cannot share this function: it prints with iproute2's JSON writer.
 */
json_t *json_target(const struct target *target)
{
	char buf[PREFIX_STRLEN];
	json_t *object;

	if (!*target->ifname)
		return json_pack("{s:s}", "addr", addr_text(&target->addr, buf));
	object = json_pack("{s:o, s:b}", "ifname", json_text(target->ifname),
			   "waiting", target->waits);
	if (target->ifindex)
		json_object_set_new(object, "ifindex", json_integer(target->ifindex));
	return object;
}

json_t *json_counters(const uint64_t *counters)
{
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < N_COUNTERS; i++)
		json_object_set_new(object, counter_names[i],
				    json_integer(counters[i]));
	return object;
}

/**
 * flag_names - list the names of interface flags
 * @flags: IFF_*
 * @names: filled with at most FLAGS_MAX names
 *
 * The names and their order are those of ip(8) (print_link_flags() of iproute2).
 *
 * Return: the number of names.
 */
static size_t flag_names(uint32_t flags, const char **names)
{
	static const struct {
		uint32_t	flag;
		const char	*name;
	} known[] = {
		{ IFF_LOOPBACK, "LOOPBACK" }, { IFF_BROADCAST, "BROADCAST" },
		{ IFF_POINTOPOINT, "POINTOPOINT" }, { IFF_MULTICAST, "MULTICAST" },
		{ IFF_NOARP, "NOARP" }, { IFF_ALLMULTI, "ALLMULTI" },
		{ IFF_PROMISC, "PROMISC" }, { IFF_MASTER, "MASTER" },
		{ IFF_SLAVE, "SLAVE" }, { IFF_DEBUG, "DEBUG" },
		{ IFF_DYNAMIC, "DYNAMIC" }, { IFF_AUTOMEDIA, "AUTOMEDIA" },
		{ IFF_PORTSEL, "PORTSEL" }, { IFF_NOTRAILERS, "NOTRAILERS" },
		{ IFF_UP, "UP" }, { IFF_LOWER_UP, "LOWER_UP" },
		{ IFF_DORMANT, "DORMANT" }, { IFF_ECHO, "ECHO" },
	};
	size_t i, n = 0;

	_Static_assert(ARRAY_SIZE(known) < FLAGS_MAX, "and NO-CARRIER");
	if (flags & IFF_UP && !(flags & IFF_RUNNING))
		names[n++] = "NO-CARRIER";
	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (flags & known[i].flag)
			names[n++] = known[i].name;
	return n;
}

/* Add flags and operstate, as "ip -j link" has them. */
void json_set_state(json_t *object, const struct dev *dev)
{
	static const char *const states[] = {
		[IF_OPER_UNKNOWN]		= "UNKNOWN",
		[IF_OPER_NOTPRESENT]		= "NOTPRESENT",
		[IF_OPER_DOWN]			= "DOWN",
		[IF_OPER_LOWERLAYERDOWN]	= "LOWERLAYERDOWN",
		[IF_OPER_TESTING]		= "TESTING",
		[IF_OPER_DORMANT]		= "DORMANT",
		[IF_OPER_UP]			= "UP",
	};
	const char *names[FLAGS_MAX];
	json_t *flags = json_array();
	size_t i, n;

	n = flag_names(dev->flags, names);
	for (i = 0; i < n; i++)
		json_array_append_new(flags, json_string(names[i]));
	json_object_set_new(object, "flags", flags);
	i = dev->operstate < ARRAY_SIZE(states) ? dev->operstate : IF_OPER_UNKNOWN;
	json_object_set_new(object, "operstate", json_string(states[i]));
}

json_t *json_dev(const struct dev *dev)
{
	json_t *addrs = json_array(), *claims = json_array(), *object;
	size_t i;

	for (i = 0; i < dev->addrs.n; i++)
		json_array_append_new(addrs, json_prefix(&dev->addrs.item[i]));
	for (i = 0; i < dev->claims.n; i++)
		json_array_append_new(claims, json_target(&dev->claims.item[i]));
	object = json_pack("{s:i, s:o}", "ifindex", dev->index,
			   "ifname", json_text(dev->name));
	json_set_state(object, dev);
	json_object_update_new(object, json_pack("{s:I, s:b, s:b, s:o, s:o, s:o}",
						 "mtu", (json_int_t)dev->mtu,
						 "direct", dev->direct,
						 "isolate", dev->isolate,
						 "addr_info", addrs, "claims", claims,
						 "stats", json_counters(dev->counters)));
	return object;
}

static uint64_t counter(const struct dev *dev, int type)
{
	return dev->counters[type - 1];
}

/* Print a device, as "lbx show" does.  The form is that of "ip address show". */
void text_dev(const struct dev *dev)
{
	uint64_t drops = dev_sum(dev, "drop_");
	const char *names[FLAGS_MAX];
	char buf[PREFIX_STRLEN];
	size_t i, n;

	printf("%d: %s: <", dev->index, dev->name);
	n = flag_names(dev->flags, names);
	for (i = 0; i < n; i++)
		printf("%s%s", i ? "," : "", names[i]);
	printf("> mtu %u direct %s isolate %s\n", dev->mtu, dev->direct ? "on" : "off",
	       dev->isolate ? "on" : "off");
	for (i = 0; i < dev->addrs.n; i++)
		printf("    %s %s\n", family_name(&dev->addrs.item[i]),
		       prefix_text(&dev->addrs.item[i], buf));
	for (i = 0; i < dev->claims.n; i++)
		printf("    claim %s%s\n", target_text(&dev->claims.item[i], buf),
		       dev->claims.item[i].waits ? " (waiting)" : "");
	printf("    packets %" PRIu64 " bytes %" PRIu64 " direct %" PRIu64 " queued %"
	       PRIu64 " claimed %" PRIu64 " inline %" PRIu64 "\n",
	       dev_sum(dev, "_packets"), dev_sum(dev, "_bytes"),
	       counter(dev, LBX_XSTATS_DIRECT_PACKETS),
	       counter(dev, LBX_XSTATS_QUEUED_PACKETS),
	       counter(dev, LBX_XSTATS_CLAIMED_PACKETS),
	       counter(dev, LBX_XSTATS_INLINE_PACKETS));
	if (!drops)
		return;
	printf("    dropped %" PRIu64, drops);
	for (i = 0; i < N_COUNTERS; i++)
		if (dev->counters[i] && !strncmp(counter_names[i], "drop_", 5))
			printf(" %s %" PRIu64, counter_names[i] + 5,
			       dev->counters[i]);
	putchar('\n');
}

/* Return the present local time in @buf, which has TIME_STRLEN bytes, in the form of
 * "ip -ts".
 */
const char *short_time(char *buf)
{
	struct timeval now;
	struct tm tm;
	size_t n;

	gettimeofday(&now, NULL);
	n = strftime(buf, TIME_STRLEN, "%Y-%m-%dT%H:%M:%S", localtime_r(&now.tv_sec, &tm));
	snprintf(buf + n, TIME_STRLEN - n, ".%06ld", (long)now.tv_usec);
	return buf;
}

/* Print the present time, as print_timestamp() of iproute2 does.  @form: TIME_LONG,
 * TIME_SHORT, or 0 for nothing
 */
void text_time(int form)
{
	char buf[TIME_STRLEN];
	struct timeval now;
	struct tm tm;

	if (form == TIME_SHORT)
		printf("[%s] ", short_time(buf));
	if (form != TIME_LONG)
		return;
	gettimeofday(&now, NULL);
	/* the form of asctime(3) */
	strftime(buf, sizeof(buf), "%a %b %e %H:%M:%S %Y", localtime_r(&now.tv_sec, &tm));
	printf("Timestamp: %s %ld usec\n", buf, (long)now.tv_usec);
}

/**
 * human - format a number in at most five characters
 * @value: not negative
 * @buf: 16 bytes for the text
 *
 * Return: @buf: "0", "9999", "12.3k", "4.56G" (powers of 1000).
 */
const char *human(double value, char *buf)
{
	static const char units[] = "kMGTPE";
	size_t i;

	if (value < 9999.5) {
		sprintf(buf, "%.0f", value);
		return buf;
	}
	for (i = 0; value /= 1000, value >= 999.5 && units[i + 1]; i++)
		;
	sprintf(buf, "%.*f%c", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value,
		units[i]);
	return buf;
}

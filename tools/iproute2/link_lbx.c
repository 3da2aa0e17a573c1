// SPDX-License-Identifier: GPL-2.0-only
/*
 * link_lbx.so: teach ip(8) the options and statistics of lbx devices
 *
 *	ip link add lbx1 type lbx isolate on
 *	ip link set lbx1 type lbx direct off claim eth0 unclaim 192.0.2.1
 *	ip -s -d link show dev lbx1
 *
 * ip loads it from its library directory, or from $IP_LIB_DIR, when it meets the kind
 * "lbx".
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>
#include <linux/lbx.h>

#include "iproute2.h"

static void print_usage(FILE *fp)
{
	fprintf(fp,
		"Usage: ... lbx [ direct { on | off } ] [ isolate { on | off } ]\n"
		"               [ claim TARGET ]... [ unclaim TARGET ]...\n"
		"\n"
		"TARGET := { IFNAME | ADDRESS }\n");
}

/* Add an element of IFLA_LBX_CLAIMS or IFLA_LBX_UNCLAIMS. */
static int add_target(struct nlmsghdr *n, const char *keyword,
		      const char *target)
{
	unsigned char addr[sizeof(struct in6_addr)];
	const void *data = addr;
	struct rtattr *nest;
	int type, len;

	if (inet_pton(AF_INET, target, addr) == 1) {
		type = LBX_CLAIM_ADDR4;
		len = sizeof(struct in_addr);
	} else if (inet_pton(AF_INET6, target, addr) == 1) {
		type = LBX_CLAIM_ADDR6;
		len = sizeof(struct in6_addr);
	} else if (!check_ifname(target) && !strchr(target, ':')) {
		type = LBX_CLAIM_IFNAME;
		data = target;
		len = strlen(target) + 1;
	} else {
		fprintf(stderr,
			"Error: argument \"%s\" is wrong: \"%s\" must be an interface or an address\n",
			target, keyword);
		return -1;
	}

	nest = addattr_nest(n, REQ_MAX, IFLA_LBX_CLAIM | NLA_F_NESTED);
	if (addattr_l(n, REQ_MAX, type, data, len))
		return -1;
	addattr_nest_end(n, nest);
	return 0;
}

/* Add the targets of all arguments KEYWORD as one list.  lbx_parse_opt() has checked
 * that each keyword has a value.
 */
static int add_targets(struct nlmsghdr *n, int type, const char *keyword,
		       int argc, char **argv)
{
	struct rtattr *list = NULL;

	for (; argc > 0; argc -= 2, argv += 2) {
		if (strcmp(*argv, keyword))
			continue;
		/* addattr_nest() does not report a lack of room */
		if (NLMSG_ALIGN(n->nlmsg_len) + 3 * RTA_SPACE(0) +
		    RTA_ALIGN(IFNAMSIZ) > REQ_MAX) {
			fprintf(stderr,
				"Error: \"%s %s\": too many targets for one request\n",
				keyword, argv[1]);
			return -1;
		}
		if (!list)
			list = addattr_nest(n, REQ_MAX, type | NLA_F_NESTED);
		if (add_target(n, keyword, argv[1]))
			return -1;
	}
	if (list)
		addattr_nest_end(n, list);
	return 0;
}

static int lbx_parse_opt(struct link_util *lu, int argc, char **argv,
			 struct nlmsghdr *n)
{
	static const struct {
		const char *keyword;
		int type;
	} bools[] = {
		{ "direct",	IFLA_LBX_DIRECT },
		{ "isolate",	IFLA_LBX_ISOLATE },
	};
	bool seen[ARRAY_SIZE(bools)] = { };
	int args, err = 0;
	char **arg;
	size_t i;

	for (args = argc, arg = argv; args > 0; args -= 2, arg += 2) {
		for (i = 0; i < ARRAY_SIZE(bools); i++)
			if (!strcmp(*arg, bools[i].keyword))
				break;
		if (i == ARRAY_SIZE(bools) && strcmp(*arg, "claim") &&
		    strcmp(*arg, "unclaim")) {
			if (strcmp(*arg, "help"))
				fprintf(stderr, "lbx: unknown option \"%s\"?\n",
					*arg);
			print_usage(stderr);
			return -1;
		}
		if (args < 2)
			incomplete_command();
		if (i == ARRAY_SIZE(bools))
			continue;
		if (seen[i])
			duparg(*arg, arg[1]);
		seen[i] = true;
		if (addattr8(n, REQ_MAX, bools[i].type,
			     parse_on_off(*arg, arg[1], &err)) || err)
			return -1;
	}

	if (add_targets(n, IFLA_LBX_UNCLAIMS, "unclaim", argc, argv) ||
	    add_targets(n, IFLA_LBX_CLAIMS, "claim", argc, argv))
		return -1;
	return 0;
}

/* The tool lbx prints the same JSON (json_target() in tools/lbx/out.c). */
static void print_claim(struct rtattr *claim)
{
	struct rtattr *tb[LBX_CLAIM_MAX + 1];
	char buf[INET6_ADDRSTRLEN];

	parse_rtattr_flags(tb, LBX_CLAIM_MAX, RTA_DATA(claim),
			   RTA_PAYLOAD(claim), NLA_F_NESTED);

	open_json_object(NULL);
	print_color_string(PRINT_FP, COLOR_NONE, NULL, "%s ", "claim");
	if (tb[LBX_CLAIM_ADDR4] &&
	    inet_ntop(AF_INET, RTA_DATA(tb[LBX_CLAIM_ADDR4]), buf, sizeof(buf)))
		print_color_string(PRINT_ANY, COLOR_INET, "addr", "%s ", buf);
	if (tb[LBX_CLAIM_ADDR6] &&
	    inet_ntop(AF_INET6, RTA_DATA(tb[LBX_CLAIM_ADDR6]), buf, sizeof(buf)))
		print_color_string(PRINT_ANY, COLOR_INET6, "addr", "%s ", buf);
	if (tb[LBX_CLAIM_IFNAME]) {
		bool waiting = tb[LBX_CLAIM_WAITING];

		print_color_string(PRINT_ANY, COLOR_IFNAME, "ifname", "%s ",
				   RTA_DATA(tb[LBX_CLAIM_IFNAME]));
		print_color_bool(PRINT_JSON, COLOR_NONE, "waiting", NULL, waiting);
		if (waiting)
			print_color_string(PRINT_FP, COLOR_NONE, NULL, "%s ",
					   "(waiting)");
	}
	if (tb[LBX_CLAIM_IFINDEX])
		print_color_uint(PRINT_JSON, COLOR_NONE, "ifindex", NULL,
				 *(__u32 *)RTA_DATA(tb[LBX_CLAIM_IFINDEX]));
	close_json_object();
}

static void lbx_print_opt(struct link_util *lu, FILE *fp,
			  struct rtattr *tb[])
{
	__u32 listed = 0;

	if (!tb)
		return;

	if (tb[IFLA_LBX_DIRECT])
		print_color_on_off(PRINT_ANY, COLOR_NONE, "direct",
				   "direct %s ",
				   *(__u8 *)RTA_DATA(tb[IFLA_LBX_DIRECT]));
	if (tb[IFLA_LBX_ISOLATE])
		print_color_on_off(PRINT_ANY, COLOR_NONE, "isolate",
				   "isolate %s ",
				   *(__u8 *)RTA_DATA(tb[IFLA_LBX_ISOLATE]));

	open_json_array(PRINT_JSON, "claims");
	if (tb[IFLA_LBX_CLAIMS]) {
		struct rtattr *claim = RTA_DATA(tb[IFLA_LBX_CLAIMS]);
		int len = RTA_PAYLOAD(tb[IFLA_LBX_CLAIMS]);

		for (; RTA_OK(claim, len); claim = RTA_NEXT(claim, len)) {
			if ((claim->rta_type & NLA_TYPE_MASK) != IFLA_LBX_CLAIM)
				continue;
			print_claim(claim);
			listed++;
		}
	}
	close_json_array(PRINT_JSON, NULL);

	if (tb[IFLA_LBX_CLAIM_COUNT]) {
		__u32 count = *(__u32 *)RTA_DATA(tb[IFLA_LBX_CLAIM_COUNT]);

		print_color_uint(PRINT_JSON, COLOR_NONE, "claim_count", NULL,
				 count);
		/* The list is incomplete */
		if (count > listed)
			print_color_uint(PRINT_FP, COLOR_NONE, NULL,
					 "claims %u ", count);
	}
}

static void lbx_print_xstats(struct link_util *lu, FILE *fp,
			     struct rtattr *xstats)
{
	static const struct {
		int type;
		const char *key;	/* name in JSON */
		const char *line;	/* in text: start of a line */
		const char *word;
	} stats[] = {
		{ LBX_XSTATS_QUEUED_PACKETS,	"queued_packets",
		  "queued:",	"packets" },
		{ LBX_XSTATS_QUEUED_BYTES,	"queued_bytes",
		  NULL,		"bytes" },
		{ LBX_XSTATS_DIRECT_PACKETS,	"direct_packets",
		  "direct:",	"packets" },
		{ LBX_XSTATS_DIRECT_BYTES,	"direct_bytes",
		  NULL,		"bytes" },
		{ LBX_XSTATS_CLAIMED_PACKETS,	"claimed_packets",
		  "claimed:",	"packets" },
		{ LBX_XSTATS_CLAIMED_BYTES,	"claimed_bytes",
		  NULL,		"bytes" },
		{ LBX_XSTATS_INLINE_PACKETS,	"inline_packets",
		  "of all:",	"inline" },
		{ LBX_XSTATS_MULTICAST_PACKETS,	"multicast_packets",
		  NULL,		"multicast" },
		{ LBX_XSTATS_DROP_NOT_LOCAL,	"drop_not_local",
		  "dropped:",	"not-local" },
		{ LBX_XSTATS_DROP_ISOLATED,	"drop_isolated",
		  NULL,		"isolated" },
		{ LBX_XSTATS_DROP_BACKLOG,	"drop_backlog",
		  NULL,		"backlog" },
		{ LBX_XSTATS_DROP_DOWN,		"drop_down",
		  NULL,		"down" },
		{ LBX_XSTATS_DROP_MALFORMED,	"drop_malformed",
		  NULL,		"malformed" },
	};
	struct rtattr *tb[LBX_XSTATS_MAX + 1];
	size_t i;

	parse_rtattr_flags(tb, LBX_XSTATS_MAX, RTA_DATA(xstats),
			   RTA_PAYLOAD(xstats), NLA_F_NESTED);

	for (i = 0; i < ARRAY_SIZE(stats); i++) {
		__u64 value;

		if (stats[i].line) {
			print_nl();
			print_color_string(PRINT_FP, COLOR_NONE, NULL,
					   "      %s ", stats[i].line);
		}
		if (!tb[stats[i].type])
			continue;
		memcpy(&value, RTA_DATA(tb[stats[i].type]), sizeof(value));
		print_color_string(PRINT_FP, COLOR_NONE, NULL, "%s ",
				   stats[i].word);
		print_color_lluint(PRINT_ANY, COLOR_NONE, stats[i].key,
				   "%llu ", value);
	}
	/* ip continues here with the statistics of all links */
	print_nl();
	print_color_string(PRINT_FP, COLOR_NONE, NULL, "%s", "    ");
}

static void lbx_print_help(struct link_util *lu, int argc, char **argv,
			   FILE *fp)
{
	print_usage(fp);
}

/* ip looks up this symbol */
struct link_util lbx_link_util = {
	.id		= LBX_KIND,
	.maxattr	= IFLA_LBX_MAX,
	.parse_opt	= lbx_parse_opt,
	.print_opt	= lbx_print_opt,
	.print_xstats	= lbx_print_xstats,
	.print_help	= lbx_print_help,
};

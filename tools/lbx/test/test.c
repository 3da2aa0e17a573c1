// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the parser and the printer, with cmocka; they need no module.  "make -C
 * tools/lbx check" runs them with AddressSanitizer and UBSan.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <net/if.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>

#include "../cmd.h"
#include "../commands.h"
#include "../dev.h"
#include "../out.h"
#include "../sample.h"

int lbx_main(int argc, char **argv);

#define WORDS_MAX	32

/* Split a line at spaces into @words.  @copy holds the words. */
static int split(const char *line, char *copy, char **words)
{
	char *word;
	int n = 0;

	strcpy(copy, line);
	for (word = strtok(copy, " "); word; word = strtok(NULL, " "))
		words[n++] = word;
	return n;
}

/* Parse a line such as "add pg mtu 1500". */
static bool parse(const char *line, struct args *args, char *why)
{
	const struct command *command;
	static char copy[512];
	char *words[WORDS_MAX];
	int n = split(line, copy, words);

	command = cmd_find(words[0], why, 512);
	assert_non_null(command);
	return cmd_parse(command, n - 1, words + 1, args, why, 512);
}

static void takes(const char *line)
{
	struct args args;
	char why[512] = "";

	if (!parse(line, &args, why))
		fail_msg("'%s': %s", line, why);
	cmd_free(&args);
}

static void refuses(const char *line, const char *text)
{
	struct args args;
	char why[512] = "";

	if (parse(line, &args, why))
		fail_msg("'%s' is taken", line);
	cmd_free(&args);
	if (!strstr(why, text))
		fail_msg("'%s': '%s' instead of '%s'", line, why, text);
}

/* Return what @function prints on stdout.  The caller frees it. */
static char *printed(void (*function)(const void *), const void *data)
{
	char *text = calloc(1, 65536);
	int saved, pipes[2];
	size_t n = 0;
	ssize_t got;

	fflush(stdout);
	assert_int_equal(pipe(pipes), 0);
	saved = dup(STDOUT_FILENO);
	dup2(pipes[1], STDOUT_FILENO);
	function(data);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(pipes[1]);
	while ((got = read(pipes[0], text + n, 65535 - n)) > 0)
		n += got;
	close(pipes[0]);
	return text;
}

static void prefixes_are_read(void **state)
{
	static const struct {
		const char *text, *again;
	} good[] = {
		{ "10.9.0.1", "10.9.0.1/32" },
		{ "10.9.0.1/24", "10.9.0.1/24" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "2001:db8::1", "2001:db8::1/128" },
		{ "2001:DB8:0::/48", "2001:db8::/48" },
		{ "::ffff:192.0.2.1/128", "::ffff:192.0.2.1/128" },
	};
	static const char *const bad[] = {
		"", "/", "/24", "10.9.0", "10.9.0.1/", "10.9.0.1/33", "10.9.0.1/-1",
		"10.9.0.1/+1", "10.9.0.1/ 1", "10.9.0.1/24x", "256.0.0.1", "::/129",
		"10.9.0.1 ", "fe80::1%eth0", "1", "010.1.1.1.1",
		"2001:db8:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001",
		"10.9.0.1/99999999999999999999",
	};
	struct prefix prefix;
	char buf[PREFIX_STRLEN];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(parse_prefix(good[i].text, &prefix));
		assert_string_equal(prefix_text(&prefix, buf), good[i].again);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (parse_prefix(bad[i], &prefix))
			fail_msg("'%s' is taken", bad[i]);
}

static void targets_are_interfaces_or_addresses(void **state)
{
	struct target target;

	(void)state;
	assert_true(parse_target("eth0", &target));
	assert_string_equal(target.ifname, "eth0");
	assert_true(parse_target("192.0.2.1", &target));
	assert_string_equal(target.ifname, "");
	assert_int_equal(target.addr.len, 32);
	assert_true(parse_target("fifteen-letters", &target));
	assert_false(parse_target("sixteen-letters-", &target));
	assert_false(parse_target("a/b", &target));
	assert_false(parse_target("eth0:1", &target));
	assert_false(parse_target("..", &target));
	assert_false(parse_target("-j", &target));
}

static void lists_keep_what_is_added(void **state)
{
	struct targets list = { };
	struct target target;
	char name[16];
	size_t i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "eth%zu", i);
		parse_target(name, &target);
		list_add(&list, target);
	}
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "eth%zu", i);
		assert_string_equal(list.item[i].ifname, name);
	}
	list_free(&list);
	assert_null(list.item);
}

static void the_nearest_word_is_found(void **state)
{
	static const char *const words[] = { "add", "claim", "claims", "stats", NULL };

	(void)state;
	assert_string_equal(suggest("clam", words), "claim");
	assert_string_equal(suggest("calims", words), "claims");
	assert_string_equal(suggest("stat", words), "stats");
	assert_string_equal(suggest("da", words) ?: "", "");
	assert_string_equal(suggest("adn", words), "add");
	assert_null(suggest("tcpdump", words));
	assert_null(suggest("a-word-that-is-longer-than-all-that-could-be-meant-by-anybody-here",
			    words));
}

static void commands_take_what_they_should(void **state)
{
	struct args args;
	char why[512];

	(void)state;
	takes("add pg");
	takes("add up up");
	takes("add pg 10.9.0.1/24 2001:db8::1 mtu 1500 isolate on direct off down");
	takes("show");
	takes("show dev pg");
	takes("show dev");
	takes("stats watch");
	takes("stats pg watch 0.5 cpu");
	takes("stats watch pg");
	takes("unclaim all dev pg");
	takes("top cpu interval 2");
	takes("unclaim eth0 192.0.2.1");
	takes("claim eth0 192.0.2.1 dev pg wait");
	takes("monitor timestamp");
	takes("monitor -ts");
	takes("restore");
	takes("bench");
	takes("bench full rounds 3 cpus 2 out results");

	assert_true(parse("add pg 10.9.0.1/24 mtu 1500 2001:db8::1 isolate on", &args,
			  why));
	assert_string_equal(args.dev, "pg");
	assert_int_equal(args.addrs.n, 2);
	assert_int_equal(args.mtu, 1500);
	assert_int_equal(args.isolate, 1);
	assert_int_equal(args.direct, -1);
	assert_int_equal(args.up, -1);
	cmd_free(&args);

	assert_true(parse("claim eth0 192.0.2.1 dev pg", &args, why));
	assert_int_equal(args.targets.n, 2);
	assert_string_equal(args.dev, "pg");
	cmd_free(&args);

	assert_true(parse("set pg noaddr 10.9.0.1/24 addr 10.9.0.2/24 down", &args, why));
	assert_int_equal(args.addrs.n, 1);
	assert_int_equal(args.gone.n, 1);
	assert_int_equal(args.up, 0);
	cmd_free(&args);

	assert_true(parse("stats dev cpu watch", &args, why));
	assert_string_equal(args.dev, "cpu");
	assert_int_equal(args.cpu, 0);
	assert_true(args.interval == 1);
	cmd_free(&args);

	assert_true(parse("monitor -t", &args, why));
	assert_int_equal(args.timestamp, TIME_LONG);
	cmd_free(&args);

	assert_true(parse("trace 192.0.2.1 443 tcp", &args, why));
	assert_string_equal(args.host, "192.0.2.1");
	assert_string_equal(args.service, "443");
	assert_int_equal(args.proto, IPPROTO_TCP);
	cmd_free(&args);
}

static void old_spellings_are_accepted(void **state)
{
	struct args args;
	char why[512];

	(void)state;
	assert_true(parse("stats pg --cpu --watch 2", &args, why));
	assert_string_equal(args.dev, "pg");
	assert_int_equal(args.cpu, 1);
	assert_true(args.interval == 2);
	cmd_free(&args);

	assert_true(parse("top --interval 3 --cpu", &args, why));
	assert_int_equal(args.cpu, 1);
	assert_true(args.interval == 3);
	cmd_free(&args);

	assert_true(parse("unclaim --all", &args, why));
	assert_int_equal(args.all, 1);
	cmd_free(&args);
	refuses("unclaim --all all", "duplicate \"all\"");
}

static void bench_takes_lists(void **state)
{
	char *words[6] = { "peers", "lo lbx", "workloads", "udp:64", "rounds", "3" };
	struct args args;
	char why[512];

	(void)state;
	assert_true(cmd_parse(cmd_find("bench", why, sizeof(why)), 6, words, &args, why,
			      sizeof(why)));
	assert_string_equal(args.peers, "lo lbx");
	assert_string_equal(args.workloads, "udp:64");
	assert_int_equal(args.rounds, 3);
	assert_int_equal(args.full, 0);
	assert_null(args.file);
	cmd_free(&args);
}

static void commands_refuse_with_the_reason(void **state)
{
	(void)state;
	refuses("add", "add needs NAME");
	refuses("add a/b", "invalid NAME \"a/b\"");
	refuses("add pg 10.9.0.1/33", "invalid ADDR[/LEN] \"10.9.0.1/33\"");
	refuses("add pg mtuu 1500", "did you mean \"mtu\"?");
	refuses("add pg isolated on", "did you mean \"isolate\"?");
	refuses("add pg mtu", "\"mtu\" needs BYTES");
	refuses("add pg mtu 67", "a number from 68 to 65536");
	refuses("add pg mtu 65537", "a number from 68 to 65536");
	refuses("add pg mtu 1500x", "a number");
	refuses("add pg mtu 1500 mtu 1500", "duplicate \"mtu\"");
	refuses("add pg isolate yes", "\"on\" or \"off\"");
	refuses("add pg up up", "duplicate \"up\"");
	refuses("claim eth0", "claim needs \"dev NAME\"");
	refuses("claim dev pg", "claim needs \"dev NAME\"");
	refuses("claim 10.0.0.0/8 dev pg", "a prefix cannot be claimed");
	refuses("show a b", "show: unknown argument \"b\"");
	refuses("trace", "trace needs HOST");
	refuses("trace 192.0.2.1 tcp tcp", "duplicate \"tcp\"");
	refuses("stats watch 0", "0.1 to 86400");
	refuses("stats --cpus", "did you mean \"cpu\"?");
	refuses("show -j", "unknown option \"-j\"; options come before the command");
	refuses("bench fast", "bench: unknown argument \"fast\"");
	refuses("bench rounds 0", "a number from 1 to 9999");
	refuses("bench peer lo", "did you mean \"peers\"?");
	refuses("monitor now", "monitor: unknown argument \"now\"");
}

static void commands_are_found_by_their_beginning(void **state)
{
	char why[512];

	(void)state;
	assert_string_equal(cmd_find("mon", why, 512)->name, "monitor");
	/* also a prefix of another command */
	assert_string_equal(cmd_find("claim", why, 512)->name, "claim");
	assert_null(cmd_find("s", why, 512));
	assert_string_equal(why, "ambiguous command \"s\": \"set\" \"show\" \"stats\" \"save\"");
	assert_null(cmd_find("", why, 512));
	assert_null(cmd_find("shwo", why, 512));
	assert_non_null(strstr(why, "did you mean \"show\"?"));
	assert_null(cmd_find("lisst", why, 512));
	assert_non_null(strstr(why, "did you mean \"list\"?"));
}

static void examples_are_valid(void **state)
{
	const struct command *command;

	(void)state;
	for (command = commands; command->name; command++) {
		char line[256], *end;

		assert_int_equal(strncmp(command->example, "lbx ", 4), 0);
		strcpy(line, command->example + 4);
		end = strchr(line, '>');
		if (end)
			*end = '\0';
		takes(!strncmp(line, "-j ", 3) ? line + 3 : line);
		assert_non_null(strstr(command->example, command->name));
	}
}

/* Return the entry of a command in lbx(8), from ".It Cm NAME" to the next one.  The
 * caller frees it.
 */
static char *manual_of(const char *name)
{
	FILE *file = fopen("lbx.8", "re");
	char *text = calloc(1, 65536), line[512], item[64];
	bool found = false;

	assert_non_null(file);
	snprintf(item, sizeof(item), ".It Cm %s", name);
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, ".It Cm ", 7))
			found = !strncmp(line, item, strlen(item)) &&
				isspace(line[strlen(item)]);
		if (!strncmp(line, ".El", 3))
			found = false;
		if (found)
			strcat(text, line);
	}
	fclose(file);
	return text;
}

static void the_manual_has_each_argument(void **state)
{
	const struct command *command;

	(void)state;
	for (command = commands; command->name; command++) {
		char *text = manual_of(command->name), example[256];
		const struct arg *arg;

		snprintf(example, sizeof(example), "\n.Dl %s\n", command->example);
		if (!strstr(text, example))
			fail_msg("lbx(8) has no example of %s as its help", command->name);
		for (arg = command->args; arg->help; arg++) {
			const char *word = arg->keyword ?: arg->value;

			/* lbx(8) has macros in "ADDR[/LEN]" */
			snprintf(example, sizeof(example), "%.*s",
				 (int)strcspn(word, "["), word);
			if (!strstr(text, example))
				fail_msg("lbx(8) has no %s of %s", word, command->name);
		}
		free(text);
	}
}

static void print_help(const void *data)
{
	cmd_help(data);
}

static void help_fits_and_has_each_argument(void **state)
{
	const struct command *command;

	(void)state;
	for (command = commands; command->name; command++) {
		char *text = printed(print_help, command), *line;
		const struct arg *arg;

		for (arg = command->args; arg->help; arg++) {
			assert_non_null(strstr(text, arg->help));
			assert_non_null(strstr(text, arg->keyword ?: arg->value));
		}
		for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
			if (strlen(line) > 80)
				fail_msg("more than 80 columns: %s", line);
		free(text);
	}
}

static void complete(const void *data)
{
	static char copy[512];
	char *words[WORDS_MAX];
	const char *line = data;
	int n = split(line, copy, words);

	/* after a trailing space, a new word begins */
	if (!*line || line[strlen(line) - 1] == ' ')
		words[n++] = "";
	cmd_complete(n, words);
}

static void completes(const char *line, const char *expected)
{
	char *text = printed(complete, line);

	assert_string_equal(text, expected);
	free(text);
}

static void words_are_completed_by_the_table(void **state)
{
	(void)state;
	completes("mo", "monitor\n");
	completes("-j -n ns cl", "claim\nclaims\n");
	completes("add pg m", "mtu\n");
	completes("add pg isolate ", "on\noff\n");
	completes("add pg isolate of", "off\n");
	completes("add pg mtu ", "");
	completes("stats c", "cpu\n");
	completes("stats --", "");
	completes("nothing ", "");
}

static void numbers_are_short(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 0, "0" }, { 0.4, "0" }, { 9999, "9999" }, { 10000, "10.0k" },
		{ 12345, "12.3k" }, { 99949, "99.9k" }, { 99950, "100k" },
		{ 999499, "999k" }, { 999500, "1.00M" }, { 4560000000, "4.56G" },
		{ 18446744073709551615.0, "18.4E" },
	};
	char buf[16];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(human(cases[i].value, buf), cases[i].text);
}

/* Make a device with a value in each field. */
static void make_dev(struct dev *dev)
{
	struct prefix prefix;
	struct target target;
	size_t i;

	*dev = (struct dev){ .index = 7, .name = "pg", .up = true, .mtu = 65536,
			     .flags = IFF_LOOPBACK | IFF_UP | IFF_RUNNING | IFF_LOWER_UP,
			     .direct = true, .n_claims = 3 };
	parse_prefix("10.9.0.1/24", &prefix);
	list_add(&dev->addrs, prefix);
	parse_prefix("2001:db8::1", &prefix);
	list_add(&dev->addrs, prefix);
	parse_target("eth0", &target);
	target.waits = true;
	list_add(&dev->claims, target);
	parse_target("eth1", &target);
	target.ifindex = 3;
	list_add(&dev->claims, target);
	parse_target("192.0.2.1", &target);
	list_add(&dev->claims, target);
	for (i = 0; i < N_COUNTERS; i++)
		dev->counters[i] = i + 1;
}

static const char shown_text[] =
	"7: pg: <LOOPBACK,UP,LOWER_UP> mtu 65536 direct on isolate off\n"
	"    inet 10.9.0.1/24\n"
	"    inet6 2001:db8::1/128\n"
	"    claim eth0 (waiting)\n"
	"    claim eth1\n"
	"    claim 192.0.2.1\n"
	"    packets 9 bytes 12 direct 3 queued 1 claimed 5 inline 7\n"
	"    dropped 55 not_local 9 isolated 10 backlog 11 down 12 malformed 13\n";

static const char shown_json[] =
	"{\"ifindex\":7,\"ifname\":\"pg\","
	"\"flags\":[\"LOOPBACK\",\"UP\",\"LOWER_UP\"],\"operstate\":\"UNKNOWN\","
	"\"mtu\":65536,\"direct\":true,\"isolate\":false,\"addr_info\":["
	"{\"family\":\"inet\",\"local\":\"10.9.0.1\",\"prefixlen\":24},"
	"{\"family\":\"inet6\",\"local\":\"2001:db8::1\",\"prefixlen\":128}],"
	"\"claims\":[{\"ifname\":\"eth0\",\"waiting\":true},"
	"{\"ifname\":\"eth1\",\"waiting\":false,\"ifindex\":3},"
	"{\"addr\":\"192.0.2.1\"}],\"stats\":{"
	"\"queued_packets\":9007199254740993,\"queued_bytes\":2,"
	"\"direct_packets\":3,\"direct_bytes\":4,\"claimed_packets\":5,"
	"\"claimed_bytes\":6,\"inline_packets\":7,\"multicast_packets\":8,"
	"\"drop_not_local\":9,\"drop_isolated\":10,\"drop_backlog\":11,"
	"\"drop_down\":12,\"drop_malformed\":13}}";

static void print_dev(const void *data)
{
	text_dev(data);
}

static void a_device_is_shown_as_text(void **state)
{
	struct dev dev;
	char *text;

	(void)state;
	make_dev(&dev);
	text = printed(print_dev, &dev);
	assert_string_equal(text, shown_text);
	free(text);
	dev_free(&dev);
}

static void a_device_is_shown_as_json(void **state)
{
	json_t *object;
	struct dev dev;
	char *text;

	(void)state;
	make_dev(&dev);
	/* more than a double holds exactly */
	dev.counters[0] = 9007199254740993;
	object = json_dev(&dev);
	text = json_dumps(object, JSON_COMPACT);
	assert_string_equal(text, shown_json);
	free(text);
	json_decref(object);
	dev_free(&dev);
}

static struct nlmsghdr *link_message(const char *kind)
{
	struct nlmsghdr *nlh = nl_new(RTM_NEWLINK, 0);
	struct ifinfomsg *ifi = nl_header(nlh, sizeof(*ifi));
	struct nlattr *info, *data, *list;
	struct target target;

	ifi->ifi_index = 7;
	ifi->ifi_flags = IFF_UP;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, "pg");
	mnl_attr_put_u32(nlh, IFLA_MTU, 1500);
	mnl_attr_put_u8(nlh, IFLA_OPERSTATE, IF_OPER_DOWN);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, kind);
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	mnl_attr_put_u8(nlh, IFLA_LBX_DIRECT, 1);
	mnl_attr_put_u8(nlh, IFLA_LBX_ISOLATE, 1);
	mnl_attr_put_u32(nlh, IFLA_LBX_CLAIM_COUNT, 2);
	list = mnl_attr_nest_start(nlh, IFLA_LBX_CLAIMS);
	parse_target("eth0", &target);
	put_claim(nlh, IFLA_LBX_CLAIM, &target);
	parse_target("2001:db8::5", &target);
	put_claim(nlh, IFLA_LBX_CLAIM, &target);
	mnl_attr_nest_end(nlh, list);
	mnl_attr_nest_end(nlh, data);
	data = mnl_attr_nest_start(nlh, IFLA_INFO_XSTATS);
	mnl_attr_put_u64(nlh, LBX_XSTATS_DROP_MALFORMED, 5);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return nlh;
}

static void a_link_message_is_read(void **state)
{
	struct nlmsghdr *nlh = link_message("lbx");
	char buf[PREFIX_STRLEN];
	struct dev dev;

	(void)state;
	assert_true(dev_parse(nlh, &dev));
	free(nlh);
	assert_int_equal(dev.index, 7);
	assert_string_equal(dev.name, "pg");
	assert_true(dev.up && dev.direct && dev.isolate);
	assert_int_equal(dev.flags, IFF_UP);
	assert_int_equal(dev.operstate, IF_OPER_DOWN);
	assert_int_equal(dev.mtu, 1500);
	assert_int_equal(dev.n_claims, 2);
	assert_int_equal(dev.claims.n, 2);
	assert_string_equal(dev.claims.item[0].ifname, "eth0");
	assert_string_equal(target_text(&dev.claims.item[1], buf), "2001:db8::5");
	assert_int_equal(dev.counters[LBX_XSTATS_DROP_MALFORMED - 1], 5);
	assert_int_equal(dev_sum(&dev, "drop_"), 5);
	dev_free(&dev);

	nlh = link_message("dummy");
	assert_false(dev_parse(nlh, &dev));
	dev_free(&dev);
	free(nlh);
}

/* Truncated anywhere, or with an attribute of the wrong size */
static void a_short_link_message_is_no_harm(void **state)
{
	struct nlmsghdr *nlh = link_message("lbx"), *cut;
	size_t len = nlh->nlmsg_len, at;
	struct dev dev;

	(void)state;
	for (at = sizeof(*nlh); at <= len; at += 4) {
		nlh->nlmsg_len = at;
		cut = nl_copy(nlh);
		if (dev_parse(cut, &dev))
			dev_free(&dev);
		free(cut);
	}
	for (at = sizeof(*nlh) + sizeof(struct ifinfomsg); at < len; at += 4) {
		struct nlattr *attr;

		cut = nl_copy(nlh);
		attr = (void *)((char *)cut + at);
		attr->nla_len = NLA_HDRLEN;
		if (dev_parse(cut, &dev))
			dev_free(&dev);
		free(cut);
	}
	free(nlh);
}

static void names_in_json_are_utf8(void **state)
{
	json_t *text = json_text("g\xc3\xbcnstig"), *wrong = json_text("a\xff\xc3z");

	(void)state;
	assert_string_equal(json_string_value(text), "g\xc3\xbcnstig");
	assert_string_equal(json_string_value(wrong), "a\xef\xbf\xbd\xef\xbf\xbdz");
	json_decref(text);
	json_decref(wrong);
}

static void rates_are_of_a_second(void **state)
{
	struct row row = { .index = 1, .dev = "a", .cpu = ALL_CPUS };
	struct sample before = { .time = 10 }, now = { .time = 12 }, rates;

	(void)state;
	row.value[LBX_XSTATS_DIRECT_PACKETS - 1] = 100;
	list_add(&before, row);
	row.value[LBX_XSTATS_DIRECT_PACKETS - 1] = 150;
	row.value[LBX_XSTATS_QUEUED_PACKETS - 1] = 2;
	list_add(&now, row);
	/* created between the readings */
	row.index = 2;
	list_add(&now, row);
	sample_rates(&before, &now, &rates);
	assert_true(row_column(&rates.item[0], COLUMN_DIRECT) == 25);
	assert_true(row_column(&rates.item[0], COLUMN_PACKETS) == 26);
	assert_true(row_column(&rates.item[1], COLUMN_DIRECT) == 75);
	/* the rows of CPUs do not count twice */
	row.cpu = 0;
	list_add(&rates, row);
	sample_total(&rates, &row);
	assert_true(row_column(&row, COLUMN_DIRECT) == 100);
	assert_true(row_column(&row, COLUMN_PACKETS) == 102);
	list_free(&before);
	list_free(&now);
	list_free(&rates);
}

/* The kernel reports another order, one device is gone and one is new */
static void rates_are_of_the_same_cpu_and_device(void **state)
{
	static const int then[][2] = { { 1, -1 }, { 1, 0 }, { 1, 1 }, { 2, -1 }, { 3, -1 } };
	static const int later[][2] = { { 4, -1 }, { 3, -1 }, { 1, -1 }, { 1, 1 }, { 1, 0 } };
	static const double packets[] = { 1000, 4, 0, 2, 1 };
	struct sample before = { .time = 10 }, now = { .time = 11 }, rates;
	struct row row = { .dev = "a" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(then); i++) {
		row.index = then[i][0];
		row.cpu = then[i][1];
		row.value[LBX_XSTATS_DIRECT_PACKETS - 1] = 1000 - i;
		list_add(&before, row);
	}
	row.value[LBX_XSTATS_DIRECT_PACKETS - 1] = 1000;
	for (i = 0; i < ARRAY_SIZE(later); i++) {
		row.index = later[i][0];
		row.cpu = later[i][1];
		list_add(&now, row);
	}
	sample_rates(&before, &now, &rates);
	for (i = 0; i < ARRAY_SIZE(packets); i++)
		assert_true(row_column(&rates.item[i], COLUMN_DIRECT) == packets[i]);
	list_free(&before);
	list_free(&now);
	list_free(&rates);
}

static void run_main(const void *data)
{
	static char copy[512];
	char *words[WORDS_MAX] = { "lbx" };
	int n = split(data, copy, words + 1);
	int status;

	/* getopt(3): start again from the first word */
	optind = 0;
	status = lbx_main(n + 1, words);
	fflush(stdout);
	printf("\n%d", status);
}

static void ends_with(const char *line, int status)
{
	char *text = printed(run_main, line), *last = strrchr(text, '\n');

	assert_int_equal(atoi(last + 1), status);
	free(text);
}

static void the_exit_status_is_that_of_ip(void **state)
{
	(void)state;
	/* the documented numbers */
	assert_int_equal(EXIT_DONE, 0);
	assert_int_equal(EXIT_USAGE, 1);
	assert_int_equal(EXIT_REFUSED, 2);
	assert_int_equal(EXIT_PROBLEM, 3);
	ends_with("", EXIT_USAGE);
	ends_with("-x", EXIT_USAGE);
	ends_with("nothing", EXIT_USAGE);
	ends_with("add", EXIT_USAGE);
	ends_with("add pg mtu 1", EXIT_USAGE);
	ends_with("unclaim", EXIT_USAGE);
	ends_with("unclaim all eth0", EXIT_USAGE);
	ends_with("-n", EXIT_USAGE);
	ends_with("-jx show", EXIT_USAGE);
	ends_with("--jsno show", EXIT_USAGE);
	ends_with("--json=1 show", EXIT_USAGE);
	ends_with("-complete", EXIT_USAGE);
	ends_with("-h", EXIT_DONE);
	ends_with("-V", EXIT_DONE);
	ends_with("help", EXIT_DONE);
	ends_with("help add", EXIT_DONE);
	ends_with("help ad", EXIT_DONE);
	ends_with("help nothing", EXIT_USAGE);
	ends_with("claim --help", EXIT_DONE);
	ends_with("-json -help", EXIT_DONE);
	ends_with("-version", EXIT_DONE);
	ends_with("-n /etc/passwd show", EXIT_REFUSED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_are_read),
		cmocka_unit_test(targets_are_interfaces_or_addresses),
		cmocka_unit_test(lists_keep_what_is_added),
		cmocka_unit_test(the_nearest_word_is_found),
		cmocka_unit_test(commands_take_what_they_should),
		cmocka_unit_test(old_spellings_are_accepted),
		cmocka_unit_test(bench_takes_lists),
		cmocka_unit_test(commands_refuse_with_the_reason),
		cmocka_unit_test(commands_are_found_by_their_beginning),
		cmocka_unit_test(examples_are_valid),
		cmocka_unit_test(help_fits_and_has_each_argument),
		cmocka_unit_test(the_manual_has_each_argument),
		cmocka_unit_test(words_are_completed_by_the_table),
		cmocka_unit_test(numbers_are_short),
		cmocka_unit_test(a_device_is_shown_as_text),
		cmocka_unit_test(a_device_is_shown_as_json),
		cmocka_unit_test(a_link_message_is_read),
		cmocka_unit_test(a_short_link_message_is_no_harm),
		cmocka_unit_test(names_in_json_are_utf8),
		cmocka_unit_test(rates_are_of_a_second),
		cmocka_unit_test(rates_are_of_the_same_cpu_and_device),
		cmocka_unit_test(the_exit_status_is_that_of_ip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

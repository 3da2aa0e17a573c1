// SPDX-License-Identifier: GPL-2.0-only
/*
 * lbx doctor: what stands in the way, and what mends it
 *
 * The module is tried in a network namespace of its own; of this one, everything is
 * read and nothing changed.
 */
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/rtnetlink.h>

#include "lbx.h"
#include "out.h"
#include "probe.h"
#include "route.h"
#include "txn.h"

/* Of the device in the namespace that is tried in; RFC 5737, RFC 3849 */
#define TRIAL_DEV	"lbx0"
#define TRIAL_ADDR4	"192.0.2.1"
#define TRIAL_ADDR6	"2001:db8::1"

enum level {
	LEVEL_OK,
	LEVEL_NOTE,
	LEVEL_PROBLEM,
};

static const char *const level_names[] = { "ok", "note", "problem" };

struct report {
	json_t	*findings;
	bool	problems;
};

static void find(struct report *report, enum level level, const char *mend,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Adds a finding; @mend is a command, or NULL */
static void find(struct report *report, enum level level, const char *mend,
		 const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	report->problems |= level == LEVEL_PROBLEM;
	json_array_append_new(report->findings,
			      json_pack("{s:s, s:o, s:o}",
					"level", level_names[level],
					"text", json_text(text),
					"mend", mend ? json_text(mend) : json_null()));
}

/* One line of a file, without its end; false if there is none */
static bool read_line(const char *path, char *buf, int size)
{
	FILE *file = fopen(path, "re");
	bool ok = file && fgets(buf, size, file);

	if (file)
		fclose(file);
	if (ok)
		buf[strcspn(buf, "\n")] = '\0';
	return ok;
}

/* A sysctl of IPv4 for an interface; 0 if there is none */
static int sysctl4(const char *interface, const char *name)
{
	char path[128], buf[32];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", interface,
		 name);
	return read_line(path, buf, sizeof(buf)) ? atoi(buf) : 0;
}

static bool check_module(struct report *report)
{
	char version[64] = "?";

	if (access("/sys/module/lbx", F_OK)) {
		find(report, LEVEL_PROBLEM, "modprobe lbx",
		     "the module is not loaded");
		return false;
	}
	read_line("/sys/module/lbx/version", version, sizeof(version));
	if (strcmp(version, LBX_VERSION))
		find(report, LEVEL_PROBLEM, "rmmod lbx; modprobe lbx",
		     "the module has version %s, and this program " LBX_VERSION,
		     version);
	else
		find(report, LEVEL_OK, NULL, "the module is loaded, version %s",
		     version);
	return true;
}

/* What the trial came to, as an exit status */
enum {
	TRIAL_OK,
	TRIAL_NO_NETNS,
	TRIAL_NO_DEVICE,
	TRIAL_NOT_CARRIED,
	TRIAL_NOT_ONCE,
	TRIAL_NO_PROBE,
};

static int try_addr(const char *text)
{
	struct probe probe = { .proto = IPPROTO_UDP };
	struct seens *seens = &probe.seens;
	struct nl_error error;
	int result;

	parse_prefix(text, &probe.addr);
	if (probe_send(&probe, &error))
		result = TRIAL_NO_PROBE;
	else if (seens->n != 1 || strcmp(seens->item[0].dev, TRIAL_DEV))
		result = TRIAL_NOT_CARRIED;
	else
		result = seens->item[0].in + seens->item[0].out == 1 ? TRIAL_OK :
								     TRIAL_NOT_ONCE;
	list_free(seens);
	return result;
}

/* In a process of its own, which leaves this network namespace */
static int run_trial(void)
{
	struct wanted wanted = { .name = TRIAL_DEV, .up = true, .direct = true,
				 .mtu = LBX_MTU_MAX };
	struct txn txn = { .lock = -1 };
	struct nl_error error;
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;
	struct prefix addr;
	const char *what;
	bool ip6;
	int err;

	nl_close();
	if (unshare(CLONE_NEWNET))
		return TRIAL_NO_NETNS;
	ip6 = !access("/proc/sys/net/ipv6", F_OK);

	/* So that it could be lo that carries */
	nlh = dev_new_request("lo", 0);
	ifi = mnl_nlmsg_get_payload(nlh);
	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	txn_add(&txn, "lo", nlh, NULL);
	parse_prefix(TRIAL_ADDR4, &addr);
	list_add(&wanted.addrs, addr);
	if (ip6) {
		parse_prefix(TRIAL_ADDR6, &addr);
		list_add(&wanted.addrs, addr);
	}
	plan_dev(&txn, NULL, &wanted);
	err = txn_commit(&txn, &what, &error);
	txn_end(&txn);
	list_free(&wanted.addrs);
	if (err)
		return TRIAL_NO_DEVICE;

	err = try_addr(TRIAL_ADDR4);
	if (!err && ip6)
		err = try_addr(TRIAL_ADDR6);
	return err;
}

static void check_trial(struct report *report)
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(run_trial());
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status)) {
		find(report, LEVEL_NOTE, NULL, "the module could not be tried: %s",
		     strerror(errno));
		return;
	}
	switch (WEXITSTATUS(status)) {
	case TRIAL_OK:
		find(report, LEVEL_OK, NULL,
		     "a new device carries local traffic, and a capture shows each packet once");
		break;
	case TRIAL_NO_NETNS:
	case TRIAL_NO_PROBE:
		find(report, LEVEL_NOTE, "sudo lbx doctor",
		     "only root can try the module, in a network namespace of its own");
		break;
	case TRIAL_NO_DEVICE:
		find(report, LEVEL_PROBLEM, "dmesg | grep lbx",
		     "no device can be made in a new network namespace");
		break;
	case TRIAL_NOT_CARRIED:
		find(report, LEVEL_PROBLEM, "rmmod lbx; modprobe lbx",
		     "a new device does not carry what is for its addresses");
		break;
	default:
		find(report, LEVEL_PROBLEM, "rmmod lbx; modprobe lbx",
		     "a capture on a new device does not show each packet once");
	}
}

/* The table local has to be asked first, or others answer for it */
static void check_rules(struct report *report, int family)
{
	const char *name = family == AF_INET ? "IPv4" : "IPv6";
	char mend[64], table[16];
	struct rules rules;
	struct nl_error error;
	bool found = false, ahead = false;
	size_t i;

	if (rules_get(family, &rules, &error))
		return;		/* a kernel without rules, or without that family */
	snprintf(mend, sizeof(mend), "ip -%c rule add pref 0 lookup local",
		 family == AF_INET ? '4' : '6');
	for (i = 0; i < rules.n && !found; i++) {
		const struct rule *rule = &rules.item[i];

		found = rule->table == RT_TABLE_LOCAL && !rule->selective;
		/* l3mdev: made with the first VRF, and lbx has no table of its own */
		if (found || (rule->selective && !rule->table))
			continue;
		ahead = true;
		if (rule->table)
			find(report, rule->selective ? LEVEL_NOTE : LEVEL_PROBLEM, mend,
			     "%s: rule %u asks table %s before the table local%s",
			     name, rule->pref, table_text(rule->table, table),
			     rule->selective ? ", for some packets" : "");
		else
			find(report, LEVEL_PROBLEM, mend,
			     "%s: rule %u ends the search before the table local",
			     name, rule->pref);
	}
	if (!found && rules.n)
		find(report, LEVEL_PROBLEM, mend,
		     "%s: no rule asks the table local", name);
	else if (!ahead && rules.n)
		find(report, LEVEL_OK, NULL, "%s: the table local is asked first",
		     name);
	list_free(&rules);
}

static bool interface_is_up(const char *name, uint32_t *mtu)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { };
	bool up = false;

	if (fd < 0)
		return false;
	copy_name(ifr.ifr_name, name);
	if (!ioctl(fd, SIOCGIFFLAGS, &ifr))
		up = ifr.ifr_flags & IFF_UP;
	*mtu = ioctl(fd, SIOCGIFMTU, &ifr) ? 0 : ifr.ifr_mtu;
	close(fd);
	return up;
}

static void check_addrs(struct report *report, const struct dev *dev)
{
	char buf[PREFIX_STRLEN], mend[128];
	struct nl_error error;
	struct route route;
	size_t i;

	for (i = 0; i < dev->addrs.n; i++) {
		const struct prefix *addr = &dev->addrs.item[i];

		/* the same on each device, and found with the device only */
		if (is_auto_addr(addr) || !dev->up)
			continue;
		addr_text(addr, buf);
		snprintf(mend, sizeof(mend), "lbx trace %s", buf);
		if (route_get(addr, 0, &route, &error))
			find(report, LEVEL_PROBLEM, mend,
			     "%s of %s cannot be reached: %s", buf, dev->name,
			     error.text);
		else if (route.type != RTN_LOCAL)
			find(report, LEVEL_PROBLEM, mend,
			     "%s of %s is not local, by the rules there are", buf,
			     dev->name);
		else if (strcmp(route.dev, dev->name))
			find(report, LEVEL_PROBLEM, mend, "%s of %s is carried by %s",
			     buf, dev->name, route.dev);
	}
}

static void check_claims(struct report *report, const struct dev *dev)
{
	char mend[64];
	size_t i;

	for (i = 0; i < dev->claims.n; i++) {
		const struct target *claim = &dev->claims.item[i];

		if (!claim->waits)
			continue;
		snprintf(mend, sizeof(mend), "lbx unclaim %s dev %s", claim->ifname,
			 dev->name);
		find(report, LEVEL_PROBLEM, mend,
		     "%s claims %s, which is gone: the claim waits for another of that name",
		     dev->name, claim->ifname);
	}
}

static void check_drops(struct report *report, const struct dev *dev)
{
	uint64_t backlog = dev->counters[LBX_XSTATS_DROP_BACKLOG - 1];
	char mend[96], buf[16] = "1000";
	size_t i;

	read_line("/proc/sys/net/core/netdev_max_backlog", buf, sizeof(buf));
	snprintf(mend, sizeof(mend), "sysctl -w net.core.netdev_max_backlog=%d",
		 atoi(buf) * 2);
	if (backlog)
		find(report, LEVEL_PROBLEM, mend,
		     "%s has lost %llu packets, since a CPU's backlog was full",
		     dev->name, (unsigned long long)backlog);
	for (i = 0; i < N_COUNTERS; i++)
		if (dev->counters[i] && i != LBX_XSTATS_DROP_BACKLOG - 1 &&
		    !strncmp(counter_names[i], "drop_", 5))
			find(report, LEVEL_NOTE, "perf trace -e lbx:lbx_drop",
			     "%s has dropped %llu packets as %s", dev->name,
			     (unsigned long long)dev->counters[i],
			     counter_names[i] + 5);
}

static void check_dev(struct report *report, const struct dev *dev,
		      uint32_t lo_mtu)
{
	char mend[64];

	if (!dev->up) {
		snprintf(mend, sizeof(mend), "lbx set %s up", dev->name);
		find(report, LEVEL_PROBLEM, mend, "%s is down: %s", dev->name,
		     dev->isolate ? "nobody answers for its addresses" :
				    "lo carries its addresses and its claims");
	}
	if (dev->mtu < lo_mtu) {
		snprintf(mend, sizeof(mend), "lbx set %s mtu %u", dev->name,
			 lo_mtu < LBX_MTU_MAX ? lo_mtu : LBX_MTU_MAX);
		find(report, LEVEL_NOTE, mend,
		     "%s has the MTU %u, below lo's %u: more packets for the same data",
		     dev->name, dev->mtu, lo_mtu);
	}
	if (!dev->n_claims && dev->addrs.n == (dev->up && dev->mtu >= 1280)) {
		snprintf(mend, sizeof(mend), "lbx set %s addr ADDR", dev->name);
		find(report, LEVEL_NOTE, mend,
		     "%s has neither an address nor a claim, and carries nothing",
		     dev->name);
	}
	check_addrs(report, dev);
	check_claims(report, dev);
	check_drops(report, dev);
}

/* Does a device that others may reach have an address of 127.0.0.0/8? */
static const struct dev *find_localnet(const struct devs *devs)
{
	size_t i, j;

	for (i = 0; i < devs->n; i++)
		for (j = 0; j < devs->item[i].addrs.n; j++)
			if (devs->item[i].addrs.item[j].family == AF_INET &&
			    devs->item[i].addrs.item[j].addr[0] == 127 &&
			    !devs->item[i].isolate)
				return &devs->item[i];
	return NULL;
}

/* The sysctls of other interfaces that decide on what comes in for lbx devices */
static void check_sysctls(struct report *report, const struct devs *devs)
{
	const struct dev *localnet = find_localnet(devs);
	struct if_nameindex *all = if_nameindex(), *one;
	int filter, filter_all = sysctl4("all", "rp_filter");
	unsigned int cards = 0;
	uint32_t mtu;
	char mend[96];

	for (one = all; one && one->if_index; one++)
		cards += strcmp(one->if_name, "lo") &&
			 !devs_find_index(devs, one->if_index) &&
			 interface_is_up(one->if_name, &mtu);
	for (one = all; one && one->if_index; one++) {
		if (!strcmp(one->if_name, "lo") ||
		    devs_find_index(devs, one->if_index) ||
		    !interface_is_up(one->if_name, &mtu))
			continue;
		filter = sysctl4(one->if_name, "rp_filter");
		filter = filter > filter_all ? filter : filter_all;
		snprintf(mend, sizeof(mend), "sysctl -w net.ipv4.conf.%s.rp_filter=2",
			 one->if_name);
		if (filter == 1 && cards > 1)
			find(report, LEVEL_NOTE, mend,
			     "%s drops what its sender would not be answered by (rp_filter): addresses of lbx devices answer by one interface only",
			     one->if_name);
		snprintf(mend, sizeof(mend),
			 "sysctl -w net.ipv4.conf.%s.route_localnet=0", one->if_name);
		if (localnet && (sysctl4(one->if_name, "route_localnet") ||
				 sysctl4("all", "route_localnet")))
			find(report, LEVEL_PROBLEM, mend,
			     "other machines can reach %s's addresses of 127.0.0.0/8 by %s (route_localnet)",
			     localnet->name, one->if_name);
	}
	if_freenameindex(all);
}

static void check_here(struct report *report)
{
	struct nl_error error;
	uint32_t lo_mtu = 0;
	struct devs devs;
	size_t i;

	if (devs_get(&devs, DEV_ADDRS | DEV_CLAIMS, &error)) {
		find(report, LEVEL_PROBLEM, NULL, "devices cannot be read: %s",
		     error.text);
		return;
	}
	if (!interface_is_up("lo", &lo_mtu))
		find(report, LEVEL_PROBLEM, "ip link set lo up",
		     "lo is down: claimed addresses, and those of lbx devices that are down, are carried by nobody");
	if (!devs.n)
		find(report, LEVEL_NOTE, "lbx add NAME ADDR",
		     "there is no lbx device in this network namespace");
	check_rules(report, AF_INET);
	check_rules(report, AF_INET6);
	for (i = 0; i < devs.n; i++)
		check_dev(report, &devs.item[i], lo_mtu);
	check_sysctls(report, &devs);
	devs_free(&devs);
}

static void print_text(const json_t *findings)
{
	const char *level, *text, *mend;
	json_t *finding;
	size_t i;

	json_array_foreach(findings, i, finding) {
		level = json_string_value(json_object_get(finding, "level"));
		text = json_string_value(json_object_get(finding, "text"));
		mend = json_string_value(json_object_get(finding, "mend"));
		printf("%-8s %s\n", level, text);
		if (mend)
			printf("%-8s try: %s\n", "", mend);
	}
}

int do_doctor(struct args *args)
{
	struct report report = { .findings = json_array() };

	(void)args;
	if (check_module(&report)) {
		check_trial(&report);
		check_here(&report);
	}
	if (options.json) {
		out_json(report.findings);
	} else {
		print_text(report.findings);
		json_decref(report.findings);
	}
	return report.problems ? EXIT_REFUSED : EXIT_DONE;
}

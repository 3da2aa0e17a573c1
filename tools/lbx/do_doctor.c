// SPDX-License-Identifier: GPL-2.0-only
/*
 * lbx doctor: check the configuration and suggest fixes
 *
 * The module is tested in a temporary network namespace.  The current one is only read.
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
#include <linux/lbx.h>
#include <linux/rtnetlink.h>

#include "commands.h"
#include "out.h"
#include "probe.h"
#include "route.h"
#include "ruleset.h"
#include "socks.h"
#include "txn.h"

/* The device of the temporary network namespace; addresses of RFC 5737 and RFC 3849 */
#define TRIAL_DEV	"lbx0"
#define TRIAL_ADDR4	"192.0.2.1"
#define TRIAL_ADDR6	"2001:db8::1"

/* Needs only what each kernel has: perf(1) and trace-cmd(1) are separate packages */
#define DROP_TRACE	"cd /sys/kernel/tracing; echo 1 >events/lbx/lbx_drop/enable; cat trace_pipe"

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

/* Add a finding.  @mend is a command, or NULL. */
static void find(struct report *report, enum level level, const char *mend,
		 const char *format, ...)
{
	char text[1024];
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

/* Read one line of a file, without its newline.  Return false if there is none. */
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

/* Return an IPv4 sysctl of an interface, or 0 if it does not exist. */
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
		find(report, LEVEL_PROBLEM, "modprobe lbx", "the module is not loaded%s",
		     is_locked_down() ? ": this kernel is locked down and loads only signed modules" :
					"");
		return false;
	}
	read_line("/sys/module/lbx/version", version, sizeof(version));
	if (strcmp(version, LBX_VERSION))
		find(report, LEVEL_PROBLEM, "rmmod lbx; modprobe lbx",
		     "the module has version %s, but lbx has version " LBX_VERSION,
		     version);
	else
		find(report, LEVEL_OK, NULL, "the module is loaded, version %s",
		     version);
	return true;
}

/* Results of the trial, used as exit statuses */
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

/* Runs in a child process, which leaves this network namespace. */
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

	/* Otherwise it would not show if lo carried the packets */
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
		find(report, LEVEL_NOTE, NULL, "cannot test the module: %s",
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
		     "only root can test the module, in a temporary network namespace");
		break;
	case TRIAL_NO_DEVICE:
		find(report, LEVEL_PROBLEM, "dmesg | grep lbx",
		     "cannot create a device in a new network namespace");
		break;
	case TRIAL_NOT_CARRIED:
		find(report, LEVEL_PROBLEM, "rmmod lbx; modprobe lbx",
		     "a new device does not carry packets for its addresses");
		break;
	default:
		find(report, LEVEL_PROBLEM, "rmmod lbx; modprobe lbx",
		     "a capture on a new device does not show each packet once");
	}
}

/* The lookup of table local must come first: other tables could match local addresses. */
static void check_rules(struct report *report, int family)
{
	const char *name = family == AF_INET ? "IPv4" : "IPv6";
	char mend[64], table[16];
	struct rules rules;
	struct nl_error error;
	bool found = false, ahead = false;
	size_t i;

	if (rules_get(family, &rules, &error))
		return;		/* no rules, or not for this family */
	snprintf(mend, sizeof(mend), "ip -%c rule add pref 0 lookup local",
		 family == AF_INET ? '4' : '6');
	for (i = 0; i < rules.n && !found; i++) {
		const struct rule *rule = &rules.item[i];

		found = rule->table == RT_TABLE_LOCAL && !rule->selective;
		/* l3mdev: the first VRF adds this rule, and lbx has no table of its own
		 */
		if (found || (rule->selective && !rule->table))
			continue;
		ahead = true;
		if (rule->table)
			find(report, rule->selective ? LEVEL_NOTE : LEVEL_PROBLEM, mend,
			     "%s: rule %u looks up table %s before table local%s",
			     name, rule->pref, table_text(rule->table, table),
			     rule->selective ? ", for some packets" : "");
		else
			find(report, LEVEL_PROBLEM, mend,
			     "%s: rule %u ends the lookup before table local",
			     name, rule->pref);
	}
	if (!found && rules.n)
		find(report, LEVEL_PROBLEM, mend,
		     "%s: no rule looks up table local", name);
	else if (!ahead && rules.n)
		find(report, LEVEL_OK, NULL, "%s: table local is looked up first",
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

		/* each device has the same one, and the lookup needs the device */
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
			     "%s of %s is not local according to the routing rules", buf,
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
		     "%s claims %s, which does not exist or is in a VRF: the claim waits for it",
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
		     "%s has dropped %llu packet%s because the backlog of a CPU was full",
		     dev->name, (unsigned long long)backlog, backlog == 1 ? "" : "s");
	for (i = 0; i < N_COUNTERS; i++)
		if (dev->counters[i] && i != LBX_XSTATS_DROP_BACKLOG - 1 &&
		    !strncmp(counter_names[i], "drop_", 5))
			find(report, LEVEL_NOTE, DROP_TRACE,
			     "%s has dropped %llu packet%s for the reason %s", dev->name,
			     (unsigned long long)dev->counters[i],
			     dev->counters[i] == 1 ? "" : "s",
			     counter_names[i] + 5);
}

/* Return true if nobody uses the device.  "insmod lbx.ko" creates such a device. */
static bool is_unused(const struct dev *dev)
{
	return !dev->up && !dev->n_claims && !dev->addrs.n && !dev->routes.n;
}

static void check_dev(struct report *report, const struct dev *dev,
		      uint32_t lo_mtu)
{
	char mend[64];

	if (is_unused(dev))
		return;
	if (!dev->up) {
		snprintf(mend, sizeof(mend), "lbx set %s up", dev->name);
		find(report, LEVEL_PROBLEM, mend, "%s is down: %s", dev->name,
		     dev->isolate ? "its addresses do not answer" :
				    "lo carries its addresses and its claims");
	}
	if (dev->mtu < lo_mtu) {
		snprintf(mend, sizeof(mend), "lbx set %s mtu %u", dev->name,
			 lo_mtu < LBX_MTU_MAX ? lo_mtu : LBX_MTU_MAX);
		find(report, LEVEL_NOTE, mend,
		     "%s has MTU %u, below the %u of lo: the same data needs more packets",
		     dev->name, dev->mtu, lo_mtu);
	}
	if (!dev->n_claims && !dev->routes.n &&
	    dev->addrs.n == (dev->up && dev->mtu >= 1280)) {
		snprintf(mend, sizeof(mend), "lbx set %s addr ADDR", dev->name);
		find(report, LEVEL_NOTE, mend,
		     "%s has no address, no claim and no local route, and carries nothing",
		     dev->name);
	}
	check_addrs(report, dev);
	check_claims(report, dev);
	check_drops(report, dev);
}

/**
 * struct check - input of the checks of addresses
 * @devs: the lbx devices
 * @held: the addresses of all interfaces
 * @socks: sockets that wait for packets
 * @ruleset: the rules of nftables
 * @have_rules: @ruleset has been read
 */
struct check {
	struct devs		*devs;
	struct held_addrs	held;
	struct socks		socks;
	struct ruleset		ruleset;
	bool			have_rules;
};

static bool same_addr(const struct prefix *a, const struct prefix *b)
{
	return a->family == b->family && !memcmp(a->addr, b->addr, addr_size(a));
}

/* Return true if one of two IPv4 prefixes, which are local as a whole, contains the
 * other.
 */
static bool overlap(const struct prefix *a, const struct prefix *b)
{
	int len = a->len < b->len ? a->len : b->len, i;

	if (a->family != AF_INET || b->family != AF_INET)
		return false;
	for (i = 0; i < len; i++)
		if ((a->addr[i / 8] ^ b->addr[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

/* If two devices have the same address, only one of them carries it.  If a prefix of an
 * lbx device is also the network of an interface, that whole network becomes local.
 */
static void check_shared(struct report *report, const struct check *check,
			 const struct dev *dev, const struct prefix *addr)
{
	char buf[PREFIX_STRLEN], text[PREFIX_STRLEN], name[IFNAMSIZ], mend[96];
	size_t i;

	prefix_text(addr, buf);
	for (i = 0; i < check->held.n; i++) {
		const struct held_addr *held = &check->held.item[i];
		const struct dev *other = devs_find_index(check->devs, held->index);

		if (held->index == dev->index || held->proto == LBX_IFAPROT ||
		    !if_indextoname(held->index, name))
			continue;
		/* report a pair of lbx devices once, for the first */
		if (other && other < dev)
			continue;
		snprintf(mend, sizeof(mend), "lbx set %s noaddr %s", dev->name, buf);
		if (same_addr(addr, &held->prefix))
			find(report, LEVEL_PROBLEM, mend,
			     "both %s and %s have the address %s: only one of them carries it",
			     dev->name, name, addr_text(addr, text));
		else if (addr->len < 32 && strcmp(name, "lo") &&
			 overlap(addr, &held->prefix))
			find(report, other || held->prefix.len == 32 ? LEVEL_NOTE :
							LEVEL_PROBLEM, mend,
			     "all of %s is local to %s, but %s has %s in the same network: %s",
			     buf, dev->name, name, prefix_text(&held->prefix, text),
			     other || held->prefix.len == 32 ?
			     "the longer prefix takes precedence, or else the one that was added first" :
			     "other machines in it cannot be reached");
	}
}

/* Find a rule that accepts lo by name or index, while later rules drop everything else.
 */
static bool check_firewall(struct report *report, struct check *check,
			   const struct dev *dev, const struct prefix *addr, bool claimed)
{
	struct flow flow = {
		.src = *addr, .dst = *addr, .sport = 50000, .dport = PROBE_PORT,
		.in = { .index = dev->index, .kind = LBX_KIND },
	};
	static const int protos[] = { IPPROTO_UDP, IPPROTO_TCP };
	char text[600], mend[640], buf[PREFIX_STRLEN];
	struct place place;
	size_t i;

	copy_name(flow.in.name, dev->name);
	flow.out = flow.in;
	/* the hook takes it from lo after the output chains */
	if (claimed) {
		memset(&flow.out, 0, sizeof(flow.out));
		strcpy(flow.out.name, "lo");
		flow.out.index = if_nametoindex("lo");
	}
	for (i = 0; i < ARRAY_SIZE(protos); i++) {
		flow.proto = protos[i];
		if (!ruleset_prefers_lo(&check->ruleset, &flow, &place))
			continue;
		find(report, LEVEL_PROBLEM,
		     place_mend(&check->ruleset, &place, &flow, mend, sizeof(mend)),
		     "a firewall that accepts lo drops %s for %s on %s: %s",
		     proto_text(flow.proto), addr_text(addr, buf), dev->name,
		     place_text(&place, text, sizeof(text)));
		return true;
	}
	return false;
}

/* For snat and masquerade, nf_nat treats an L3 master as a VRF in postrouting. */
static void check_source_nat(struct report *report, const struct check *check,
			     const struct dev *dev)
{
	struct iface iface = { .index = dev->index, .kind = LBX_KIND };
	struct place place;
	char text[600], mend[640];

	copy_name(iface.name, dev->name);
	if (!ruleset_source_nat(&check->ruleset, &iface, &place))
		return;
	snprintf(mend, sizeof(mend),
		 "nft add chain %s %s lbx_snat '{ type nat hook input priority 100; }', and move the rule there, with iifname",
		 family_text(place.chain), place.chain->table);
	find(report, LEVEL_PROBLEM, mend,
	     "source NAT in postrouting has no effect on packets that %s carries: %s", dev->name,
	     place_text(&place, text, sizeof(text)));
}

/* A socket that is bound to lo receives nothing from an lbx device (compute_score()). */
static void check_socket(struct report *report, const struct check *check,
			 const struct sock *sock)
{
	char buf[PREFIX_STRLEN], name[IFNAMSIZ], who[64], mend[128];
	struct nl_error error;
	const struct dev *dev;
	struct route route;
	size_t i;

	if (!sock->index || sock_is_any(sock) ||
	    devs_find_index(check->devs, sock->index) ||
	    !if_indextoname(sock->index, name) ||
	    route_get(&sock->addr, 0, &route, &error))
		return;
	/* not the device that claims the address: see find_listener() */
	dev = devs_find(check->devs, route.owner);
	if (!dev || !route_is_local(&route))
		return;
	addr_text(&sock->addr, buf);
	snprintf(mend, sizeof(mend),
		 "use another address for %s, or run the program without SO_BINDTODEVICE", dev->name);
	for (i = 0; i < dev->addrs.n; i++)
		if (same_addr(&dev->addrs.item[i], &sock->addr))
			snprintf(mend, sizeof(mend), "lbx set %s noaddr %s/%d", dev->name,
				 buf, dev->addrs.item[i].len);
	find(report, LEVEL_PROBLEM, mend,
	     "%s has bound %s port %d of %s to %s and receives nothing: the address belongs to %s",
	     sock_text(sock, who, sizeof(who)), proto_text(sock->proto), sock->port, buf,
	     name, dev->name);
}

/* The addresses on which systemd-resolved listens, with a socket bound to lo */
static void check_stub(struct report *report, const struct dev *dev,
		       const struct prefix *addr)
{
	static const unsigned char stub[] = { 127, 0, 0 };
	char mend[96], buf[PREFIX_STRLEN];

	if (addr->family != AF_INET || memcmp(addr->addr, stub, sizeof(stub)) ||
	    (addr->addr[3] != 53 && addr->addr[3] != 54))
		return;
	snprintf(mend, sizeof(mend), "lbx set %s noaddr %s addr 127.0.9.%d", dev->name,
		 prefix_text(addr, buf), addr->addr[3]);
	find(report, LEVEL_NOTE, mend,
	     "%s of %s is an address of systemd-resolved, which binds it to lo and receives nothing from %s",
	     addr_text(addr, buf), dev->name, dev->name);
}

/* Collect the addresses that a device claims: single ones, and those of interfaces. */
static void claimed_addrs(const struct check *check, const struct dev *dev,
			  struct prefixes *addrs)
{
	char name[IFNAMSIZ];
	size_t i, j;

	for (i = 0; i < dev->claims.n; i++) {
		const struct target *claim = &dev->claims.item[i];

		if (!*claim->ifname) {
			list_add(addrs, claim->addr);
			continue;
		}
		for (j = 0; j < check->held.n; j++)
			if (if_indextoname(check->held.item[j].index, name) &&
			    !strcmp(name, claim->ifname))
				list_add(addrs, check->held.item[j].prefix);
	}
}

/* Run the checks that concern the addresses which a device carries. */
static void check_carried(struct report *report, struct check *check,
			  const struct dev *dev)
{
	bool told[2] = { false, false };
	struct prefixes claimed = { };
	size_t i;

	for (i = 0; i < dev->addrs.n; i++) {
		const struct prefix *addr = &dev->addrs.item[i];
		bool *is_told = &told[addr->family == AF_INET6];

		if (is_auto_addr(addr))
			continue;
		check_shared(report, check, dev, addr);
		check_stub(report, dev, addr);
		if (!check->have_rules)
			continue;
		if (dev->up && !*is_told)
			*is_told = check_firewall(report, check, dev, addr, false);
	}
	if (!check->have_rules)
		return;
	check_source_nat(report, check, dev);
	claimed_addrs(check, dev, &claimed);
	for (i = 0; i < claimed.n && dev->up; i++) {
		bool *is_told = &told[claimed.item[i].family == AF_INET6];

		if (!*is_told)
			*is_told = check_firewall(report, check, dev, &claimed.item[i],
						  true);
	}
	list_free(&claimed);
}

static void check_use(struct report *report, struct devs *devs)
{
	struct check check = { .devs = devs };
	struct nl_error error;
	size_t i;

	if (!devs->n)
		return;
	if (addrs_get(&check.held, &error))
		find(report, LEVEL_PROBLEM, NULL, "cannot read the addresses: %s",
		     error.text);
	if (socks_get(&check.socks, &error))
		find(report, LEVEL_NOTE, NULL, "cannot read the sockets: %s", error.text);
	check.have_rules = !ruleset_get(&check.ruleset, &error);
	if (!check.have_rules && error.code == EPERM)
		find(report, LEVEL_NOTE, "sudo lbx doctor",
		     "only root can read the netfilter rules, which may drop packets of lbx devices");
	else if (!check.have_rules)
		find(report, LEVEL_NOTE, "nft list ruleset",
		     "cannot read the netfilter rules: %s", error.text);
	for (i = 0; i < devs->n; i++)
		check_carried(report, &check, &devs->item[i]);
	for (i = 0; i < check.socks.n; i++)
		check_socket(report, &check, &check.socks.item[i]);
	if (check.have_rules)
		ruleset_free(&check.ruleset);
	list_free(&check.socks);
	list_free(&check.held);
}

/* Return a device with an address of 127.0.0.0/8 that is not isolated, or NULL. */
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

/* Check the sysctls of other interfaces that affect packets for addresses of lbx
 * devices.
 */
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
			     "%s drops packets if the reply would leave by another interface (rp_filter): addresses of lbx devices answer by one interface only",
			     one->if_name);
		snprintf(mend, sizeof(mend),
			 "sysctl -w net.ipv4.conf.%s.route_localnet=0", one->if_name);
		if (localnet && (sysctl4(one->if_name, "route_localnet") ||
				 sysctl4("all", "route_localnet")))
			find(report, LEVEL_PROBLEM, mend,
			     "other machines can reach %s's addresses of 127.0.0.0/8 through %s (route_localnet)",
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

	if (devs_get(&devs, DEV_ADDRS | DEV_CLAIMS | DEV_ROUTES, &error)) {
		find(report, LEVEL_PROBLEM, NULL, "cannot read the devices: %s",
		     error.text);
		return;
	}
	if (!interface_is_up("lo", &lo_mtu))
		find(report, LEVEL_PROBLEM, "ip link set lo up",
		     "lo is down: nothing carries claimed addresses, or the addresses of lbx devices that are down");
	if (!devs.n)
		find(report, LEVEL_NOTE, "lbx add NAME ADDR",
		     "this network namespace has no lbx device");
	check_rules(report, AF_INET);
	check_rules(report, AF_INET6);
	for (i = 0; i < devs.n; i++)
		check_dev(report, &devs.item[i], lo_mtu);
	check_sysctls(report, &devs);
	check_use(report, &devs);
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
	return report.problems ? EXIT_PROBLEM : EXIT_DONE;
}

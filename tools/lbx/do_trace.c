// SPDX-License-Identifier: GPL-2.0-only
/* lbx trace: show where local traffic to an address goes, and why */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/lbx.h>
#include <linux/rtnetlink.h>

#include "commands.h"
#include "out.h"
#include "probe.h"
#include "route.h"
#include "ruleset.h"
#include "socks.h"

/**
 * struct trace - state of a trace
 * @args: the command line
 * @probe: the probe that is sent to the address
 * @devs: the lbx devices
 * @route: the route to the address
 * @rule: the rule that leads to the route, or NULL
 * @verdict: the device that should carry the address
 * @socks: sockets that wait for packets
 * @listener: the socket that receives what is sent to the port, or NULL
 * @elsewhere: a socket that would, but is bound to another interface, or NULL
 * @reason: why the probe is not delivered, empty if unknown
 * @mend: a command that helps, or empty
 */
struct trace {
	const struct args	*args;
	struct probe		probe;
	struct devs		devs;
	struct route		route;
	const struct rule	*rule;
	struct verdict		verdict;
	struct socks		socks;
	const struct sock	*listener;
	const struct sock	*elsewhere;
	char			reason[640];
	char			mend[640];
};

/* Return the first rule that looks up @table, or NULL. */
static const struct rule *find_rule(const struct rules *rules, uint32_t table)
{
	size_t i;

	for (i = 0; i < rules->n; i++)
		if (rules->item[i].table == table)
			return &rules->item[i];
	return NULL;
}

/* Return true if the probe was seen on @dev and, if it is local, nowhere else.  A probe
 * to another machine may also pass a bridge and its port.
 */
static bool is_proof(const struct seens *seens, const char *dev, bool local)
{
	size_t i;

	for (i = 0; i < seens->n; i++)
		if (!strcmp(seens->item[i].dev, dev))
			return !local || seens->n == 1;
	return false;
}

/* Parse the address: numbers, optionally with "%" and an interface, or a host name. */
static bool find_host(struct trace *trace)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *found = NULL;
	const char *host = trace->args->host, *percent = strchr(host, '%');
	struct prefix *addr = &trace->probe.addr;
	char text[INET6_ADDRSTRLEN];
	int err;

	if (percent && percent - host < (int)sizeof(text)) {
		memcpy(text, host, percent - host);
		text[percent - host] = '\0';
		trace->probe.scope = if_nametoindex(percent + 1);
		if (!trace->probe.scope) {
			say("Cannot find interface \"%s\"", percent + 1);
			try_this("ip link show");
			return false;
		}
		host = text;
	}
	if (!strchr(host, '/') && parse_prefix(host, addr))
		return true;
	err = getaddrinfo(host, NULL, &hints, &found);
	if (err) {
		say("invalid address or unknown host \"%s\": %s", host, gai_strerror(err));
		try_this("lbx trace 10.9.0.1, or 2001:db8::1, or fe80::1%%lbx0");
		return false;
	}
	memset(addr, 0, sizeof(*addr));
	addr->family = found->ai_family;
	addr->len = addr_size(addr) * 8;
	if (found->ai_family == AF_INET)
		memcpy(addr->addr, &((struct sockaddr_in *)found->ai_addr)->sin_addr, 4);
	else
		memcpy(addr->addr, &((struct sockaddr_in6 *)found->ai_addr)->sin6_addr, 16);
	freeaddrinfo(found);
	return true;
}

/* A link-local address belongs to one interface.  Find it, unless the user named it. */
static bool find_scope(struct trace *trace)
{
	const struct prefix *addr = &trace->probe.addr;
	struct held_addrs all;
	char buf[PREFIX_STRLEN], name[IFNAMSIZ], list[256] = "";
	struct nl_error error;
	size_t i, n = 0, at = 0;
	int index = 0;

	if (addr->family != AF_INET6 || trace->probe.scope ||
	    !IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)addr->addr))
		return true;
	if (addrs_get(&all, &error)) {
		refused("trace", &error);
		return false;
	}
	for (i = 0; i < all.n; i++) {
		if (all.item[i].prefix.family != AF_INET6 ||
		    memcmp(all.item[i].prefix.addr, addr->addr, 16) ||
		    !if_indextoname(all.item[i].index, name))
			continue;
		index = all.item[i].index;
		if (at < sizeof(list))
			at += snprintf(list + at, sizeof(list) - at, "%s%s", n++ ? ", " : "",
				       name);
	}
	list_free(&all);
	if (n == 1) {
		trace->probe.scope = index;
		return true;
	}
	addr_text(addr, buf);
	if (n)
		say("several interfaces have %s: %s", buf, list);
	else
		say("%s is a link-local address and needs an interface", buf);
	try_this("lbx trace %s%%%s", buf, n ? name : "IFNAME");
	return false;
}

/* Parse a number or a name of services(5).  Return the port, or -1. */
static int find_port(const struct args *args)
{
	struct servent *service;
	char *end;
	long port;

	port = strtol(args->service, &end, 10);
	if (*args->service >= '0' && *args->service <= '9' && !*end)
		return port > 0 && port <= 65535 ? port : -1;
	service = getservbyname(args->service, args->proto == IPPROTO_TCP ? "tcp" :
				args->proto ? "udp" : NULL);
	return service ? ntohs(service->s_port) : -1;
}

/* Find the socket that receives what is sent to the port. */
static void find_listener(struct trace *trace, int proto)
{
	/* The kernel looks up the socket with the device of the route, whichever device
	 * carries the packet (ip_route_output_key_hash_rcu(), ip6_rcv_core())
	 */
	int index = if_nametoindex(trace->route.owner);
	size_t i;

	trace->listener = NULL;
	trace->elsewhere = NULL;
	for (i = 0; i < trace->socks.n; i++) {
		const struct sock *sock = &trace->socks.item[i];

		if (!sock_takes(sock, proto, &trace->probe.addr, trace->probe.port))
			continue;
		if (!sock->index || sock->index == index)
			trace->listener = sock;
		else
			trace->elsewhere = sock;
	}
	/* A socket bound to the address precedes one bound to any address: report the
	 * program that was meant to have the port
	 */
	if (trace->listener && trace->elsewhere &&
	    !(sock_is_any(trace->listener) && !sock_is_any(trace->elsewhere)))
		trace->elsewhere = NULL;
}

/* Use the requested protocol, or else that of the program which listens on the port. */
static void choose_proto(struct trace *trace)
{
	trace->probe.proto = trace->args->proto ? trace->args->proto : IPPROTO_UDP;
	if (!trace->probe.port)
		return;
	find_listener(trace, trace->probe.proto);
	if (!trace->args->proto && !trace->listener && !trace->elsewhere) {
		find_listener(trace, IPPROTO_TCP);
		if (trace->listener || trace->elsewhere)
			trace->probe.proto = IPPROTO_TCP;
	}
	trace->probe.taken = trace->listener;
}

/* Find the netfilter rule that drops the probe. */
static void find_drop(struct trace *trace)
{
	struct flow flow = {
		.proto = trace->probe.proto, .src = trace->probe.from,
		.dst = trace->probe.addr, .sport = trace->probe.sport,
		.dport = trace->probe.port,
	};
	struct outcome outcome;
	const struct place *place;
	struct ruleset ruleset;
	struct nl_error error;
	char text[600];

	if (!flow.src.family)
		flow.src = flow.dst;
	copy_name(flow.in.name, trace->verdict.dev);
	flow.in.index = if_nametoindex(flow.in.name);
	copy_name(flow.out.name, trace->route.dev);
	flow.out.index = if_nametoindex(flow.out.name);
	if (devs_find(&trace->devs, flow.in.name))
		strcpy(flow.in.kind, LBX_KIND);
	if (devs_find(&trace->devs, flow.out.name))
		strcpy(flow.out.kind, LBX_KIND);

	if (ruleset_get(&ruleset, &error)) {
		snprintf(trace->reason, sizeof(trace->reason),
			 "cannot read the netfilter rules: %s", error.text);
		return;
	}
	ruleset_judge(&ruleset, &flow, &outcome);
	place = outcome.dropped ? &outcome.where : &outcome.maybe;
	if (outcome.dropped || outcome.may_drop) {
		place_text(place, text, sizeof(text));
		snprintf(trace->reason, sizeof(trace->reason), "%s%s %s it", text,
			 outcome.dropped ? "" : " perhaps",
			 place->reject ? "rejects" : "drops");
		place_mend(&ruleset, place, &flow, trace->mend, sizeof(trace->mend));
	}
	/* The port cannot be shared, but the verdict of the rules is certain */
	if (outcome.dropped && trace->probe.delivery == DELIVERY_UNKNOWN)
		trace->probe.delivery = DELIVERY_NONE;
	ruleset_free(&ruleset);
}

/* Find out why a probe that was sent is not delivered. */
static void explain(struct trace *trace)
{
	find_drop(trace);
	if (*trace->reason || trace->probe.delivery == DELIVERY_UNKNOWN)
		return;
	snprintf(trace->reason, sizeof(trace->reason),
		 "no nftables rule drops it%s%s",
		 trace->probe.refusal ? ", the error is: " : "",
		 trace->probe.refusal ? strerror(trace->probe.refusal) : "");
	snprintf(trace->mend, sizeof(trace->mend),
		 "tc filter show dev %s ingress; iptables-legacy -L -v; bpftool net",
		 trace->verdict.dev);
}

/* A program that is bound to another interface receives nothing, whatever the rules
 * are.
 */
static void explain_elsewhere(struct trace *trace)
{
	char who[64], name[IFNAMSIZ] = "?";

	if_indextoname(trace->elsewhere->index, name);
	snprintf(trace->reason, sizeof(trace->reason),
		 "%s has bound %s port %d to the interface %s and receives nothing from %s",
		 sock_text(trace->elsewhere, who, sizeof(who)),
		 proto_text(trace->elsewhere->proto), trace->probe.port, name,
		 trace->route.owner);
	snprintf(trace->mend, sizeof(trace->mend),
		 "use another address on %s, such as 127.0.9.53 instead of 127.0.0.53",
		 trace->route.owner);
}

static void print_text(const struct trace *trace)
{
	const struct rule *rule = trace->rule;
	char buf[PREFIX_STRLEN], table[16];

	if (rule)
		printf("rule    %u: %slookup %s\n", rule->pref,
		       rule->selective ? "(for some packets) " : "from all ",
		       table_text(rule->table, table));
	printf("route   %s %s", type_text(trace->route.type),
	       prefix_text(&trace->route.match, buf));
	printf(" dev %s table %s\n", trace->route.owner,
	       table_text(trace->route.table, table));
	printf("device  %s: %s", trace->verdict.dev, trace->verdict.why);
	if (trace->verdict.claim)
		printf(" (claim %s)", target_text(trace->verdict.claim, buf));
	putchar('\n');
}

static void print_probe(const struct trace *trace)
{
	const struct probe *probe = &trace->probe;
	char buf[PREFIX_STRLEN], who[64];
	size_t i;

	printf("probe   %s to %s port %d: %s", proto_text(probe->proto),
	       addr_text(&probe->addr, buf), probe->port,
	       probe->seens.n ? "seen on" : "not seen");
	for (i = 0; i < probe->seens.n; i++)
		printf("%s %s", i ? "," : "", probe->seens.item[i].dev);
	if (route_is_local(&trace->route)) {
		if (probe->delivery == DELIVERY_DONE)
			printf(", delivered");
		else if (probe->delivery != DELIVERY_UNKNOWN)
			printf(", not delivered%s%s", *trace->reason ? ": " : "",
			       trace->elsewhere ? "" : trace->reason);
	}
	putchar('\n');
	if (!trace->args->service || !route_is_local(&trace->route))
		return;
	if (trace->elsewhere)
		printf("socket  %s\n", trace->reason);
	else if (trace->listener)
		printf("socket  of %s%s\n", sock_text(trace->listener, who, sizeof(who)),
		       probe->delivery == DELIVERY_UNKNOWN ?
		       ", which may or may not have received the probe" : "");
	else
		printf("socket  no program has %s port %d\n", proto_text(probe->proto),
		       probe->port);
}

static json_t *json_probe(const struct trace *trace)
{
	const struct sock *sock = trace->elsewhere ? trace->elsewhere : trace->listener;
	const struct probe *probe = &trace->probe;
	json_t *array = json_array(), *delivered = json_null(), *program = json_null();
	char who[64];
	size_t i;

	for (i = 0; i < probe->seens.n; i++)
		json_array_append_new(array,
				      json_pack("{s:o, s:i, s:i}", "ifname",
						json_text(probe->seens.item[i].dev),
						"in", probe->seens.item[i].in,
						"out", probe->seens.item[i].out));
	if (route_is_local(&trace->route) && probe->delivery != DELIVERY_UNKNOWN)
		delivered = json_boolean(probe->delivery == DELIVERY_DONE);
	if (sock)
		program = json_text(sock_text(sock, who, sizeof(who)));
	return json_pack("{s:s, s:i, s:o, s:o, s:o, s:o, s:o}",
			 "proto", probe->proto == IPPROTO_TCP ? "tcp" : "udp",
			 "port", probe->port, "seen", array, "delivered", delivered,
			 "socket", program,
			 "reason", *trace->reason ? json_text(trace->reason) : json_null(),
			 "mend", *trace->mend ? json_text(trace->mend) : json_null());
}

static json_t *json_trace(const struct trace *trace)
{
	char addr[PREFIX_STRLEN], match[PREFIX_STRLEN], table[16];
	const struct verdict *verdict = &trace->verdict;
	const struct route *route = &trace->route;
	const struct rule *rule = trace->rule;

	return json_pack("{s:s, s:o, s:{s:s, s:s, s:o, s:s}, s:o, s:s, s:o}",
			 "addr", addr_text(&trace->probe.addr, addr),
			 "rule", rule ? json_pack("{s:I, s:b}", "priority",
						  (json_int_t)rule->pref,
						  "selective", rule->selective) :
					json_null(),
			 "route", "type", type_text(route->type),
			 "dst", prefix_text(&route->match, match),
			 "dev", json_text(route->owner),
			 "table", table_text(route->table, table),
			 "ifname", json_text(verdict->dev), "why", verdict->why,
			 "claim", verdict->claim ? json_target(verdict->claim) :
						   json_null());
}

/* Send the probe and report the result.  Return the exit status. */
static int prove(struct trace *trace)
{
	bool local = route_is_local(&trace->route), proof = false, sent;
	struct probe *probe = &trace->probe;
	struct nl_error error;
	char buf[PREFIX_STRLEN];
	json_t *object;

	probe->dev = local ? trace->route.owner : NULL;
	sent = !probe_send(probe, &error);
	if (local && (!sent || probe->delivery != DELIVERY_DONE))
		explain(trace);
	if (sent && trace->elsewhere && probe->delivery != DELIVERY_NONE &&
	    probe->delivery != DELIVERY_REFUSED)
		explain_elsewhere(trace);
	else if (probe->delivery != DELIVERY_DONE && probe->delivery != DELIVERY_UNKNOWN)
		trace->elsewhere = NULL;
	proof = sent && is_proof(&probe->seens, trace->verdict.dev, local) &&
		(!local || probe->delivery == DELIVERY_DONE ||
		 probe->delivery == DELIVERY_UNKNOWN) && !trace->elsewhere;

	if (options.json) {
		object = json_trace(trace);
		json_object_set_new(object, "probe", sent ? json_probe(trace) :
				    json_pack("{s:o, s:o}", "error", json_text(error.text),
					      "reason", *trace->reason ?
					      json_text(trace->reason) : json_null()));
		json_object_set_new(object, "proven", json_boolean(proof));
		out_json(object);
	} else if (sent) {
		print_probe(trace);
	} else {
		printf("probe   none%s%s\n", *trace->reason ? ": " : "", trace->reason);
	}
	if (proof)
		return EXIT_DONE;

	if (!sent && *trace->mend) {
		fflush(stdout);
		say("%s: %s", addr_text(&probe->addr, buf), error.text);
	} else if (!sent) {
		return refused(addr_text(&probe->addr, buf), &error);
	} else if (!is_proof(&probe->seens, trace->verdict.dev, local)) {
		fflush(stdout);
		say("the probe was expected on %s%s", trace->verdict.dev,
		    local ? " and nowhere else" : "");
		if (!*trace->mend)
			try_this("lbx doctor");
	}
	fflush(stdout);
	if (*trace->mend)
		try_this("%s", trace->mend);
	return EXIT_PROBLEM;
}

int do_trace(struct args *args)
{
	struct trace trace = { .args = args };
	struct rules rules = { };
	int status = EXIT_REFUSED;
	struct nl_error error;
	char buf[PREFIX_STRLEN];

	if (args->service) {
		trace.probe.port = find_port(args);
		if (trace.probe.port < 0) {
			say("invalid PORT \"%s\": must be a number from 1 to 65535, or a name in /etc/services",
			    args->service);
			try_this("lbx trace -h");
			return EXIT_USAGE;
		}
	}
	if (!find_host(&trace))
		return EXIT_USAGE;
	if (devs_get(&trace.devs, DEV_CLAIMS, &error))
		return refused("trace", &error);
	if (!find_scope(&trace))
		goto out;
	if (route_get(&trace.probe.addr, trace.probe.scope, &trace.route, &error)) {
		refused(addr_text(&trace.probe.addr, buf), &error);
		goto out;
	}
	if (rules_get(trace.probe.addr.family, &rules, &error)) {
		refused("trace", &error);
		goto out;
	}

	trace.verdict = route_judge(&trace.devs, &trace.probe.addr, &trace.route);
	trace.rule = find_rule(&rules, trace.route.table);
	if (args->service && route_is_local(&trace.route))
		socks_get(&trace.socks, &error);
	choose_proto(&trace);
	if (!options.json)
		print_text(&trace);
	status = prove(&trace);
out:
	list_free(&trace.socks);
	list_free(&trace.probe.seens);
	list_free(&rules);
	devs_free(&trace.devs);
	return status;
}

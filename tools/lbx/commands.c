// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of commands.  Parser, help and completion read it (cmd.c).  A test compares
 * lbx(8) with it.
 */
#include <netinet/in.h>
#include <stddef.h>
#include <linux/lbx.h>

#include "cmd.h"
#include "commands.h"

#define AT(member)	offsetof(struct args, member)
#define MTU_RANGE	.min = LBX_MTU_MIN, .max = LBX_MTU_MAX
#define END		{ .help = NULL }

static const struct arg add_args[] = {
	{ NULL, "NAME", ARG_NEW_DEV, ARG_REQUIRED, AT(dev),
	  .help = "name of the new device" },
	{ NULL, "ADDR[/LEN]", ARG_PREFIXES, ARG_REPEATED, AT(addrs),
	  .help = "addresses; an IPv4 prefix is local as a whole" },
	{ "mtu", "BYTES", ARG_NUMBER, 0, AT(mtu), MTU_RANGE,
	  .help = "68 to 65536 (default: 65536)" },
	{ "isolate", "on|off", ARG_ON_OFF, 0, AT(isolate),
	  .help = "drop packets from other interfaces (default: off)" },
	{ "direct", "on|off", ARG_ON_OFF, 0, AT(direct),
	  .help = "bypass the queue unless it is needed (default: on)" },
	{ "up", NULL, ARG_SET, 0, AT(up), .min = 1,
	  .help = "bring it up (default)" },
	{ "down", NULL, ARG_SET, 0, AT(up), .min = 0,
	  .help = "leave it down; unless isolated, lo carries its addresses" },
	END
};

static const struct arg set_args[] = {
	{ NULL, "NAME", ARG_DEV, ARG_REQUIRED, AT(dev), .help = "device to change" },
	{ "addr", "ADDR[/LEN]", ARG_PREFIXES, ARG_REPEATED, AT(addrs),
	  .help = "address to add" },
	{ "noaddr", "ADDR[/LEN]", ARG_PREFIXES, ARG_REPEATED, AT(gone),
	  .help = "address to remove" },
	{ "mtu", "BYTES", ARG_NUMBER, 0, AT(mtu), MTU_RANGE,
	  .help = "68 to 65536" },
	{ "isolate", "on|off", ARG_ON_OFF, 0, AT(isolate),
	  .help = "drop packets from other interfaces" },
	{ "direct", "on|off", ARG_ON_OFF, 0, AT(direct),
	  .help = "bypass the queue unless it is needed" },
	{ "up", NULL, ARG_SET, 0, AT(up), .min = 1, .help = "bring it up" },
	{ "down", NULL, ARG_SET, 0, AT(up), .min = 0,
	  .help = "take it down; unless isolated, lo carries its addresses" },
	END
};

static const struct arg del_args[] = {
	{ NULL, "NAME", ARG_DEV, ARG_REQUIRED, AT(dev), .help = "device to delete" },
	END
};

static const struct arg show_args[] = {
	{ NULL, "NAME", ARG_DEV, 0, AT(dev), .help = "show only this device" },
	END
};

static const struct arg claim_args[] = {
	{ NULL, "TARGET", ARG_TARGETS, ARG_REQUIRED | ARG_REPEATED, AT(targets),
	  .help = "interface, with all its addresses, or address" },
	{ "dev", "NAME", ARG_DEV, ARG_REQUIRED, AT(dev),
	  .help = "device that carries the local traffic" },
	{ "wait", NULL, ARG_SET, 0, AT(wait), .min = 1,
	  .help = "accept targets that do not exist yet" },
	END
};

static const struct arg unclaim_args[] = {
	{ NULL, "TARGET", ARG_TARGETS, ARG_REPEATED, AT(targets),
	  .help = "claimed interface or address" },
	{ "dev", "NAME", ARG_DEV, 0, AT(dev),
	  .help = "remove only claims of this device" },
	{ "all", NULL, ARG_SET, 0, AT(all), .min = 1, .also = "--all",
	  .help = "remove all claims, instead of TARGET" },
	END
};

static const struct arg claims_args[] = {
	{ NULL, "NAME", ARG_DEV, 0, AT(dev), .help = "list only claims of this device" },
	END
};

static const struct arg trace_args[] = {
	{ NULL, "HOST", ARG_HOST, ARG_REQUIRED, AT(host),
	  .help = "address, such as fe80::1%lbx0, or host name" },
	{ NULL, "PORT", ARG_TEXT, 0, AT(service),
	  .help = "port number or service name (default: 33434)" },
	{ "udp", NULL, ARG_SET, 0, AT(proto), .min = IPPROTO_UDP,
	  .help = "use UDP (default, unless a TCP program has the port)" },
	{ "tcp", NULL, ARG_SET, 0, AT(proto), .min = IPPROTO_TCP,
	  .help = "use TCP: connect to the port" },
	END
};

static const struct arg stats_args[] = {
	{ NULL, "NAME", ARG_DEV, 0, AT(dev), .help = "show only this device" },
	{ "cpu", NULL, ARG_SET, 0, AT(cpu), .min = 1, .also = "--cpu",
	  .help = "also show the counters of each CPU" },
	{ "watch", "SEC", ARG_SECONDS, 0, AT(interval), .also = "--watch",
	  .help = "print rates per second, every SEC seconds (default: 1)" },
	END
};

static const struct arg top_args[] = {
	{ "interval", "SEC", ARG_SECONDS, 0, AT(interval), .also = "--interval",
	  .help = "seconds between updates (default: 1)" },
	{ "cpu", NULL, ARG_SET, 0, AT(cpu), .min = 1, .also = "--cpu",
	  .help = "start with the CPUs shown" },
	END
};

static const struct arg monitor_args[] = {
	{ "timestamp", NULL, ARG_SET, 0, AT(timestamp), .min = TIME_LONG, .also = "-t",
	  .help = "print the time before each event, as \"ip -t monitor\"" },
	{ "tshort", NULL, ARG_SET, 0, AT(timestamp), .min = TIME_SHORT, .also = "-ts",
	  .help = "likewise, on the line of the event, as \"ip -ts monitor\"" },
	END
};

static const struct arg no_args[] = { END };

static const struct arg file_args[] = {
	{ NULL, "FILE", ARG_FILE, 0, AT(file), .help = "save file (default: stdin)" },
	END
};

static const struct arg bench_args[] = {
	{ "full", NULL, ARG_SET, 0, AT(full), .min = 1,
	  .help = "all workloads, on one CPU to all, and common programs" },
	{ "peers", "LIST", ARG_TEXT, 0, AT(peers),
	  .help = "transports to compare: \"lo lbx veth\"" },
	{ "workloads", "LIST", ARG_TEXT, 0, AT(workloads),
	  .help = "workloads and sizes in bytes: \"udp:64 tcp-rr:1\"" },
	{ "rounds", "N", ARG_NUMBER, 0, AT(rounds), .min = 1, .max = 9999,
	  .help = "number of measurements of each (default: 9)" },
	{ "cpus", "N", ARG_NUMBER, 0, AT(cpus), .min = 1, .max = 1024,
	  .help = "number of CPUs, with one flow each (default: 1)" },
	{ "out", "DIR", ARG_FILE, 0, AT(file),
	  .help = "directory for JSON, tables and plots" },
	END
};

const struct command commands[] = {
	{ "add", "Create an lbx device with its addresses, and bring it up.",
	  "lbx add pg 10.9.0.1/24 2001:db8::1 isolate on", add_args, do_add },
	{ "set", "Change a device, completely or not at all.",
	  "lbx set pg mtu 1500 addr 10.9.1.1/32", set_args, do_set },
	{ "del", "Delete a device with its addresses and claims.",
	  "lbx del pg", del_args, do_del },
	{ "show", "Show devices: state, addresses, claims, counters and drops.",
	  "lbx show pg", show_args, do_show },
	{ "claim", "Make a device carry local traffic to addresses of other interfaces.",
	  "lbx claim eth0 192.0.2.1 dev pg", claim_args, do_claim },
	{ "unclaim", "Remove claims, so that lo carries the traffic again.",
	  "lbx unclaim eth0", unclaim_args, do_unclaim },
	{ "claims", "List the claims and their holders.",
	  "lbx -j claims", claims_args, do_claims },
	{ "trace", "Show where local traffic to an address goes and why, and prove it.",
	  "lbx trace 192.0.2.1 443", trace_args, do_trace },
	{ "stats", "Show packet counters by packet path, and drops.",
	  "lbx stats pg cpu watch 2", stats_args, do_stats },
	{ "top", "Show live rates of all devices.",
	  "lbx top", top_args, do_top },
	{ "monitor", "Print each change of devices, addresses and claims.",
	  "lbx monitor tshort", monitor_args, do_monitor },
	{ "doctor", "Check the configuration and suggest fixes.",
	  "lbx doctor", no_args, do_doctor },
	{ "bench", "Measure the time over lbx, lo and other transports.",
	  "lbx bench rounds 9 out results", bench_args, do_bench },
	{ "save", "Print devices, addresses, settings and claims for restore.",
	  "lbx save >lbx.conf", no_args, do_save },
	{ "restore", "Restore saved devices, completely or not at all.",
	  "lbx restore lbx.conf", file_args, do_restore },
	{ }
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of commands.  Parser, help and completion read it (cmd.c).  A test compares
 * lbx(8) with it.
 */
#include <netinet/in.h>
#include <stddef.h>
#include <linux/lbx.h>

#include "cmd.h"
#include "lbx.h"

#define AT(member)	offsetof(struct args, member)
#define MTU_RANGE	.min = LBX_MTU_MIN, .max = LBX_MTU_MAX
#define END		{ .help = NULL }

static const struct arg add_args[] = {
	{ NULL, "NAME", ARG_NEW_DEV, ARG_REQUIRED, AT(dev),
	  .help = "what the device is to be called" },
	{ NULL, "ADDR[/LEN]", ARG_PREFIXES, ARG_REPEATED, AT(addrs),
	  .help = "its addresses; of IPv4, the prefix is local as a whole" },
	{ "mtu", "BYTES", ARG_NUMBER, 0, AT(mtu), MTU_RANGE,
	  .help = "68 to 65536, which is the default" },
	{ "isolate", "on|off", ARG_ON_OFF, 0, AT(isolate),
	  .help = "keep out what other devices bring in; off" },
	{ "direct", "on|off", ARG_ON_OFF, 0, AT(direct),
	  .help = "send past the queue where nothing would miss it; on" },
	{ "up", NULL, ARG_SET, 0, AT(up), .min = 1,
	  .help = "bring it up, which is the default" },
	{ "down", NULL, ARG_SET, 0, AT(up), .min = 0,
	  .help = "leave it down: lo carries its addresses" },
	END
};

static const struct arg set_args[] = {
	{ NULL, "NAME", ARG_DEV, ARG_REQUIRED, AT(dev), .help = "the device" },
	{ "addr", "ADDR[/LEN]", ARG_PREFIXES, ARG_REPEATED, AT(addrs),
	  .help = "add an address" },
	{ "noaddr", "ADDR[/LEN]", ARG_PREFIXES, ARG_REPEATED, AT(gone),
	  .help = "remove an address" },
	{ "mtu", "BYTES", ARG_NUMBER, 0, AT(mtu), MTU_RANGE,
	  .help = "68 to 65536" },
	{ "isolate", "on|off", ARG_ON_OFF, 0, AT(isolate),
	  .help = "keep out what other devices bring in" },
	{ "direct", "on|off", ARG_ON_OFF, 0, AT(direct),
	  .help = "send past the queue where nothing would miss it" },
	{ "up", NULL, ARG_SET, 0, AT(up), .min = 1, .help = "bring it up" },
	{ "down", NULL, ARG_SET, 0, AT(up), .min = 0,
	  .help = "take it down: lo carries its addresses" },
	END
};

static const struct arg del_args[] = {
	{ NULL, "NAME", ARG_DEV, ARG_REQUIRED, AT(dev), .help = "the device" },
	END
};

static const struct arg show_args[] = {
	{ NULL, "NAME", ARG_DEV, 0, AT(dev), .help = "that device only" },
	END
};

static const struct arg claim_args[] = {
	{ NULL, "TARGET", ARG_TARGETS, ARG_REQUIRED | ARG_REPEATED, AT(targets),
	  .help = "an interface, with all its addresses, or an address" },
	{ "dev", "NAME", ARG_DEV, ARG_REQUIRED, AT(dev),
	  .help = "the device that is to carry it" },
	{ "wait", NULL, ARG_SET, 0, AT(wait), .min = 1,
	  .help = "claim also what is not there yet" },
	END
};

static const struct arg unclaim_args[] = {
	{ NULL, "TARGET", ARG_TARGETS, ARG_REPEATED, AT(targets),
	  .help = "what is claimed" },
	{ "dev", "NAME", ARG_DEV, 0, AT(dev),
	  .help = "by that device; else by whichever has it" },
	{ "--all", NULL, ARG_SET, 0, AT(all), .min = 1,
	  .help = "instead of targets: all claims" },
	END
};

static const struct arg claims_args[] = {
	{ NULL, "NAME", ARG_DEV, 0, AT(dev), .help = "of that device only" },
	END
};

static const struct arg trace_args[] = {
	{ NULL, "HOST", ARG_HOST, ARG_REQUIRED, AT(host),
	  .help = "an address, such as fe80::1%lbx0, or a name" },
	{ NULL, "PORT", ARG_TEXT, 0, AT(service),
	  .help = "its port, or the name of a service; 33434" },
	{ "udp", NULL, ARG_SET, 0, AT(proto), .min = IPPROTO_UDP,
	  .help = "by UDP, the default unless a TCP program has it" },
	{ "tcp", NULL, ARG_SET, 0, AT(proto), .min = IPPROTO_TCP,
	  .help = "by TCP: connect to the port" },
	END
};

static const struct arg stats_args[] = {
	{ NULL, "NAME", ARG_DEV, 0, AT(dev), .help = "of that device only" },
	{ "--cpu", NULL, ARG_SET, 0, AT(cpu), .min = 1,
	  .help = "each CPU's share, too" },
	{ "--watch", "SEC", ARG_SECONDS, 0, AT(interval),
	  .help = "what each second brings, every SEC seconds (1)" },
	END
};

static const struct arg top_args[] = {
	{ "--interval", "SEC", ARG_SECONDS, 0, AT(interval),
	  .help = "seconds from one reading to the next (1)" },
	{ "--cpu", NULL, ARG_SET, 0, AT(cpu), .min = 1,
	  .help = "begin with each CPU's share shown" },
	END
};

static const struct arg no_args[] = { END };

static const struct arg file_args[] = {
	{ NULL, "FILE", ARG_FILE, 0, AT(file), .help = "else stdin" },
	END
};

static const struct arg bench_args[] = {
	{ "full", NULL, ARG_SET, 0, AT(full), .min = 1,
	  .help = "all workloads, from one CPU to all, and known programs" },
	{ "peers", "LIST", ARG_TEXT, 0, AT(peers),
	  .help = "what to compare: \"lo lbx veth\"" },
	{ "workloads", "LIST", ARG_TEXT, 0, AT(workloads),
	  .help = "with sizes in bytes: \"udp:64 tcp-rr:1\"" },
	{ "rounds", "N", ARG_NUMBER, 0, AT(rounds), .min = 1, .max = 9999,
	  .help = "how often each is measured (9)" },
	{ "cpus", "N", ARG_NUMBER, 0, AT(cpus), .min = 1, .max = 1024,
	  .help = "a flow on each of so many CPUs (1)" },
	{ "out", "FOLDER", ARG_FILE, 0, AT(file),
	  .help = "keep JSON, tables and plots there" },
	END
};

const struct command commands[] = {
	{ "add", "Make an lbx device, with its addresses, and bring it up.",
	  "lbx add pg 10.9.0.1/24 2001:db8::1 isolate on", add_args, do_add },
	{ "set", "Change a device, all that is asked for or nothing.",
	  "lbx set pg mtu 1500 addr 10.9.1.1/32", set_args, do_set },
	{ "del", "Remove a device; its addresses and claims go with it.",
	  "lbx del pg", del_args, do_del },
	{ "show", "Show devices: state, addresses, claims, counters and drops.",
	  "lbx show pg", show_args, do_show },
	{ "claim", "Let a device carry local traffic to addresses of others.",
	  "lbx claim eth0 192.0.2.1 dev pg", claim_args, do_claim },
	{ "unclaim", "Give claimed addresses back to lo.",
	  "lbx unclaim eth0", unclaim_args, do_unclaim },
	{ "claims", "List what is claimed, and by which device.",
	  "lbx -j claims", claims_args, do_claims },
	{ "trace", "Show where local traffic to an address goes and why, and prove it.",
	  "lbx trace 192.0.2.1 443", trace_args, do_trace },
	{ "stats", "Show what devices carried, by the way it took, and drops.",
	  "lbx stats pg --cpu --watch 2", stats_args, do_stats },
	{ "top", "Watch all devices live.",
	  "lbx top", top_args, do_top },
	{ "monitor", "Tell of each change of devices, addresses and claims.",
	  "lbx -j monitor", no_args, do_monitor },
	{ "doctor", "Look for what stands in the way, and tell what mends it.",
	  "lbx doctor", no_args, do_doctor },
	{ "bench", "Measure lbx, lo and other ways to do it, side by side, in time.",
	  "lbx bench rounds 9 out results", bench_args, do_bench },
	{ "save", "Print devices, addresses, settings and claims for restore.",
	  "lbx save >lbx.conf", no_args, do_save },
	{ "restore", "Make devices as saved, all of them or nothing.",
	  "lbx restore lbx.conf", file_args, do_restore },
	{ }
};

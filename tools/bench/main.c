// SPDX-License-Identifier: GPL-2.0-only
/*
 * lbx-bench - measure one workload between a client and a server, once
 *
 * The caller sets up their network namespaces and the devices between them: see the
 * script "compare".  Prints a JSON object; results.py documents it.
 */
#include <err.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <jansson.h>

#include "bench.h"

static void print_help(void)
{
	const struct workload *workload;

	puts("Usage: lbx-bench [OPTION...] WORKLOAD SIZE\n"
	     "       lbx-bench --head [KEY=VALUE...]\n\n"
	     "Measures operations between a client and a server in one thread, and prints a\n"
	     "JSON object.  WORKLOAD is one of:\n");
	for (workload = workloads; workload->name; workload++)
		printf("  %-9s %s\n", workload->name, workload->help);
	puts("\n  --to ADDR             address of the server (default: AF_UNIX, as a stream)\n"
	     "  --at ADDR             address that the server binds if a tun device translates\n"
	     "  --client-netns NAME   network namespaces, see ip-netns(8) (default: this one)\n"
	     "  --server-netns NAME\n"
	     "  --dev DEV             bind both sockets to this device\n"
	     "  --via DEV[,DEV]       fail unless these devices and no others have carried\n"
	     "                        the traffic in the network namespace of the client\n"
	     "  --tun DEV             reply on this tun device: swap source and destination\n"
	     "  --flows N             number of clients and servers (1)\n"
	     "  --cpus N              number of threads, one for each CPU, that share them (1)\n"
	     "  --instructions        the clock counts instructions, as in tools/vm/run -i\n"
	     "  --dither              pause before each operation, each time of another length\n"
	     "  --batches N           number of batches (9)\n"
	     "  --divide N            do only one in N operations of a batch, for slow ones\n"
	     "  --seconds S           duration of all batches together (0.9)\n"
	     "  --tag KEY=VALUE       add this to the object (repeatable)\n\n"
	     "--head prints the environment of the measurements instead.");
}

static int read_number(const char *option, const char *text, int max)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end || end == text || n < 1 || n > max)
		errx(2, "%s must be a number from 1 to %d, not \"%s\"", option, max, text);
	return n;
}

static double read_seconds(const char *text)
{
	char *end;
	double s = strtod(text, &end);

	if (*end || end == text || !(s >= 0.01 && s <= 3600))
		errx(2, "--seconds must be 0.01 to 3600, not \"%s\"", text);
	return s;
}

/* Exit if the job cannot be measured. */
static void check_job(const struct job *job)
{
	size_t max = job->workload->type == SOCK_DGRAM ? SIZE_MAX_DGRAM : SIZE_MAX_STREAM;
	cpu_set_t allowed;

	sched_getaffinity(0, sizeof(allowed), &allowed);
	if (job->cpus > CPU_COUNT(&allowed))
		errx(2, "--cpus %d: only %d are available", job->cpus, CPU_COUNT(&allowed));
	if (job->size > max)
		errx(2, "%s takes sizes from 1 to %zu", job->workload->name, max);
	if (job->instructions && job->cpus > 1)
		errx(2, "--instructions counts on one CPU only, omit --cpus");
	if (job->cpus > job->flows)
		errx(2, "--cpus %d: must not be more than --flows %d", job->cpus,
		     job->flows);
}

/* Raise the limit of open files: a flow needs three, and the usual limit is 1024 in
 * total.
 */
static void allow_files(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void print_result(const struct job *job, const struct result *result, json_t *object)
{
	json_t *values;

	values = json_pack("{s:s, s:I, s:i, s:i, s:s, s:f, s:s, s:f, s:I, s:I, s:I, s:I}",
			   "workload", job->workload->name, "size", (json_int_t)job->size,
			   "flows", job->flows, "cpus", job->cpus,
			   "measure", job->instructions ? "instructions" : "time",
			   "value", result->value,
			   "unit", job->instructions ? "instructions/op" : "ns/op",
			   "spread", result->spread,
			   "operations", (json_int_t)result->operations,
			   "p50", (json_int_t)result->p50, "p99", (json_int_t)result->p99,
			   "p999", (json_int_t)result->p999);
	if (!values || json_object_update(object, values) ||
	    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9)))
		errx(1, "cannot print the result");
	putchar('\n');
}

int main(int argc, char **argv)
{
	enum { TO = 1, AT, CLIENT_NETNS, SERVER_NETNS, DEV, VIA, TUN, FLOWS, CPUS,
	       INSTRUCTIONS, DITHER, BATCHES, DIVIDE, SECONDS, TAG, HEAD, HELP };
	static const struct option options[] = {
		{ "to",			required_argument,	NULL, TO },
		{ "at",			required_argument,	NULL, AT },
		{ "client-netns",	required_argument,	NULL, CLIENT_NETNS },
		{ "server-netns",	required_argument,	NULL, SERVER_NETNS },
		{ "dev",		required_argument,	NULL, DEV },
		{ "via",		required_argument,	NULL, VIA },
		{ "tun",		required_argument,	NULL, TUN },
		{ "flows",		required_argument,	NULL, FLOWS },
		{ "cpus",		required_argument,	NULL, CPUS },
		{ "instructions",	no_argument,		NULL, INSTRUCTIONS },
		{ "dither",		no_argument,		NULL, DITHER },
		{ "batches",		required_argument,	NULL, BATCHES },
		{ "divide",		required_argument,	NULL, DIVIDE },
		{ "seconds",		required_argument,	NULL, SECONDS },
		{ "tag",		required_argument,	NULL, TAG },
		{ "head",		no_argument,		NULL, HEAD },
		{ "help",		no_argument,		NULL, HELP },
		{ }
	};
	struct job job = { .flows = 1, .cpus = 1, .batches = 9, .divide = 1, .seconds = 0.9 };
	json_t *object = json_object();
	struct carriers *before, *after;
	struct result result;
	struct flow *flows;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case TO:
			job.to = optarg;
			break;
		case AT:
			job.at = optarg;
			break;
		case CLIENT_NETNS:
			job.client_netns = optarg;
			break;
		case SERVER_NETNS:
			job.server_netns = optarg;
			break;
		case DEV:
			job.dev = optarg;
			break;
		case VIA:
			job.via = optarg;
			break;
		case TUN:
			job.tun = optarg;
			break;
		case FLOWS:
			job.flows = read_number("--flows", optarg, 10000);
			break;
		case CPUS:
			job.cpus = read_number("--cpus", optarg, 1024);
			break;
		case INSTRUCTIONS:
			job.instructions = true;
			break;
		case DITHER:
			job.dither = true;
			break;
		case BATCHES:
			job.batches = read_number("--batches", optarg, 1000);
			break;
		case DIVIDE:
			job.divide = read_number("--divide", optarg, 1000);
			break;
		case SECONDS:
			job.seconds = read_seconds(optarg);
			break;
		case TAG:
			if (!add_tag(object, optarg))
				errx(2, "--tag must be KEY=VALUE, not \"%s\"", optarg);
			break;
		case HEAD:
			return print_head(argc - optind, argv + optind);
		case HELP:
			print_help();
			return 0;
		default:
			errx(2, "see --help");
		}
	}
	if (argc - optind != 2)
		errx(2, "a workload and a size are required, see --help");
	job.workload = find_workload(argv[optind]);
	if (!job.workload)
		errx(2, "unknown workload \"%s\", see --help", argv[optind]);
	job.size = read_number("SIZE", argv[optind + 1], SIZE_MAX_STREAM);
	check_job(&job);
	allow_files();

	flows = open_flows(&job);
	before = carriers_now();
	measure(&job, flows, &result);
	after = carriers_now();
	carriers_check(before, after, job.via, result.operations);
	print_result(&job, &result, object);
	return 0;
}

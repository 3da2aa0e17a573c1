/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of lbx-bench share.  Each does one thing:
 *
 *   main.c      options, and the measurement as JSON
 *   workload.c  the table of workloads, and what one operation of each does
 *   flow.c      the sockets that it is done on, in their network namespaces
 *   echo.c      who answers behind a tun device
 *   measure.c   how often it is done, by whom, and what that took
 *   carrier.c   which devices carried it
 *   hist.c      the distribution of single operations
 *   stat.c      medians and spreads
 *   head.c      what it ran on
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <jansson.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* The most that one operation sends at once */
#define SIZE_MAX_STREAM	(1 << 20)
#define SIZE_MAX_DGRAM	65000

/**
 * struct workload - what an operation is
 * @name: on the command line and in the JSON
 * @type: SOCK_DGRAM or SOCK_STREAM
 * @answer: the server sends as much back
 * @zerocopy: sent with MSG_ZEROCOPY
 * @connects: each operation has a connection of its own
 * @batch: operations of little size that are measured as one, see batch_of()
 * @help: one operation, in a few words
 */
struct workload {
	const char	*name;
	int		type;
	bool		answer;
	bool		zerocopy;
	bool		connects;
	int		batch;
	const char	*help;
};

/**
 * struct address - where a socket is, or goes to
 * @len: of @ss, 0 if there is none
 * @ss: the address
 */
struct address {
	socklen_t		len;
	struct sockaddr_storage	ss;
};

/**
 * struct flow - a client and a server that talk
 * @client: connected to the server
 * @server: connected to the client, but for datagrams; -1 if an operation connects
 * @listener: accepts, -1 if nobody has to
 * @to: where the client connects to
 * @dev: the device that both are bound to, or NULL
 */
struct flow {
	int		client;
	int		server;
	int		listener;
	struct address	to;
	const char	*dev;
};

/**
 * struct job - what is to be measured, as the command line has it
 * @workload: the operation
 * @size: of what is sent, in bytes
 * @to: the address that clients connect to; none for AF_UNIX
 * @at: the address that servers have, which is @to unless somebody translates
 * @client_netns: where the clients are; NULL for right here
 * @server_netns: where the servers are; NULL for right here
 * @dev: sockets are bound to this device, or NULL
 * @via: the devices that have to carry it, separated by commas, or NULL
 * @tun: the tun device behind which echo.c answers, or NULL
 * @flows: number of clients and servers
 * @cpus: number of threads, which share the flows out; each has a CPU
 * @instructions: a nanosecond of the clock is an instruction
 * @dither: pause before each operation, so that samples hit another part of it
 * @batches: number of batches
 * @divide: of a batch's operations, do one in so many
 * @seconds: how long they take together, unless @instructions
 */
struct job {
	const struct workload	*workload;
	size_t			size;
	const char		*to;
	const char		*at;
	const char		*client_netns;
	const char		*server_netns;
	const char		*dev;
	const char		*via;
	const char		*tun;
	int			flows;
	int			cpus;
	bool			instructions;
	bool			dither;
	int			batches;
	int			divide;
	double			seconds;
};

/**
 * struct result - what came out
 * @value: nanoseconds, or instructions, per operation: the median of the batches
 * @spread: by how much the batches differ, in percent of @value
 * @operations: how many there have been in all, the first ones included
 * @p50: the median of single operations, less what it takes to look at the clock
 * @p99: likewise, 99 of 100 take no longer
 * @p999: likewise, 999 of 1000
 */
struct result {
	double		value;
	double		spread;
	uint64_t	operations;
	uint64_t	p50;
	uint64_t	p99;
	uint64_t	p999;
};

/* workload.c */
extern const struct workload workloads[];
const struct workload *find_workload(const char *name);
int batch_of(const struct workload *workload, size_t size);
void operate(const struct workload *workload, struct flow *flow, size_t size);

/* flow.c */
int new_socket(int family, int type, const char *dev);
void set_nodelay(int fd);
struct flow *open_flows(const struct job *job);

/* echo.c */
bool echo_swap(unsigned char *packet, size_t len);
void echo_start(const char *tun);

/* measure.c */
void measure(const struct job *job, struct flow *flows, struct result *result);

/* carrier.c */
struct carriers;
struct carriers *carriers_now(void);
void carriers_check(const struct carriers *before, const struct carriers *after,
		    const char *via, uint64_t operations);
bool carriers_differ(const char *before, const char *after, const char *via,
		     uint64_t operations, char *why, size_t size);

/* stat.c */
double median(double *values, size_t n);
double spread(double *values, size_t n);

/* head.c */
int print_head(int argc, char **argv);

/* main.c */
bool add_tag(json_t *object, const char *text);

#endif /* BENCH_H */

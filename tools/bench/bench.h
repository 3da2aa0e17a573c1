/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by all files of lbx-bench:
 *
 *   main.c      options, and the measurement as JSON
 *   workload.c  the table of workloads, and one operation of each
 *   flow.c      the sockets of the operations, in their network namespaces
 *   echo.c      the responder behind a tun device
 *   measure.c   batches of operations, their threads, and the time they take
 *   carrier.c   the devices that carried the operations
 *   hist.c      the distribution of single operations
 *   stat.c      medians and spreads
 *   head.c      the tags and the environment of the measurement
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <jansson.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* Most bytes that one operation sends at once */
#define SIZE_MAX_STREAM	(1 << 20)
#define SIZE_MAX_DGRAM	65000

/**
 * struct workload - a kind of operation
 * @name: its name on the command line and in JSON
 * @type: SOCK_DGRAM or SOCK_STREAM
 * @answer: the server sends the same amount back
 * @zerocopy: send with MSG_ZEROCOPY
 * @connects: each operation has its own connection
 * @batch: number of small operations in a batch, see batch_of()
 * @help: description of one operation for the help
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
 * struct address - address of a socket
 * @len: length of @ss, 0 for no address
 * @ss: the address
 */
struct address {
	socklen_t		len;
	struct sockaddr_storage	ss;
};

/**
 * struct flow - a client and a server that exchange data
 * @client: connected to the server
 * @server: connected to the client, unless it is a datagram socket; -1 if each operation
 *	connects
 * @listener: accepts connections, or -1
 * @to: the address to which the client connects
 * @dev: the device to which both are bound, or NULL
 */
struct flow {
	int		client;
	int		server;
	int		listener;
	struct address	to;
	const char	*dev;
};

/**
 * struct job - a measurement, as specified on the command line
 * @workload: the operation
 * @size: bytes that an operation sends
 * @to: the address to which clients connect; NULL for AF_UNIX
 * @at: the address that servers bind, if it differs from @to because of translation
 * @client_netns: netns of the clients; NULL for the current one
 * @server_netns: netns of the servers; NULL for the current one
 * @dev: the device to which all sockets are bound, or NULL
 * @via: the devices that must carry the traffic, separated by commas, or NULL
 * @tun: the tun device behind which echo.c answers, or NULL
 * @flows: number of clients and servers
 * @cpus: number of threads, which share the flows; each has its own CPU
 * @instructions: the clock counts one nanosecond per instruction
 * @dither: pause before each operation, so that samples hit other parts of it
 * @batches: number of batches
 * @divide: divides the number of operations in a batch
 * @seconds: duration of all batches together, unless @instructions
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
 * struct result - the result of a measurement
 * @value: nanoseconds or instructions per operation: the median of the batches
 * @spread: the difference between the batches, in percent of @value
 * @operations: number of operations in total, including the warm-up
 * @p50: the median of single operations, without the cost of reading the clock
 * @p99: likewise, the 99th percentile
 * @p999: likewise, the 99.9th percentile
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
bool add_tag(json_t *object, const char *text);
int print_head(int argc, char **argv);

#endif /* BENCH_H */

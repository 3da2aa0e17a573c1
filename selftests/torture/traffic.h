/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the sources of traffic share: the state of sender and receiver, random numbers and
 * the pattern. See traffic.c.
 */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <linux/types.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define MAGIC		0x6c62782074726166ULL
#define CONNS		256
#define CHUNK_MAX	65536
/* milliseconds between two checks whether to wait any longer */
#define LOOK		1000

/* Header of each stream and of each datagram */
struct header {
	__u64 magic;
	__u64 seq;		/* number of the connection or datagram */
	__u64 len;		/* total length, including this header */
};

/* A connection, which sender and receiver find by seq % CONNS */
struct conn {
	atomic_ullong seq;
	atomic_ullong total;	/* what the sender intends to send */
	atomic_ullong acked;	/* at least */
	atomic_ullong received;
	atomic_int aborted;	/* the sender has broken it, or found it broken */
	atomic_int ended;	/* how many of the two have ended */
};

struct shared {
	atomic_ullong opened, refused, broken, complete;
	atomic_ullong sent, refused_sends, received, bytes, checks;
	atomic_llong alive[2];	/* time of the last activity, in ms */
	atomic_int sender_ended;
	struct conn conns[CONNS];
};

extern struct shared *shared;

/* Arguments of the program, and what follows from them */
extern const char *kind, *where;
extern struct sockaddr_storage addr, peer;
extern socklen_t addrlen;
extern int family, proto;
extern __u16 ping_id;

extern atomic_int stop;

long long now_ms(void);
void alive(void);
void pause_ms(int ms);
__u64 chance(__u64 n);
void fill(unsigned char *buf, __u64 seq, __u64 offset, size_t len);
void check_pattern(const unsigned char *buf, __u64 seq, __u64 offset, size_t len);
int new_socket(int type);
bool ready(int fd, int events, int ms);

/* traffic_stream.c */
void send_stream(void);
void receive_stream(void);

/* traffic_datagram.c */
void send_datagrams(void);
void receive_datagrams(void);

#endif /* TRAFFIC_H */

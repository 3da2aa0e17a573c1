// SPDX-License-Identifier: GPL-2.0
/*
 * stamps sent|received ADDR: request the software timestamps of a datagram to this
 * machine
 *
 * sent: when it is queued (SCHED) and when the device gets it (SND). received: when it
 * arrives (SO_TIMESTAMPNS). The exit status is 0 if the timestamps arrive and lie, in
 * this order, between the call of send() and the moment when the datagram could be
 * read. Otherwise the program prints what is wrong.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
/* needs struct timespec */
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>

#include "sockets.h"

/* milliseconds for something to happen, and number of attempts */
#define LIMIT	20000
#define TRIES	1000

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

union control {
	struct cmsghdr align;
	char buf[512];
};

static void receive(int fd, int flags, struct msghdr *msg, union control *control)
{
	static char buf[256];
	static struct iovec iov;

	iov.iov_base = buf;
	iov.iov_len = sizeof(buf);
	memset(msg, 0, sizeof(*msg));
	msg->msg_iov = &iov;
	msg->msg_iovlen = 1;
	msg->msg_control = control->buf;
	msg->msg_controllen = sizeof(control->buf);
	if (recvmsg(fd, msg, flags) < 0)
		err(1, "recvmsg");
}

static void wait_for(int fd, short events, const char *what)
{
	struct pollfd pollfd = { .fd = fd, .events = events };

	if (poll(&pollfd, 1, LIMIT) != 1)
		errx(1, "%s did not arrive", what);
}

/* Read one of the two timestamps in the error queue into stamps[], by SCM_TSTAMP_* */
static void read_sent(int fd, long long *stamps)
{
	union control control;
	struct scm_timestamping ts = { };
	struct sock_extended_err ee = { };
	struct cmsghdr *cmsg;
	struct msghdr msg;

	receive(fd, MSG_ERRQUEUE, &msg, &control);
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (cmsg->cmsg_level == SOL_SOCKET &&
		    cmsg->cmsg_type == SO_TIMESTAMPING)
			memcpy(&ts, CMSG_DATA(cmsg), sizeof(ts));
		else if (cmsg->cmsg_level != SOL_SOCKET)
			memcpy(&ee, CMSG_DATA(cmsg), sizeof(ee));
	}
	if (ee.ee_origin != SO_EE_ORIGIN_TIMESTAMPING || ee.ee_info > SCM_TSTAMP_SCHED)
		errx(1, "an error was queued instead of a timestamp");
	stamps[ee.ee_info] = ts.ts[0].tv_sec * 1000000000LL + ts.ts[0].tv_nsec;
}

static long long read_received(int fd)
{
	union control control;
	struct cmsghdr *cmsg;
	struct timespec ts;
	struct msghdr msg;

	receive(fd, 0, &msg, &control);
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (cmsg->cmsg_level == SOL_SOCKET &&
		    cmsg->cmsg_type == SO_TIMESTAMPNS) {
			memcpy(&ts, CMSG_DATA(cmsg), sizeof(ts));
			return ts.tv_sec * 1000000000LL + ts.tv_nsec;
		}
	}
	errx(1, "no timestamp of the arrival");
}

static void check_sent(int out, int in)
{
	long long start, end, stamps[SCM_TSTAMP_SCHED + 1] = { };
	int ask = SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_SOFTWARE |
		  SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY;
	int i;

	if (setsockopt(out, SOL_SOCKET, SO_TIMESTAMPING, &ask, sizeof(ask)))
		err(2, "SO_TIMESTAMPING");
	start = now();
	if (send(out, "lbx", 3, 0) != 3)
		err(1, "send");
	wait_for(in, POLLIN, "the datagram");
	end = now();
	for (i = 1; i <= 2; i++) {
		wait_for(out, POLLERR, i == 1 ? "a timestamp" : "the second timestamp");
		read_sent(out, stamps);
	}
	if (start > stamps[SCM_TSTAMP_SCHED] ||
	    stamps[SCM_TSTAMP_SCHED] > stamps[SCM_TSTAMP_SND] ||
	    stamps[SCM_TSTAMP_SND] > end)
		errx(1, "ns after send(): SCHED %lld, SND %lld, readable %lld",
		     stamps[SCM_TSTAMP_SCHED] - start, stamps[SCM_TSTAMP_SND] - start,
		     end - start);
}

/* A datagram without a timestamp at its arrival gets one when it is read. The kernel
 * may need a moment until it takes timestamps for SO_TIMESTAMPNS.
 */
static void check_received(int out, int in)
{
	long long start, end, received;
	int on = 1, tries;

	if (setsockopt(in, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)))
		err(2, "SO_TIMESTAMPNS");
	for (tries = 0; tries < TRIES; tries++) {
		start = now();
		if (send(out, "lbx", 3, 0) != 3)
			err(1, "send");
		wait_for(in, POLLIN, "the datagram");
		end = now();
		usleep(1000);
		received = read_received(in);
		if (received < start)
			errx(1, "the receive timestamp is before send()");
		if (received <= end)
			return;
	}
	errx(1, "the receive timestamp is that of the read, not of the arrival");
}

int main(int argc, char **argv)
{
	struct addrinfo *ai;
	int in, out;

	ai = argc == 3 ? parse_addr(argv[2], "0") : NULL;
	if (!ai)
		errx(2, "usage: stamps sent|received ADDR");

	in = socket(ai->ai_family, SOCK_DGRAM, 0);
	out = socket(ai->ai_family, SOCK_DGRAM, 0);
	connect_pair(in, out, ai);

	if (!strcmp(argv[1], "sent"))
		check_sent(out, in);
	else
		check_received(out, in);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Streams of traffic: TCP and SCTP connections, of which each byte is checked, also how
 * many arrive. See traffic.c.
 */
#define _GNU_SOURCE	/* accept4() */
#include <err.h>
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "traffic.h"

#define CONN_MAX	(4 << 20)
/* milliseconds without progress that end a connection, or the attempt to make one */
#define STALLED		8000
#define UNCONNECTED	3000

static bool is_gone(int error)
{
	return error != EAGAIN && error != EINTR;
}

/* Both call this when they are done with CONN; the second has all numbers */
static void end_conn(struct conn *conn)
{
	if (atomic_fetch_add(&conn->ended, 1) != 1)
		return;
	shared->checks++;
	if (conn->received < conn->acked)
		errx(1, "%s %s: connection %llu has %llu bytes, %llu are acknowledged", kind,
		     where, conn->seq, conn->received, conn->acked);
	if (conn->received < conn->total && !conn->aborted)
		errx(1, "%s %s: connection %llu has ended after %llu of %llu bytes", kind, where,
		     conn->seq, conn->received, conn->total);
}

static void count_acked(struct conn *conn, int fd, __u64 sent)
{
	int queued;

	/* SCTP does not report this */
	if (!ioctl(fd, SIOCOUTQ, &queued) && sent - queued > conn->acked)
		conn->acked = sent - queued;
}

static int open_conn(void)
{
	int fd = new_socket(SOCK_STREAM), error = 0;
	struct sockaddr_storage from = addr;
	socklen_t len = sizeof(error);
	long long start = now_ms();

	/* SCTP offers the peer all addresses that it is bound to */
	if (proto == IPPROTO_SCTP) {
		((struct sockaddr_in *)&from)->sin_port = 0;
		if (bind(fd, (struct sockaddr *)&from, addrlen))
			goto refused;
	}
	if (!connect(fd, (struct sockaddr *)&addr, addrlen))
		return fd;
	if (errno != EINPROGRESS)
		goto refused;
	while (!ready(fd, POLLOUT, LOOK))
		if (stop || now_ms() - start > UNCONNECTED)
			goto refused;
	if (!getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) && !error)
		return fd;
refused:
	close(fd);
	return -1;
}

/* Break the connection by a reset. SCTP sends nothing after the present data instead:
 * kernels that check their RCU lists (6.12) report sctp_bind_addr_state() for an ABORT
 * that a socket finds in its backlog.
 */
static void break_conn(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	if (proto == IPPROTO_SCTP)
		return;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

/* Return true if the receiver has received everything, which it signals by closing */
static bool send_conn(struct conn *conn, int fd, __u64 break_at)
{
	static unsigned char buf[CHUNK_MAX];
	__u64 sent = 0, acked = 0;
	long long progress = now_ms();
	struct header header = {
		.magic	= MAGIC,
		.seq	= conn->seq,
		.len	= conn->total,
	};
	int flags;
	ssize_t n;
	size_t len;

	while (!stop && now_ms() - progress < STALLED) {
		if (conn->acked > acked) {
			acked = conn->acked;
			progress = now_ms();
		}
		if (sent == conn->total) {
			count_acked(conn, fd, sent);
			if (!ready(fd, POLLIN, LOOK))
				continue;
			n = recv(fd, buf, sizeof(buf), 0);
			if (!n)
				return true;
			if (n < 0 && is_gone(errno))
				break;
			continue;
		}
		if (sent >= break_at)
			break;

		if (!ready(fd, POLLOUT, LOOK))
			continue;
		if (!sent) {
			memcpy(buf, &header, sizeof(header));
			len = sizeof(header);
		} else {
			len = 1 + chance(chance(4) ? 4096 :
					 proto == IPPROTO_SCTP ? 16384 : CHUNK_MAX);
			if (len > conn->total - sent)
				len = conn->total - sent;
			fill(buf, conn->seq, sent, len);
		}
		flags = MSG_NOSIGNAL;
		if (proto == IPPROTO_TCP && sent + len < conn->total && !chance(4))
			flags |= MSG_MORE;
		n = send(fd, buf, len, flags);
		if (n < 0 && is_gone(errno))
			break;
		if (n > 0) {
			/* the complete header, or the data would be out of order */
			if (!sent && n != (ssize_t)len)
				break;
			sent += n;
			progress = now_ms();
			shared->sent += n;
		}
		count_acked(conn, fd, sent);
		if (!chance(4))
			pause_ms(chance(50));
	}
	conn->aborted = 1;
	count_acked(conn, fd, sent);
	break_conn(fd);
	return false;
}

void send_stream(void)
{
	struct conn *conn;
	__u64 seq;
	int fd;

	for (seq = 1; !stop; seq++) {
		fd = open_conn();
		if (fd < 0) {
			shared->refused++;
			pause_ms(100);
			continue;
		}
		shared->opened++;
		conn = &shared->conns[seq % CONNS];
		conn->total = sizeof(struct header) + chance(chance(4) ? 65536 : CONN_MAX);
		conn->acked = 0;
		conn->received = 0;
		conn->aborted = 0;
		conn->ended = 0;
		conn->seq = seq;
		if (send_conn(conn, fd, chance(8) ? CONN_MAX * 2 : chance(CONN_MAX)))
			shared->complete++;
		else
			shared->broken++;
		close(fd);
		end_conn(conn);
		pause_ms(chance(50));
	}
}

/* Receive from FD until its end, or until the sender has given up and nothing is
 * left
 */
static void receive_conn(int fd)
{
	static unsigned char buf[CHUNK_MAX];
	struct conn *conn = NULL;
	struct header header;
	__u64 received = 0;
	long long start = now_ms();
	bool given_up;
	ssize_t n;

	for (;;) {
		given_up = conn ? conn->seq != header.seq || conn->ended :
			   stop || shared->sender_ended || now_ms() - start > STALLED;
		alive();
		if (received < sizeof(header))
			n = recv(fd, (char *)&header + received,
				 sizeof(header) - received, 0);
		else
			n = recv(fd, buf, sizeof(buf), 0);
		if (n < 0 && !is_gone(errno)) {
			if (given_up)
				break;
			ready(fd, POLLIN, LOOK);
			continue;
		}
		if (n <= 0)
			break;
		shared->bytes += n;
		if (conn)
			check_pattern(buf, header.seq, received, n);
		received += n;
		if (conn && received > header.len)
			errx(1, "%s %s: connection %llu has %llu of %llu bytes", kind, where,
			     (unsigned long long)header.seq, (unsigned long long)received,
			     (unsigned long long)header.len);
		if (!conn && received == sizeof(header)) {
			if (header.magic != MAGIC)
				errx(1, "%s %s: a stream begins with an unknown header",
				     kind, where);
			conn = &shared->conns[header.seq % CONNS];
			if (conn->seq == header.seq && conn->total != header.len)
				errx(1, "%s %s: connection %llu has %llu bytes, expected %llu",
				     kind, where, conn->seq,
				     (unsigned long long)header.len, conn->total);
		}
		if (conn && received == header.len)
			break;
	}
	/* the other end waits for this, as the signal that everything has arrived */
	if (conn && received < header.len)
		break_conn(fd);
	close(fd);
	shared->received++;
	if (conn && conn->seq == header.seq) {
		conn->received = received;
		/* end_conn() checks if less than everything was received, and if that
		 * is allowed
		 */
		end_conn(conn);
	}
}

void receive_stream(void)
{
	long long last;
	int in, fd, n;

	while (!stop || !shared->sender_ended) {
		in = new_socket(SOCK_STREAM);
		/* the address does not exist now */
		if (bind(in, (struct sockaddr *)&addr, addrlen) || listen(in, 8)) {
			close(in);
			pause_ms(100);
			continue;
		}
		/* for a number of connections, then with a new socket */
		last = now_ms();
		for (n = 1 + chance(16); n && now_ms() - last < 2 * STALLED; ) {
			if (stop && shared->sender_ended)
				break;
			if (!ready(in, POLLIN, LOOK))
				continue;
			fd = accept4(in, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
			if (fd < 0)
				continue;
			receive_conn(fd);
			last = now_ms();
			n--;
		}
		close(in);
	}
}

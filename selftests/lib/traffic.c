// SPDX-License-Identifier: GPL-2.0
/*
 * traffic tcp|sctp|udp|ping ADDR PORT SEED
 * traffic mcast DEV[,DEV]... PORT SEED
 *
 * Run a flow of local traffic until SIGTERM, whatever happens to the address or the
 * device meanwhile. A sender and a receiver check what arrives:
 *
 * - Streams (TCP, SCTP): each byte, against a pattern that depends on its position. If a
 *   connection breaks, or makes no progress, the next one is made. On a broken connection
 *   as much has to arrive as was acknowledged (TCP), and on one that has ended in order,
 *   everything.
 * - Datagrams (UDP, echo replies, UDP to a multicast group): those that arrive with a
 *   correct checksum are undamaged. They may be lost.
 *
 * mcast uses the first of its devices that exists. SEED selects sizes and options.
 *
 * The program prints a line each second, "NAME=VALUE ...": opened, refused (not
 * opened), broken, complete connections (datagrams: opened and refused sockets); sent
 * and refused_sends, received and bytes that were checked; checks, of connections that
 * have ended; and the PIDs of sender and receiver, with the seconds since each was last
 * alive. The exit status is 0 if nothing was lost or changed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/types.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT	103
#endif
#ifndef UDP_GRO
#define UDP_GRO		104
#endif

#define MAGIC		0x6c62782074726166ULL
#define CONNS		256
#define CONN_MAX	(4 << 20)
#define CHUNK_MAX	65536
#define DGRAM_MAX	60000
/* milliseconds without progress that end a connection, or the attempt to make one */
#define STALLED		8000
#define UNCONNECTED	3000
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

static struct shared {
	atomic_ullong opened, refused, broken, complete;
	atomic_ullong sent, refused_sends, received, bytes, checks;
	atomic_llong alive[2];	/* time of the last activity, in ms */
	atomic_int sender_ended;
	struct conn conns[CONNS];
} *shared;

enum { SENDER, RECEIVER };
static int role;

static const char *kind, *where;
static __u64 seed, state;
static struct sockaddr_storage addr, peer;
static socklen_t addrlen;
static int family, proto, port;
static __u16 ping_id;
static atomic_int stop;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void alive(void)
{
	shared->alive[role] = now_ms();
}

/* On a debug kernel (see lib.sh) other processes have to make progress, too */
static void pause_ms(int ms)
{
	static int pace;

	if (!pace)
		pace = getenv("KSFT_MACHINE_SLOW") ? 3 : 1;
	alive();
	poll(NULL, 0, ms * pace);
}

/* splitmix64 */
static __u64 mix(__u64 x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static __u64 chance(__u64 n)
{
	state = mix(state);
	return state % n;
}

/* The pattern: byte OFFSET of number SEQ differs from that of any other number */
static __u64 word(__u64 seq, __u64 offset)
{
	return mix(mix(seed ^ seq) + offset / 8);
}

static void fill(unsigned char *buf, __u64 seq, __u64 offset, size_t len)
{
	__u64 w;
	size_t i;

	for (i = 0; i < len && (offset + i) % 8; i++)
		buf[i] = word(seq, offset + i) >> (offset + i) % 8 * 8;
	for (; i + 8 <= len; i += 8) {
		w = word(seq, offset + i);
		memcpy(buf + i, &w, 8);
	}
	for (; i < len; i++)
		buf[i] = word(seq, offset + i) >> (offset + i) % 8 * 8;
}

static void check_pattern(const unsigned char *buf, __u64 seq, __u64 offset,
			  size_t len)
{
	static unsigned char want[CHUNK_MAX];
	size_t i;

	fill(want, seq, offset, len);
	if (!memcmp(buf, want, len))
		return;
	for (i = 0; buf[i] == want[i]; i++)
		;
	errx(1, "%s %s: number %llu has changed: byte %llu is 0x%02x, expected 0x%02x",
	     kind, where, (unsigned long long)seq,
	     (unsigned long long)offset + i, buf[i], want[i]);
}

static int new_socket(int type)
{
	int on = 1, fd;

	fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, proto);
	if (fd < 0)
		err(1, "%s %s: socket", kind, where);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return fd;
}

/* Return true if FD is ready within MS milliseconds */
static bool ready(int fd, int events, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	alive();
	return poll(&pfd, 1, ms) > 0;
}

/* Streams */

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

static void send_stream(void)
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

static void receive_stream(void)
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

/* Datagrams */

static size_t new_datagram(unsigned char *buf, __u64 seq, size_t len)
{
	struct header header = { .magic = MAGIC, .seq = seq, .len = len };

	memcpy(buf, &header, sizeof(header));
	fill(buf + sizeof(header), seq, sizeof(header), len - sizeof(header));
	return len;
}

/* UDP_GRO may deliver several datagrams at once */
static void check_datagrams(const unsigned char *buf, size_t n)
{
	struct header header;
	size_t done;

	for (done = 0; done < n; done += header.len) {
		if (n - done >= sizeof(header))
			memcpy(&header, buf + done, sizeof(header));
		if (n - done < sizeof(header) || header.magic != MAGIC ||
		    header.len < sizeof(header) || header.len > n - done)
			errx(1, "%s %s: a datagram of %zu bytes has changed at %zu", kind, where,
			     n, done);
		check_pattern(buf + done + sizeof(header), header.seq, sizeof(header),
			      header.len - sizeof(header));
		shared->received++;
		shared->checks++;
		shared->bytes += header.len;
	}
}

/* Return the index of the first device of mcast that exists, or 0 */
static unsigned int find_device(void)
{
	char names[128], path[256], *name, *rest = names;
	unsigned int index = 0;
	FILE *file;

	snprintf(names, sizeof(names), "%s", where);
	while (!index && (name = strsep(&rest, ","))) {
		/* SIOCGIFINDEX starts modprobe for each name that does not exist */
		snprintf(path, sizeof(path), "/sys/class/net/%s/ifindex", name);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (fscanf(file, "%u", &index) != 1)
			index = 0;
		fclose(file);
	}
	return index;
}

static int open_udp(bool sender)
{
	int fd = new_socket(SOCK_DGRAM), size = 1 << 20, on = 1;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)(sender ? &peer : &addr), addrlen) ||
	    connect(fd, (struct sockaddr *)(sender ? &addr : &peer), addrlen)) {
		close(fd);
		return -1;
	}
	if (!sender && chance(2))
		setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on));
	return fd;
}

static int open_mcast(bool sender, unsigned int index)
{
	struct sockaddr_in *group = (struct sockaddr_in *)&addr;
	struct ip_mreqn mreq = {
		.imr_multiaddr	= group->sin_addr,
		.imr_ifindex	= index,
	};
	int fd = new_socket(SOCK_DGRAM), error;

	if (sender)
		error = setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &mreq, sizeof(mreq)) ||
			connect(fd, (struct sockaddr *)&addr, addrlen);
	else
		error = bind(fd, (struct sockaddr *)&addr, addrlen) ||
			setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq));
	if (error) {
		close(fd);
		return -1;
	}
	return fd;
}

static int open_ping(void)
{
	int fd = new_socket(SOCK_RAW);

	if (connect(fd, (struct sockaddr *)&addr, addrlen)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Return a socket, or -1 for some time; for mcast, *INDEX is its device */
static int open_datagram(bool sender, unsigned int *index)
{
	int fd;

	*index = *kind == 'm' ? find_device() : 0;
	if (*kind == 'm')
		fd = *index ? open_mcast(sender, *index) : -1;
	else
		fd = *kind == 'p' ? open_ping() : open_udp(sender);
	if (fd >= 0) {
		shared->opened++;
	} else {
		shared->refused++;
		pause_ms(100);
	}
	return fd;
}

static __u16 checksum(const unsigned char *buf, size_t len)
{
	__u32 sum = 0;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += buf[i] << 8 | buf[i + 1];
	if (len % 2)
		sum += buf[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Both echo headers have 8 bytes: type, code, checksum, id, sequence */
#define ECHO_LEN	8

static size_t new_echo(unsigned char *buf, __u64 seq, size_t len)
{
	__u16 id = htons(ping_id), low = htons(seq), sum;

	memset(buf, 0, ECHO_LEN);
	buf[0] = family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
	memcpy(buf + 4, &id, sizeof(id));
	memcpy(buf + 6, &low, sizeof(low));
	len = ECHO_LEN + new_datagram(buf + ECHO_LEN, seq, len);
	/* the kernel computes that of ICMPv6 */
	if (family == AF_INET) {
		sum = htons(checksum(buf, len));
		memcpy(buf + 2, &sum, sizeof(sum));
	}
	return len;
}

/* Check replies to our requests only, of all that raw sockets receive. In IPv4 raw
 * sockets receive packets before the kernel checks the checksum, including those that
 * netem has changed.
 */
static void check_echo(const unsigned char *buf, size_t n)
{
	size_t skip = family == AF_INET && n ? (buf[0] & 15) * 4 : 0;
	__u16 id = htons(ping_id);

	if (n < skip + ECHO_LEN || memcmp(buf + skip + 4, &id, sizeof(id)) ||
	    buf[skip] != (family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY))
		return;
	if (family == AF_INET && checksum(buf + skip, n - skip))
		return;
	check_datagrams(buf + skip + ECHO_LEN, n - skip - ECHO_LEN);
}

static void send_datagrams(void)
{
	static unsigned char buf[CHUNK_MAX];
	__u64 seq = 1;
	unsigned int index;
	int fd, left, segment, n, i;
	size_t len;

	while (!stop) {
		fd = open_datagram(true, &index);
		/* a limited number, and then a new socket */
		for (left = 1 + chance(512); fd >= 0 && left && !stop; left--) {
			segment = 0;
			n = 1;
			len = sizeof(struct header) + chance(chance(4) ? 1400 : DGRAM_MAX);
			if (*kind == 'p') {
				len = new_echo(buf, seq++, len);
			} else {
				if (*kind == 'u' && len < 1400 && !chance(4)) {
					segment = len;
					n = 1 + chance(16);
				}
				for (i = 0; i < n; i++)
					new_datagram(buf + i * len, seq++, len);
				if (*kind == 'u')
					setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment,
						   sizeof(segment));
				len *= n;
			}
			if (send(fd, buf, len, 0) == (ssize_t)len) {
				shared->sent += n;
			} else {
				shared->refused_sends++;
				pause_ms(20);
			}
			alive();
			if (!chance(4))
				pause_ms(chance(50));
			if (index && index != find_device())
				break;
		}
		if (fd >= 0)
			close(fd);
	}
}

static void receive_datagrams(void)
{
	static unsigned char buf[2 * CHUNK_MAX];
	unsigned int index;
	long long start;
	ssize_t n;
	int fd;

	while (!stop) {
		fd = open_datagram(false, &index);
		start = now_ms();
		while (fd >= 0 && !stop && now_ms() - start < 5000) {
			if (!ready(fd, POLLIN, LOOK)) {
				if (index && index != find_device())
					break;
				continue;
			}
			n = recv(fd, buf, sizeof(buf), 0);
			if (n < 0)
				continue;
			if (*kind == 'p')
				check_echo(buf, n);
			else
				check_datagrams(buf, n);
		}
		if (fd >= 0)
			close(fd);
	}
}

static pid_t start(int as, void (*run)(void))
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	role = as;
	state = mix(seed + as);
	run();
	if (as == SENDER)
		shared->sender_ended = 1;
	exit(0);
}

static void report(const pid_t *pids)
{
	long long now = now_ms();

	printf("opened=%llu refused=%llu broken=%llu complete=%llu sent=%llu refused_sends=%llu received=%llu bytes=%llu checks=%llu sender=%d silent=%lld receiver=%d silent=%lld\n",
	       shared->opened, shared->refused, shared->broken, shared->complete,
	       shared->sent, shared->refused_sends, shared->received, shared->bytes,
	       shared->checks, pids[SENDER], (now - shared->alive[SENDER]) / 1000,
	       pids[RECEIVER], (now - shared->alive[RECEIVER]) / 1000);
	fflush(stdout);
}

static bool set_addr(void)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV }, *ai;
	char service[16], group[32];

	snprintf(service, sizeof(service), "%d", port);
	snprintf(group, sizeof(group), "239.1.%d.%d", port >> 8, port & 255);
	if (getaddrinfo(*kind == 'm' ? group : where, service, &hints, &ai))
		return false;
	family = ai->ai_family;
	addrlen = ai->ai_addrlen;
	memcpy(&addr, ai->ai_addr, addrlen);
	/* a raw socket has no port; sin6_port is in the same place as sin_port */
	if (*kind == 'p')
		((struct sockaddr_in *)&addr)->sin_port = 0;
	peer = addr;
	((struct sockaddr_in *)&peer)->sin_port = htons(port + 1);
	return true;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_term };
	bool is_stream;
	pid_t pids[2];
	int status, rc = 0, left = 2;
	pid_t pid;

	if (argc != 5)
		goto usage;
	kind = argv[1];
	where = argv[2];
	port = atoi(argv[3]);
	seed = mix(strtoull(argv[4], NULL, 0));
	ping_id = port;
	is_stream = !strcmp(kind, "tcp") || !strcmp(kind, "sctp");
	if (!is_stream && strcmp(kind, "udp") && strcmp(kind, "ping") && strcmp(kind, "mcast"))
		goto usage;
	if (!set_addr())
		goto usage;
	if (is_stream)
		proto = *kind == 't' ? IPPROTO_TCP : IPPROTO_SCTP;
	else if (*kind == 'p')
		proto = family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(1, "mmap");
	shared->alive[SENDER] = now_ms();
	shared->alive[RECEIVER] = now_ms();
	sigaction(SIGTERM, &action, NULL);

	pids[RECEIVER] = start(RECEIVER, is_stream ? receive_stream : receive_datagrams);
	pids[SENDER] = start(SENDER, is_stream ? send_stream : send_datagrams);
	while (left) {
		poll(NULL, 0, 1000);
		if (stop) {
			kill(pids[SENDER], SIGTERM);
			kill(pids[RECEIVER], SIGTERM);
		}
		while (left && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
			left--;
			if (pid == pids[SENDER])
				shared->sender_ended = 1;
			if (status)
				rc = 1;
			/* one of the two alone is useless */
			stop = 1;
		}
		report(pids);
	}
	return rc;
usage:
	errx(2, "usage: traffic tcp|sctp|udp|ping ADDR PORT SEED, traffic mcast DEV[,DEV]... PORT SEED");
}

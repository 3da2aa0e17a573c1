// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams of traffic: UDP, echo requests and multicast, which may be lost but not
 * damaged. See traffic.c.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "traffic.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT	103
#endif
#ifndef UDP_GRO
#define UDP_GRO		104
#endif

#define DGRAM_MAX	60000

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

void send_datagrams(void)
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

void receive_datagrams(void)
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

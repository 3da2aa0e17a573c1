// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_packet SEED COUNT DEV...: send COUNT frames by packet sockets into lbx devices
 * fuzz_packet -t SEED COUNT TAP TUN: let them arrive by a TAP and by a TUN device
 *
 * The frames are invalid in many ways: IPv4, IPv6, ICMP, UDP, TCP, SCTP, IGMP, MLD,
 * neighbour discovery, ARP and VLAN tags, with options, extension headers, fragments
 * that overlap, source routes, addresses that no machine may have, wrong checksums and
 * lengths, one or two changed bytes, truncated frames, and noise. The same SEED sends
 * the same frames.
 *
 * Packet sockets are raw and cooked. Raw ones are with virtio_net_hdr (checksum and
 * segmentation offload, valid and invalid) and without, bypass the qdisc, or have a
 * ring (PACKET_TX_RING). TAP has a virtio_net_hdr, too.
 *
 * Meanwhile an echo service for UDP and a listening TCP socket are at port 5000 of all
 * addresses.
 *
 * The addresses are those of fuzz.sh. The program prints how many frames the kernel
 * accepted, by each kind of socket and for each device, with the errors of the others.
 * The exit status is 0 if it accepted some by each kind.
 */
#define _GNU_SOURCE	/* strerrorname_np() */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "random.h"

__u64 chance;

/* missing in the headers of 6.1 */
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4	5
#endif

#define ROOM		70000
#define PORT		5000
#define DEVICES		8
#define RING_FRAME	4096
#define RING_FRAMES	4

/* From the Ethernet header on; l3 and l4 are the offsets of those headers */
static unsigned char frame[ROOM];
static unsigned int len, l3, l4;

static struct device {
	const char *name;
	int index;
	unsigned char mac[ETH_ALEN];
	unsigned long taken;
} devices[DEVICES];

static unsigned int n_devices;

static struct way {
	const char *name;
	int type;
	bool vnet, bypass, ring, is_tun;
	int fd;
	char *map;
	unsigned int slot;
	unsigned long taken;
} ways[] = {
	{ .name = "raw", .type = SOCK_RAW },
	{ .name = "dgram", .type = SOCK_DGRAM },
	{ .name = "raw+vnet", .type = SOCK_RAW, .vnet = true },
	{ .name = "raw+bypass", .type = SOCK_RAW, .bypass = true },
	{ .name = "raw+vnet+bypass", .type = SOCK_RAW, .vnet = true, .bypass = true },
	{ .name = "ring", .type = SOCK_RAW, .ring = true },
};

static struct way tuns[] = {
	{ .name = "tap", .vnet = true, .is_tun = true },
	{ .name = "tun", .is_tun = true },
};

static unsigned long errors[256];

/* Addresses of lbx0 to lbx5, of which lbx5 is isolated; claims of lbx4; the other ends
 * of TAP and TUN; addresses that are routed to lbx0 and that no device has; and special
 * addresses
 */
static const char *const addrs4[] = {
	"203.0.113.0", "203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4",
	"203.0.113.5", "203.0.113.5", "192.0.2.1", "198.18.0.1", "198.18.0.2", "192.0.2.6",
	"192.0.2.10", "198.51.100.7", "224.0.0.1", "239.1.2.3", "255.255.255.255",
	"192.0.2.255", "127.0.0.1", "0.0.0.0", "240.0.0.1"
};

static const char *const addrs6[] = {
	"2001:db8:9::", "2001:db8:9::1", "2001:db8:9::2", "2001:db8:9::3", "2001:db8:9::4",
	"2001:db8:9::5", "2001:db8:9::5", "2001:db8::1", "2001:db8:18::1", "2001:db8:18::2",
	"2001:db8::6", "2001:db8::a", "2001:db8:b::7", "ff02::1", "ff02::2",
	"ff02::1:ff00:5", "ff0e::1234", "::1", "::", "fe80::1", "::ffff:203.0.113.5",
	"2002:cb00:7101::1"
};

static void *append(size_t n)
{
	unsigned char *p = frame + len;

	if (len + n > sizeof(frame))
		errx(1, "a frame is too large for its buffer");
	memset(p, 0, n);
	len += n;
	return p;
}

static void put_addr4(void *to, bool source)
{
	const char *text = addrs4[below(ARRAY_SIZE(addrs4))];

	if (source && one_in(2))
		text = "192.0.2.6";
	else if (!source && one_in(6))
		text = "203.0.113.1";
	inet_pton(AF_INET, text, to);
	if (one_in(100))
		junk(to, 4);
}

static void put_addr6(void *to, bool source)
{
	const char *text = addrs6[below(ARRAY_SIZE(addrs6))];

	if (source && one_in(2))
		text = "2001:db8::6";
	else if (!source && one_in(6))
		text = "2001:db8:9::1";
	inet_pton(AF_INET6, text, to);
	if (one_in(100))
		junk(to, 16);
}

static __u16 port(void)
{
	return htons(one_in(4) ? any() : PORT);
}

static __u32 sum(const void *data, size_t n, __u32 start)
{
	const unsigned char *byte = data;

	for (; n > 1; n -= 2, byte += 2)
		start += byte[0] << 8 | byte[1];
	if (n)
		start += byte[0] << 8;
	while (start >> 16)
		start = (start & 0xffff) + (start >> 16);
	return start;
}

static __u16 fold(__u32 n)
{
	return htons(~n & 0xffff);
}

static void append_junk(unsigned int n)
{
	junk(append(n), n);
}

static unsigned int some_bytes(void)
{
	if (one_in(300))
		return below(65000);
	if (one_in(30))
		return below(9000);
	return below(100);
}

/* Return the offset of the checksum in the transport header, or 0 if it has none */
static unsigned int put_transport(int protocol)
{
	struct icmp6_hdr *icmp6;
	struct icmphdr *icmp;
	struct tcphdr *tcp;
	struct udphdr *udp;

	switch (protocol) {
	case IPPROTO_ICMP:
		icmp = append(sizeof(*icmp));
		icmp->type = one_in(2) ? ICMP_ECHO : below(20);
		icmp->code = one_in(4) ? below(20) : 0;
		icmp->un.gateway = any();
		append_junk(some_bytes());
		return offsetof(struct icmphdr, checksum);
	case IPPROTO_UDP:
		udp = append(sizeof(*udp));
		udp->source = port();
		udp->dest = port();
		append_junk(some_bytes());
		udp->len = htons(one_in(10) ? any() : len - l4);
		return offsetof(struct udphdr, check);
	case IPPROTO_TCP:
		tcp = append(sizeof(*tcp));
		tcp->source = port();
		tcp->dest = port();
		tcp->seq = any();
		tcp->ack_seq = any();
		tcp->doff = 5;
		tcp->window = any();
		((unsigned char *)tcp)[13] = one_in(2) ? TH_SYN : any();
		if (one_in(4)) {
			tcp->doff = 5 + below(11);
			append_junk(4 * below(11));
		}
		append_junk(some_bytes());
		return offsetof(struct tcphdr, check);
	case IPPROTO_ICMPV6:
		icmp6 = append(sizeof(*icmp6));
		icmp6->icmp6_type = one_in(2) ? ICMP6_ECHO_REQUEST :
				    one_in(4) ? any() : 128 + below(27);
		icmp6->icmp6_code = one_in(10) ? any() : 0;
		icmp6->icmp6_data32[0] = any();
		if (icmp6->icmp6_type >= ND_ROUTER_SOLICIT) {
			put_addr6(append(16), false);
			append_junk(one_in(2) ? 8 : below(40));
			if (len - l4 > 25 && one_in(2)) {
				frame[l4 + 24] = 1 + below(5);
				frame[l4 + 25] = 1;
			}
		} else {
			append_junk(some_bytes());
		}
		return offsetof(struct icmp6_hdr, icmp6_cksum);
	case IPPROTO_SCTP:
		*(__u16 *)append(2) = port();
		*(__u16 *)append(2) = port();
		append_junk(8);
		*(__u8 *)append(1) = one_in(2) ? 1 : any();
		append_junk(3 + some_bytes());
		return 0;
	case IPPROTO_IGMP:
		*(__u8 *)append(1) = one_in(4) ? any() : 0x11 + below(0x12);
		append_junk(1);
		append(2);
		put_addr4(append(4), false);
		append_junk(one_in(2) ? 0 : below(40));
		return 2;
	default:
		append_junk(some_bytes());
		return 0;
	}
}

/* Change something in the headers before the checksums are computed */
static void mutate(unsigned int from)
{
	unsigned int n = 1 + below(3), room = len - from;

	if (!room)
		return;
	if (room > 80)
		room = 80;
	while (n--)
		frame[from + below(room)] = one_in(2) ? any() : edge();
}

static void finish_checksum(unsigned int at, __u32 pseudo, int protocol)
{
	unsigned char *place = frame + l4 + at;
	__u16 check;

	if (!at || one_in(8) || l4 + at + 2 > len)
		return;
	if (protocol == IPPROTO_ICMP || protocol == IPPROTO_IGMP)
		pseudo = 0;
	memset(place, 0, 2);
	check = fold(sum(frame + l4, len - l4, pseudo));
	memcpy(place, &check, sizeof(check));
}

static void put_options4(struct iphdr *ip)
{
	static const unsigned char routes[][8] = {
		{ IPOPT_LSRR, 7, 4, 203, 0, 113, 5 }, { IPOPT_SSRR, 7, 4, 203, 0, 113, 1 },
		{ IPOPT_RR, 7, 4 }, { IPOPT_TS, 8, 5, 0 }, { IPOPT_RA, 4, 0, 0 },
	};
	unsigned int n = 2 * (1 + below(5));

	if (one_in(2)) {
		memcpy(append(8), routes[below(ARRAY_SIZE(routes))], 8);
		n = 2;
	} else {
		append_junk(4 * n);
	}
	ip->ihl = 5 + n;
}

static void put_ipv4(void)
{
	static const int protocols[] = {
		IPPROTO_ICMP, IPPROTO_ICMP, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_TCP,
		IPPROTO_SCTP, IPPROTO_IGMP, IPPROTO_IPV6, IPPROTO_IPIP, IPPROTO_GRE,
	};
	int protocol = protocols[below(ARRAY_SIZE(protocols))];
	struct iphdr *ip;
	unsigned int at;

	l3 = len;
	ip = append(sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->tos = one_in(4) ? any() : 0;
	ip->id = one_in(4) ? any() : 1;
	ip->ttl = one_in(8) ? below(3) : 64;
	ip->protocol = one_in(20) ? below(256) : (unsigned int)protocol;
	put_addr4(&ip->saddr, true);
	put_addr4(&ip->daddr, false);
	if (one_in(10))
		put_options4(ip);
	/* with the same id, so that fragments meet and overlap at random */
	if (one_in(10))
		ip->frag_off = htons((one_in(2) ? IP_MF : 0) | below(one_in(8) ? 8192 : 4));
	l4 = len;
	at = put_transport(protocol);
	ip->tot_len = htons(one_in(20) ? any() : len - l3);
	if (one_in(3))
		mutate(l3);
	finish_checksum(at, sum(&ip->saddr, 8, protocol + len - l4), protocol);
	ip->check = 0;
	if (!one_in(20) && l3 + ip->ihl * 4 <= len)
		ip->check = fold(sum(ip, ip->ihl * 4, 0));
}

static void put_ipv6(void)
{
	static const int protocols[] = {
		IPPROTO_ICMPV6, IPPROTO_ICMPV6, IPPROTO_ICMPV6, IPPROTO_UDP, IPPROTO_UDP,
		IPPROTO_TCP, IPPROTO_SCTP, IPPROTO_IPIP, IPPROTO_NONE,
	};
	static const int extensions[] = {
		IPPROTO_HOPOPTS, IPPROTO_DSTOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT
	};
	int protocol = protocols[below(ARRAY_SIZE(protocols))];
	unsigned int n = one_in(5) ? 1 + below(3) : 0, at;
	unsigned char *next, *extension;
	struct ip6_hdr *ip;

	l3 = len;
	ip = append(sizeof(*ip));
	ip->ip6_flow = htonl(6 << 28 | (one_in(8) ? any() >> 4 : 0));
	ip->ip6_hlim = one_in(4) ? below(4) : 255;
	put_addr6(&ip->ip6_src, true);
	put_addr6(&ip->ip6_dst, false);
	next = &ip->ip6_nxt;
	while (n--) {
		*next = extensions[below(ARRAY_SIZE(extensions))];
		extension = append(8);
		if (*next == IPPROTO_FRAGMENT) {
			*(__u16 *)(extension + 2) =
				htons(below(one_in(8) ? 8192 : 4) << 3 | one_in(2));
			extension[7] = 1;
		} else if (*next == IPPROTO_ROUTING) {
			extension[1] = one_in(4) ? any() : 2;
			extension[2] = one_in(4) ? any() : below(5);
			extension[3] = below(3);
			put_addr6(append(16), false);
		} else if (one_in(2)) {
			junk(extension + 1, 7);
			if (one_in(2))
				extension[1] = 0;
		} else {
			extension[2] = 1;	/* PadN */
			extension[3] = 4;
		}
		next = extension;
	}
	*next = one_in(20) ? below(256) : (unsigned int)protocol;
	l4 = len;
	at = put_transport(protocol);
	ip->ip6_plen = htons(one_in(20) ? any() : len - l3 - sizeof(*ip));
	if (one_in(3))
		mutate(l3);
	finish_checksum(at, sum(&ip->ip6_src, 32, protocol + len - l4), protocol);
}

static void put_arp(void)
{
	struct arphdr *arp = append(sizeof(*arp));

	arp->ar_hrd = htons(one_in(8) ? any() : ARPHRD_ETHER);
	arp->ar_pro = htons(one_in(8) ? any() : ETH_P_IP);
	arp->ar_hln = one_in(8) ? any() : ETH_ALEN;
	arp->ar_pln = one_in(8) ? any() : 4;
	arp->ar_op = htons(one_in(8) ? any() : 1 + below(4));
	append_junk(ETH_ALEN);
	put_addr4(append(4), true);
	append_junk(ETH_ALEN);
	put_addr4(append(4), false);
}

static void put_protocol(__u16 protocol)
{
	*(__u16 *)append(2) = htons(one_in(50) ? any() : protocol);
}

static void build(const unsigned char *mac)
{
	len = 0;
	junk(append(2 * ETH_ALEN), 2 * ETH_ALEN);
	if (one_in(20))
		memset(frame, 0xff, ETH_ALEN);
	else if (!one_in(20))
		memcpy(frame, mac, ETH_ALEN);
	while (one_in(20)) {
		put_protocol(one_in(2) ? ETH_P_8021Q : ETH_P_8021AD);
		append_junk(2);
	}
	switch (below(20)) {
	default:
		put_protocol(ETH_P_IP);
		put_ipv4();
		break;
	case 0 ... 8:
		put_protocol(ETH_P_IPV6);
		put_ipv6();
		break;
	case 9:
		put_protocol(ETH_P_ARP);
		put_arp();
		break;
	case 10:
		put_protocol(any());
		l3 = len;
		l4 = len;
		append_junk(some_bytes());
	}
	if (one_in(6))
		mutate(ETH_HLEN);
	if (one_in(15))
		len = below(one_in(2) ? 2 * ETH_HLEN : len + 1);
}

/* Half of them are as a guest of a virtual machine would send them */
static void put_vnet(struct virtio_net_hdr *vnet, unsigned int start)
{
	static const __u8 types[] = {
		VIRTIO_NET_HDR_GSO_NONE, VIRTIO_NET_HDR_GSO_TCPV4, VIRTIO_NET_HDR_GSO_TCPV6,
		VIRTIO_NET_HDR_GSO_UDP, VIRTIO_NET_HDR_GSO_UDP_L4
	};

	memset(vnet, 0, sizeof(*vnet));
	if (one_in(2))
		return;
	vnet->gso_type = types[below(ARRAY_SIZE(types))];
	vnet->flags = one_in(2) ? VIRTIO_NET_HDR_F_NEEDS_CSUM : below(8);
	vnet->gso_size = one_in(2) ? 1 + below(100) : edge();
	vnet->hdr_len = one_in(2) ? l4 - start : edge();
	vnet->csum_start = one_in(4) ? below(200) : l4 - start;
	vnet->csum_offset = one_in(4) ? edge() : one_in(2) ? 16 : 6;
	if (one_in(8))
		vnet->gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	if (one_in(16))
		junk(vnet, sizeof(*vnet));
}

/* Send by the ring. A slot that the device has not released yet is EAGAIN. */
static ssize_t send_by_ring(struct way *way, const struct sockaddr_ll *to)
{
	struct tpacket2_hdr *head = (void *)(way->map + way->slot * RING_FRAME);
	const unsigned int room = RING_FRAME - TPACKET2_HDRLEN;
	__u32 length = one_in(50) ? edge() : len < room ? len : room;
	ssize_t n;

	if (head->tp_status != TP_STATUS_AVAILABLE) {
		errno = EAGAIN;
		return -1;
	}
	head->tp_len = length;
	memcpy((char *)head + TPACKET2_HDRLEN - sizeof(*to), frame, len < room ? len : room);
	head->tp_status = TP_STATUS_SEND_REQUEST;
	n = sendto(way->fd, NULL, 0, MSG_DONTWAIT, (void *)to, sizeof(*to));
	if (!n) {
		errno = EAGAIN;
		n = -1;
	}
	if (head->tp_status & (TP_STATUS_WRONG_FORMAT | TP_STATUS_SEND_REQUEST))
		head->tp_status = TP_STATUS_AVAILABLE;
	else
		way->slot = (way->slot + 1) % RING_FRAMES;
	return n;
}

static void send_frame(struct way *way, struct device *dev)
{
	unsigned int start = way->type == SOCK_DGRAM || !strcmp(way->name, "tun") ? ETH_HLEN : 0;
	struct sockaddr_ll to = {
		.sll_family	= AF_PACKET,
		.sll_ifindex	= dev ? dev->index : 0,
		.sll_halen	= ETH_ALEN,
	};
	struct virtio_net_hdr vnet;
	struct iovec iov[2] = {
		{ &vnet, way->vnet ? sizeof(vnet) : 0 },
		{ frame + start, len > start ? len - start : 0 },
	};
	struct msghdr msg = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = iov, .msg_iovlen = 2,
	};
	ssize_t n;

	put_vnet(&vnet, start);
	if (len >= ETH_HLEN)
		memcpy(&to.sll_protocol, frame + 2 * ETH_ALEN, 2);
	memcpy(to.sll_addr, frame, ETH_ALEN);
	if (one_in(50))
		to.sll_halen = any();
	if (one_in(50))
		to.sll_protocol = any();
	if (way->ring)
		n = send_by_ring(way, &to);
	else if (way->is_tun)
		n = writev(way->fd, iov, 2);
	else
		n = sendmsg(way->fd, &msg, MSG_DONTWAIT);
	if (n >= 0) {
		way->taken++;
		if (dev)
			dev->taken++;
	} else {
		errors[errno < 256 ? errno : 255]++;
	}
}

static void open_packet(struct way *way)
{
	struct tpacket_req req = {
		.tp_block_size = RING_FRAME, .tp_block_nr = RING_FRAMES,
		.tp_frame_size = RING_FRAME, .tp_frame_nr = RING_FRAMES,
	};
	int on = 1, version = TPACKET_V2;

	way->fd = socket(AF_PACKET, way->type, 0);
	if (way->fd < 0 ||
	    (way->vnet && setsockopt(way->fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on))) ||
	    (way->bypass &&
	     setsockopt(way->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on))))
		err(1, "%s", way->name);
	if (!way->ring)
		return;
	if (setsockopt(way->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(way->fd, SOL_PACKET, PACKET_TX_RING, &req, sizeof(req)))
		err(1, "%s", way->name);
	way->map = mmap(NULL, RING_FRAME * RING_FRAMES, PROT_READ | PROT_WRITE, MAP_SHARED,
			way->fd, 0);
	if (way->map == MAP_FAILED)
		err(1, "%s", way->name);
}

static void open_tun(struct way *way, const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_NO_PI | IFF_TUN };

	if (way->vnet)
		ifr.ifr_flags = IFF_NO_PI | IFF_TAP | IFF_VNET_HDR;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	way->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	if (way->fd < 0 || ioctl(way->fd, TUNSETIFF, &ifr))
		err(1, "%s", name);
}

static void get_device(struct device *dev, const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq ifr = { };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	dev->name = name;
	if (ioctl(fd, SIOCGIFINDEX, &ifr))
		err(1, "%s", name);
	dev->index = ifr.ifr_ifindex;
	if (ioctl(fd, SIOCGIFHWADDR, &ifr))
		err(1, "%s", name);
	memcpy(dev->mac, ifr.ifr_hwaddr.sa_data, ETH_ALEN);
	close(fd);
}

/* Read what this machine sends by the device, to keep the queue empty */
static void drain(struct way *way)
{
	static char room[ROOM];

	while (read(way->fd, room, sizeof(room)) > 0)
		;
}

static void send_all(unsigned long count, struct way *by, unsigned int n, bool tun)
{
	struct device *dev = NULL;
	struct way *way;

	while (count--) {
		way = by + below(n);
		if (!tun)
			dev = &devices[below(n_devices)];
		build(tun ? devices[0].mac : dev->mac);
		send_frame(way, dev);
		if (tun && !(count % 32)) {
			drain(by);
			drain(by + 1);
		}
	}
}

static void echo(void)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	int udp = socket(AF_INET6, SOCK_DGRAM, 0), tcp = socket(AF_INET6, SOCK_STREAM, 0);
	socklen_t n = sizeof(addr);
	static char room[ROOM];
	ssize_t bytes;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (bind(udp, (void *)&addr, n) || bind(tcp, (void *)&addr, n) || listen(tcp, 16))
		err(1, "port %d", PORT);
	for (;;) {
		bytes = recvfrom(udp, room, sizeof(room), 0, (void *)&addr, &n);
		/* an echo of an echo would never end */
		if (bytes >= 0 && addr.sin6_port != htons(PORT))
			sendto(udp, room, bytes, MSG_DONTWAIT, (void *)&addr, n);
	}
}

int main(int argc, char **argv)
{
	bool tun = argc > 1 && !strcmp(argv[1], "-t"), reached = true;
	unsigned int n = tun ? ARRAY_SIZE(tuns) : ARRAY_SIZE(ways), i;
	struct way *by = tun ? tuns : ways;
	unsigned long count;
	pid_t service;

	argc -= tun;
	argv += tun;
	if (argc < 4 || argc > 3 + DEVICES || (tun && argc != 5))
		errx(2, "usage: fuzz_packet SEED COUNT DEV... | -t SEED COUNT TAP TUN");
	seed(strtoull(argv[1], NULL, 0));
	count = strtoul(argv[2], NULL, 0);

	if (tun) {
		open_tun(&tuns[0], argv[3]);
		open_tun(&tuns[1], argv[4]);
		get_device(&devices[0], argv[3]);
	} else {
		for (i = 0; i < n; i++)
			open_packet(&ways[i]);
		for (n_devices = 0; n_devices < (unsigned int)argc - 3; n_devices++)
			get_device(&devices[n_devices], argv[3 + n_devices]);
	}
	service = fork();
	if (service < 0)
		err(1, "fork");
	if (!service)
		echo();
	send_all(count, by, n, tun);
	if (kill(service, SIGKILL) || waitpid(service, NULL, 0) != service)
		err(1, "echo service");

	for (i = 0; i < n; i++) {
		printf("%s %lu\n", by[i].name, by[i].taken);
		reached = reached && by[i].taken;
	}
	for (i = 0; i < n_devices; i++)
		printf("%s %lu\n", devices[i].name, devices[i].taken);
	for (i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i])
			printf("%s %lu\n", strerrorname_np(i) ?: "?", errors[i]);
	return !reached;
}

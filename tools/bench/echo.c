// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who answers behind a tun device: a thread that reads each packet, swaps its source
 * and its destination, and writes it back.  What goes to the other end of the
 * tunnel so comes back to this one, from there; checksums stay true, since a sum
 * does not depend on the order.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench.h"

static void swap(unsigned char *a, unsigned char *b, size_t len)
{
	unsigned char saved[16];

	memcpy(saved, a, len);
	memcpy(a, b, len);
	memcpy(b, saved, len);
}

/* Return: whether it is a packet that has an answer; multicast has none */
bool echo_swap(unsigned char *packet, size_t len)
{
	if (len >= 20 && packet[0] >> 4 == 4) {
		if (packet[16] >= 224)
			return false;
		swap(packet + 12, packet + 16, 4);
		return true;
	}
	if (len >= 40 && packet[0] >> 4 == 6) {
		if (packet[24] == 0xff)
			return false;
		swap(packet + 8, packet + 24, 16);
		return true;
	}
	return false;
}

static void *answer(void *data)
{
	int fd = *(int *)data;
	static unsigned char packet[65536];
	ssize_t n;

	while ((n = read(fd, packet, sizeof(packet))) > 0)
		if (echo_swap(packet, n) && write(fd, packet, n) != n)
			err(1, "write to the tun device");
	err(1, "read from the tun device");
}

/* The device is there, in this network namespace; the thread ends with the process */
void echo_start(const char *tun)
{
	static int fd;
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	pthread_t thread;

	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "/dev/net/tun");
	strncpy(request.ifr_name, tun, sizeof(request.ifr_name) - 1);
	if (ioctl(fd, TUNSETIFF, &request))
		err(1, "the tun device %s", tun);
	if (pthread_create(&thread, NULL, answer, &fd))
		err(1, "a thread");
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The responder behind a tun device: a thread that reads each packet, swaps its source
 * and destination, and writes it back.  A packet to the other end of the tunnel thus
 * returns to this end, as if sent from there.  Checksums stay valid, because a sum does
 * not depend on the order of its terms.
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

/* Return true if the packet has an answer; multicast packets have none. */
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
			err(1, "cannot write to the tun device");
	err(1, "cannot read from the tun device");
}

/* Attach to the device, which exists in this network namespace.  The thread ends with
 * the process.
 */
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
		err(1, "cannot attach to the tun device %s", tun);
	if (pthread_create(&thread, NULL, answer, &fd))
		err(1, "cannot start a thread");
}

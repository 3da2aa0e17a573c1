// SPDX-License-Identifier: GPL-2.0
/*
 * frames DEV COUNT COMMAND [ARG...]: run COMMAND and count the frames that a packet
 * socket for IPv4 only receives on DEV meanwhile
 *
 * Such a socket receives incoming frames, not outgoing ones. The exit status is 0 if
 * there were exactly COUNT.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>

#include "sockets.h"

int main(int argc, char **argv)
{
	struct sockaddr_ll sll = {
		.sll_family	= AF_PACKET,
		.sll_protocol	= htons(ETH_P_IP),
	};
	int fd, count = 0;
	char buf[2048];

	if (argc < 4)
		errx(2, "usage: frames DEV COUNT COMMAND [ARG...]");

	fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
	sll.sll_ifindex = if_nametoindex(argv[1]);
	if (bind(fd, (struct sockaddr *)&sll, sizeof(sll)))
		err(1, "bind to %s", argv[1]);

	run_command(argv + 3);

	while (recv(fd, buf, sizeof(buf), 0) > 0)
		count++;
	if (count != atoi(argv[2]))
		errx(1, "%d frames, expected %s", count, argv[2]);
	return 0;
}

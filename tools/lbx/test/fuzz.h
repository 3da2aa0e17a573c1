/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions that the fuzzers replace with "ld --wrap", and the originals that these
 * call
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <jansson.h>
#include <sys/socket.h>

/* The port ID to which the tool's sockets are bound */
#define PORTID		1

/* Called by libFuzzer for each input */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* main.c */
int lbx_main(int argc, char **argv);

/* fuzz_args.c */
void __real_cmd_complete(int argc, char **argv);
void __wrap_cmd_complete(int argc, char **argv);

/* fuzz_restore.c */
FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);

/* fuzz_reply.c, kernel.c */
ssize_t __wrap_recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
			socklen_t *from_len);

/* fuzz_reply.c, seeds.c */
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);

/* json.c */
int __real_json_array_append_new(json_t *array, json_t *value);
int __wrap_json_array_append_new(json_t *array, json_t *value);
int __real_json_object_set_new(json_t *object, const char *key, json_t *value);
int __wrap_json_object_set_new(json_t *object, const char *key, json_t *value);
int __real_json_dumpf(const json_t *json, FILE *output, size_t flags);
int __wrap_json_dumpf(const json_t *json, FILE *output, size_t flags);

#endif /* FUZZ_H */

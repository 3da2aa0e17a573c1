/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Declarations of ip(8) that link_lbx.c uses.  ip exports these symbols to plugins, but
 * installs no header.  Follows iproute2's include/libnetlink.h, include/utils.h,
 * include/color.h, include/json_print.h and ip/ip_common.h.  These declarations did not
 * change from 6.1 to 7.1.
 */
#ifndef _LBX_IPROUTE2_H
#define _LBX_IPROUTE2_H

#include <stdbool.h>
#include <stdio.h>
#include <linux/rtnetlink.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* Bound of a request's nlmsg_len, which ip's own link types use: the size of what
 * follows the headers in struct iplink_req.
 */
#define REQ_MAX	1024

struct link_util {
	struct link_util *next;
	const char *id;
	int maxattr;
	/* argv starts after "type lbx"; returns 0 or -1 */
	int (*parse_opt)(struct link_util *lu, int argc, char **argv,
			 struct nlmsghdr *n);
	/* tb is NULL without IFLA_INFO_DATA */
	void (*print_opt)(struct link_util *lu, FILE *fp, struct rtattr *tb[]);
	void (*print_xstats)(struct link_util *lu, FILE *fp,
			     struct rtattr *xstats);
	void (*print_help)(struct link_util *lu, int argc, char **argv,
			   FILE *fp);
	/* for "ip link xstats" */
	int (*parse_ifla_xstats)(struct link_util *lu, int argc, char **argv);
	int (*print_ifla_xstats)(struct nlmsghdr *n, void *arg);
};

enum color_attr {
	COLOR_IFNAME,
	COLOR_MAC,
	COLOR_INET,
	COLOR_INET6,
	COLOR_OPERSTATE_UP,
	COLOR_OPERSTATE_DOWN,
	COLOR_NONE
};

enum output_type {
	PRINT_FP = 1,
	PRINT_JSON = 2,
	PRINT_ANY = 4,
};

/* lib/libnetlink.c */
int addattr8(struct nlmsghdr *n, int maxlen, int type, __u8 data);
int addattr_l(struct nlmsghdr *n, int maxlen, int type, const void *data,
	      int alen);
struct rtattr *addattr_nest(struct nlmsghdr *n, int maxlen, int type);
int addattr_nest_end(struct nlmsghdr *n, struct rtattr *nest);
int parse_rtattr_flags(struct rtattr *tb[], int max, struct rtattr *rta,
		       int len, unsigned short flags);

/* lib/utils.c; functions that return void print an error and exit */
void incomplete_command(void);
void invarg(const char *msg, const char *arg);
void duparg(const char *key, const char *arg);
int check_ifname(const char *name);
bool parse_on_off(const char *msg, const char *realval, int *p_err);

/* lib/json_print.c */
void open_json_object(const char *key);
void close_json_object(void);
void open_json_array(enum output_type t, const char *key);
void close_json_array(enum output_type t, const char *key);
void print_nl(void);
int print_color_on_off(enum output_type t, enum color_attr color,
		       const char *key, const char *fmt, bool value);
int print_color_string(enum output_type t, enum color_attr color,
		       const char *key, const char *fmt, const char *value);
int print_color_bool(enum output_type t, enum color_attr color,
		     const char *key, const char *fmt, bool value);
int print_color_uint(enum output_type t, enum color_attr color,
		     const char *key, const char *fmt, unsigned int value);
int print_color_lluint(enum output_type t, enum color_attr color,
		       const char *key, const char *fmt,
		       unsigned long long value);

#endif /* _LBX_IPROUTE2_H */

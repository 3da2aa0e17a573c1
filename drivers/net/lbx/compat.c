// SPDX-License-Identifier: GPL-2.0-only
/*
 * Texts of refusals for kernels before 6.2, whose extack points to a text that must
 * last until the reply is sent.  Kbuild leaves this file out for newer kernels.
 *
 * The reply is sent after RTNL is released, when the next request, another user's, may
 * already be refused.  So each task has its own text, and keeps it until its next
 * refusal or its death.
 */
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "compat.h"

struct lbx_compat_text {
	struct list_head	list;
	struct pid		*pid;
	char			text[128];
};

/* RTNL */
static LIST_HEAD(lbx_compat_texts);

static void lbx_compat_text_free(struct lbx_compat_text *text)
{
	list_del(&text->list);
	put_pid(text->pid);
	kfree(text);
}

/* Return the text of this task, or NULL without memory.  RTNL */
static struct lbx_compat_text *lbx_compat_text_get(void)
{
	struct lbx_compat_text *text, *next, *mine = NULL;

	ASSERT_RTNL();
	list_for_each_entry_safe(text, next, &lbx_compat_texts, list) {
		if (text->pid == task_pid(current))
			mine = text;
		else if (!pid_has_task(text->pid, PIDTYPE_PID))
			lbx_compat_text_free(text);
	}
	if (mine)
		return mine;

	mine = kmalloc(sizeof(*mine), GFP_KERNEL_ACCOUNT);
	if (!mine)
		return NULL;
	mine->pid = get_pid(task_pid(current));
	list_add(&mine->list, &lbx_compat_texts);
	return mine;
}

/**
 * lbx_compat_refuse - NL_SET_ERR_MSG_ATTR_FMT() of newer kernels
 * @extack: for the reason of a refusal, or NULL
 * @attr: the attribute that is refused
 * @fmt: the reason; without memory, the extack has only @attr
 *
 * Context: RTNL.
 */
void lbx_compat_refuse(struct netlink_ext_ack *extack, const struct nlattr *attr,
		       const char *fmt, ...)
{
	struct lbx_compat_text *text = lbx_compat_text_get();
	va_list args;

	if (text) {
		va_start(args, fmt);
		vscnprintf(text->text, sizeof(text->text), fmt, args);
		va_end(args);
		do_trace_netlink_extack(text->text);
	}
	if (extack) {
		extack->_msg = text ? text->text : NULL;
		extack->bad_attr = attr;
		extack->policy = NULL;
	}
}

/* Called when no request can be refused any more */
void lbx_compat_exit(void)
{
	struct lbx_compat_text *text, *next;

	list_for_each_entry_safe(text, next, &lbx_compat_texts, list)
		lbx_compat_text_free(text);
}

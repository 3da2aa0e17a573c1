// SPDX-License-Identifier: GPL-2.0-only
/* lbx add, set, del, show: devices */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/lbx.h>
#include <linux/rtnetlink.h>

#include "commands.h"
#include "mirror.h"
#include "out.h"
#include "txn.h"

/* Report that @name is not an lbx device.  Return the exit status. */
int err_no_device(const char *name)
{
	if (if_nametoindex(name))
		say("%s is not an lbx device", name);
	else
		say("Cannot find device \"%s\"", name);
	try_this("lbx show");
	return EXIT_REFUSED;
}

/**
 * devs_select - read the devices that a command is about, and report a failure
 * @devs: filled; free it with devs_free(), also after a failure
 * @name: the only device to select, or NULL for all
 * @what: see devs_get()
 * @subject: begins the message if the devices cannot be read
 *
 * Return: the exit status.
 */
int devs_select(struct devs *devs, const char *name, unsigned int what,
		const char *subject)
{
	struct nl_error error;
	struct dev *only;
	size_t i;

	if (devs_get(devs, what, &error))
		return refused(subject, &error);
	if (!name)
		return EXIT_DONE;
	only = devs_find(devs, name);
	if (!only)
		return err_no_device(name);
	for (i = 0; i < devs->n; i++)
		if (&devs->item[i] != only)
			dev_free(&devs->item[i]);
	devs->item[0] = *only;
	devs->n = 1;
	return EXIT_DONE;
}

/* With --json, print the device after a change. */
static int show_changed(const char *name)
{
	struct nl_error error;
	struct devs devs;
	struct dev *dev;

	if (!options.json)
		return EXIT_DONE;
	if (devs_get(&devs, DEV_ADDRS | DEV_CLAIMS, &error))
		return refused(name, &error);
	dev = devs_find(&devs, name);
	out_json(dev ? json_dev(dev) : json_null());
	devs_free(&devs);
	return EXIT_DONE;
}

/**
 * addr_wrong - find out why a device must not have an address that the kernel accepts
 * @prefix: the address
 *
 * Return: the reason, or NULL.
 */
const char *addr_wrong(const struct prefix *prefix)
{
	const unsigned char *addr = prefix->addr;

	if (prefix->family == AF_INET6)
		return addr[0] == 0xff ? "a device cannot have a multicast address" : NULL;
	if (addr[0] >= 224 && addr[0] < 240)
		return "a device cannot have a multicast address";
	if (addr[0] == 0)
		return "a device cannot have an address of 0.0.0.0/8 (this network)";
	return addr[0] == 255 ? "a device cannot have a broadcast address" : NULL;
}

/* Return true if a device may get these addresses.  The kernel accepts an address that
 * another interface has, but then only one of the two carries it.
 */
static bool may_have(const char *name, const struct prefixes *addrs)
{
	unsigned int index = if_nametoindex(name);
	char buf[PREFIX_STRLEN], other[IFNAMSIZ];
	struct held_addrs held;
	struct nl_error error;
	const char *wrong;
	size_t i, j;

	for (i = 0; i < addrs->n; i++) {
		wrong = addr_wrong(&addrs->item[i]);
		if (!wrong)
			continue;
		say("%s: %s: %s", name, prefix_text(&addrs->item[i], buf), wrong);
		try_this("an address such as 10.9.0.1/24 or 2001:db8::1");
		return false;
	}
	if (!addrs->n || addrs_get(&held, &error))
		return true;
	for (i = 0; i < held.n; i++) {
		const struct held_addr *is = &held.item[i];

		if (is->index == (int)index || is->proto == LBX_IFAPROT ||
		    !if_indextoname(is->index, other))
			continue;
		for (j = 0; j < addrs->n; j++) {
			const struct prefix *addr = &addrs->item[j];

			if (addr->family != is->prefix.family ||
			    memcmp(addr->addr, is->prefix.addr, addr_size(addr)) ||
			    (addr->family == AF_INET6 &&
			     IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)addr->addr)))
				continue;
			say("%s: %s already has %s, and only one of them can carry it", name,
			    other, addr_text(addr, buf));
			if (dev_exists(other, &error) > 0)
				try_this("lbx set %s noaddr %s/%d", other, buf,
					 is->prefix.len);
			else
				try_this("lbx claim %s dev %s", buf, name);
			list_free(&held);
			return false;
		}
	}
	list_free(&held);
	return true;
}

/* Return the state of a new device.  Its addresses are those of @args, not a copy. */
struct wanted wanted_new(const struct args *args)
{
	struct wanted wanted = {
		.up = args->up != 0,
		.direct = args->direct != 0,
		.isolate = args->isolate == 1,
		.mtu = args->mtu < 0 ? LBX_MTU_MAX : args->mtu,
		.addrs = args->addrs,
	};

	copy_name(wanted.name, args->dev);
	return wanted;
}

int do_add(struct args *args)
{
	struct wanted wanted = wanted_new(args);
	struct nl_error error;
	const char *what;
	struct txn txn;
	int status;

	txn_begin(&txn);
	if (!may_have(args->dev, &args->addrs)) {
		txn_end(&txn);
		return EXIT_REFUSED;
	}
	plan_dev(&txn, NULL, &wanted);
	status = txn_commit(&txn, &what, &error) ? refused(args->dev, &error) :
		 EXIT_DONE;
	if (status && error.code == EEXIST && if_nametoindex(args->dev))
		try_this("lbx set %s ..., or another name", args->dev);
	txn_end(&txn);
	if (!status)
		mirror_wait(args->dev, &wanted.addrs);
	return status ? status : show_changed(args->dev);
}

int do_set(struct args *args)
{
	struct wanted wanted = { };
	struct nl_error error;
	char buf[PREFIX_STRLEN];
	const char *what;
	struct devs devs;
	struct dev *dev;
	struct txn txn;
	int status;
	size_t i;

	txn_begin(&txn);
	status = devs_select(&devs, args->dev, DEV_ADDRS | DEV_CLAIMS |
			     (args->gone.n ? DEV_ROUTES : 0), args->dev);
	if (status)
		goto out;
	dev = devs.item;
	if (!may_have(dev->name, &args->addrs)) {
		status = EXIT_REFUSED;
		goto out;
	}
	strcpy(wanted.name, dev->name);
	wanted.up = args->up < 0 ? dev->up : args->up;
	wanted.mtu = args->mtu < 0 ? dev->mtu : (uint32_t)args->mtu;
	wanted.direct = args->direct < 0 ? dev->direct : args->direct;
	wanted.isolate = args->isolate < 0 ? dev->isolate : args->isolate;
	wanted.claims = dev->claims;
	for (i = 0; i < args->gone.n; i++) {
		if (contains(&dev->addrs, &args->gone.item[i]))
			continue;
		say("%s has no address %s", dev->name,
		    prefix_text(&args->gone.item[i], buf));
		try_this("lbx show %s", dev->name);
		status = EXIT_REFUSED;
		goto out;
	}
	for (i = 0; i < dev->addrs.n; i++)
		if (!contains(&args->gone, &dev->addrs.item[i]) &&
		    !is_auto_addr(&dev->addrs.item[i]) &&
		    (dev->addrs.item[i].family == AF_INET || wanted.mtu >= IP6_MTU_MIN))
			list_add(&wanted.addrs, dev->addrs.item[i]);
	/* IPv4 routes disappear with the last IPv4 address: see plan_removals() */
	for (i = 0; i < dev->routes.n; i++)
		if (wanted.up && (dev->routes.item[i].dst.family == AF_INET ||
				  wanted.mtu >= IP6_MTU_MIN))
			list_add(&wanted.routes, dev->routes.item[i]);
	for (i = 0; i < args->addrs.n; i++)
		if (!contains(&wanted.addrs, &args->addrs.item[i]))
			list_add(&wanted.addrs, args->addrs.item[i]);

	plan_removals(&txn, dev, &wanted);
	plan_dev(&txn, dev, &wanted);
	if (txn_commit(&txn, &what, &error)) {
		status = refused(args->dev, &error);
	} else if (args->addrs.n && !wanted.up && args->up < 0) {
		/* like ip, do not bring the device up */
		say("%s is down: %s until \"lbx set %s up\"", dev->name, wanted.isolate ?
		    "its addresses do not answer" : "lo carries its addresses",
		    dev->name);
	}
out:
	list_free(&wanted.addrs);
	list_free(&wanted.routes);
	devs_free(&devs);
	txn_end(&txn);
	if (!status)
		mirror_wait(args->dev, &args->addrs);
	return status ? status : show_changed(args->dev);
}

int do_del(struct args *args)
{
	struct nl_error error, ignored;
	struct nlmsghdr *nlh;
	int exists, err;

	exists = dev_exists(args->dev, &error);
	if (exists < 0)
		return refused(args->dev, &error);
	if (!exists)
		return err_no_device(args->dev);

	nlh = dev_del_request(args->dev);
	err = nl_talk(nlh, &error);
	free(nlh);
	/* The kernel may have deleted it without memory for an answer */
	if (err && (error.code != ENOBUFS || dev_exists(args->dev, &ignored)))
		return refused(args->dev, &error);
	if (options.json)
		out_json(json_pack("{s:o, s:b}", "ifname", json_text(args->dev),
				   "deleted", 1));
	return EXIT_DONE;
}

int do_show(struct args *args)
{
	json_t *array = NULL;
	struct devs devs;
	int status;
	size_t i;

	status = devs_select(&devs, args->dev, DEV_ADDRS | DEV_CLAIMS, "show");
	if (!status && options.json)
		array = json_array();
	for (i = 0; !status && i < devs.n; i++) {
		if (options.json)
			json_array_append_new(array, json_dev(&devs.item[i]));
		else
			text_dev(&devs.item[i]);
	}
	if (array)
		out_json(array);
	devs_free(&devs);
	return status;
}

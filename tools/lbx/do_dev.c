// SPDX-License-Identifier: GPL-2.0-only
/* lbx add, set, del, show: devices */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/lbx.h>
#include <linux/rtnetlink.h>

#include "lbx.h"
#include "mirror.h"
#include "out.h"
#include "txn.h"

/* What to say where an lbx device is needed.  Return: the exit status. */
int no_device(const char *name)
{
	if (if_nametoindex(name))
		say("%s is no lbx device", name);
	else
		say("there is no device %s", name);
	try_this("lbx show");
	return EXIT_REFUSED;
}

/* With --json, a change prints the device as it is then */
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

/* A device as "add" asks for it; its addresses stay those of @args */
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
	int status = EXIT_DONE;
	const char *what;
	struct devs devs;
	struct dev *dev;
	struct txn txn;
	size_t i;

	txn_begin(&txn);
	if (devs_get(&devs, DEV_ADDRS | DEV_CLAIMS |
			    (args->gone.n ? DEV_ROUTES : 0), &error)) {
		txn_end(&txn);
		return refused(args->dev, &error);
	}
	dev = devs_find(&devs, args->dev);
	if (!dev) {
		status = no_device(args->dev);
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
	/* Those of IPv4 go with the last address: see plan_removals() */
	for (i = 0; i < dev->routes.n; i++)
		if (wanted.up && (dev->routes.item[i].dst.family == AF_INET ||
				  wanted.mtu >= IP6_MTU_MIN))
			list_add(&wanted.routes, dev->routes.item[i]);
	for (i = 0; i < args->addrs.n; i++)
		if (!contains(&wanted.addrs, &args->addrs.item[i]))
			list_add(&wanted.addrs, args->addrs.item[i]);

	plan_removals(&txn, dev, &wanted);
	plan_dev(&txn, dev, &wanted);
	if (txn_commit(&txn, &what, &error))
		status = refused(args->dev, &error);
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
		return no_device(args->dev);

	nlh = dev_del_request(args->dev);
	err = nl_talk(nlh, &error);
	free(nlh);
	/* When the kernel has no memory to answer, it may have done it */
	if (err && (error.code != ENOBUFS || dev_exists(args->dev, &ignored)))
		return refused(args->dev, &error);
	if (options.json)
		out_json(json_pack("{s:o, s:b}", "ifname", json_text(args->dev),
				   "deleted", 1));
	return EXIT_DONE;
}

int do_show(struct args *args)
{
	json_t *array = options.json ? json_array() : NULL;
	struct nl_error error;
	struct devs devs;
	size_t i;

	if (devs_get(&devs, DEV_ADDRS | DEV_CLAIMS, &error)) {
		json_decref(array);
		return refused("show", &error);
	}
	if (args->dev && !devs_find(&devs, args->dev)) {
		devs_free(&devs);
		json_decref(array);
		return no_device(args->dev);
	}
	for (i = 0; i < devs.n; i++) {
		if (args->dev && strcmp(devs.item[i].name, args->dev))
			continue;
		if (options.json)
			json_array_append_new(array, json_dev(&devs.item[i]));
		else
			text_dev(&devs.item[i]);
	}
	if (options.json)
		out_json(array);
	devs_free(&devs);
	return EXIT_DONE;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * lbx: additional loopback devices
 *
 * The module: its parameter, and the order of registration on load and of
 * unregistration on unload.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "compat.h"
#include "lbx.h"

#define LBX_DEVICES_MAX	4096

/* The default: lbx_init() decides */
#define LBX_DEVICES_AUTO	UINT_MAX

static unsigned int devices = LBX_DEVICES_AUTO;

/* Accept 0 to LBX_DEVICES_MAX.  -EINVAL makes insmod fail before anything is
 * registered.  The log gives the reason, because insmod cannot.
 */
static int lbx_set_devices(const char *val, const struct kernel_param *kp)
{
	unsigned int n;

	if (kstrtouint(val, 0, &n) || n > LBX_DEVICES_MAX) {
		pr_err("lbx: invalid devices=%s: not a number from 0 to %u\n", val,
		       LBX_DEVICES_MAX);
		return -EINVAL;
	}
	return param_set_uint(val, kp);
}

static const struct kernel_param_ops lbx_devices_ops = {
	.set = lbx_set_devices,
	.get = param_get_uint,
};
module_param_cb(devices, &lbx_devices_ops, &devices, 0444);
MODULE_PARM_DESC(devices, "Number of devices to create in the initial netns on load (lbx0, lbx1, ...): 0 to 4096; default 1, or 0 if the kernel loads the module on demand");

/* Return true if the kernel loads the module on demand ("ip link add type lbx" in any
 * user's netns), false if a user loads it by name.  request_module() runs modprobe as
 * a child of a kernel thread, see call_usermodehelper_exec_work().  No process that a
 * user started has a kernel thread as its parent.  Init has one, but may load modules
 * itself: it does not count.
 */
static bool __init lbx_is_on_demand(void)
{
	bool on_demand;

	rcu_read_lock();
	on_demand = rcu_dereference(current->real_parent)->flags & PF_KTHREAD;
	rcu_read_unlock();
	return on_demand && !is_global_init(current);
}

/* Create a device in the initial netns, as "ip link add type lbx" does */
static int __init lbx_add_device(void)
{
	struct nlattr *tb[IFLA_MAX + 1] = { };
	struct net_device *dev;
	int err;

	dev = rtnl_create_link(&init_net, LBX_KIND "%d", NET_NAME_ENUM,
			       &lbx_link_ops, tb, NULL);
	if (IS_ERR(dev))
		return PTR_ERR(dev);

	err = lbx_register(dev, NULL, NULL);
	if (err) {
		free_netdev(dev);
		return err;
	}

	err = rtnl_configure_link(dev, NULL, 0, NULL);
	if (err)
		lbx_link_ops.dellink(dev, NULL);
	return err;
}

static int __init lbx_add_devices(void)
{
	unsigned int i;
	int err = 0;

	rtnl_net_lock(&init_net);
	for (i = 0; i < devices && !err; i++)
		err = lbx_add_device();
	rtnl_net_unlock(&init_net);

	if (err)
		pr_err("lbx: cannot create device %u of %u: error %d\n", i, devices,
		       err);
	return err;
}

/* The parts of the driver, in the order of their registration.  The devices go first, in
 * every netns, and their addresses with them: the listeners for removed addresses must
 * still be registered (mirror.c then clears lo).  Isolation goes last, because an
 * isolated address must stay isolated until its mirror is gone.
 */
static const struct {
	int	(*init)(void);
	void	(*exit)(void);
} lbx_parts[] = {
	{ lbx_isolate_init,	lbx_isolate_exit },
	{ lbx_mirror_init,	lbx_mirror_exit },
	{ lbx_addr6_init,	lbx_addr6_exit },
	{ lbx_addr_init,	lbx_addr_exit },
	{ lbx_claim_init,	lbx_claim_exit },
	{ lbx_genl_init,	lbx_genl_exit },
	{ lbx_device_init,	lbx_device_exit },
};

/* Unregister the first @n parts, the last of them first */
static void lbx_exit_parts(unsigned int n)
{
	while (n--)
		lbx_parts[n].exit();
	lbx_compat_exit();
}

static int __init lbx_init(void)
{
	unsigned int n;
	int err = 0;

	if (devices == LBX_DEVICES_AUTO)
		devices = lbx_is_on_demand() ? 0 : 1;

	for (n = 0; n < ARRAY_SIZE(lbx_parts); n++) {
		err = lbx_parts[n].init();
		if (err)
			break;
	}
	if (!err)
		err = lbx_add_devices();
	if (err)
		lbx_exit_parts(n);
	return err;
}

static void __exit lbx_exit(void)
{
	lbx_exit_parts(ARRAY_SIZE(lbx_parts));
}

module_init(lbx_init);
module_exit(lbx_exit);

MODULE_DESCRIPTION("Additional loopback devices");
MODULE_VERSION(LBX_VERSION);
MODULE_LICENSE("GPL");
MODULE_ALIAS_RTNL_LINK("lbx");

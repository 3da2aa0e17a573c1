// SPDX-License-Identifier: GPL-2.0
/*
 * plant - planted bugs: tools/vm/selftest checks that a debug kernel detects them
 *
 *	insmod plant.ko bug=NAME
 *
 * The bug "device" needs an existing device plant0.  "netns" takes a reference to the
 * caller's netns.
 */
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *bug = "";
module_param(bug, charp, 0);
MODULE_PARM_DESC(bug, "name of the bug");

static DEFINE_SPINLOCK(lock_a);
static DEFINE_SPINLOCK(lock_b);
static int __rcu *pointer;
static int places = 32;
static int counter;
static netdevice_tracker tracker;

/* A writable variable, so that the compiler cannot predict the result */
static void *memory;

static void plant_leak(void)
{
	memory = kmalloc(100, GFP_KERNEL);
	memory = NULL;
}

static void plant_freed(void)
{
	memory = kmalloc(100, GFP_KERNEL);
	kfree(memory);
	READ_ONCE(*(char *)memory);
}

static void plant_order(void)
{
	spin_lock(&lock_a);
	spin_lock(&lock_b);
	spin_unlock(&lock_b);
	spin_unlock(&lock_a);

	spin_lock(&lock_b);
	spin_lock(&lock_a);
	spin_unlock(&lock_a);
	spin_unlock(&lock_b);
}

static void plant_sleep(void)
{
	spin_lock(&lock_a);
	memory = kmalloc(100, GFP_KERNEL);
	spin_unlock(&lock_a);
	kfree(memory);
}

static void plant_cpu(void)
{
	pr_info("on CPU %d\n", smp_processor_id());
}

static void plant_rcu(void)
{
	pr_info("points to %p\n", rcu_dereference(pointer));
}

static void plant_shift(void)
{
	pr_info("shifted: %d\n", 1 << READ_ONCE(places));
}

static void plant_reference(void)
{
	struct net_device *dev = alloc_etherdev(0);

	if (!dev)
		return;
	netdev_hold(dev, &tracker, GFP_KERNEL);
	free_netdev(dev);
}

/* The reference is not tracked.  The kernel waits for it when the device is deleted. */
static void plant_device(void)
{
	struct net_device *dev = dev_get_by_name(current->nsproxy->net_ns, "plant0");

	pr_info("a reference to %s is lost\n", dev ? dev->name : "nothing");
}

static void plant_netns(void)
{
	get_net(current->nsproxy->net_ns);
}

static int count(void *unused)
{
	while (!kthread_should_stop()) {
		counter++;
		cond_resched();
	}
	return 0;
}

/* Race for long enough that KCSAN detects it. */
static void plant_race(void)
{
	struct task_struct *a = kthread_run(count, NULL, "plant-a");
	struct task_struct *b = kthread_run(count, NULL, "plant-b");

	ssleep(10);
	if (!IS_ERR(a))
		kthread_stop(a);
	if (!IS_ERR(b))
		kthread_stop(b);
}

static const struct {
	const char *name;
	void (*plant)(void);
} bugs[] = {
	{ "leak", plant_leak },
	{ "freed", plant_freed },
	{ "order", plant_order },
	{ "sleep", plant_sleep },
	{ "cpu", plant_cpu },
	{ "rcu", plant_rcu },
	{ "shift", plant_shift },
	{ "reference", plant_reference },
	{ "device", plant_device },
	{ "netns", plant_netns },
	{ "race", plant_race },
};

static int __init plant_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(bugs); i++) {
		if (!strcmp(bugs[i].name, bug)) {
			bugs[i].plant();
			return 0;
		}
	}
	return -EINVAL;
}

static void __exit plant_exit(void)
{
}

module_init(plant_init);
module_exit(plant_exit);
MODULE_DESCRIPTION("Bugs for a debug kernel to find");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * A Raspberry Pi 4's revision code and model where gpiozero looks for them: in /proc/device-tree, which a PC does not
 * have. Like the real one it is hidden by a mount of /proc with subset=pid.
 */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

static struct proc_dir_entry *tree;

static int revision(struct seq_file *file, void *unused)
{
	seq_write(file, "\x00\xc0\x31\x15", 4); /* 4B, 4 GB, 1.5; big-endian as in any device tree */
	return 0;
}

static int model(struct seq_file *file, void *unused)
{
	seq_write(file, "Raspberry Pi 4 Model B Rev 1.5 (simulated)", 43); /* with the zero at its end */
	return 0;
}

static int __init board_init(void)
{
	struct proc_dir_entry *system;

	tree = proc_mkdir("device-tree", NULL);
	system = tree ? proc_mkdir("system", tree) : NULL;
	if (system && proc_create_single("linux,revision", 0444, system, revision) &&
	    proc_create_single("model", 0444, tree, model))
		return 0;
	proc_remove(tree);
	return -ENOMEM;
}

static void __exit board_exit(void)
{
	proc_remove(tree);
}

module_init(board_init);
module_exit(board_exit);
MODULE_DESCRIPTION("A Raspberry Pi's revision code and model, for tests");
MODULE_LICENSE("GPL");

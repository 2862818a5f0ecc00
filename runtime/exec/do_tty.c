/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_tty.c - a pseudo terminal of the container's own devpts, and /dev/console
 *
 * Theory of operation: the master is opened in the container's devpts, which the image may try to
 * replace by something else, so the descriptor is checked for being the ptmx device of a devpts,
 * and the slave is asked of the master (TIOCGPTPEER), never opened by its name in /dev/pts
 * (CVE-2025-52565). /dev/console is that slave's file, bound by descriptor on a file that is made
 * without following links (CVE-2026-88264).
 *
 * The master goes to the parent, which passes it on to --console-socket or relays it itself: the
 * child cannot reach the socket's path any more.
 *
 * Phase: C_FS, child; for exec after joining. Mustn't: resolve anything by the image's names alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "exec/ctx.h"
#include "sys/beneath.h"
#include "sys/mnt.h"

#ifndef DEVPTS_SUPER_MAGIC
#define DEVPTS_SUPER_MAGIC 0x1cd1
#endif
#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif
#define PTMX_MAJOR 5
#define PTMX_MINOR 2

static int open_master(struct exec_ctx *c, int *ret_fd, struct err *e)
{
	auto_close int fd = -1;
	struct statfs sf;
	struct stat st;
	int unlock = 0;

	if (beneath_open(c->rootfd, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK, 0, LINK_REFUSE,
			 &fd, e))
		return err_ctx(e, "open a terminal (is a devpts mounted on /dev/pts?)");
	if (fstatfs(fd, &sf) < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "look at /dev/pts/ptmx");
	if (sf.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st.st_mode) ||
	    st.st_rdev != makedev(PTMX_MAJOR, PTMX_MINOR))
		return err_set(e, ERR_INPUT, "/dev/pts/ptmx is not the device of a devpts");
	if (fcntl(fd, F_SETFL, O_RDWR) < 0 || ioctl(fd, TIOCSPTLCK, &unlock) < 0)
		return err_sys(e, "unlock the terminal");
	*ret_fd = take_fd(fd);
	return 0;
}

/* Test builds: by its name, which leads wherever somebody has made it lead meanwhile. */
static int open_by_name(const struct exec_ctx *c, int master)
{
	char path[64];
	int n;

	if (ioctl(master, TIOCGPTN, &n) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d/dev/pts/%d", c->rootfd, n);
	(void)usleep(MUTANT_RACE_US);
	return open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static int set_size(int fd, const struct op_console *con, struct err *e)
{
	struct winsize ws = { .ws_row = con->height, .ws_col = con->width };

	if (!con->height && !con->width)
		return 0;
	if (ioctl(fd, TIOCSWINSZ, &ws) < 0)
		return err_sys(e, "set the terminal's size");
	return 0;
}

static int bind_console(struct exec_ctx *c, int slave, struct err *e)
{
	auto_close int at = -1, tree = -1;

	if (beneath_touch(c->rootfd, "/dev/console", 0600, LINK_REFUSE, &at, e))
		return -1;
	tree = mnt_clone(slave, "", false);
	if (tree < 0 || mnt_attach(tree, at) < 0)
		return err_sys(e, "bind the terminal on /dev/console");
	return 0;
}

/* The terminal belongs to the program's user; its group stays devpts' gid=, often unmapped. */
static int own_slave(struct exec_ctx *c, int slave, struct err *e)
{
	const struct op *creds = plan_find(c->plan, OP_CREDS);

	if (creds && fchown(slave, creds->u.creds.uid, (gid_t)-1) < 0)
		return err_sys(e, "give the terminal to user %u", creds->u.creds.uid);
	return 0;
}

/* Session leader already (child.c): the slave becomes the controlling terminal and 0, 1, 2. */
static int use_slave(int slave, struct err *e)
{
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return err_sys(e, "make the terminal the controlling one");
	for (int fd = 0; fd < 3; fd++)
		if (dup3(slave, fd, 0) < 0)
			return err_sys(e, "put the terminal on descriptor %d", fd);
	return 0;
}

int do_console(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	auto_close int master = -1, slave = -1;

	(void)i;
	if (fault("c_fs.console"))
		return err_set(e, ERR_SYS, "injected failure at c_fs.console");
	if (open_master(c, &master, e))
		return -1;
	slave = mutant("console.peer") ? open_by_name(c, master)
				       : ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_sys(e, "open the terminal's other side");
	if (set_size(slave, &op->u.console, e) || own_slave(c, slave, e))
		return -1;
	if (!c->plan->is_exec && bind_console(c, slave, e))
		return -1;
	if (sync_send(&c->sync, SYNC_CONSOLE, NULL, &master, 1, e))
		return -1;
	return use_slave(slave, e);
}

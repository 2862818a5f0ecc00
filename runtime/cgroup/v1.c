/* SPDX-License-Identifier: Apache-2.0 */
/* v1.c - a directory of a cgroup v1 hierarchy (Documentation/admin-guide/cgroup-v1) */
#include "cgroup/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <time.h>

#include "base/fd.h"
#include "cgroup/dev_rules.h"

#define FREEZE_TRIES 1000
#define FREEZE_AGAIN 50 /* thaw and freeze again: a task in fork or vfork can block the freezer */

/* A new cpuset has no CPU and no node, and nothing can join it (cpusets.rst). */
static int inherit(const struct cg_ctx *x, int parent_fd, int fd, const char *file, struct err *e)
{
	char own[4096], parents[4096];

	if (cg_read(fd, file, own, sizeof(own)) < 0)
		return err_sys(e, "read %s of " CG_FMT, file, CG_ARG(x->dir));
	if (own[0] != '\0' && own[0] != '\n')
		return 0;
	if (cg_read(parent_fd, file, parents, sizeof(parents)) < 0 ||
	    cg_file_write(fd, file, parents) < 0)
		return err_sys(e, "copy %s from the parent of " CG_FMT, file, CG_ARG(x->dir));
	return 0;
}

static int v1_entered(const struct cg_ctx *x, int parent_fd, int fd, struct err *e)
{
	if (!cg_dir_has(x->dir, "cpuset"))
		return 0;
	if (inherit(x, parent_fd, fd, "cpuset.cpus", e))
		return -1;
	return inherit(x, parent_fd, fd, "cpuset.mems", e);
}

static int v1_open_join(const struct cg_ctx *x, int fd, struct cgroup_fds *ret, struct err *e)
{
	int tasks = openat(fd, "tasks", O_WRONLY | O_CLOEXEC);

	if (tasks < 0)
		return err_sys(e, "open tasks of " CG_FMT, CG_ARG(x->dir));
	ret->tasks[ret->n_tasks++] = tasks;
	return 0;
}

static int write_device(const struct cg_ctx *x, int fd, const char *file, const char *value,
			struct err *e)
{
	if (cg_file_write(fd, file, value) < 0)
		return err_sys(e, "linux.resources.devices: write \"%s\" to %s of " CG_FMT, value,
			       file, CG_ARG(x->dir));
	return 0;
}

static int v1_set_devices(const struct cg_ctx *x, int fd, struct err *e)
{
	struct dev_list l;
	int r;

	r = dev_reduce(x->cg->devices, x->cg->n_devices, &l, e);
	if (r == 0)
		r = write_device(x, fd, l.default_allow ? "devices.allow" : "devices.deny", "a", e);
	for (size_t i = 0; r == 0 && i < l.n; i++) {
		char text[DEV_TEXT_MAX];

		dev_exception_text(&l.v[i], text);
		r = write_device(x, fd, l.default_allow ? "devices.deny" : "devices.allow", text,
				 e);
	}
	dev_list_done(&l);
	return r;
}

static bool state_is(int fd, const char *state)
{
	char buf[32];

	return cg_read(fd, "freezer.state", buf, sizeof(buf)) > 0 && str_has_prefix(buf, state);
}

static bool v1_is_frozen(int fd)
{
	char buf[32];

	return cg_read(fd, "freezer.state", buf, sizeof(buf)) > 0 && !str_has_prefix(buf, "THAWED");
}

static void nap_us(long us)
{
	struct timespec ts = { .tv_nsec = us * 1000 };

	(void)nanosleep(&ts, NULL); /* cut short by a signal: the caller looks again at once */
}

static int v1_freeze(const struct cg_ctx *x, int fd, bool frozen, struct err *e)
{
	const char *want = frozen ? "FROZEN" : "THAWED";

	for (int i = 0; i < FREEZE_TRIES; i++) {
		if (frozen && i > 0 && i % FREEZE_AGAIN == 0)
			(void)cg_file_write(fd, "freezer.state",
					    "THAWED"); /* the next line says if it matters */
		if (cg_file_write(fd, "freezer.state", want) < 0)
			return err_sys(e, "write %s to freezer.state of " CG_FMT, want,
				       CG_ARG(x->dir));
		if (state_is(fd, want))
			return 0;
		nap_us(i < 10 ? 10 : 1000);
	}
	if (frozen)
		(void)cg_file_write(fd, "freezer.state",
				    "THAWED"); /* half frozen is worse than not */
	return err_set(e, ERR_SYS, "freeze " CG_FMT ": the processes do not stop", CG_ARG(x->dir));
}

const struct cg_driver cg_v1 = {
	.magic = CGROUP_SUPER_MAGIC,
	.entered = v1_entered,
	.open_join = v1_open_join,
	.set_devices = v1_set_devices,
	.freeze = v1_freeze,
	.is_frozen = v1_is_frozen,
};

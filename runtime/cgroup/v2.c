/* SPDX-License-Identifier: Apache-2.0 */
/* v2.c - a directory of the cgroup v2 hierarchy (Documentation/admin-guide/cgroup-v2.rst) */
#include "cgroup/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "cgroup/bpf_dev.h"

#define FREEZE_WAIT_MS 10000

/* Whether a write of the plan cannot do without the controller. */
static bool is_required(const struct op_cgroup *cg, const char *controller)
{
	for (size_t i = 0; i < cg->n_writes; i++)
		if (cg->writes[i].on_fail == FAIL_STOP &&
		    streq(cg->writes[i].controller, controller))
			return true;
	return false;
}

static const char *why_not_enabled(int sys)
{
	switch (sys) {
	case EBUSY:
		return "the cgroup holds processes of its own, and v2 gives controllers to "
		       "children "
		       "only of cgroups without processes: choose another linux.cgroupsPath";
	case EOPNOTSUPP:
		return "the cgroup is threaded";
	case ENOENT:
	case EINVAL:
		return "the controller is not available here";
	case EACCES:
	case EPERM:
		return "the cgroup is not delegated to this user";
	default:
		return strerror(sys);
	}
}

/* The hierarchy's root may hold processes beside its children; it alone has no cgroup.type. */
static bool holds_processes(int fd)
{
	char some[64];

	return faccessat(fd, "cgroup.type", F_OK, 0) == 0 &&
	       cg_read(fd, "cgroup.procs", some, sizeof(some)) > 0;
}

/*
 * The kernel would take cpu or pids above processes, too: it makes the cgroup the root of threaded
 * ones, below which no container can be.
 */
static int enable(const struct cg_ctx *x, int fd, const char *controller, struct err *e)
{
	bool inhabited = holds_processes(fd);
	char text[64];

	snprintf(text, sizeof(text), "+%s", controller);
	if ((!inhabited && cg_file_write(fd, "cgroup.subtree_control", text) == 0) ||
	    !is_required(x->cg, controller))
		return 0;
	int sys = inhabited ? EBUSY : errno;
	err_set(e, ERR_SYS, "enable controller %s above " CG_FMT ": %s", controller, CG_ARG(x->dir),
		why_not_enabled(sys));
	if (e)
		e->sys = sys;
	return -1;
}

/*
 * Top down, each level gives its controllers to the next. A v2-only container gets all there are:
 * engines read memory.current and pids.current also of containers without limits. Beside v1
 * hierarchies only what the plan needs is enabled.
 */
static int v2_before_child(const struct cg_ctx *x, int fd, struct err *e)
{
	char have[1024], enabled[1024], *rest = have, *name;

	if (cg_read(fd, "cgroup.controllers", have, sizeof(have)) < 0 ||
	    cg_read(fd, "cgroup.subtree_control", enabled, sizeof(enabled)) < 0)
		return err_sys(e, "read the controllers above " CG_FMT, CG_ARG(x->dir));
	while ((name = strsep(&rest, " \n")))
		if (*name && !cg_list_has(enabled, name) &&
		    (x->cg->v2 || is_required(x->cg, name)) && enable(x, fd, name, e))
			return -1;
	return 0;
}

static int v2_open_join(const struct cg_ctx *x, int fd, struct cgroup_fds *ret, struct err *e)
{
	char type[64];

	/* A child of a threaded cgroup is "domain invalid" until it is made threaded too. */
	if (cg_read(fd, "cgroup.type", type, sizeof(type)) > 0 &&
	    !str_has_prefix(type, "domain\n") && !str_has_prefix(type, "domain threaded")) {
		type[strcspn(type, "\n")] = '\0';
		return err_set(e, ERR_SYS,
			       CG_FMT ": its type is \"%s\": a container needs a domain "
				      "cgroup, which does not exist below a threaded one",
			       CG_ARG(x->dir), type);
	}
	ret->v2_dir = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->v2_dir < 0)
		return err_sys(e, "open " CG_FMT, CG_ARG(x->dir));
	return 0;
}

static int v2_set_devices(const struct cg_ctx *x, int fd, struct err *e)
{
	struct dev_prog p;
	int r;

	dev_prog_build(x->cg->devices, x->cg->n_devices, &p);
	r = dev_prog_attach(fd, &p, x->fresh, e);
	dev_prog_done(&p);
	return r ? err_ctx(e, "linux.resources.devices: " CG_FMT, CG_ARG(x->dir)) : 0;
}

/* Read through the descriptor that is polled: reading is what arms poll() for the next change. */
static bool events_frozen(int events, bool want)
{
	char buf[256];
	ssize_t n = pread(events, buf, sizeof(buf) - 1, 0);

	buf[n > 0 ? n : 0] = '\0';
	return strstr(buf, want ? "frozen 1" : "frozen 0");
}

/* Also where an ancestor is: "frozen" in cgroup.events says what holds here. */
static bool v2_is_frozen(int fd)
{
	auto_close int events = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	return events >= 0 && events_frozen(events, true);
}

static int v2_freeze(const struct cg_ctx *x, int fd, bool frozen, struct err *e)
{
	auto_close int events = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd pfd = { .fd = events, .events = POLLPRI };

	if (events < 0 || cg_file_write(fd, "cgroup.freeze", frozen ? "1" : "0") < 0)
		return err_sys(e, "%s " CG_FMT, frozen ? "freeze" : "thaw", CG_ARG(x->dir));
	for (int waited = 0; waited < FREEZE_WAIT_MS; waited += 10) {
		if (events_frozen(events, frozen))
			return 0;
		(void)poll(&pfd, 1, 10); /* whatever it says, the file is read again */
	}
	if (frozen)
		(void)cg_file_write(fd, "cgroup.freeze", "0"); /* half frozen is worse than not */
	return err_set(e, ERR_SYS, "%s " CG_FMT ": the processes do not follow within %d s",
		       frozen ? "freeze" : "thaw", CG_ARG(x->dir), FREEZE_WAIT_MS / 1000);
}

const struct cg_driver cg_v2 = {
	.magic = CGROUP2_SUPER_MAGIC,
	.before_child = v2_before_child,
	.open_join = v2_open_join,
	.set_devices = v2_set_devices,
	.freeze = v2_freeze,
	.is_frozen = v2_is_frozen,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup.c - a container's cgroup: one directory in each hierarchy
 *
 * Theory of operation. The plan names the directories: those of v1 hierarchies first, the v2 one
 * last, with no controllers in its name. "hybrid" is both, so what a directory needs is decided a
 * directory (struct cg_driver) and not for the machine. Processes are never moved by writing
 * cgroup.procs, which waits for an RCU grace period: the child is born in the v2 directory
 * (CLONE_INTO_CGROUP) and writes "0" to each v1 `tasks` file itself, while it has one thread.
 *
 * Everything is done below a descriptor of the mount, without symbolic links and without leaving
 * it, so that neither an odd cgroupsPath nor a mount over a cgroup leads elsewhere.
 */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"
#include "cgroup/internal.h"

#define DELEGATE_FILES "/sys/kernel/cgroup/delegate"

struct made { /* one directory on its way */
	int mount, fd;
	size_t levels;	 /* that this call has made, counted from the last */
	size_t path_len; /* how much of the path exists */
};

/* ---- making ---- */

/* The next component of a path, copied; NULL at the end. */
static const char *next_component(const char **path, char buf[256])
{
	size_t n;

	while (**path == '/')
		++*path;
	n = strcspn(*path, "/");
	if (n == 0 || n > 255)
		return NULL;
	memcpy(buf, *path, n);
	buf[n] = '\0';
	*path += n;
	return buf;
}

static int check_path(const struct plan_cg_dir *d, struct err *e)
{
	char name[256];
	size_t n = 0;

	for (const char *rest = d->path; next_component(&rest, name); n++)
		if (streq(name, ".") || streq(name, ".."))
			return err_set(e, ERR_SPEC,
				       "linux.cgroupsPath: " CG_FMT ": \"%s\" is not a name",
				       CG_ARG(d), name);
	if (n == 0 || strlen(d->path) >= PATH_MAX)
		return err_set(e, ERR_SPEC,
			       "linux.cgroupsPath: " CG_FMT ": a container cannot have "
			       "the root cgroup, nor one with a name above 255 bytes",
			       CG_ARG(d));
	return 0;
}

/* One level: use what is there, else make it. Replaces m->fd by the child. */
static int descend(struct cg_ctx *x, struct made *m, const char *name, size_t path_len,
		   struct err *e)
{
	const struct cg_driver *drv = cg_driver_of(x->dir);

	if (drv->before_child && drv->before_child(x, m->fd, e))
		return -1;
	x->fresh = mkdirat(m->fd, name, 0755) == 0;
	if (!x->fresh && errno != EEXIST)
		return err_sys(e, "make " CG_FMT, CG_ARG(x->dir));
	m->levels = x->fresh ? m->levels + 1 : 0;
	m->path_len = path_len;

	auto_close int child = cg_open_child(m->fd, name);
	if (child < 0)
		return err_sys(e, "open " CG_FMT, CG_ARG(x->dir));
	if (drv->entered && drv->entered(x, m->fd, child, e))
		return -1;
	fd_close(&m->fd);
	m->fd = take_fd(child);
	return 0;
}

/* Also a new one: below a frozen cgroup it is frozen, and what is born in it never runs. */
static int check_not_frozen(const struct cg_ctx *x, int fd, struct err *e)
{
	bool can_be = cg_dir_is_v2(x->dir) || cg_dir_has(x->dir, "freezer");

	if (!can_be || !cg_driver_of(x->dir)->is_frozen(fd) || mutant("cgroup.frozen"))
		return 0;
	return err_set(e, ERR_STATE, CG_FMT " is frozen: nothing could run in it", CG_ARG(x->dir));
}

/* Leftovers of a container with the same id are taken over; a cgroup in use never is. */
static int check_unused(const struct cg_ctx *x, int fd, struct err *e)
{
	struct cg_pids p = { 0 };
	int r = cg_collect_pids(fd, &p);

	cg_pids_done(&p);
	if (r < 0)
		return err_sys(e, "read the processes of " CG_FMT, CG_ARG(x->dir));
	if (p.n > 0 && !mutant("cgroup.not_empty"))
		return err_set(e, ERR_STATE,
			       CG_FMT " exists and holds %zu processes: it belongs to "
				      "something else",
			       CG_ARG(x->dir), p.n);
	return 0;
}

int cgroup_check_unused(const struct op_cgroup *cg, struct err *e)
{
	for (size_t i = 0; !cg->none && i < cg->n_dirs; i++) {
		struct cg_ctx x = { .cg = cg, .dir = &cg->dirs[i] };
		auto_close int fd = -1;

		if (check_path(x.dir, e) || cg_open_dir(x.dir, &fd, e))
			return -1;
		if (fd >= 0 && (check_not_frozen(&x, fd, e) || check_unused(&x, fd, e)))
			return -1;
	}
	return 0;
}

static int make_dir(struct cg_ctx *x, struct made *m, struct cgroup_fds *fds, struct err *e)
{
	char name[256];

	if (check_path(x->dir, e) || cg_open_mount(x->dir, &m->mount, e))
		return -1;
	m->fd = cg_open_child(m->mount, ".");
	if (m->fd < 0)
		return err_sys(e, "open the cgroup mount %s", x->dir->mount_host);
	for (const char *rest = x->dir->path; next_component(&rest, name);)
		if (descend(x, m, name, (size_t)(rest - x->dir->path), e))
			return -1;
	if (check_not_frozen(x, m->fd, e) || (!x->fresh && check_unused(x, m->fd, e)))
		return -1;
	return cg_driver_of(x->dir)->open_join(x, m->fd, fds, e);
}

/* Deepest first; what has got another user meanwhile stays. */
static void unmake(const struct plan_cg_dir *d, const struct made *m)
{
	size_t skip = strspn(d->path, "/");
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s", (int)(m->path_len - skip), d->path + skip);
	for (size_t i = 0; i < m->levels && unlinkat(m->mount, path, AT_REMOVEDIR) == 0; i++) {
		char *slash = strrchr(path, '/');

		if (!slash)
			break;
		while (slash > path && slash[-1] == '/')
			slash--;
		*slash = '\0';
	}
}

/* ---- limits ---- */

static bool takes(const struct op_cgroup *cg, const struct plan_cg_dir *d, const char *controller)
{
	if (!cg_dir_is_v2(d))
		return cg_dir_has(d, controller);
	for (size_t i = 0; i < cg->n_dirs; i++)
		if (!cg_dir_is_v2(&cg->dirs[i]) && cg_dir_has(&cg->dirs[i], controller))
			return false;
	return true; /* v2 has all that no v1 hierarchy has, and files of no controller */
}

/* A value of several lines (io.max, unified) is that many commands. -1 with errno. */
static int write_lines(int fd, const char *file, const char *value)
{
	char line[4096];

	do {
		size_t n = strcspn(value, "\n");

		if (n >= sizeof(line)) {
			errno = E2BIG;
			return -1;
		}
		memcpy(line, value, n);
		line[n] = '\0';
		if (cg_file_write(fd, file, line) < 0)
			return -1;
		value += n;
		value += *value == '\n';
	} while (*value);
	return 0;
}

static int write_failed(const struct plan_cg_dir *d, const struct plan_cg_write *w, struct err *e)
{
	int sys = errno;

	err_sys(e, "%s: write \"%s\" to %s of " CG_FMT, w->rule ? w->rule : "cgroup", w->value,
		w->file, CG_ARG(d));
	if (sys == ENOENT && e)
		err_set(e, ERR_SYS,
			"%s: " CG_FMT " has no file %s: the controller \"%s\" is not enabled "
			"there, or this kernel does not have the file",
			w->rule ? w->rule : "cgroup", CG_ARG(d), w->file, w->controller);
	return -1;
}

static int check_file(const struct plan_cg_write *w, struct err *e)
{
	if (*w->file && *w->file != '.' && !strchr(w->file, '/'))
		return 0;
	return err_set(e, ERR_SPEC, "%s: \"%s\" is not the name of a cgroup file",
		       w->rule ? w->rule : "cgroup", w->file);
}

/* Before anything is written: a limit that is refused must not leave others changed. */
static int check_usage(const struct op_cgroup *cg, const struct plan_cg_dir *d, int fd,
		       struct err *e)
{
	for (size_t i = 0; i < cg->n_writes; i++) {
		const struct plan_cg_write *w = &cg->writes[i];
		uint64_t limit, used;

		if (!w->not_below || !takes(cg, d, w->controller) || !str_to_u64(w->value, &limit) ||
		    !cg_read_u64(fd, w->not_below, &used)) /* no such file: nothing is counted */
			continue;
		if (used > limit && !mutant("cgroup.not_below"))
			return err_set(e, ERR_STATE,
				       "%s: %" PRIu64 " bytes are in use, which is more than the new "
				       "limit of %" PRIu64 " (checkBeforeUpdate)",
				       w->rule, used, limit);
	}
	return 0;
}

/*
 * Some files depend on each other in an order that depends on what they hold now (memory and
 * memory+swap, quota and period): what is refused is tried again after the others.
 */
static int write_limits(const struct op_cgroup *cg, const struct plan_cg_dir *d, int fd,
			struct err *e)
{
	auto_free bool *done = xcalloc(cg->n_writes, sizeof(*done));

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < cg->n_writes; i++) {
			const struct plan_cg_write *w = &cg->writes[i];

			if (done[i] || !takes(cg, d, w->controller) || mutant("cgroup.limits"))
				continue;
			if (check_file(w, e))
				return -1;
			bool is_written = write_lines(fd, w->file, w->value) == 0;

			done[i] = is_written || w->on_fail == FAIL_IGNORE ||
				  (w->on_fail == FAIL_NEXT && errno == ENOENT);
			if (is_written && w->on_fail == FAIL_NEXT && i + 1 < cg->n_writes)
				done[i + 1] = true;
			if (!done[i] && (round > 0 || (errno != EINVAL && errno != EBUSY)))
				return write_failed(d, w, e);
		}
	}
	return 0;
}

/* Which files belong to the owner of a delegated subtree; the kernel lists them since 4.15. */
static int delegate(const struct cg_ctx *x, int fd, struct err *e)
{
	static const char fallback[] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";
	const struct op_cgroup *cg = x->cg;
	char list[4096], *rest = list, *file;

	if (!cg->chown || !cg_dir_is_v2(x->dir))
		return 0;
	if (cg_read(AT_FDCWD, DELEGATE_FILES, list, sizeof(list)) < 0)
		memcpy(list, fallback, sizeof(fallback));
	if (fchown(fd, cg->owner_uid, cg->owner_gid) < 0)
		return err_sys(e, "give " CG_FMT " to the container", CG_ARG(x->dir));
	while ((file = strsep(&rest, "\n")))
		if (*file && !strchr(file, '/') &&
		    fchownat(fd, file, cg->owner_uid, cg->owner_gid, AT_SYMLINK_NOFOLLOW) < 0 &&
		    errno != ENOENT)
			return err_sys(e, "give %s of " CG_FMT " to the container", file,
				       CG_ARG(x->dir));
	return 0;
}

static int fill_dir(const struct cg_ctx *x, int fd, struct err *e)
{
	if (write_limits(x->cg, x->dir, fd, e))
		return -1;
	if (x->cg->n_devices > 0 && takes(x->cg, x->dir, "devices") && !mutant("cgroup.devices") &&
	    cg_driver_of(x->dir)->set_devices(x, fd, e))
		return -1;
	return delegate(x, fd, e);
}

/* ---- what others call ---- */

static bool is_taken(const struct op_cgroup *cg, const char *controller)
{
	for (size_t i = 0; i < cg->n_dirs; i++)
		if (takes(cg, &cg->dirs[i], controller))
			return true;
	return false;
}

/* A limit for which there is no hierarchy must not be lost in silence. */
static int check_op(const struct op_cgroup *cg, struct err *e)
{
	if (cg->n_dirs > CGROUP_MAX_DIRS)
		return err_set(e, ERR_UNSUPPORTED,
			       "the container has %zu cgroup hierarchies, %d are supported",
			       cg->n_dirs, CGROUP_MAX_DIRS);
	for (size_t i = 0; i < cg->n_writes; i++) {
		const struct plan_cg_write *w = &cg->writes[i];

		if (w->on_fail == FAIL_STOP && !is_taken(cg, w->controller))
			return err_set(e, ERR_UNSUPPORTED,
				       "%s: this machine has no cgroup hierarchy with the "
				       "controller \"%s\"",
				       w->rule ? w->rule : "cgroup", w->controller);
	}
	if (cg->n_devices > 0 && !is_taken(cg, "devices"))
		return err_set(e, ERR_UNSUPPORTED,
			       "linux.resources.devices: this machine has no cgroup "
			       "hierarchy that can hold device rules");
	return 0;
}

int cgroup_make(const struct op_cgroup *cg, struct cgroup_fds *ret_fds, struct err *e)
{
	struct cgroup_fds fds = { .v2_dir = -1, .existed = true };
	struct made made[CGROUP_MAX_DIRS];
	size_t n = 0;
	int r = cg->none ? 0 : check_op(cg, e);

	for (; r == 0 && !cg->none && n < cg->n_dirs; n++) {
		struct cg_ctx x = { .cg = cg, .dir = &cg->dirs[n] };

		made[n] = (struct made){ .mount = -1, .fd = -1 };
		r = make_dir(&x, &made[n], &fds, e);
		fds.existed = fds.existed && !x.fresh;
		if (r == 0)
			r = fill_dir(&x, made[n].fd, e);
		if (r == 0 && fault("cgroup.make"))
			r = err_set(e, ERR_SYS, "injected failure after " CG_FMT, CG_ARG(x.dir));
	}
	for (size_t i = 0; i < n; i++) {
		if (r)
			unmake(&cg->dirs[i], &made[i]);
		fd_close(&made[i].fd);
		fd_close(&made[i].mount);
	}
	if (r)
		cgroup_fds_done(&fds);
	else
		*ret_fds = fds;
	return r;
}

int cgroup_open(const struct op_cgroup *cg, struct cgroup_fds *ret_fds, struct err *e)
{
	struct cgroup_fds fds = { .v2_dir = -1 };
	int r = cg->none ? 0 : check_op(cg, e);

	for (size_t i = 0; r == 0 && !cg->none && i < cg->n_dirs; i++) {
		struct cg_ctx x = { .cg = cg, .dir = &cg->dirs[i] };
		auto_close int fd = -1;

		r = cg_open_dir(x.dir, &fd, e);
		if (r == 0 && fd < 0)
			r = err_set(e, ERR_STATE, CG_FMT " does not exist any more", CG_ARG(x.dir));
		if (r == 0)
			r = cg_driver_of(x.dir)->open_join(&x, fd, &fds, e);
	}
	if (r)
		cgroup_fds_done(&fds);
	else
		*ret_fds = fds;
	return r;
}

int cgroup_join_self(const struct cgroup_fds *fds, struct err *e)
{
	for (size_t i = 0; i < fds->n_tasks && !mutant("cgroup.join"); i++)
		if (write(fds->tasks[i], "0", 1) != 1)
			return err_sys(e, "join the cgroup of v1 hierarchy %zu", i);
	return 0;
}

void cgroup_fds_done(struct cgroup_fds *fds)
{
	fd_close(&fds->v2_dir);
	for (size_t i = 0; i < fds->n_tasks; i++)
		fd_close(&fds->tasks[i]);
	fds->n_tasks = 0;
}

static int for_each_dir(const struct op_cgroup *cg,
			int (*fn)(const struct cg_ctx *x, int fd, struct err *e), struct err *e)
{
	for (size_t i = 0; i < cg->n_dirs; i++) {
		struct cg_ctx x = { .cg = cg, .dir = &cg->dirs[i] };
		auto_close int fd = -1;

		if (cg_open_dir(x.dir, &fd, e))
			return -1;
		if (fd < 0)
			return err_set(e, ERR_STATE, CG_FMT " does not exist any more",
				       CG_ARG(x.dir));
		if (fn(&x, fd, e))
			return -1;
	}
	return 0;
}

static int check_dir(const struct cg_ctx *x, int fd, struct err *e)
{
	return check_usage(x->cg, x->dir, fd, e);
}

int cgroup_apply(const struct op_cgroup *cg, struct err *e)
{
	if (cg->none)
		return 0;
	if (check_op(cg, e) || for_each_dir(cg, check_dir, e))
		return -1;
	return for_each_dir(cg, fill_dir, e);
}

/* The directory that can be frozen, or NULL: v2 has it always, v1 in the freezer hierarchy. */
const struct plan_cg_dir *cg_freezer(const struct op_cgroup *cg)
{
	const struct plan_cg_dir *v2 = NULL;

	for (size_t i = 0; !cg->none && i < cg->n_dirs; i++) {
		if (cg_dir_has(&cg->dirs[i], "freezer"))
			return &cg->dirs[i];
		if (cg_dir_is_v2(&cg->dirs[i]))
			v2 = &cg->dirs[i];
	}
	return v2;
}

int cgroup_freeze(const struct op_cgroup *cg, bool frozen, struct err *e)
{
	struct cg_ctx x = { .cg = cg, .dir = cg_freezer(cg) };
	auto_close int fd = -1;

	if (!x.dir)
		return err_set(e, ERR_UNSUPPORTED, "%s: the container has no cgroup with a freezer",
			       frozen ? "pause" : "resume");
	if (cg_open_dir(x.dir, &fd, e))
		return -1;
	if (fd < 0)
		return err_set(e, ERR_STATE, CG_FMT " does not exist any more", CG_ARG(x.dir));
	return cg_driver_of(x.dir)->freeze(&x, fd, frozen, e);
}

int cgroup_is_frozen(const struct op_cgroup *cg, bool *ret_frozen, struct err *e)
{
	const struct plan_cg_dir *d = cg_freezer(cg);
	auto_close int fd = -1;

	if (d && cg_open_dir(d, &fd, e))
		return -1;
	*ret_frozen = fd >= 0 && cg_driver_of(d)->is_frozen(fd);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay.c - disposable overlays: the container's root, a project that is written copy-on-write
 *
 * Phase: P_MAP, with the caller's privileges.
 *
 * Theory of operation. An overlay cannot be id-mapped, but its layers can: every lower is cloned,
 * the clone gets the container's maps, and the overlay is made over the clones. It is made from
 * the runtime's user namespace: mounted inside the container's it would read user.overlay.* where
 * the engine wrote trusted.overlay.*, and deleted files would come back. The upper is not
 * id-mapped (such a mount succeeds and is silently read-only); its root directory belongs to the
 * mapped root, so what is stored in it carries shifted ids.
 *
 * Linux 6.15 takes layers that are attached nowhere, by descriptor: overlay_fds.c. Before that they
 * must be attached somewhere, and before 6.5 be paths (mount(2) options, one page in all). So a
 * helper process with a mount namespace of its own puts the clones under a private tmpfs with names
 * of a few bytes, mounts the overlay there by relative names and clones it into a detached mount.
 * The helper shares our descriptor table: the clone is ours when it ends, and everything else ends
 * with its namespace. It shares no memory with us beyond one page for the result: where the overlay
 * is to be proved as another user than the container's root, it changes its file-system ids.
 *
 * A mount that succeeded may be read-only all the same (seen): it is proved by making a file as its
 * user. The container's root is proved by the child, who is that user (do_root.c).
 *
 * Should: refuse a layer that cannot be mapped. Mustn't: hand out an overlay that nobody proves, or
 * leave a mount in the caller's namespace.
 */
#include "exec/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "exec/idmap.h"
#include "sys/mnt.h"
#include "sys/syscalls.h"

#define DATA_MAX 4095 /* mount(2) copies one page, NUL included */

/* In shared memory: the helper is another process. */
struct result {
	int mount;
	struct err e;
};

struct job {
	const struct overlay *o;
	int upper; /* a detached mount with the directories "upper" and "work" */
	struct result *res;
};

/* Directory entries in the helper's tmpfs: "0", "1" ... are the lowers. */
#define NAME_UPPER "u" /* holds "upper" and "work" */
#define NAME_MERGED "m"

/* The helper's first step: nothing it mounts may reach another namespace, and a place to work. */
static int enter_scratch(struct err *e)
{
	const struct mnt_fs tmp = { .type = "tmpfs",
				    .data = "mode=0700",
				    .attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };
	auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;

	if (root < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(e, "make the overlay helper's mounts private");
	if (mnt_new(&tmp, &fd, e))
		return -1;
	if (mnt_attach(fd, root) < 0 || fchdir(fd) < 0)
		return err_sys(e, "attach the overlay helper's tmpfs");
	return 0;
}

static int attach_at(int mnt, const char *name)
{
	if (mkdir(name, 0700) < 0)
		return -1;
	return sys_move_mount(mnt, "", AT_FDCWD, name, MOVE_MOUNT_F_EMPTY_PATH);
}

static int attach_lowers(const struct overlay *o, struct err *e)
{
	for (size_t i = 0; i < o->n_lower; i++) {
		char name[24];

		snprintf(name, sizeof(name), "%zx", i);
		if (attach_at(o->lower[i], name) < 0)
			return err_sys(e, "attach layer %s", o->lower_host[i]);
	}
	return 0;
}

static int attach_upper(const struct job *j, struct err *e)
{
	return attach_at(j->upper, NAME_UPPER) < 0 ? err_sys(e, "attach the upper directory") : 0;
}

const char *overlay_redirect(const struct overlay *o)
{
	if (o->redirect_dir)
		return o->redirect_dir;
	return o->metacopy ? "on"
			   : "nofollow"; /* the kernel demands redirect_dir=on for metacopy */
}

static int overlay_data(const struct overlay *o, struct strbuf *b, struct err *e)
{
	for (size_t i = 0; i < o->n_lower; i++)
		strbuf_addf(b, "%s%zx", i ? ":" : "lowerdir=", i);
	strbuf_addf(b,
		    ",upperdir=%s/upper,workdir=%s/work,redirect_dir=%s,metacopy=%s,index=off,"
		    "volatile%s",
		    NAME_UPPER, NAME_UPPER, overlay_redirect(o), o->metacopy ? "on" : "off",
		    o->userxattr ? ",userxattr" : "");
	if (b->len > DATA_MAX)
		return err_set(e, ERR_UNSUPPORTED,
			       "overlay of %zu layers: their names exceed the page "
			       "that mount(2) takes",
			       o->n_lower);
	return 0;
}

static int mount_overlay(const struct overlay *o, struct err *e)
{
	auto_strbuf struct strbuf data = STRBUF_INIT;

	if (overlay_data(o, &data, e))
		return -1;
	if (mkdir(NAME_MERGED, 0700) < 0)
		return err_sys(e, "make the overlay's mount point");
	if (mount("overlay", NAME_MERGED, "overlay", 0, data.p) < 0)
		return err_sys(e,
			       "mount an overlay of %zu layers of %s with its upper in %s "
			       "(the kernel log has the reason)",
			       o->n_lower, o->what_host,
			       o->upper >= 0 ? o->upper_host : "tmpfs");
	return 0;
}

/* As its user, in a process that ends then. */
static int prove_as_user(const struct overlay *o, struct err *e)
{
	auto_close int fd = openat(AT_FDCWD, NAME_MERGED, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open the overlay");
	/* keep the capabilities over the change of ids: "/" may be 0555, as it is for root inside
	 */
	(void)prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP);
	(void)setfsgid(o->gid);
	(void)setfsuid(o->uid);
	return overlay_prove(fd, o->what_host, o->uid, o->gid, e);
}

static int helper(const struct job *j, struct err *e)
{
	auto_close int fd = -1;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a parent that died wants no result */
	umask(0);
	if (enter_scratch(e) || attach_lowers(j->o, e) || attach_upper(j, e) ||
	    mount_overlay(j->o, e))
		return -1;
	fd = mnt_clone(AT_FDCWD, NAME_MERGED, false);
	if (fd < 0)
		return err_sys(e, "clone the overlay");
	if (j->o->prove && prove_as_user(j->o, e))
		return -1;
	j->res->mount = take_fd(fd); /* our table is the parent's */
	return 0;
}

/* Start the helper, wait for it; what it found stands in j->res. */
static int run_helper(const struct job *j, struct err *e)
{
	struct clone_args args = { .flags = CLONE_NEWNS | CLONE_FILES, .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args, sizeof(args));
	int status;

	if (pid < 0)
		return err_sys(e, "make a mount namespace for the overlay");
	if (pid == 0)
		_exit(helper(j, &j->res->e) ? 1 : 0);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "wait for the overlay helper");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (j->res->e.kind == ERR_NONE)
		return err_set(e, ERR_SYS, "the overlay helper was killed (wait status %d)",
			       status);
	*e = j->res->e;
	return -1;
}

static int by_helper(const struct overlay *o, int upper, int *ret_fd, struct err *e)
{
	struct job j = { .o = o, .upper = upper };
	int ret = -1;

	j.res = mmap(NULL, sizeof(*j.res), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (j.res == MAP_FAILED)
		return err_sys(e, "overlay over %s: no memory", o->what_host);
	j.res->mount = -1;
	if (run_helper(&j, e) == 0) {
		*ret_fd = j.res->mount;
		ret = 0;
	}
	(void)munmap(j.res, sizeof(*j.res));
	return ret;
}

/* Its directories, in the mount that is there or in a new tmpfs. */
static int make_upper(const struct overlay *o, int *ret_fd, struct err *e)
{
	struct mnt_fs tmp = { .type = "tmpfs", .attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };
	auto_close int made = -1;
	char data[64];

	if (o->upper < 0) {
		snprintf(data, sizeof(data), "mode=0700,size=%" PRIu64, o->tmpfs_size_bytes);
		tmp.data = data;
		if (mnt_new(&tmp, &made, e))
			return err_ctx(e, "upper directory");
	}
	int fd = made >= 0 ? made : o->upper;
	if (mkdirat(fd, "upper", 0700) < 0 || mkdirat(fd, "work", 0700) < 0)
		return err_sys(e, "make the upper directory");
	if (overlay_prepare(o, fd, e))
		return -1;
	*ret_fd = take_fd(made);
	return 0;
}

int overlay_make(const struct overlay *o, int *ret_fd, struct err *e)
{
	auto_close int tmpfs = -1;

	if (o->n_lower == 0 || o->n_lower > OVERLAY_LOWER_MAX)
		return err_set(e, ERR_UNSUPPORTED,
			       "overlay over %s of %zu layers: 1 to %d are possible", o->what_host,
			       o->n_lower, OVERLAY_LOWER_MAX);
	if (make_upper(o, &tmpfs, e))
		return -1;
	int upper = tmpfs >= 0 ? tmpfs : o->upper;
	if (!o->prove && overlay_by_fds(o, upper, ret_fd) == 0)
		return 0;
	return by_helper(o, upper, ret_fd, e); /* or says why not */
}

int overlay_root_id(const struct plan *p, uint32_t *ret_uid, uint32_t *ret_gid, struct err *e)
{
	const struct op *op = plan_find(p, OP_USERNS);

	*ret_uid = *ret_gid = 0;
	if (!op || op->u.userns.action == NS_INHERIT)
		return 0;
	const struct op_userns *u = &op->u.userns;
	if (!idmap_to_host(u->uid, u->n_uid, 0, ret_uid) ||
	    !idmap_to_host(u->gid, u->n_gid, 0, ret_gid))
		return err_set(e, ERR_UNSUPPORTED,
			       "overlay: the container's user namespace maps no root user");
	return 0;
}

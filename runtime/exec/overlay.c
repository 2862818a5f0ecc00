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
 * Linux before 6.15 takes only layers that are attached somewhere, and before 6.5 only paths
 * (mount(2) options, one page in all). So a helper process with a mount namespace of its own puts
 * the clones under a private tmpfs with names of a few bytes, mounts the overlay there by relative
 * names, proves that it can be written, and clones it into a detached mount. The helper shares our
 * descriptor table: the clone is ours when it ends, and everything else ends with its namespace.
 * It shares no memory with us beyond one page for the result: it changes its file-system ids.
 *
 * Should: refuse a layer that cannot be mapped. Mustn't: believe that a mount that succeeded can
 * be written (seen read-only), or leave a mount in the caller's namespace.
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
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/str.h"
#include "exec/idmap.h"
#include "sys/mnt.h"
#include "sys/syscalls.h"

#define DATA_MAX 4095 /* mount(2) copies one page, NUL included */
#define PROBE_NAME ".agentrt-probe"

/* In shared memory: the helper is another process. */
struct result {
	int mount;
	struct err e;
};

struct job {
	const struct overlay *o;
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

static int attach_upper(const struct overlay *o, struct err *e)
{
	struct mnt_fs tmp = { .type = "tmpfs", .attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };
	auto_close int made = -1;
	int fd = o->upper;
	char data[64];

	if (fd < 0) {
		snprintf(data, sizeof(data), "mode=0700,size=%" PRIu64, o->tmpfs_size_bytes);
		tmp.data = data;
		if (mnt_new(&tmp, &made, e))
			return err_ctx(e, "upper directory");
		fd = made;
	}
	if (attach_at(fd, NAME_UPPER) < 0)
		return err_sys(e, "attach the upper directory");
	if (mkdirat(fd, "upper", 0700) < 0 || mkdirat(fd, "work", 0700) < 0)
		return err_sys(e, "make the upper directory");
	return overlay_prepare(o, fd, e);
}

static const char *redirect_of(const struct overlay *o)
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
		    NAME_UPPER, NAME_UPPER, redirect_of(o), o->metacopy ? "on" : "off",
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

/* A successful mount proves nothing: create and remove one file as its user. */
static int verify_writable(const struct overlay *o, int fd, struct err *e)
{
	struct statvfs vfs;
	struct stat st;

	if (fstatvfs(fd, &vfs) < 0)
		return err_sys(e, "look at the overlay");
	if (vfs.f_flag & ST_RDONLY)
		return err_set(e, ERR_UNSUPPORTED,
			       "the overlay over %s was mounted read-only by the "
			       "kernel (its log has the reason)",
			       o->what_host);
	/* keep the capabilities over the change of ids: "/" may be 0555, as it is for root inside
	 */
	(void)prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP);
	(void)setfsgid(o->gid);
	(void)setfsuid(o->uid);
	auto_close int probe =
		openat(fd, PROBE_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (probe < 0 || fstat(probe, &st) < 0 || unlinkat(fd, PROBE_NAME, 0) < 0)
		return err_sys(e, "write to the overlay over %s as its user",
			       o->what_host);
	if (st.st_uid != o->uid || st.st_gid != o->gid)
		return err_set(e, ERR_UNSUPPORTED,
			       "the overlay over %s stores files as %u:%u instead "
			       "of %u:%u",
			       o->what_host, st.st_uid, st.st_gid, o->uid, o->gid);
	return 0;
}

static int helper(const struct job *j, struct err *e)
{
	auto_close int fd = -1, merged = -1;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a parent that died wants no result */
	umask(0);
	if (enter_scratch(e) || attach_lowers(j->o, e) || attach_upper(j->o, e) ||
	    mount_overlay(j->o, e))
		return -1;
	fd = mnt_clone(AT_FDCWD, NAME_MERGED, false);
	if (fd < 0)
		return err_sys(e, "clone the overlay");
	merged = openat(AT_FDCWD, NAME_MERGED, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (merged < 0)
		return err_sys(e, "open the overlay");
	if (!mutant("overlay.verify") && verify_writable(j->o, merged, e))
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

int overlay_make(const struct overlay *o, int *ret_fd, struct err *e)
{
	struct job j = { .o = o };
	int ret = -1;

	if (o->n_lower == 0 || o->n_lower > OVERLAY_LOWER_MAX)
		return err_set(e, ERR_UNSUPPORTED,
			       "overlay over %s of %zu layers: 1 to %d are possible", o->what_host,
			       o->n_lower, OVERLAY_LOWER_MAX);
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_overlay.c - the container's root: a disposable overlay, or a clone of the given directory
 *
 * Phase: P_MAP, with the caller's privileges; c->userns is open where there is one.
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
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <linux/securebits.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/str.h"
#include "exec/ctx.h"
#include "exec/idmap.h"
#include "sys/mnt.h"
#include "sys/syscalls.h"

#define LOWER_MAX 500 /* OVL_MAX_STACK of the kernel */
#define DATA_MAX 4095 /* mount(2) copies one page, NUL included */
#define XATTR_MAX 65536
#define OVERFLOW_ID 65534u
#define PROBE_NAME ".agentrt-probe"

struct job {
	const struct op_root *root;
	int src;		     /* the given root, opened and compared */
	int *lower;		     /* detached clones, id-mapped; closed by the parent */
	int upper;		     /* detached clone of the directory on disk, or -1: tmpfs */
	uint32_t root_uid, root_gid; /* the container's root, outside */
	/* result, in shared memory */
	struct result {
		int mount;
		struct err e;
	} * res;
};

/* Directory entries in the helper's tmpfs: "0", "1" ... are the lowers. */
#define NAME_UPPER "u" /* holds "upper" and "work" */
#define NAME_MERGED "m"

/* What the upper's root must look like: its mode, ids and attributes are those of "/" inside. */
static int copy_xattr(int from, int to, const char *name)
{
	auto_free char *value = xcalloc(XATTR_MAX, 1);
	ssize_t n = fgetxattr(from, name, value, XATTR_MAX);

	if (n < 0)
		return errno == ENODATA ? 0 : -1;
	return fsetxattr(to, name, value, (size_t)n, 0);
}

static int copy_xattrs(int from, int to)
{
	auto_free char *names = xcalloc(XATTR_MAX, 1);
	ssize_t n = flistxattr(from, names, XATTR_MAX);

	if (n < 0)
		return errno == EOPNOTSUPP ? 0 : -1;
	for (const char *p = names; p < names + n; p += strlen(p) + 1) {
		if (str_has_prefix(p, "trusted.overlay.") || str_has_prefix(p, "user.overlay."))
			continue;
		/* an attribute that the upper's file system cannot hold is not worth failing for */
		if (copy_xattr(from, to, p) < 0 && errno != EOPNOTSUPP && errno != EPERM)
			return -1;
	}
	return 0;
}

static int copy_root_looks(const struct job *j, int upper, struct err *e)
{
	auto_close int from = openat(j->lower[0], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int to = openat(upper, "upper", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (from < 0 || to < 0 || fstat(from, &st) < 0)
		return err_sys(e, "open the root of the topmost layer and of the upper directory");
	/* through the mapped clone: an id that the container does not have shows as overflow */
	uid_t uid = st.st_uid == OVERFLOW_ID ? j->root_uid : st.st_uid;
	gid_t gid = st.st_gid == OVERFLOW_ID ? j->root_gid : st.st_gid;
	if (fchown(to, uid, gid) < 0 || fchmod(to, st.st_mode & 07777) < 0)
		return err_sys(e, "give the upper directory to the container's root");
	if (copy_xattrs(from, to) < 0)
		return err_sys(e, "copy extended attributes to the upper directory");
	return 0;
}

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

static int attach_lowers(const struct job *j, struct err *e)
{
	for (size_t i = 0; i < j->root->n_lower; i++) {
		char name[24];

		snprintf(name, sizeof(name), "%zx", i);
		if (attach_at(j->lower[i], name) < 0)
			return err_sys(e, "attach layer %s", j->root->lower_host[i]);
	}
	return 0;
}

static int attach_upper(const struct job *j, struct err *e)
{
	struct mnt_fs tmp = { .type = "tmpfs", .attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };
	auto_close int made = -1;
	int fd = j->upper;
	char data[64];

	if (fd < 0) {
		snprintf(data, sizeof(data), "mode=0700,size=%" PRIu64, j->root->tmpfs_size_bytes);
		tmp.data = data;
		if (mnt_new(&tmp, &made, e))
			return err_ctx(e, "upper directory");
		fd = made;
	}
	if (attach_at(fd, NAME_UPPER) < 0)
		return err_sys(e, "attach the upper directory");
	if (mkdirat(fd, "upper", 0700) < 0 || mkdirat(fd, "work", 0700) < 0)
		return err_sys(e, "make the upper directory");
	return copy_root_looks(j, fd, e);
}

static const char *redirect_of(const struct op_root *r)
{
	if (r->redirect_dir)
		return r->redirect_dir;
	return r->metacopy ? "on"
			   : "nofollow"; /* the kernel demands redirect_dir=on for metacopy */
}

static int overlay_data(const struct op_root *r, struct strbuf *b, struct err *e)
{
	for (size_t i = 0; i < r->n_lower; i++)
		strbuf_addf(b, "%s%zx", i ? ":" : "lowerdir=", i);
	strbuf_addf(b,
		    ",upperdir=%s/upper,workdir=%s/work,redirect_dir=%s,metacopy=%s,index=off,"
		    "volatile%s",
		    NAME_UPPER, NAME_UPPER, redirect_of(r), r->metacopy ? "on" : "off",
		    r->userxattr ? ",userxattr" : "");
	if (b->len > DATA_MAX)
		return err_set(e, ERR_UNSUPPORTED,
			       "overlay of %zu layers: their names exceed the page "
			       "that mount(2) takes",
			       r->n_lower);
	return 0;
}

static int mount_overlay(const struct job *j, struct err *e)
{
	auto_strbuf struct strbuf data = STRBUF_INIT;

	if (overlay_data(j->root, &data, e))
		return -1;
	if (mkdir(NAME_MERGED, 0700) < 0)
		return err_sys(e, "make the overlay's mount point");
	if (mount("overlay", NAME_MERGED, "overlay", 0, data.p) < 0)
		return err_sys(e,
			       "mount an overlay of %zu layers of %s with its upper in %s "
			       "(the kernel log has the reason)",
			       j->root->n_lower, j->root->root_host,
			       j->upper >= 0 ? j->root->upper_dir_host : "tmpfs");
	return 0;
}

/* A successful mount proves nothing: create and remove one file as the container's root. */
static int verify_writable(const struct job *j, int fd, struct err *e)
{
	struct statvfs vfs;
	struct stat st;

	if (fstatvfs(fd, &vfs) < 0)
		return err_sys(e, "look at the overlay");
	if (vfs.f_flag & ST_RDONLY)
		return err_set(e, ERR_UNSUPPORTED,
			       "the overlay over %s was mounted read-only by the "
			       "kernel (its log has the reason)",
			       j->root->root_host);
	/* keep the capabilities over the change of ids: "/" may be 0555, as it is for root inside
	 */
	(void)prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP);
	(void)setfsgid(j->root_gid);
	(void)setfsuid(j->root_uid);
	auto_close int probe =
		openat(fd, PROBE_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (probe < 0 || fstat(probe, &st) < 0 || unlinkat(fd, PROBE_NAME, 0) < 0)
		return err_sys(e, "write to the overlay over %s as the container's root",
			       j->root->root_host);
	if (st.st_uid != j->root_uid || st.st_gid != j->root_gid)
		return err_set(e, ERR_UNSUPPORTED,
			       "the overlay over %s stores files as %u:%u instead "
			       "of %u:%u",
			       j->root->root_host, st.st_uid, st.st_gid, j->root_uid, j->root_gid);
	return 0;
}

static int helper(const struct job *j, struct err *e)
{
	auto_close int fd = -1, merged = -1;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a parent that died wants no result */
	umask(0);
	if (enter_scratch(e) || attach_lowers(j, e) || attach_upper(j, e) || mount_overlay(j, e))
		return -1;
	fd = mnt_clone(AT_FDCWD, NAME_MERGED, false);
	if (fd < 0)
		return err_sys(e, "clone the overlay");
	merged = openat(AT_FDCWD, NAME_MERGED, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (merged < 0)
		return err_sys(e, "open the overlay");
	if (!mutant("overlay.verify") && verify_writable(j, merged, e))
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

/* @src: the root as it was opened and compared; a layer that is the root is not opened again. */
static int open_layer(const struct op_root *r, int src, const char *path_host, int userns,
		      int *ret_fd, struct err *e)
{
	bool is_root = streq(path_host, r->root_host);
	auto_close int dir = is_root ? -1 : open(path_host, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int fd = !is_root && dir < 0 ? -1 : mnt_clone(is_root ? src : dir, "", false);

	if (fd < 0)
		return err_sys(e, "clone layer %s", path_host);
	if (userns >= 0 && mnt_set(fd, &(struct mnt_change){ .userns = userns }) < 0) {
		if (errno == EINVAL)
			return err_set(e, ERR_UNSUPPORTED,
				       "map ids of layer %s: its file system does "
				       "not support id-mapped mounts on this kernel",
				       path_host);
		return err_sys(e, "map ids of layer %s", path_host);
	}
	*ret_fd = take_fd(fd);
	return 0;
}

/* The parent of upper and work: ours alone, and empty but for the name of its owner's directory; as a detached mount, since the helper cannot
 * clone what is mounted in our namespace. */
static int make_upper_dir(const char *dir_host, const char *owner, int *ret_fd, struct err *e)
{
	char path[PATH_MAX];
	size_t n = strlen(dir_host);

	if (n >= sizeof(path))
		return err_set(e, ERR_INPUT, "upper directory %s: path too long", dir_host);
	if (exec_remove_upper(dir_host, e)) /* a volatile upper cannot be used twice */
		return -1;
	for (size_t i = 1; i <= n; i++) {
		if (dir_host[i] != '/' && dir_host[i] != '\0')
			continue;
		memcpy(path, dir_host, i);
		path[i] = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return err_sys(e, "make upper directory %s", dir_host);
	}
	auto_close int dir = open(dir_host, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir >= 0 && fd_write_file_at(dir, UPPER_OWNER, owner, strlen(owner), 0600, e))
		return err_ctx(e, "upper directory %s", dir_host);
	auto_close int fd = dir < 0 ? -1 : mnt_clone(dir, "", false);
	if (fd < 0 || mnt_set(fd, &(struct mnt_change){ .propagation = MS_PRIVATE }) < 0)
		return err_sys(e, "clone the mount of upper directory %s", dir_host);
	*ret_fd = take_fd(fd);
	return 0;
}

static int container_root(const struct plan *p, struct job *j, struct err *e)
{
	const struct op *op = plan_find(p, OP_USERNS);

	if (!op || op->u.userns.action == NS_INHERIT)
		return 0; /* 0:0 */
	const struct op_userns *u = &op->u.userns;
	if (!idmap_to_host(u->uid, u->n_uid, 0, &j->root_uid) ||
	    !idmap_to_host(u->gid, u->n_gid, 0, &j->root_gid))
		return err_set(e, ERR_UNSUPPORTED,
			       "overlay root: the container's user namespace maps "
			       "no root user");
	return 0;
}

static int build_overlay(struct exec_ctx *c, struct job *j, struct err *e)
{
	const struct op_root *r = j->root;
	auto_close int upper = -1;

	if (r->n_lower == 0 || r->n_lower > LOWER_MAX)
		return err_set(e, ERR_UNSUPPORTED,
			       "overlay root of %zu layers: 1 to %d are possible", r->n_lower,
			       LOWER_MAX);
	if (container_root(c->plan, j, e))
		return -1;
	for (size_t i = 0; i < r->n_lower; i++)
		if (open_layer(r, j->src, r->lower_host[i], r->idmap ? c->userns : -1, &j->lower[i],
			       e))
			return -1;
	if (!r->upper_tmpfs) {
		c->res->upper_host =
			r->upper_dir_host; /* from now on there is something to remove */
		if (make_upper_dir(r->upper_dir_host,
				   arena_printf(c->plan->a, "%s/%s", c->opts->state_root, c->plan->id),
				   &upper, e))
			return -1;
	}
	j->upper = upper;
	return run_helper(j, e);
}

static int overlay_root(struct exec_ctx *c, const struct op_root *r, int src, int *ret_fd,
			struct err *e)
{
	struct job j = { .root = r, .src = src, .upper = -1 };
	int lower[LOWER_MAX];
	int ret;

	j.res = mmap(NULL, sizeof(*j.res), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (j.res == MAP_FAILED)
		return err_sys(e, "overlay root: no memory");
	j.res->mount = -1;
	j.lower = lower;
	for (size_t i = 0; i < LOWER_MAX; i++)
		lower[i] = -1;
	ret = build_overlay(c, &j, e);
	for (size_t i = 0; i < LOWER_MAX; i++)
		fd_close(&lower[i]);
	if (ret == 0)
		*ret_fd = j.res->mount;
	(void)munmap(j.res, sizeof(*j.res));
	return ret;
}

/* No overlay: the directory itself, with what is mounted below it. */
static int plain_root(struct exec_ctx *c, const struct op_root *r, int src, int *ret_fd,
		      struct err *e)
{
	auto_close int fd = mnt_clone(src, "", !r->idmap);

	if (fd < 0)
		return err_sys(e, "clone the mount of %s", r->root_host);
	if (mnt_set(fd, &(struct mnt_change){ .propagation = MS_PRIVATE, .recursive = true }) < 0)
		return err_sys(e, "make the mount of %s private", r->root_host);
	if (r->idmap && mnt_set(fd, &(struct mnt_change){ .userns = c->userns }) < 0)
		return err_sys(e, "map ids of %s", r->root_host);
	*ret_fd = take_fd(fd);
	return 0;
}

int do_tree_root(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_root *r = &op->u.root;
	auto_close int src = open(r->root_host, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
	struct stat st;

	if (src < 0 || fstat(src, &st) < 0)
		return err_sys(e, "open root %s", r->root_host);
	if ((r->dev || r->ino) && (st.st_dev != r->dev || st.st_ino != r->ino))
		return err_set(e, ERR_STATE, "root %s was replaced while the container was created",
			       r->root_host);
	if (r->idmap && c->userns < 0)
		return err_set(e, ERR_SPEC, "root %s: there is no user namespace to map ids with",
			       r->root_host);
	if (r->overlay ? overlay_root(c, r, src, &fd, e) : plain_root(c, r, src, &fd, e))
		return -1;
	/* A user namespace cannot make device nodes; those that an image brings stay dead, too. */
	if (c->userns >= 0 && !mutant("root.nodev") &&
	    mnt_set(fd, &(struct mnt_change){ .set = MOUNT_ATTR_NODEV }) < 0)
		return err_sys(e, "forbid device nodes in root %s", r->root_host);
	c->tree[i] = take_fd(fd);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fs_overlay.c - live: the disposable root. Needs root and a file system with id-mapped mounts. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/table.h"
#include "tests/live/box.h"

/* Two layers: the upper of the two deletes /gone and makes /dir opaque. */
static const struct node image[] = {
	{ 'd', "low1", NULL, 0, 0 },	      { 'f', "low1/a", "image", 0, 0 },
	{ 'f', "low1/gone", "image", 0, 0 },  { 'd', "low1/dir", NULL, 0, 0 },
	{ 'f', "low1/dir/x", "image", 0, 0 }, { 'f', "low1/user", "u", 0, 1000 },
	{ 'f', "low1/secret", "s", 0600, 0 }, { 'n', "low1/zero", NULL, 0, 0 },
	{ 'd', "low0", NULL, 0555, 0 },	      { 'w', "low0/gone", NULL, 0, 0 },
	{ 'd', "low0/dir", NULL, 0, 0 },
};

static struct op ops[8];
static size_t n_ops;
static const char *lower[200];

static struct op_root *base_ops(size_t n_lower)
{
	n_ops = 0;
	ops[n_ops++] = (struct op){ .kind = OP_PROPAGATION, .u.propagation.ms = MS_SLAVE | MS_REC };
	ops[n_ops++] = (struct op){
		.kind = OP_ROOT,
		.u.root = { .root_host = lower[0], .overlay = true, .idmap = true, .lower_host = lower,
			    .n_lower = n_lower, .upper_dir_host = box_path("upper/c1"),
			    .tmpfs_size_bytes = 1 << 20 },
	};
	ops[n_ops++] = (struct op){ .kind = OP_PIVOT };
	return &ops[1].u.root;
}

static bool owner_is(const char *path, uid_t uid)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_uid == uid;
}

static bool exists(const char *path)
{
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void use_root(struct exec_ctx *c)
{
	(void)c;
	box_check(!exists("/new"), "the root begins clean");
	box_check(file_is("/a", "image") && owner_is("/a", 0), "files of the image belong to root inside");
	box_check(owner_is("/user", 1000), "other owners of the image keep their ids inside");
	box_check(file_is("/secret", "s"), "root inside reads what root owns");
	box_check(!exists("/gone"), "what a layer deleted stays deleted");
	box_check(exists("/dir") && !exists("/dir/x"), "an opaque directory hides what lies below");
	box_check(write_to("/new", "new", O_CREAT | O_EXCL) == 0, "the root can be written");
	box_check(chown("/new", 1000, 1000) == 0, "ids of the container can own files");
	box_check(write_to("/a", "changed", O_TRUNC) == 0, "a file of the image can be changed");
	box_check(unlink("/user") == 0 && !exists("/user"), "a file of the image can be removed");
	box_check(mknod("/m", S_IFCHR | 0600, makedev(1, 3)) < 0 && errno == EPERM,
		  "no device node can be made");
	box_check(open("/zero", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES,
		  "a device node that the image brings cannot be opened");
	box_check(!exists(box_dir), "the host's directories are out of sight");
}

static void disposable(void)
{
	struct box b = { .ops = ops, .inside = use_root };
	struct stat before, after;
	struct err e = ERR_INIT;

	base_ops(2);
	b.n_ops = n_ops;
	box_ok(stat(box_path("low1/a"), &before) == 0, "the image is there");
	box_runs(&b, "an overlay over id-mapped layers is made and used");
	box_ok(owner_is(box_path("upper/c1/upper/new"), BOX_BASE + 1000) &&
		     owner_is(box_path("upper/c1/upper/a"), BOX_BASE),
	     "the upper stores shifted ids");
	box_ok(file_is(box_path("upper/c1/upper/a"), "changed"), "changes are in the upper");
	box_ok(stat(box_path("low1/a"), &after) == 0 && file_is(box_path("low1/a"), "image") &&
		     before.st_mtime == after.st_mtime && after.st_uid == 0 && exists(box_path("low1/user")),
	     "the layer below is untouched");
	box_ok(stat(box_path("upper/c1"), &after) == 0 && (after.st_mode & 07777) == 0700 && after.st_uid == 0,
	     "the upper's parent is closed to everybody else");
	box_ok(stat(box_path("upper/c1/upper"), &after) == 0 && (after.st_mode & 07777) == 0555 &&
		     after.st_uid == BOX_BASE,
	     "the root directory looks like the topmost layer's");
	box_runs(&b, "a second start of the same container");
	box_ok(exec_remove_upper(box_path("upper/c1"), &e) == 0 && !exists(box_path("upper/c1")),
	     "the upper is removed");
	box_ok(exec_remove_upper(box_path("upper/c1"), &e) == 0, "removing it twice is success");
}

static void fill_root(struct exec_ctx *c)
{
	auto_close int fd = open("/big", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	static char mb[1 << 20];
	ssize_t n = 0, r;

	(void)c;
	while ((r = write(fd, mb, sizeof(mb))) > 0 && n < 8)
		n++;
	box_check(r < 0 && errno == ENOSPC, "a tmpfs upper is full at its size");
}

static void read_only(struct exec_ctx *c)
{
	(void)c;
	box_check(write_to("/new", "x", O_CREAT) == EROFS, "a read-only root cannot be written");
}

static void host_root(struct exec_ctx *c)
{
	(void)c;
	box_check(owner_is("/a", 0) && write_to("/new", "x", O_CREAT) == 0, "and is written as root");
}

static void plain_owner(struct exec_ctx *c)
{
	(void)c;
	box_check(owner_is("/a", 0) && owner_is("/user", 1000), "owners are those of the image");
}

static void variants(void)
{
	struct box b = { .ops = ops, .inside = fill_root };
	struct op_root *r = base_ops(2);

	r->upper_tmpfs = true;
	b.n_ops = n_ops;
	box_runs(&b, "an overlay with its upper on tmpfs");
	box_ok(!exists(box_path("upper/c1")), "nothing of it is on disk");

	base_ops(2);
	ops[n_ops++] = (struct op){ .kind = OP_ROOT_RO, .u.root_ro.readonly = true };
	b = (struct box){ .ops = ops, .n_ops = n_ops, .inside = read_only };
	box_runs(&b, "a read-only root");

	r = base_ops(2);
	r->idmap = false;
	b = (struct box){ .ops = ops, .n_ops = n_ops, .inside = host_root, .no_userns = true };
	box_runs(&b, "an overlay without a user namespace");
	box_ok(owner_is(box_path("upper/c1/upper/new"), 0), "stores plain ids");

	r = base_ops(2);
	r->overlay = false;
	r->root_host = box_path("low1");
	b = (struct box){ .ops = ops, .n_ops = n_ops, .inside = plain_owner };
	box_runs(&b, "a plain directory, id-mapped");

	r = base_ops(2);
	r->no_pivot = true;
	b = (struct box){ .ops = ops, .n_ops = n_ops, .inside = use_root };
	box_runs(&b, "a root without pivot_root");
}

static void refusals(void)
{
	struct box b = { .ops = ops };
	struct op_root *r = base_ops(2);

	r->ino = 1;
	b.n_ops = n_ops;
	box_fails(&b, "was replaced", "a root that is not the one that was checked is refused");
	r = base_ops(1);
	r->root_host = lower[0] = "/sys/kernel";
	box_fails(&b, "does not support id-mapped", "a layer that cannot be id-mapped is refused");
	lower[0] = strdup(box_path("low0"));
	r = base_ops(2);
	r->upper_dir_host = "/proc/agentrt-upper";
	box_fails(&b, "upper directory", "an upper that cannot be made is an error");
}

static void write_root(struct exec_ctx *c)
{
	(void)c;
	if (write_to("/new", "", O_CREAT) != 0)
		box_check(false, "an overlay that was handed over can be written");
}

/*
 * The kernel mounts an overlay that nothing can be created in: here for want of inodes. Whatever
 * their number, either the root is refused or it works.
 */
static void unwritable_upper(void)
{
	struct box b = { .ops = ops, .inside = write_root };
	char data[32];
	int refused = 0, ran = 0;

	box_tree((struct node[]){ { 'd', "small", NULL, 0, 0 } }, 1);
	for (int inodes = 3; inodes <= 16; inodes++) {
		struct err e = ERR_INIT;

		snprintf(data, sizeof(data), "nr_inodes=%d", inodes);
		if (mount("tmpfs", box_path("small"), "tmpfs", 0, data) < 0)
			continue;
		base_ops(2)->upper_dir_host = box_path("small/c");
		b.n_ops = n_ops;
		if (box_run(&b, &e) == 0)
			ran++;
		else
			refused += e.op == 1;
		umount2(box_path("small"), MNT_DETACH);
	}
	box_ok(refused > 0 && ran > 0, "an overlay that cannot be written is refused");
}

static void many_layers(void)
{
	struct box b = { .ops = ops };

	for (size_t i = 0; i < 127; i++) {
		char rel[32];

		snprintf(rel, sizeof(rel), "layer%zu", i);
		box_tree((struct node[]){ { 'd', rel, NULL, 0, 0 } }, 1);
		lower[i] = strdup(box_path(rel));
	}
	base_ops(127);
	b.n_ops = n_ops;
	box_runs(&b, "127 layers");
}

/* Deeper than any path, stack or descriptor limit of a naive remover. */
static void make_deep(int top)
{
	int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < 3000; i++) {
		int next;

		if (mkdirat(fd, "deeper-and-deeper", 0700) < 0)
			break;
		next = openat(fd, "deeper-and-deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		fd = next;
	}
	close(fd);
}

static void hostile_upper(void)
{
	static const struct node tree[] = {
		{ 'd', "outside", NULL, 0, 0 },	   { 'f', "outside/keep", "keep", 0, 0 },
		{ 'd', "hostile", NULL, 0, 0 },	   { 'd', "hostile/d", NULL, 0, 0 },
		{ 'l', "hostile/d/out", "../../outside", 0, 0 },
		{ 'f', "hostile/d/im", "x", 0, 0 }, { 'f', "hostile/d/new\nline\xff", "x", 0, 0 },
		{ 'd', "hostile/closed", NULL, 0, 5 }, { 'f', "hostile/closed/f", "x", 0, 5 },
		{ 'w', "hostile/whiteout", NULL, 0, 0 },
	};
	struct err e = ERR_INIT;
	int flags = FS_IMMUTABLE_FL;

	box_tree(tree, ARRAY_SIZE(tree));
	auto_close int top = open(box_path("hostile/d"), O_RDONLY | O_CLOEXEC);
	auto_close int im = open(box_path("hostile/d/im"), O_RDONLY | O_CLOEXEC);
	make_deep(top);
	(void)ioctl(im, FS_IOC_SETFLAGS, &flags);
	(void)ioctl(top, FS_IOC_SETFLAGS, &flags);
	(void)chmod(box_path("hostile/closed"), 0);
	(void)mkfifo(box_path("hostile/fifo"), 0600);
	if (!box_ok(exec_remove_upper(box_path("hostile"), &e) == 0 && !exists(box_path("hostile")),
		  "a hostile upper is removed"))
		printf("#   %s\n", e.msg);
	box_ok(file_is(box_path("outside/keep"), "keep"), "and nothing outside of it");
	box_ok(symlink("outside", box_path("linked")) == 0 &&
		     exec_remove_upper(box_path("linked"), &e) == -1 && exists(box_path("outside/keep")),
	     "an upper that is a link is not followed");
}

int main(void)
{
	box_setup();
	box_tree(image, ARRAY_SIZE(image));
	if (setxattr(box_path("low0/dir"), "trusted.overlay.opaque", "y", 1, 0) < 0)
		perror("setxattr");
	lower[0] = strdup(box_path("low0"));
	lower[1] = strdup(box_path("low1"));
	disposable();
	variants();
	refusals();
	unwritable_upper();
	many_layers();
	hostile_upper();
	return box_end();
}

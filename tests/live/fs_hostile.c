/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs_hostile.c - live: images made to be mounted wrongly
 *
 * Each case is one image and one list of ops. What may happen is an error, or an effect inside the
 * root; what may not is any effect on "outside", which stands for the host. Classes: CVE-2018-15664,
 * 2019-16884, 2019-19921, 2021-30465, 2024-45310, 2025-31133, 2025-52565, 2026-41579, 2026-47766,
 * 2026-88264.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/table.h"
#include "tests/live/box.h"

#define RACE_ROUNDS 150
#define RACE_MS	    4000

static struct op ops[16];
static size_t n_ops;
static char root[BOX_DIR_MAX + 64], outside[BOX_DIR_MAX + 64];

static const struct node host[] = {
	{ 'd', "outside", NULL, 0, 0 },	     { 'd', "outside/dir", NULL, 0, 0 },
	{ 'f', "outside/file", "host", 0, 0 }, { 'd', "vol", NULL, 0, 0 },
	{ 'f', "vol/here", "vol", 0, 0 },
};

static struct op *add(enum op_kind kind)
{
	ops[n_ops] = (struct op){ .kind = kind };
	return &ops[n_ops++];
}

/* A plain, id-mapped directory as the root: what goes wrong would be seen on disk. */
static void begin(const char *name)
{
	struct node n = { 'd', name, NULL, 0, 0 };

	box_tree(&n, 1);
	snprintf(root, sizeof(root), "%s", box_path(name));
	n_ops = 0;
	add(OP_PROPAGATION)->u.propagation.ms = MS_SLAVE | MS_REC;
	add(OP_ROOT)->u.root = (struct op_root){ .root_host = root, .idmap = true };
}

static void image(char type, const char *path, const char *text)
{
	char rel[PATH_MAX];
	struct node n = { type, rel, text, 0, 0 };

	snprintf(rel, sizeof(rel), "%s/%s", strrchr(root, '/') + 1, path);
	box_tree(&n, 1);
}

static void add_mount(enum mount_kind kind, const char *type, const char *source, const char *dest)
{
	add(OP_MOUNT)->u.mount = (struct op_mount){
		.kind = kind, .type = type, .source_host = source, .dest_ctr = dest,
		.no_symlink = kind == MOUNT_PROC || kind == MOUNT_SYSFS,
	};
}

static void add_null(bool bind)
{
	add(OP_DEV)->u.dev = (struct op_dev){ .path_ctr = "/dev/null", .type = 'c', .major = 1,
					      .minor = 3, .mode = 0666, .bind = bind,
					      .source_host = "/dev/null" };
}

static void refused(const char *text, const char *name)
{
	struct box b = { .ops = ops, .n_ops = n_ops };

	box_fails(&b, text, name);
}

/* Nothing was made, changed or covered on the host. */
static bool host_is_intact(void)
{
	char path[PATH_MAX + 8];
	struct stat st;

	snprintf(path, sizeof(path), "%s/file", outside);
	if (!file_is(path, "host") || stat(outside, &st) < 0 || st.st_nlink != 3)
		return false;
	snprintf(path, sizeof(path), "%s/dir", outside);
	return stat(path, &st) == 0 && st.st_nlink == 2 && st.st_uid == 0 && rmdir(path) == 0 &&
	       mkdir(path, 0755) == 0; /* rmdir: it was empty */
}

static void links_refused(void)
{
	begin("i-proc");
	image('d', "evil", NULL);
	image('l', "proc", "evil");
	add_mount(MOUNT_PROC, "proc", "proc", "/proc");
	refused("symbolic link", "proc is not mounted on a link");

	begin("i-proc-else");
	image('d', "evil", NULL);
	image('l', "p", "evil");
	add_mount(MOUNT_PROC, "proc", "proc", "/p");
	refused("symbolic link", "nor where the config wants it elsewhere");

	begin("i-sys");
	image('l', "sys", "/etc");
	add_mount(MOUNT_SYSFS, "sysfs", "sysfs", "/sys");
	refused("symbolic link", "sysfs is not mounted on a link");

	begin("i-proc-sub");
	image('d', "evil", NULL);
	image('l', "proc", "evil");
	add_mount(MOUNT_FS, "tmpfs", "tmpfs", "/proc/acpi");
	refused("symbolic link", "nothing is mounted below a /proc that is a link");

	begin("i-dev");
	image('l', "dev", outside);
	add_mount(MOUNT_FS, "tmpfs", "tmpfs", "/dev");
	refused("symbolic link", "a tmpfs is not mounted on a /dev that is a link");

	begin("i-dev-node");
	image('l', "dev", outside);
	add_null(true);
	refused("symbolic link", "no device is made in a /dev that is a link");

	begin("i-dev-rel");
	image('l', "dev", "../outside");
	add(OP_LINK)->u.link = (struct op_link){ "/dev/ptmx", "pts/ptmx" };
	refused("symbolic link", "no link is made in a /dev that is a link");

	begin("i-null");
	image('d', "dev", NULL);
	image('l', "dev/null", "/evil");
	add_null(true);
	refused("symbolic link", "a device is not attached to a link");

	begin("i-null-dir");
	image('d', "dev", NULL);
	image('d', "dev/null", NULL);
	add_null(true);
	refused("directory", "a device is not attached to a directory");

	begin("i-loop");
	image('l', "a", "b");
	image('l', "b", "a");
	add_mount(MOUNT_BIND, "bind", strdup(box_path("vol")), "/a/b");
	refused("symbolic links", "a mount point in a loop of links is an error");
}

static void inside_links(struct exec_ctx *c)
{
	char text[PATH_MAX] = "", in[PATH_MAX];

	(void)c;
	snprintf(in, sizeof(in), "%s/dir/here", outside);
	box_check(file_is(in, "vol"), "a mount point behind a link to a host path is inside the root");
	box_check(file_is("/made-up/here", "vol"), "one that climbs is cut at the root");
	box_check(file_is("/etc/hosts", "ours"), "our file is where the container looks for it");
	box_check(readlink("/dev/ptmx", text, sizeof(text) - 1) > 0 && strcmp(text, "pts/ptmx") == 0,
		  "a hostile /dev/ptmx is replaced, not followed");
}

static void links_contained(void)
{
	struct box b = { .ops = ops, .inside = inside_links };
	char made[PATH_MAX];

	begin("i-contained");
	image('d', "dev", NULL);
	image('d', "etc", NULL);
	image('l', "abs", outside);
	image('l', "climb", "../../../../../made-up");
	snprintf(made, sizeof(made), "%s/file", outside);
	image('l', "etc/hosts", made);
	image('l', "dev/ptmx", made);
	add_mount(MOUNT_BIND, "bind", strdup(box_path("vol")), "/abs/dir");
	add_mount(MOUNT_BIND, "bind", strdup(box_path("vol")), "/climb");
	add(OP_FILE)->u.file = (struct op_file){ "/etc/hosts", "ours", 0644 };
	add(OP_LINK)->u.link = (struct op_link){ "/dev/ptmx", "pts/ptmx" };
	add(OP_PIVOT);
	b.n_ops = n_ops;
	box_runs(&b, "links out of the root are taken inside it");
	box_ok(host_is_intact(), "and the host is untouched");
}

static void inside_mask(struct exec_ctx *c)
{
	struct stat st;

	(void)c;
	box_check(lstat("/secret", &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3),
		  "a mask shows the host's null device whatever the image has for /dev/null");
	box_check(file_is("/evil", "evil") && lstat("/dev/null", &st) == 0 && S_ISLNK(st.st_mode),
		  "and the image's is not touched");
	box_check(write_to("/d/new", "x", O_CREAT) == EROFS, "a read-only path may be a link: its target is it");
}

static void masks(void)
{
	struct box b = { .ops = ops, .inside = inside_mask };

	begin("i-mask");
	image('d', "dev", NULL);
	image('f', "evil", "evil");
	image('l', "dev/null", "/evil");
	image('f', "secret", "secret");
	image('d', "d", NULL);
	image('l', "ro", "d");
	add(OP_PIVOT);
	add(OP_RDONLY)->u.path.path_ctr = "/ro";
	add(OP_MASK)->u.path.path_ctr = "/secret";
	b.n_ops = n_ops;
	box_runs(&b, "masks in an image with a false /dev/null");
}

static void inside_copyup(struct exec_ctx *c)
{
	struct stat st;

	(void)c;
	box_check(lstat("/data/out", &st) == 0 && S_ISLNK(st.st_mode), "tmpcopyup copies links as links");
	box_check(lstat("/data/pipe", &st) == 0 && S_ISFIFO(st.st_mode), "and does not open a fifo");
	box_check(lstat("/data/node", &st) < 0, "and leaves nodes out");
}

static void copy_up(void)
{
	struct box b = { .ops = ops, .inside = inside_copyup };
	char pipe_path[PATH_MAX];

	begin("i-copyup");
	image('d', "data", NULL);
	image('l', "data/out", outside);
	image('n', "data/node", NULL);
	snprintf(pipe_path, sizeof(pipe_path), "%s/data/pipe", root);
	if (mkfifo(pipe_path, 0666) < 0)
		perror("mkfifo");
	add_mount(MOUNT_TMPFS_COPYUP, "tmpfs", "tmpfs", "/data");
	add(OP_PIVOT);
	b.n_ops = n_ops;
	box_runs(&b, "tmpcopyup of hostile content");
}

static long ms_since(const struct timespec *t0)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (t.tv_sec - t0->tv_sec) * 1000 + (t.tv_nsec - t0->tv_nsec) / 1000000;
}

/* Swaps a directory and a link to the host's, as fast as it can, until it is killed. */
static pid_t start_racer(void)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (chdir(root) < 0)
		_exit(1);
	for (;;)
		(void)renameat2(AT_FDCWD, "swap", AT_FDCWD, "link", RENAME_EXCHANGE);
}

/* In the child, before the host is out of sight: is anything mounted on the host's directory? */
static void look_at_host(struct exec_ctx *c)
{
	char in[PATH_MAX];

	(void)c;
	snprintf(in, sizeof(in), "%s/dir/here", outside);
	if (faccessat(AT_FDCWD, in, F_OK, 0) == 0)
		box_check(false, "a racing link led a mount to the host");
}

static void race(void)
{
	struct box b = { .ops = ops, .before_pivot = look_at_host };
	int ran = 0, failed = 0;
	struct timespec t0;

	begin("i-race");
	image('d', "swap", NULL);
	image('d', "swap/dir", NULL);
	image('l', "link", outside);
	add_mount(MOUNT_BIND, "bind", strdup(box_path("vol")), "/swap/dir");
	add_mount(MOUNT_FS, "tmpfs", "tmpfs", "/swap/new/tree");
	add_mount(MOUNT_BIND, "bind", strdup(box_path("vol/here")), "/swap/made");
	add(OP_FILE)->u.file = (struct op_file){ "/swap/ours", "ours", 0644 };
	add(OP_PIVOT);
	b.n_ops = n_ops;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	pid_t racer = start_racer();
	while (ran < RACE_ROUNDS && ms_since(&t0) < RACE_MS) {
		struct err e = ERR_INIT;

		failed += box_run(&b, &e) != 0; /* an error is an answer */
		ran++;
	}
	kill(racer, SIGKILL);
	waitpid(racer, NULL, 0);
	printf("#   %d rounds, %d ended in an error\n", ran, failed);
	box_ok(ran > 10 && failed < ran, "a mount point swapped for a link while mounting: some rounds succeed");
	box_ok(host_is_intact(), "and no round touched the host");
}

int main(void)
{
	box_setup();
	box_tree(host, ARRAY_SIZE(host));
	snprintf(outside, sizeof(outside), "%s", box_path("outside"));
	links_refused();
	box_ok(host_is_intact(), "none of that touched the host");
	links_contained();
	masks();
	copy_up();
	race();
	return box_end();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* box.c - the file-system actions without the rest, for live tests */
#include "tests/live/box.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/table.h"
#include "sys/procfs.h"
#include "sys/syscalls.h"
#include "tests/unit/test.h"

#define MAX_OPS	   96
#define MAX_CHECKS 96

char box_dir[BOX_DIR_MAX];
static struct shared {
	struct err e;
	int op; /* that failed, or -1 */
	bool ended;
	int tree[MAX_OPS];
	size_t n_checks;
	struct { bool ok; char name[120]; } check[MAX_CHECKS];
} *sh;

static const struct plan_idmap box_map = { 0, BOX_BASE, 65536 };

bool box_ok(bool ok, const char *name)
{
	return t_ok(ok, name);
}

void box_skip(const char *name, const char *why)
{
	t_skip(name, why);
}

int box_end(void)
{
	struct err e = ERR_INIT;

	if (box_dir[0] && exec_remove_upper(box_dir, &e))
		t_note("%s", e.msg);
	return t_done();
}

void box_setup(void)
{
	const char *dir = getenv("AGENTRT_LIVE_DIR");

	if (geteuid() != 0) {
		t_skip("the file system of a container", "needs root");
		exit(box_end());
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	umask(022);
	if ((size_t)snprintf(box_dir, sizeof(box_dir), "%s/agentrt-fs.XXXXXX", dir ? dir : "/var/tmp") >=
	    sizeof(box_dir))
		exit(99);
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sh == MAP_FAILED || !mkdtemp(box_dir) || chmod(box_dir, 0755) < 0 ||
	    unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		perror("box_setup");
		exit(99);
	}
}

const char *box_path(const char *rel)
{
	static char buf[8][PATH_MAX];
	static unsigned next;
	char *p = buf[next++ % 8];

	if ((size_t)snprintf(p, PATH_MAX, "%s/%s", box_dir, rel) >= PATH_MAX)
		abort();
	return p;
}

static void make_node(const struct node *n)
{
	const char *p = box_path(n->path);
	mode_t mode = n->mode ? n->mode : n->type == 'd' ? 0755 : 0644;
	int r = -1;

	switch (n->type) {
	case 'd':
		r = mkdir(p, mode);
		break;
	case 'f':
		r = write_to(p, n->text, O_CREAT | O_EXCL);
		break;
	case 'l':
		r = symlink(n->text, p);
		break;
	case 'w':
		r = mknod(p, S_IFCHR | 0600, makedev(0, 0));
		break;
	case 'n':
		r = mknod(p, S_IFCHR | 0666, makedev(1, 5));
		break;
	}
	if (r == 0 && n->type != 'l')
		r = chmod(p, mode);
	if (r != 0 || lchown(p, n->owner, n->owner) < 0) {
		perror(p);
		exit(99);
	}
}

void box_tree(const struct node *n, size_t count)
{
	for (size_t i = 0; i < count; i++)
		make_node(&n[i]);
}

bool file_is(const char *path, const char *text)
{
	char buf[256] = "";
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, buf, sizeof(buf) - 1) >= 0 && streq(buf, text);
}

int write_to(const char *path, const char *text, int flags)
{
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0644);

	return fd < 0 || fd_write_all(fd, text, strlen(text)) < 0 ? errno : 0;
}

void box_check(bool ok, const char *name)
{
	if (sh->n_checks == MAX_CHECKS)
		abort();
	sh->check[sh->n_checks].ok = ok;
	snprintf(sh->check[sh->n_checks++].name, sizeof(sh->check[0].name), "%s%s%s", name,
		 ok ? "" : ": ", ok ? "" : strerror(errno));
}

static do_fn *const in_child[OP__COUNT] = {
	[OP_ROOT] = do_root_attach, [OP_PROPAGATION] = do_propagation, [OP_MOUNT] = do_mount,
	[OP_FILE] = do_file,	    [OP_DEV] = do_dev,		       [OP_LINK] = do_link,
	[OP_PIVOT] = do_pivot,	    [OP_ROOT_RO] = do_root_ro,	       [OP_RDONLY] = do_rdonly,
	[OP_MASK] = do_mask,
};
static do_fn *const in_parent[OP__COUNT] = {
	[OP_ROOT] = do_tree_root,
	[OP_MOUNT] = do_tree_mount,
	[OP_DEV] = do_tree_dev,
	[OP_FILE] = do_tree_file,
};

static int run_ops(struct exec_ctx *c, const struct box *b, do_fn *const *fn)
{
	for (size_t i = 0; i < c->plan->n_ops; i++) {
		const struct op *op = &c->plan->ops[i];

		if (fn == in_child && op->kind == OP_PIVOT && b->before_pivot)
			b->before_pivot(c);
		if (fn[op->kind] && fn[op->kind](c, op, i, &sh->e)) {
			sh->op = (int)i;
			return -1;
		}
	}
	return 0;
}

static int child(struct exec_ctx *c, const struct box *b, int go)
{
	char byte;

	if (read(go, &byte, 1) != 1)
		return 1;
	/* from here on our descriptors are our own, as they are in the real child */
	if (unshare(CLONE_FILES) < 0 || (!b->no_userns && setgroups(0, NULL) < 0 && errno != EPERM) ||
	    setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0 ||
	    (!b->host_cgroup && unshare(CLONE_NEWCGROUP) < 0))
		return err_sys(&sh->e, "become the container's root"), 1;
	umask(022);
	c->tree = sh->tree;
	if (procfs_open(&c->c_procfd, &sh->e) || run_ops(c, b, in_child))
		return 1;
	if (b->inside)
		b->inside(c);
	sh->ended = true;
	return 0;
}

static int write_maps(int procfd, pid_t pid)
{
	static const char *const file[] = { "uid_map", "gid_map" };
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(file); i++) {
		char rel[64], text[64];

		snprintf(rel, sizeof(rel), "%d/%s", (int)pid, file[i]);
		snprintf(text, sizeof(text), "%u %u %u\n", box_map.ctr, box_map.host, box_map.size);
		if (procfs_write(procfd, rel, text, &e))
			return -1;
	}
	return 0;
}

/* What the plan would hold besides: the user namespace, and which namespaces are its own. */
static void make_plan(const struct box *b, struct plan *p, struct op *ops)
{
	static const int own[] = { 0, 1, 2, 3, 4, 6 }; /* enum oci_ns_type: all but user and time */

	memcpy(ops, b->ops, b->n_ops * sizeof(*ops));
	p->ops = ops;
	p->n_ops = b->n_ops;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		ops[p->n_ops++] = (struct op){
			.kind = OP_NS,
			.u.ns = { .type = own[i],
				  .action = (own[i] == 0 && b->host_pid) ||
							    (own[i] == 6 && b->host_cgroup) ?
						    NS_INHERIT :
						    NS_NEW },
		};
	ops[p->n_ops++] = (struct op){
		.kind = OP_USERNS,
		.u.userns = { .action = b->no_userns ? NS_INHERIT : NS_NEW,
			      .uid = (struct plan_idmap *)&box_map, .gid = (struct plan_idmap *)&box_map,
			      .n_uid = 1, .n_gid = 1 },
	};
}

static int parent(struct exec_ctx *c, const struct box *b, pid_t pid)
{
	char rel[64];

	snprintf(rel, sizeof(rel), "%d/ns/user", (int)pid);
	if (!b->no_userns &&
	    (write_maps(c->procfd, pid) || procfs_open_link(c->procfd, rel, O_RDONLY, &c->userns, &sh->e)))
		return -1;
	c->tree = sh->tree;
	return run_ops(c, b, in_parent);
}

int box_run(const struct box *b, struct err *e)
{
	struct op ops[MAX_OPS];
	auto_arena struct arena arena = ARENA_INIT;
	struct plan plan = { .a = &arena };
	struct exec_result res = { 0 };
	struct exec_opts opts = { .state_dirfd = -1, .state_root = box_dir };
	struct exec_ctx c = { .plan = &plan, .opts = &opts, .res = &res, .procfd = -1, .userns = -1,
			      .rootfd = -1, .c_procfd = -1, .sysfs_tree = -1, .mask_file = -1,
			      .mask_dir = -1 };
	struct clone_args args = {
		.flags = CLONE_FILES | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
			 (b->host_pid ? 0 : CLONE_NEWPID) | (b->no_userns ? 0 : CLONE_NEWUSER),
		.exit_signal = SIGCHLD,
	};
	int go[2], status = 0;

	make_plan(b, &plan, ops);
	memset(sh, 0, sizeof(*sh));
	sh->op = -1;
	for (size_t i = 0; i < MAX_OPS; i++)
		sh->tree[i] = -1;
	fflush(stdout);
	if (procfs_open(&c.procfd, e) || pipe2(go, O_CLOEXEC) < 0)
		return -1;
	pid_t pid = sys_clone3(&args, sizeof(args));
	if (pid == 0)
		_exit(child(&c, b, go[0]));
	bool ok = pid > 0 && parent(&c, b, pid) == 0;
	if (ok && write(go[1], "g", 1) != 1)
		ok = false;
	if (!ok && pid > 0)
		kill(pid, SIGKILL);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	fd_close(&c.dropped);
	(void)close_range(3, ~0u, 0); /* whatever the parts left open */
	for (size_t i = 0; i < sh->n_checks; i++)
		box_ok(sh->check[i].ok, sh->check[i].name);
	*e = sh->e;
	e->op = sh->op;
	if (ok && status == 0 && sh->ended)
		return 0;
	if (sh->e.kind == ERR_NONE)
		err_set(e, ERR_SYS, "the child ended with wait status %d", status);
	return -1;
}

bool box_runs(const struct box *b, const char *name)
{
	struct err e = ERR_INIT;
	bool ok = box_ok(box_run(b, &e) == 0, name);

	if (!ok)
		t_note("op %d: %s", e.op, e.msg);
	return ok;
}

bool box_fails(const struct box *b, const char *text, const char *name)
{
	struct err e = ERR_INIT;
	int r = box_run(b, &e);
	bool ok = box_ok(r == -1 && e.op >= 0 && strstr(e.msg, text), name);

	if (!ok)
		t_note("returned %d, op %d: %s", r, e.op, e.msg);
	return ok;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selfexe.c - this program's own file, and who could write to it through /proc/<pid>/exe
 *
 * Theory of operation: until its execve the container's first process runs this program, and later
 * so does each exec; a container whose root is the owner of the file can open it for writing
 * through /proc/<pid>/exe and wait for its next start on the host (CVE-2019-5736). In a user
 * namespace that does not map the file's owner nobody inside may write it, and nothing need be
 * done: that is the agent profile's case. Elsewhere the program goes on from a file that nobody can
 * write:
 *
 *	a read-only clone of the file's own mount, attached nowhere	needs CAP_SYS_ADMIN
 *	a sealed memory file						anybody, costs a copy
 *
 * Into the clone it moves while it runs (selfmap.c), which takes a fifth of a second start. Where
 * that is refused, and into the copy, it executes itself again. The second start is told from the
 * first by looking at the file it runs from: a read-only mount or a sealed file. That look decides
 * after a move, too. A marker in the environment only keeps a failure from going round in circles.
 *
 * Should: be called before anything has a side effect, for everything may happen twice.
 * Mustn't: look at the file by a path other than /proc/self/exe.
 */
#include "exec/selfexe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "exec/exec.h"
#include "exec/selfmap.h"
#include "sys/mnt.h"
#include "sys/syscalls.h"

#define MARKER	    "AGENTRT_SELF_IS_COPY"
#define SELF	    "/proc/self/exe"
#define ARGS_MAX    (4u << 20)
#define ALL_SEALS   (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static bool maps_host_id(const struct plan_idmap *m, size_t n, uint32_t host)
{
	for (size_t i = 0; i < n; i++)
		if (host >= m[i].host && host - m[i].host < m[i].size)
			return true;
	return false;
}

bool exec_self_is_at_risk(const struct plan *p)
{
	const struct op *op = plan_find(p, OP_USERNS);
	const struct op_userns *u = op ? &op->u.userns : NULL;
	struct stat st;

	/* Joined by path: the map is not in the plan. */
	if (!u || u->action == NS_INHERIT || !u->n_uid || !u->n_gid || mutant("selfexe.userns"))
		return true;
	if (stat(SELF, &st) < 0)
		return true;
	return maps_host_id(u->uid, u->n_uid, st.st_uid) || (st.st_mode & S_IWOTH) ||
	       ((st.st_mode & S_IWGRP) && maps_host_id(u->gid, u->n_gid, st.st_gid));
}

/* Whether nobody can write to the file that this process runs from. */
static bool is_protected(void)
{
	auto_close int fd = open(SELF, O_RDONLY | O_CLOEXEC);
	struct statvfs sv;

	if (mutant("selfexe.copy"))
		return true;
	if (fd < 0)
		return false;

	int seals = fcntl(fd, F_GET_SEALS);

	if (seals >= 0 && (seals & F_SEAL_WRITE) && (seals & F_SEAL_SEAL))
		return true;
	return fstatvfs(fd, &sv) == 0 && (sv.f_flag & ST_RDONLY);
}

int selfexe_check(const struct plan *p, struct err *e)
{
	if (!exec_self_is_at_risk(p) || is_protected())
		return 0;
	return err_set(e, ERR_STATE,
		       "the container could overwrite the runtime's own program: it must be protected before (exec_protect_self)");
}

static int open_clone(void)
{
	const struct mnt_change ro = { .set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, .userns = -1 };
	auto_close int self = open(SELF, O_PATH | O_CLOEXEC);
	auto_close int fd = self < 0 ? -1 : mnt_clone(self, "", false);

	if (fd < 0 || mnt_set(fd, &ro) < 0)
		return -1;
	return take_fd(fd);
}

static int open_copy(struct err *e)
{
	auto_close int self = open(SELF, O_RDONLY | O_CLOEXEC);
	auto_close int fd = sys_memfd("agentrt", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct stat st;

	if (self < 0 || fd < 0 || fstat(self, &st) < 0 || fchmod(fd, 0500) < 0)
		return err_sys(e, "copy the runtime's own program");
	for (off_t at = 0; at < st.st_size;) {
		ssize_t n = sendfile(fd, self, &at, (size_t)(st.st_size - at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_sys(e, "copy the runtime's own program");
	}
	if (fcntl(fd, F_ADD_SEALS, ALL_SEALS) < 0)
		return err_sys(e, "seal the copy of the runtime's own program");
	return take_fd(fd);
}

/* The clone is opened through its own mount: an O_PATH descriptor cannot be mapped. */
static bool move_into(int clone)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", clone);
	auto_close int exe = open(path, O_RDONLY | O_CLOEXEC);

	return exe >= 0 && !mutant("selfexe.move") && selfmap_move(exe) == 0 && is_protected();
}

/* The arguments as they were given; @ret_text holds them. */
static int read_args(char **ret_text, char ***ret_argv, struct err *e)
{
	auto_close int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	auto_free char *text = NULL;
	size_t len, n = 0, k = 0;

	if (fd < 0)
		return err_sys(e, "open /proc/self/cmdline");
	if (fd_read_all(fd, ARGS_MAX, "/proc/self/cmdline", &text, &len, e))
		return -1;
	for (size_t i = 0; i < len; i++)
		n += text[i] == '\0';

	char **argv = xcalloc(n + 1, sizeof(*argv));

	for (size_t i = 0; k < n; k++, i += strlen(text + i) + 1)
		argv[k] = text + i;
	*ret_argv = argv;
	*ret_text = take_ptr(text);
	return 0;
}

int exec_protect_self(struct err *e)
{
	bool again = getenv(MARKER) != NULL;
	auto_free char *text = NULL;
	auto_free char **argv = NULL;

	(void)unsetenv(MARKER); /* no hook or helper shall see it */
	if (is_protected())
		return 0;
	if (again)
		return err_set(e, ERR_SYS,
			       "the runtime's own program runs from a copy that can be written");
	auto_close int clone = open_clone();
	if (clone >= 0 && !again && move_into(clone))
		return 0;
	auto_close int copy = clone < 0 ? open_copy(e) : -1;
	if (clone < 0 && copy < 0)
		return -1;
	if (read_args(&text, &argv, e))
		return -1;
	if (setenv(MARKER, "1", 1) < 0)
		return err_sys(e, "prepare to start from a copy");
	(void)syscall(SYS_execveat, clone >= 0 ? clone : copy, "", argv, environ, AT_EMPTY_PATH);
	err_sys(e, "start again from a copy of the runtime's own program");
	(void)unsetenv(MARKER);
	return -1;
}

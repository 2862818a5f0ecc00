/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_landlock.c - a Landlock domain around the program, as a second fence (C_DROP, after pivot_root)
 *
 * Theory of operation: a domain takes away what it handles and gives back what its rules say. A rule
 * about files is tied to the object that was opened, so "/" is opened here, where it is the
 * container's: what a descriptor of the outside leads to is then beneath no rule, whatever path it
 * is given.
 *
 * The descriptors that the caller hands to the program are its own: those that are files may be
 * opened again (/dev/stdout where it is a file of the host); a directory among them may not be gone
 * through. Pipes and sockets are held by no domain.
 *
 * Should: come after everything that mounts, for no mount is possible from here on, and after the
 * last descriptor of the outside is closed; be entered by the thread that will execute.
 * Mustn't: be entered before a trusted procfs or any other tree that is not attached was used for
 * the last time: it lies beneath no rule.
 * Needs no_new_privs, or CAP_SYS_ADMIN in the thread's user namespace.
 * Source: Documentation/userspace-api/landlock.rst
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/landlock.h"
#include "base/mutant.h"
#include "exec/ctx.h"
#include "sys/beneath.h"
#include "sys/landlock.h"

static int allow_paths(int ruleset, const struct op_landlock *l, struct err *e)
{
	auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return err_sys(e, "open the container's root");
	for (size_t i = 0; i < l->n_paths; i++) {
		auto_close int fd = -1;

		if (beneath_open(root, l->paths[i].path_ctr, O_PATH, 0, LINK_FOLLOW, &fd, e))
			return -1;
		if (landlock_allow_beneath(ruleset, fd, l->paths[i].access) < 0)
			return err_sys(e, "Landlock: allow what is beneath %s", l->paths[i].path_ctr);
	}
	return 0;
}

static int allow_own_files(const struct exec_ctx *c, int ruleset, uint64_t fs, struct err *e)
{
	struct stat st;

	for (unsigned fd = 0; fd < c->n_keep && !mutant("landlock.own"); fd++) {
		if (fstat((int)fd, &st) < 0 || S_ISDIR(st.st_mode))
			continue;
		if (landlock_allow_beneath(ruleset, (int)fd, fs & LL_FS_OF_FILE) < 0 &&
		    errno != EBADFD)
			return err_sys(e, "Landlock: allow the file of descriptor %u", fd);
	}
	return 0;
}

static int allow_ports(int ruleset, const uint16_t *ports, size_t n, uint64_t access, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (landlock_allow_port(ruleset, ports[i], access) < 0)
			return err_sys(e, "Landlock: allow TCP port %u", ports[i]);
	return 0;
}

int do_landlock(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_landlock *l = &op->u.landlock;
	const struct landlock_handled h = { l->fs, l->net, l->scope };
	auto_close int ruleset = landlock_new(&h);

	(void)i;
	if (ruleset < 0)
		return err_sys(e, "make a Landlock ruleset");
	if (l->fs &&
	    (allow_paths(ruleset, l, e) || allow_own_files(c, ruleset, l->fs, e)))
		return -1;
	if (allow_ports(ruleset, l->connect, l->n_connect, LL_NET_CONNECT_TCP, e) ||
	    allow_ports(ruleset, l->bind, l->n_bind, LL_NET_BIND_TCP, e))
		return -1;
	if (landlock_enter(ruleset) < 0)
		return err_sys(e, "enter the Landlock domain");
	return 0;
}

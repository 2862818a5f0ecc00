/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fds.c - which descriptors a container gets, and that it gets no other
 *
 * Everything that we open ourselves is close-on-exec from birth, everything that a caller passed in
 * is not (execve would have closed it): that tells "the caller's descriptor 3" from "one of ours
 * that happens to be 3", so --preserve-fds can never leak one of ours (CVE-2024-21626).
 *
 * A descriptor of a directory is a door: "..", from it, leads to the host's root, past every mount
 * of the container. Under a policy neither a preserved one nor a standard one may be one.
 */
#include "exec/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mutant.h"
#include "base/str.h"
#include "sys/syscalls.h"

#define MAX_KEEP   1024u
#define MAX_LISTED 64

static unsigned listen_fds(void)
{
	const char *n = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	uint32_t v, p;

	if (!n || !pid || !str_to_u32(n, &v) || !str_to_u32(pid, &p) || (pid_t)p != getpid())
		return 0;
	return v;
}

/* ---- what a descriptor of the caller's may lead to ---- */

#define ANY_MINOR UINT32_MAX

static const struct {
	uint32_t major, minor;
} streams[] = {
	{ 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 }, { 1, 9 }, /* null zero full random urandom */
	{ 4, ANY_MINOR }, { 5, ANY_MINOR },		  /* consoles, serial lines, tty */
	{ 204, ANY_MINOR }, { 229, ANY_MINOR },		  /* more serial lines, virtual consoles */
};
#define PTY_FIRST 136u
#define PTY_LAST  143u

static bool is_stream_device(dev_t dev)
{
	uint32_t ma = major(dev), mi = minor(dev);

	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
		if (streams[i].major == ma && (streams[i].minor == ANY_MINOR || streams[i].minor == mi))
			return true;
	return ma >= PTY_FIRST && ma <= PTY_LAST;
}

/* NULL: it may be passed on. */
static const char *why_not(int fd)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fstat(fd, &st) < 0)
		return NULL; /* closed */
	if (S_ISDIR(st.st_mode))
		return "it is a directory of the host, from which all others can be reached";
	if (flags & O_PATH)
		return "it is a place on the host (O_PATH)";
	if (S_ISCHR(st.st_mode) ? is_stream_device(st.st_rdev)
				: S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))
		return NULL;
	return S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) ? "it is a device of the host"
							   : "it is no file and no stream";
}

static int screen_fds(const struct exec_ctx *c, struct err *e)
{
	const struct op *x = plan_find(c->plan, OP_EXEC);

	if (!x || !x->u.exec.screen_fds || mutant("process.descriptors"))
		return 0;
	for (unsigned fd = c->plan->terminal ? 3 : 0; fd < c->n_keep; fd++) {
		const char *why = why_not((int)fd);
		char what[64];

		snprintf(what, sizeof(what), "descriptor %u for the container's process", fd);
		if (why)
			return err_deny(e, "process.descriptors", what, why,
					"set process.screen to false in the profile");
	}
	return 0;
}

int fds_plan(struct exec_ctx *c, struct err *e)
{
	unsigned n_listen = listen_fds();

	if (n_listen > MAX_KEEP || c->opts->preserve_fds > MAX_KEEP)
		return err_set(e, ERR_USAGE, "more than %u descriptors to preserve", MAX_KEEP);
	c->n_listen = n_listen;
	c->n_keep = 3 + n_listen + c->opts->preserve_fds;
	for (unsigned fd = 3; fd < c->n_keep; fd++) {
		int flags = fcntl((int)fd, F_GETFD);

		if (flags < 0 || ((flags & FD_CLOEXEC) && !mutant("fds.ours")))
			return err_set(e, ERR_USAGE,
				       "descriptor %u was to be preserved but was not passed in", fd);
	}
	return screen_fds(c, e);
}

static int by_number(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

int fds_close_others(const struct exec_ctx *c, const int *keep, size_t n_keep, struct err *e)
{
	int sorted[MAX_LISTED];
	unsigned next = c->n_keep;
	size_t n = 0;

	for (size_t i = 0; i < n_keep && n < MAX_LISTED; i++)
		if (keep[i] >= (int)c->n_keep)
			sorted[n++] = keep[i];
	qsort(sorted, n, sizeof(sorted[0]), by_number);
	for (size_t i = 0; i <= n; i++) {
		unsigned last = i < n ? (unsigned)sorted[i] - 1 : ~0U;

		if (last >= next && sys_close_range(next, last, 0) < 0)
			return err_sys(e, "close descriptors %u to %u", next, last);
		if (i < n)
			next = (unsigned)sorted[i] + 1;
	}
	return 0;
}

static bool map_id(const struct plan_idmap *m, size_t n, uint32_t ctr, uint32_t *ret_host)
{
	for (size_t i = 0; i < n; i++)
		if (ctr >= m[i].ctr && ctr - m[i].ctr < m[i].size) {
			*ret_host = m[i].host + (ctr - m[i].ctr);
			return true;
		}
	return false;
}

/* A file or a device of the host is not the container's for being written to (CVE-2026-88265). */
static bool is_stream(const struct stat *st)
{
	return S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode) || mutant("fds.stream");
}

void fds_give_stdio(const struct plan *p)
{
	const struct op *creds = plan_find(p, OP_CREDS), *userns = plan_find(p, OP_USERNS);
	uint32_t uid = creds ? creds->u.creds.uid : 0;
	struct stat st;

	if (userns && userns->u.userns.n_uid &&
	    !map_id(userns->u.userns.uid, userns->u.userns.n_uid, uid, &uid))
		return;
	if (uid == geteuid())
		return;
	for (int fd = 0; fd < 3; fd++) {
		if (fstat(fd, &st) < 0 || !is_stream(&st) ||
		    st.st_uid != geteuid())
			continue;
		if (fchown(fd, uid, (gid_t)-1) < 0)
			log_debug("descriptor %d stays with its owner: %s", fd, strerror(errno));
	}
}

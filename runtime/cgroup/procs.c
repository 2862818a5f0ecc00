/* SPDX-License-Identifier: Apache-2.0 */
/* procs.c - the processes of a container's cgroup: listing, killing, and removing what is left */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "cgroup/internal.h"

#define KILL_ROUNDS 50	    /* a fork bomb without a freezer: each round kills what it saw */
#define REMOVE_WAIT_MS 5000 /* in all, for processes that die slowly */

void cg_pids_done(struct cg_pids *p)
{
	free(p->v);
	p->v = NULL;
}

/* A threaded cgroup has no cgroup.procs to read (EOPNOTSUPP): its domain, above, lists them. */
static int add_pids(int fd, void *arg)
{
	struct cg_pids *p = arg;
	auto_close int procs = openat(fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	auto_free char *line = NULL;
	size_t cap = 0;

	if (procs < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -1;
	FILE *f = fdopen(procs, "re");
	if (!f)
		return -1;
	procs = -1;
	errno = 0;
	while (getline(&line, &cap, f) > 0) {
		long pid = strtol(line, NULL, 10);

		if (pid <= 1)
			continue; /* 0: not in our pid namespace; kill(0) would be our own group */
		p->v = xrealloc(p->v, p->n + 1, sizeof(*p->v));
		p->v[p->n++] = (pid_t)pid;
	}
	int sys = ferror(f) ? errno : 0;
	fclose(f);
	errno = sys;
	return sys == 0 || sys == EOPNOTSUPP || sys == ENODEV ? 0 : -1;
}

int cg_collect_pids(int fd, struct cg_pids *p)
{
	return cg_each(fd, add_pids, p);
}

/*
 * The directory whose processes are the container's: v2's where it manages them, else the first
 * v1 hierarchy's, preferring one with a controller (a name= hierarchy may be systemd's to move
 * processes in).
 */
static const struct plan_cg_dir *manager(const struct op_cgroup *cg)
{
	if (cg->none || cg->n_dirs == 0)
		return NULL;
	if (cg->v2)
		return &cg->dirs[cg->n_dirs - 1];
	for (size_t i = 0; i < cg->n_dirs; i++)
		if (!cg_dir_is_v2(&cg->dirs[i]) &&
		    !str_has_prefix(cg->dirs[i].controllers, "name="))
			return &cg->dirs[i];
	return &cg->dirs[0];
}

int cgroup_pids(const struct op_cgroup *cg, pid_t **ret, size_t *ret_n, struct err *e)
{
	const struct plan_cg_dir *d = manager(cg);
	struct cg_pids p = { 0 };
	auto_close int fd = -1;

	if (d && cg_open_dir(d, &fd, e))
		return -1;
	if (fd >= 0 && cg_collect_pids(fd, &p) < 0) {
		cg_pids_done(&p);
		return err_sys(e, "read the processes of " CG_FMT, CG_ARG(d));
	}
	*ret = p.v;
	*ret_n = p.n;
	return 0;
}

/* Signal everything below @fd once; how many there were, -1 with errno if they cannot be listed. */
static ssize_t signal_all(int fd, int sig)
{
	struct cg_pids p = { 0 };
	pid_t self = getpid();

	int r = cg_collect_pids(fd, &p);
	for (size_t i = 0; i < p.n; i++)
		if (p.v[i] != self)
			(void)kill(p.v[i], sig); /* ESRCH: gone meanwhile, which is as good */
	cg_pids_done(&p);
	return r < 0 ? -1 : (ssize_t)p.n;
}

/*
 * With a freezer nothing is born while the list is walked. Without, SIGKILL is repeated until
 * nobody is left; other signals are sent once.
 */
static int kill_dir(const struct op_cgroup *cg, const struct plan_cg_dir *d, int fd, int sig,
		    struct err *e)
{
	struct err ignored = ERR_INIT;
	bool was_frozen = false;

	(void)cgroup_is_frozen(cg, &was_frozen, &ignored); /* unknown: then it is thawed after */
	bool froze = cg_freezer(cg) && cgroup_freeze(cg, true, &ignored) == 0;
	ssize_t n = signal_all(fd, sig);
	if (froze && (sig == SIGKILL || !was_frozen) &&
	    cgroup_freeze(cg, false, n < 0 ? &ignored : e))
		return -1;
	for (int i = 0; !froze && sig == SIGKILL && n > 0 && i < KILL_ROUNDS; i++)
		n = signal_all(fd, sig);
	if (n < 0)
		return err_sys(e, "read the processes of " CG_FMT, CG_ARG(d));
	return 0;
}

/* cgroup.kill (5.14) needs no freezer and cannot be outrun; it is there beside v1 too. */
static bool kill_by_v2(const struct op_cgroup *cg)
{
	for (size_t i = 0; i < cg->n_dirs; i++) {
		struct err ignored = ERR_INIT;
		auto_close int fd = -1;

		if (cg_dir_is_v2(&cg->dirs[i]) && cg_open_dir(&cg->dirs[i], &fd, &ignored) == 0 &&
		    fd >= 0 && cg_file_write(fd, "cgroup.kill", "1") == 0)
			return true;
	}
	return false;
}

int cgroup_kill(const struct op_cgroup *cg, int sig, struct err *e)
{
	const struct plan_cg_dir *d = manager(cg);
	auto_close int fd = -1;

	if (!d || mutant("cgroup.kill"))
		return 0;
	if (sig == SIGKILL && kill_by_v2(cg) && cg->v2)
		return 0;
	if (cg_open_dir(d, &fd, e))
		return -1;
	return fd < 0 ? 0 : kill_dir(cg, d, fd, sig, e);
}

static void nap_ms(long ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&ts, NULL); /* cut short by a signal: the caller looks again at once */
}

/* Children and the directory itself; -1 with errno. */
static int remove_once(int mount, const char *rel)
{
	if (unlinkat(mount, rel, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY && errno != ENOTEMPTY)
		return -1;
	auto_close int fd = cg_open_child(mount, rel);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	(void)cg_remove_children(fd); /* what stays makes the next line fail */
	return unlinkat(mount, rel, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

static int remove_dir(const struct op_cgroup *cg, const struct plan_cg_dir *d, int *waited_ms,
		      struct err *e)
{
	const char *rel = d->path + strspn(d->path, "/");
	struct err ignored = ERR_INIT;
	auto_close int mount = -1;

	if (!*rel)
		return err_set(e, ERR_INPUT, "remove " CG_FMT ": not a container's cgroup",
			       CG_ARG(d));
	if (cg_open_mount(d, &mount, e))
		return -1;
	for (int ms = 1; remove_once(mount, rel) < 0; ms = ms < 100 ? ms * 2 : 100) {
		int sys = errno;

		if ((sys != EBUSY && sys != ENOTEMPTY) || *waited_ms >= REMOVE_WAIT_MS) {
			errno = sys;
			return err_sys(e, "remove " CG_FMT, CG_ARG(d));
		}
		if (ms == 1 || ms >= 100)
			(void)cgroup_kill(cg, SIGKILL, &ignored); /* rmdir says whether it helped */
		nap_ms(ms);
		*waited_ms += ms;
	}
	return 0;
}

/* All are tried, the first error is reported: one that stays must not keep the others. */
int cgroup_remove(const struct op_cgroup *cg, struct err *e)
{
	int r = 0, waited_ms = 0;

	for (size_t i = cg->none ? 0 : cg->n_dirs; i-- > 0;) {
		struct err this = ERR_INIT;

		if (remove_dir(cg, &cg->dirs[i], &waited_ms, &this) && r == 0) {
			r = -1;
			if (e)
				*e = this;
		}
	}
	return r;
}

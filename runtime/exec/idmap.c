/* SPDX-License-Identifier: Apache-2.0 */
/* idmap.c - writing id maps, and user namespaces that exist only to carry them */
#include "exec/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "exec/proc.h"
#include "sys/procfs.h"
#include "sys/syscalls.h"

bool idmap_to_host(const struct plan_idmap *rows, size_t n, uint32_t ctr_id, uint32_t *ret_id)
{
	for (size_t i = 0; i < n; i++)
		if (ctr_id >= rows[i].ctr && ctr_id - rows[i].ctr < rows[i].size) {
			*ret_id = rows[i].host + (ctr_id - rows[i].ctr);
			return true;
		}
	return false;
}

static int write_map(int procfd, pid_t pid, const char *file, const struct plan_idmap *rows,
		     size_t n, struct err *e)
{
	auto_strbuf struct strbuf text = STRBUF_INIT;
	char rel[64];

	if (n == 0 || n > IDMAP_MAX_ROWS)
		return err_set(e, ERR_SPEC, "%s has %zu lines; the kernel takes 1 to %d", file, n,
			       IDMAP_MAX_ROWS);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&text, "%u %u %u\n", rows[i].ctr, rows[i].host, rows[i].size);
	snprintf(rel, sizeof(rel), "%d/%s", (int)pid, file);
	return procfs_write(procfd, rel, text.p, e);
}

/* newuidmap(1) and newgidmap(1) are set-user-id and check /etc/subuid: for unprivileged callers. */
static int run_newidmap(const char *prog, pid_t pid, const struct plan_idmap *m, size_t n,
			struct err *e)
{
	static const char *const dirs[] = { "/usr/bin", "/bin", "/usr/local/bin" };
	static const char *const no_env[] = { NULL };
	auto_free const char **argv = xcalloc(3 * n + 3, sizeof(*argv));
	auto_free char *nums = xcalloc(3 * n + 1, 12);
	auto_free char *path = NULL;
	struct proc_end end;
	size_t a = 0;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]) && !path; i++) {
		path = xasprintf("%s/%s", dirs[i], prog);
		if (access(path, X_OK) < 0) {
			free(path);
			path = NULL;
		}
	}
	if (!path)
		return err_set(e, ERR_UNSUPPORTED,
			       "%s is not installed: a map of several ids needs it without root",
			       prog);
	argv[a++] = prog;
	snprintf(nums, 12, "%d", (int)pid);
	argv[a++] = nums;
	for (size_t i = 0; i < n; i++) {
		const uint32_t v[3] = { m[i].ctr, m[i].host, m[i].size };

		for (size_t k = 0; k < 3; k++) {
			char *s = nums + 12 * (1 + 3 * i + k);

			snprintf(s, 12, "%u", v[k]);
			argv[a++] = s;
		}
	}

	struct proc_run r = { .path = path, .argv = argv, .envp = no_env };

	if (proc_run(&r, &end, e))
		return -1;
	if (!WIFEXITED(end.status) || WEXITSTATUS(end.status))
		return err_set(e, ERR_SYS, "%s refused the id map: %s", path, end.output);
	return 0;
}

int idmap_write(int procfd, pid_t pid, const struct idmap *m, struct err *e)
{
	char rel[64];

	if (m->newidmap)
		return run_newidmap("newuidmap", pid, m->uid, m->n_uid, e) ||
				       run_newidmap("newgidmap", pid, m->gid, m->n_gid, e) ?
			       -1 :
			       0;
	snprintf(rel, sizeof(rel), "%d/setgroups", (int)pid);
	if (m->deny_setgroups && procfs_write(procfd, rel, "deny", e))
		return -1;
	return write_map(procfd, pid, "gid_map", m->gid, m->n_gid, e) ||
			       write_map(procfd, pid, "uid_map", m->uid, m->n_uid, e) ?
		       -1 :
		       0;
}

static int map_and_open(int procfd, pid_t pid, const struct idmap *m, int *ret_fd, struct err *e)
{
	char rel[64];

	if (idmap_write(procfd, pid, m, e))
		return -1;
	snprintf(rel, sizeof(rel), "%d/ns/user", (int)pid);
	return procfs_open_link(procfd, rel, O_RDONLY, ret_fd, e);
}

int idmap_userns(int procfd, const struct idmap *m, int *ret_fd, struct err *e)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args, sizeof(args));

	if (pid < 0)
		return err_sys(e, "make a user namespace");
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* the parent kills it in any case */
		for (;;)
			pause();
	}
	int r = map_and_open(procfd, pid, m, ret_fd, e);
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

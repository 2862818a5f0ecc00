/* SPDX-License-Identifier: Apache-2.0 */
/* idmap.c - user namespaces that exist only to carry id maps for mounts */
#include "exec/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
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
		return err_set(e, ERR_UNSUPPORTED, "id map of %zu rows: 1 to %d are possible", n,
			       IDMAP_MAX_ROWS);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&text, "%u %u %u\n", rows[i].ctr, rows[i].host, rows[i].size);
	snprintf(rel, sizeof(rel), "%d/%s", (int)pid, file);
	return procfs_write(procfd, rel, text.p, e);
}

static int map_and_open(int procfd, pid_t pid, const struct idmap *m, int *ret_fd, struct err *e)
{
	char rel[64];

	if (write_map(procfd, pid, "uid_map", m->uid, m->n_uid, e) ||
	    write_map(procfd, pid, "gid_map", m->gid, m->n_gid, e))
		return -1;
	snprintf(rel, sizeof(rel), "%d/ns/user", (int)pid);
	return procfs_open_link(procfd, rel, O_RDONLY, ret_fd, e);
}

int idmap_userns(int procfd, const struct idmap *m, int *ret_fd, struct err *e)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args, sizeof(args));

	if (pid < 0)
		return err_sys(e, "make a user namespace for an id-mapped mount");
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

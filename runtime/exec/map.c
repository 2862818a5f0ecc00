/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map.c - id maps of the child's user namespace (P_MAP)
 *
 * Should: write each map in one write(2), as the kernel demands, through the trusted procfs; open
 * the namespace afterwards, for what needs it as a descriptor (idmapped mounts).
 * Mustn't: look for newuidmap(1) in PATH.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/mutant.h"
#include "base/str.h"
#include "exec/ctx.h"
#include "exec/proc.h"
#include "sys/procfs.h"

#define MAX_MAPS 340 /* user_namespaces(7): lines of a map */

static int write_map(struct exec_ctx *c, const char *file, const struct plan_idmap *m, size_t n,
		     struct err *e)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	char rel[64];

	if (n == 0 || n > MAX_MAPS)
		return err_set(e, ERR_SPEC, "%s has %zu lines; the kernel takes 1 to %d", file, n,
			       MAX_MAPS);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&b, "%u %u %u\n", m[i].ctr, m[i].host, m[i].size);
	snprintf(rel, sizeof(rel), "%d/%s", (int)c->pid, file);
	return procfs_write(c->procfd, rel, b.p, e);
}

/* newuidmap(1) and newgidmap(1) are set-user-id and check /etc/subuid: for unprivileged callers. */
static int run_newidmap(struct exec_ctx *c, const char *prog, const struct plan_idmap *m, size_t n,
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
	snprintf(nums, 12, "%d", (int)c->pid);
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

static int write_maps(struct exec_ctx *c, const struct op_userns *u, struct err *e)
{
	char rel[64];

	if (u->newidmap) {
		if (run_newidmap(c, "newuidmap", u->uid, u->n_uid, e) ||
		    run_newidmap(c, "newgidmap", u->gid, u->n_gid, e))
			return -1;
		return 0;
	}
	snprintf(rel, sizeof(rel), "%d/setgroups", (int)c->pid);
	if (u->deny_setgroups && procfs_write(c->procfd, rel, "deny", e))
		return -1;
	return write_map(c, "gid_map", u->gid, u->n_gid, e) ||
			       write_map(c, "uid_map", u->uid, u->n_uid, e) ?
		       -1 :
		       0;
}

int do_userns(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_userns *u = &op->u.userns;
	char pid[16];

	(void)i;
	if (u->action != NS_NEW)
		return 0;
	if (fault("p_map.write"))
		return err_set(e, ERR_SYS, "injected failure at p_map.write");
	if (write_maps(c, u, e))
		return err_ctx(e, "id maps of the user namespace");
	snprintf(pid, sizeof(pid), "%d", (int)c->pid);
	return ns_of(c->procfd, pid, NS_T_USER, &c->userns, e);
}

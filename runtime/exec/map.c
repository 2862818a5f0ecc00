/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map.c - id maps of the child's user namespace (P_MAP)
 *
 * Should: write each map in one write(2), as the kernel demands, through the trusted procfs; open
 * the namespace afterwards, for what needs it as a descriptor (idmapped mounts). Of a namespace that
 * is joined, see to it that its maps are those of the config.
 * Mustn't: look for newuidmap(1) in PATH.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/str.h"
#include "exec/ctx.h"
#include "exec/proc.h"
#include "sys/procfs.h"

#define MAP_FILE_MAX 16384 /* bytes; a line has at most 33 */
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

/* The lines of a map as the kernel has them are those of the config, in whatever order. */
static bool is_same_map(const char *text, const struct plan_idmap *m, size_t n)
{
	size_t lines = 0;

	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n', lines++) {
		struct plan_idmap l;
		bool found = false;

		if (sscanf(p, "%" SCNu32 " %" SCNu32 " %" SCNu32, &l.ctr, &l.host, &l.size) != 3)
			return false;
		for (size_t i = 0; i < n && !found; i++)
			found = m[i].ctr == l.ctr && m[i].host == l.host && m[i].size == l.size;
		if (!found)
			return false;
	}
	return lines == n;
}

static int check_map(struct exec_ctx *c, const char *file, const char *prop,
		     const struct plan_idmap *m, size_t n, struct err *e)
{
	auto_close int fd = -1;
	auto_free char *text = NULL;
	char rel[64];

	if (n == 0) /* the config leaves it to the namespace */
		return 0;
	snprintf(rel, sizeof(rel), "%d/%s", (int)c->pid, file);
	if (procfs_openat(c->procfd, rel, O_RDONLY, &fd, e) ||
	    fd_read_all(fd, MAP_FILE_MAX, rel, &text, NULL, e))
		return -1;
	if (is_same_map(text, m, n) || mutant("map.same"))
		return 0;
	return err_set(e, ERR_SPEC, "%s is not the map of the user namespace that the config joins",
		       prop);
}

/* Files would be given to other ids than the config says, and nobody would notice. */
static int check_joined(struct exec_ctx *c, const struct op_userns *u, struct err *e)
{
	if (c->join[NS_T_USER] < 0) /* it is the runtime's own */
		return 0;
	return check_map(c, "uid_map", "linux.uidMappings", u->uid, u->n_uid, e) ||
			       check_map(c, "gid_map", "linux.gidMappings", u->gid, u->n_gid, e) ?
		       -1 :
		       0;
}

int do_userns(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_userns *u = &op->u.userns;
	char pid[16];

	(void)i;
	if (u->action == NS_JOIN)
		return check_joined(c, u, e);
	if (fault("p_map.write"))
		return err_set(e, ERR_SYS, "injected failure at p_map.write");
	if (write_maps(c, u, e))
		return err_ctx(e, "id maps of the user namespace");
	snprintf(pid, sizeof(pid), "%d", (int)c->pid);
	return ns_of(c->procfd, pid, NS_T_USER, &c->userns, e);
}

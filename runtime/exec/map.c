/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map.c - id maps of the child's user namespace (P_MAP)
 *
 * Should: have the maps written, and open the namespace afterwards, for what needs it as a
 * descriptor (idmapped mounts). Of a namespace that is joined, see to it that its maps are those of
 * the config.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "exec/ctx.h"
#include "exec/idmap.h"
#include "sys/procfs.h"

#define MAP_FILE_MAX 16384 /* bytes; a line has at most 33 */

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
	const struct idmap maps = { u->uid, u->gid, u->n_uid, u->n_gid, u->deny_setgroups,
				    u->newidmap };
	char pid[16];

	(void)i;
	if (u->action == NS_JOIN)
		return check_joined(c, u, e);
	if (fault("p_map.write"))
		return err_set(e, ERR_SYS, "injected failure at p_map.write");
	if (idmap_write(c->procfd, c->pid, &maps, e))
		return err_ctx(e, "id maps of the user namespace");
	snprintf(pid, sizeof(pid), "%d", (int)c->pid);
	return ns_of(c->procfd, pid, NS_T_USER, &c->userns, e);
}

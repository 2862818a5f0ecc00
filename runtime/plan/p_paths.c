/* SPDX-License-Identifier: Apache-2.0 */
/* p_paths.c - the root as a whole: propagation, pivot, read-only root, read-only and masked paths */
#include <sys/mount.h>

#include "base/path.h"
#include "base/str.h"
#include "plan/p.h"
#include "spec/names.h"

/* config-linux.md "Rootfs Mount Propagation" */
static int root_propagation(const struct build *b, uint64_t *ret_ms, struct err *e)
{
	const char *name = b->s->linux_.rootfs_propagation;
	const struct mopt_row *row = name && *name ? mopt_find(name) : NULL;

	*ret_ms = 0;
	if (!name || !*name)
		return 0;
	if (!row || row->kind != MOPT_PROPAGATION)
		return err_set(e, ERR_SPEC, "linux.rootfsPropagation: \"%s\" is none of shared, slave, "
			       "private, unbindable and their recursive forms", name);
	*ret_ms = row->set;
	return 0;
}

/*
 * What the host mounts later may arrive, what is mounted here must not leave. Only the root that
 * pivot_root leaves behind gets this; the container's own root gets what the config says.
 */
int p_propagation(struct build *b, struct err *e)
{
	uint64_t ms;

	if (root_propagation(b, &ms, e))
		return -1;
	struct op *op = plan_add(b->p, OP_PROPAGATION, "linux.rootfsPropagation", "oci");

	op->u.propagation.ms = ms & MS_SHARED && !build_has_userns(b) ? MS_SHARED | MS_REC :
									 MS_SLAVE | MS_REC;
	return 0;
}

static void paths(struct build *b, enum op_kind kind, const char *where, const char *const *v,
		  size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct op *op = plan_add(b->p, kind, arena_printf(b->a, "%s[%zu]", where, i),
					 build_rule(b, where, v[i]));

		op->u.path.path_ctr = path_clean(b->a, v[i]);
	}
}

int p_paths(struct build *b, struct err *e)
{
	const struct oci_linux *l = &b->s->linux_;
	struct op_root_ro ro = { .readonly = b->s->root->readonly };

	if (root_propagation(b, &ro.propagation, e))
		return -1;
	plan_add(b->p, OP_PIVOT, "root", "oci");
	if (ro.readonly || ro.propagation)
		plan_add(b->p, OP_ROOT_RO, ro.readonly ? "root.readonly" : "linux.rootfsPropagation",
			 "oci")->u.root_ro = ro;
	paths(b, OP_RDONLY, "linux.readonlyPaths", l->readonly_paths, l->n_readonly_paths);
	paths(b, OP_MASK, "linux.maskedPaths", l->masked_paths, l->n_masked_paths);
	return 0;
}

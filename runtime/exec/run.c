/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.c - which function performs which operation in which phase, and the loop over a plan
 *
 * Theory of operation: a plan is performed by two processes that walk it several times, once for
 * each phase. An operation may have something to do in more than one: a bind mount is opened and
 * given its attributes in the parent (P_MAP) and attached by the child (C_FS); a seccomp filter is
 * compiled in P_PRE and loaded in C_DROP. The table says which function that is; a cell that is
 * empty means: nothing to do for this kind in this phase.
 *
 * Kinds that occur in several phases under one name (hooks, sysctls) are performed only where the
 * operation's own phase is the one at hand: @own.
 *
 * A kind that is missing in the whole table would be ignored silently: run_check() refuses such a
 * plan before anything is done. Two steps stand outside of the table because they are the frame and
 * not a step of it: OP_NS (spawn.c and child.c), OP_ANET (anet.c) and OP_EXEC (prog.c).
 *
 * To add an operation: a row here for each phase it acts in. In test builds every kind can be
 * switched off (mutant "op.<kind>") and made to fail after it has acted (fault "op.<kind>").
 */
#include "exec/run.h"

#include "base/log.h"
#include "base/mutant.h"
#include "base/table.h"
#include "exec/prog.h"

struct cell {
	do_fn *fn;
	bool own; /* only where op->phase is this phase */
};

/* The working directory is made while every mount is in place and the root can still be written. */
static int do_cwd_and_pivot(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	prog_make_cwd(c);
	return do_pivot(c, op, i, e);
}

static const struct cell table[][OP__COUNT] = {
	/* parent */
	[P_PRE] = {
		[OP_CGROUP] = { do_cgroup, false },
		[OP_RDT] = { do_rdt, false },
		[OP_SECCOMP] = { do_seccomp_compile, false },
	},
	[P_MAP] = {
		[OP_USERNS] = { do_userns, false },
		[OP_RDT] = { do_rdt_join, false },
		[OP_OOM] = { do_oom, false },
		[OP_ROOT] = { do_tree_root, false },
		[OP_MOUNT] = { do_tree_mount, false },
		[OP_DEV] = { do_tree_dev, false },
		[OP_FILE] = { do_tree_file, false },
		[OP_EGRESS] = { do_egress_prepare, false },
	},
	/* child */
	[C_NS] = { { NULL, false } },
	[C_ANET] = {
		[OP_SYSCTL] = { do_sysctl, true },
	},
	/* parent */
	[P_NET] = {
		[OP_NETDEV] = { do_netdev, false },
		[OP_HOOK] = { do_hook, true },
		[OP_EGRESS] = { do_egress, false },
		[OP_SCHED] = { do_sched_early, false },
	},
	/* child */
	[C_FS] = {
		[OP_PROPAGATION] = { do_propagation, false },
		[OP_ROOT] = { do_root_attach, false },
		[OP_MOUNT] = { do_mount, false },
		[OP_FILE] = { do_file, false },
		[OP_DEV] = { do_dev, false },
		[OP_LINK] = { do_link, false },
		[OP_CONSOLE] = { do_console, false },
		[OP_HOOK] = { do_hook, true },
		[OP_PIVOT] = { do_cwd_and_pivot, false },
		[OP_ROOT_RO] = { do_root_ro, false },
		[OP_RDONLY] = { do_rdonly, false },
		[OP_MASK] = { do_mask, false },
	},
	[C_DROP] = {
		[OP_HOSTNAME] = { do_hostname, false },
		[OP_SYSCTL] = { do_sysctl, true },
		[OP_SCHED] = { do_sched, false },
		[OP_KEYRING] = { do_keyring, false },
		/* By kind, in the executing thread, in an order of its own: child.c */
		[OP_RLIMIT] = { do_rlimit, false },
		[OP_LSM] = { do_lsm, false },
		[OP_CREDS] = { do_creds, false },
		[OP_LANDLOCK] = { do_landlock, false },
		[OP_SECCOMP] = { do_seccomp, false },
	},
	/* parent, between READY and ACK */
	[C_GATE] = {
		[OP_RLIMIT] = { do_rlimit_parent, false },
		[OP_SCHED] = { do_sched_late, false },
	},
	/* child */
	[C_EXEC] = {
		[OP_HOOK] = { do_hook, true },
	},
	/* parent: cmd/ calls exec_hooks() for what happens later */
	[P_POST] = { { NULL, false } },
};
TABLE_CHECK(table, PHASE__COUNT);

/* Performed elsewhere than in the table. */
static bool is_frame(enum op_kind kind)
{
	return kind == OP_NS || kind == OP_ANET || kind == OP_EXEC;
}

/* Kinds that have a place in a sequence of their own, not in the plan's. */
static bool is_by_kind(enum phase ph, enum op_kind kind)
{
	if (ph == P_MAP)
		return kind == OP_USERNS || kind == OP_EGRESS;
	if (ph == P_NET)
		return kind == OP_EGRESS;
	if (ph == C_DROP)
		return kind == OP_LSM || kind == OP_CREDS || kind == OP_LANDLOCK ||
		       kind == OP_SECCOMP || kind == OP_RLIMIT;
	return ph == C_FS && (kind == OP_PROPAGATION || kind == OP_ROOT);
}

/* A failure gets its place; or is left at that, where the plan says so. */
static int failed(const struct op *op, size_t i, struct err *why, struct err *e)
{
	const char *where = op->where ? op->where : "plan";

	if (op->on_fail == FAIL_IGNORE) {
		log_debug("%s: %s (ignored, as planned)", where, why->msg);
		return 0;
	}
	why->op = (int)i;
	err_ctx(why, "%s", where);
	if (e)
		*e = *why;
	return -1;
}

static int perform(struct exec_ctx *c, do_fn *fn, size_t i, struct err *e)
{
	const struct op *op = &c->plan->ops[i];
	struct err why = ERR_INIT;

	if (mutant_of("op", op_name(op->kind)))
		return 0;
	if (fn(c, op, i, &why) == 0 && !fault_of("op", op_name(op->kind)))
		return 0;
	if (why.kind == ERR_NONE)
		err_set(&why, ERR_SYS, "injected failure after the operation");
	return failed(op, i, &why, e);
}

static int run(struct exec_ctx *c, enum phase ph, bool by_kind, enum op_kind kind, struct err *e)
{
	for (size_t i = 0; i < c->plan->n_ops; i++) {
		const struct op *op = &c->plan->ops[i];
		const struct cell *cell = &table[ph][op->kind];

		if (by_kind ? op->kind != kind : is_by_kind(ph, op->kind))
			continue;
		if (cell->fn && !(cell->own && op->phase != ph) && perform(c, cell->fn, i, e))
			return -1;
	}
	return 0;
}

int run_phase(struct exec_ctx *c, enum phase ph, struct err *e)
{
	return run(c, ph, false, OP__COUNT, e);
}

int run_kind(struct exec_ctx *c, enum phase ph, enum op_kind kind, struct err *e)
{
	return run(c, ph, true, kind, e);
}

int run_check(const struct plan *p, struct err *e)
{
	for (size_t i = 0; i < p->n_ops; i++) {
		const struct op *op = &p->ops[i];
		bool found = is_frame(op->kind);

		for (int ph = 0; ph < PHASE__COUNT && !found; ph++)
			found = table[ph][op->kind].fn != NULL;
		if (!found)
			return err_set(e, ERR_UNSUPPORTED, "%s: operation %s is not implemented",
				       op->where ? op->where : "plan", op_name(op->kind));
	}
	return 0;
}

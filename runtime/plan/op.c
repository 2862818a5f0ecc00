/* SPDX-License-Identifier: Apache-2.0 */
/* op.c - the kinds of operations: one table; adding to a plan and finding in it */
#include "base/table.h"
#include "plan/p.h"
#include "spec/names.h"

#define PH(p)	(1u << (p))
#define NEED(t) (1u << (t))

static const struct op_info op_info[] = {
	[OP_CGROUP] = { "cgroup", PH(P_PRE), 0, true },
	[OP_RDT] = { "rdt", PH(P_PRE), 0, true },
	[OP_ROOT] = { "root", PH(P_PRE), NEED(NS_MOUNT), true },
	[OP_USERNS] = { "userns", PH(P_MAP), 0, true },
	[OP_NS] = { "ns", PH(C_NS), 0, false },
	[OP_ANET] = { "anet", PH(C_ANET), NEED(NS_MOUNT) | NEED(NS_USER), true },
	[OP_NETDEV] = { "netdev", PH(P_NET), NEED(NS_NETWORK), false },
	[OP_HOOK] = { "hook", PH(P_NET) | PH(C_FS) | PH(C_EXEC) | PH(P_POST), 0, false },
	[OP_EGRESS] = { "egress", PH(P_NET), NEED(NS_NETWORK), true },
	[OP_PROPAGATION] = { "propagation", PH(C_FS), NEED(NS_MOUNT), true },
	[OP_MOUNT] = { "mount", PH(C_FS), NEED(NS_MOUNT), false },
	[OP_FILE] = { "file", PH(C_FS), NEED(NS_MOUNT), false },
	[OP_DEV] = { "dev", PH(C_FS), NEED(NS_MOUNT), false },
	[OP_LINK] = { "link", PH(C_FS), NEED(NS_MOUNT), false },
	[OP_CONSOLE] = { "console", PH(C_FS), NEED(NS_MOUNT), true },
	[OP_PIVOT] = { "pivot", PH(C_FS), NEED(NS_MOUNT), true },
	[OP_ROOT_RO] = { "root-ro", PH(C_FS), NEED(NS_MOUNT), true },
	[OP_RDONLY] = { "readonly", PH(C_FS), NEED(NS_MOUNT), false },
	[OP_MASK] = { "mask", PH(C_FS), NEED(NS_MOUNT), false },
	[OP_HOSTNAME] = { "hostname", PH(C_DROP), NEED(NS_UTS), false },
	[OP_SYSCTL] = { "sysctl", PH(C_ANET) | PH(C_DROP), 0, false },
	[OP_RLIMIT] = { "rlimit", PH(C_DROP), 0, false },
	[OP_OOM] = { "oom", PH(C_DROP), 0, true },
	[OP_SCHED] = { "sched", PH(C_DROP), 0, true },
	[OP_KEYRING] = { "keyring", PH(C_DROP), 0, true },
	[OP_LSM] = { "lsm", PH(C_DROP), 0, false },
	[OP_CREDS] = { "creds", PH(C_DROP), 0, true },
	[OP_LANDLOCK] = { "landlock", PH(C_DROP), NEED(NS_MOUNT), true },
	[OP_SECCOMP] = { "seccomp", PH(C_DROP), 0, false },
	[OP_EXEC] = { "exec", PH(C_EXEC), 0, true },
};
TABLE_CHECK(op_info, OP__COUNT);

static const char *const phase_names[] = {
	[P_PRE] = "P_PRE",   [P_MAP] = "P_MAP",	  [C_NS] = "C_NS",     [C_ANET] = "C_ANET",
	[P_NET] = "P_NET",   [C_FS] = "C_FS",	  [C_DROP] = "C_DROP", [C_GATE] = "C_GATE",
	[C_EXEC] = "C_EXEC", [P_POST] = "P_POST",
};
TABLE_CHECK(phase_names, PHASE__COUNT);

const struct op_info *op_info_of(enum op_kind kind)
{
	return &op_info[kind];
}

const char *op_name(enum op_kind kind)
{
	return op_info[kind].name;
}

const char *phase_name(enum phase ph)
{
	return phase_names[ph];
}

const char *plan_ns_name(int type)
{
	const char *name = name_of(&names_ns, (uint64_t)type);

	return name ? name : "unknown";
}

static enum phase first_phase(enum op_kind kind)
{
	return (enum phase)__builtin_ctz(op_info[kind].phases);
}

struct op *plan_add(struct plan *p, enum op_kind kind, const char *where, const char *rule)
{
	struct op *op = arena_push(p->a, p->ops, p->n_ops);

	op->kind = kind;
	op->phase = first_phase(kind);
	op->on_fail = FAIL_STOP;
	op->where = where;
	op->rule = rule;
	return op;
}

const struct op *plan_find(const struct plan *p, enum op_kind kind)
{
	for (size_t i = 0; i < p->n_ops; i++)
		if (p->ops[i].kind == kind)
			return &p->ops[i];
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p_sysctl.c - kernel parameters of the container's own namespaces, and no others
 *
 * A parameter that no namespace of the container holds is the host's: setting it is refused, as
 * runc does. Those of the network go to A where there is one, before anything runs in it.
 */
#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"
#include "plan/p.h"
#include "profiles/nested.h"

static const struct {
	const char *key; /* ends in '/': everything below */
	enum oci_ns_type ns;
} rows[] = {
	{ "kernel/msgmax", NS_IPC },  { "kernel/msgmnb", NS_IPC },  { "kernel/msgmni", NS_IPC },
	{ "kernel/sem", NS_IPC },     { "kernel/shmall", NS_IPC },  { "kernel/shmmax", NS_IPC },
	{ "kernel/shmmni", NS_IPC },  { "kernel/shm_rmid_forced", NS_IPC },
	{ "fs/mqueue/", NS_IPC },     { "net/", NS_NETWORK },	    { "kernel/domainname", NS_UTS },
	{ "user/", NS_USER },
};

/*
 * sysctl(8): whichever separator comes first is the separator, and the other one then stands for
 * it inside a name ("net.ipv4.conf.eth0/1.forwarding" is interface "eth0.1").
 */
static const char *with_slashes(struct build *b, const char *key)
{
	char *s = arena_strdup(b->a, key);
	size_t first = strcspn(s, "./");

	if (s[first] != '.')
		return s;
	for (char *c = s; *c; c++)
		*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	return s;
}

static bool is_clean(const char *key)
{
	for (const char *s = key; *s;) {
		size_t n = strcspn(s, "/");

		if (n == 0 || (s[0] == '.' && (n == 1 || (n == 2 && s[1] == '.'))))
			return false;
		s += n;
		if (*s && !*++s)
			return false;
	}
	return *key != '\0';
}

/* Joining the host's network namespace by path does not make its parameters the container's. */
static bool is_own(const struct build *b, enum oci_ns_type type)
{
	const struct oci_namespace *ns = oci_ns_find(b->s, type);

	if (type == NS_NETWORK && build_has_anet(b))
		return true;
	for (size_t i = 0; ns && ns->path && i < b->f->n_ns; i++)
		if (b->f->ns[i].path && streq(b->f->ns[i].path, ns->path) && b->f->ns[i].is_hosts)
			return false;
	return ns != NULL;
}

static int check(const struct build *b, const char *where, const char *key, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool below = str_has_suffix(rows[i].key, "/");

		if (below ? !str_has_prefix(key, rows[i].key) : !streq(key, rows[i].key))
			continue;
		if (!is_own(b, rows[i].ns) && !mutant("sysctl.own"))
			return err_set(e, ERR_SPEC, "%s: needs a %s namespace of the container's own", where,
				       plan_ns_name(rows[i].ns));
		return 0;
	}
	if (streq(key, "kernel/hostname"))
		return err_set(e, ERR_SPEC, "%s: set hostname instead", where);
	if (mutant("sysctl.namespaced"))
		return 0;
	return err_set(e, ERR_SPEC, "%s: is not in a separate kernel namespace: it would change the host",
		       where);
}

static void add(struct build *b, const char *where, const char *rule, struct op_sysctl s)
{
	struct op *op = plan_add(b->p, OP_SYSCTL, where, rule);

	op->phase = build_has_anet(b) && str_has_prefix(s.key, "net/") ? C_ANET : C_DROP;
	op->u.sysctl = s;
}

/* Landlock's and other filters' TCP rules do not cover MPTCP, which is on in every new namespace. */
static void no_mptcp(struct build *b)
{
	add(b, "profile", "net.mptcp", (struct op_sysctl){ "net/mptcp/enabled", "0" });
	struct op *op = &b->p->ops[b->p->n_ops - 1];

	op->on_fail = FAIL_IGNORE;
	op->note = "a kernel without MPTCP has no such file";
}

/*
 * Beside the filter: namespaces inside are counted by the kernel, in the container's own user
 * namespace. A config that says more is overruled, because this comes after it.
 */
static void few_user_namespaces(struct build *b)
{
	const struct op *u = plan_find(b->p, OP_USERNS);
	bool nested = b->t->profile->nested;

	if (!b->t->profile->sysctl_screen || !u || u->u.userns.action != NS_NEW ||
	    mutant("userns.nested"))
		return;
	add(b, "profile", "userns.nested",
	    (struct op_sysctl){ "user/max_user_namespaces",
				nested ? NESTED_MAX_USER_NAMESPACES : "0" });
}

int p_sysctl(struct build *b, struct err *e)
{
	const struct oci_linux *l = &b->s->linux_;

	for (size_t i = 0; i < l->n_sysctl; i++) {
		const char *key = with_slashes(b, l->sysctl[i].key);
		const char *where = arena_printf(b->a, "linux.sysctl.%s", l->sysctl[i].key);

		if (!is_clean(key))
			return err_set(e, ERR_SPEC, "%s: not the name of a kernel parameter", where);
		if (check(b, where, key, e))
			return -1;
		add(b, where, build_rule(b, "linux.sysctl", l->sysctl[i].key),
		    (struct op_sysctl){ key, l->sysctl[i].value });
	}
	if (build_has_anet(b))
		no_mptcp(b);
	few_user_namespaces(b);
	return 0;
}

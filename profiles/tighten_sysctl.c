/* SPDX-License-Identifier: Apache-2.0 */
/* tighten_sysctl.c - only sysctls of the container's own namespaces; ids clamped to its maps */
#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"
#include "profiles/tighten_ctx.h"

/* A trailing '/' is a prefix. Separators are '/', as sysctl(8) does where a name holds dots. */
static const struct {
	const char *key;
	enum oci_ns_type ns;
} namespaced[] = {
	{ "net/", NS_NETWORK },		 { "fs/mqueue/", NS_IPC },
	{ "kernel/msgmax", NS_IPC },	 { "kernel/msgmnb", NS_IPC },
	{ "kernel/msgmni", NS_IPC },	 { "kernel/sem", NS_IPC },
	{ "kernel/shmall", NS_IPC },	 { "kernel/shmmax", NS_IPC },
	{ "kernel/shmmni", NS_IPC },	 { "kernel/shm_rmid_forced", NS_IPC },
	{ "kernel/domainname", NS_UTS }, { "user/", NS_USER },
};

/* "net.ipv4.ip_forward" and "net/ipv4/ip_forward" are one key: the first separator decides. */
static char *slashed(struct tighten_ctx *c, const char *key)
{
	char *s = arena_strdup(c->a, key);

	if (s[strcspn(s, "./")] == '.')
		for (char *p = s; *p; p++)
			*p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
	return s;
}

/* What the pod's containers share is theirs, but for the limits of the user namespace: those were
 * set for all of them. */
static bool is_pods(const struct tighten_ctx *c, const struct oci_namespace *ns)
{
	return (ns->type != NS_USER || mutant("pod.sysctl")) && tighten_is_pods(c, ns);
}

static bool is_own(const struct tighten_ctx *c, const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespaced); i++) {
		const char *k = namespaced[i].key;
		const struct oci_namespace *ns = oci_ns_find(c->s, namespaced[i].ns);

		if (str_has_suffix(k, "/") ? str_has_prefix(key, k) : streq(key, k))
			return ns && !strstr(key, "..") && (!ns->path || is_pods(c, ns));
	}
	return false;
}

/* "0 2147483647" -> two numbers; any run of blanks between them */
static bool parse_range(struct tighten_ctx *c, const char *v, uint32_t *ret_low, uint32_t *ret_high)
{
	size_t n = strcspn(v, " \t");

	return str_to_u32(arena_strndup(c->a, v, n), ret_low) &&
	       str_to_u32(v + n + strspn(v + n, " \t"), ret_high) && *ret_low <= *ret_high;
}

/*
 * net.ipv4.ping_group_range takes mapped groups only (EINVAL), and the default that engines send
 * reaches to 2147483647.
 */
static bool clamp_ping(struct tighten_ctx *c, struct oci_kv *kv)
{
	const struct oci_linux *l = &c->s->linux_;
	uint32_t low, high;

	if (!parse_range(c, kv->value, &low, &high))
		return false;
	for (size_t i = 0; i < l->n_gid_mappings; i++) {
		const struct oci_idmap *m = &l->gid_mappings[i];
		uint32_t last = m->ctr + (m->size - 1);

		if (m->size == 0 || low < m->ctr || low > last)
			continue;
		if (high > last) {
			kv->value = arena_printf(c->a, "%u %u", low, last);
			tighten_find(c, "sysctl.clamp", FIND_REPLACED,
				     "the kernel takes only groups of the container's id map",
				     "linux.sysctl: %s = %s", kv->key, kv->value);
		}
		return true;
	}
	return false;
}

static bool keep(struct tighten_ctx *c, struct oci_kv *kv)
{
	const char *key = slashed(c, kv->key);

	if (!is_own(c, key) && !mutant("sysctl.namespaced")) {
		tighten_find(c, "sysctl.namespaced", FIND_REMOVED,
			     "it is not a setting of the container's own namespaces",
			     "linux.sysctl: %s", kv->key);
		return false;
	}
	if (!streq(key, "net/ipv4/ping_group_range") || !tighten_has_userns(c) ||
	    mutant("sysctl.clamp") || clamp_ping(c, kv))
		return true;
	tighten_find(c, "sysctl.clamp", FIND_REMOVED,
		     "the kernel takes only groups of the container's id map", "linux.sysctl: %s",
		     kv->key);
	return false;
}

int tighten_sysctl(struct tighten_ctx *c, struct err *e)
{
	struct oci_linux *l = &c->s->linux_;
	struct oci_kv *kept = NULL;
	size_t n = 0;

	(void)e;
	if (!c->p->sysctl_screen)
		return 0;
	for (size_t i = 0; i < l->n_sysctl; i++) {
		struct oci_kv kv = l->sysctl[i];

		if (keep(c, &kv))
			*arena_push(c->a, kept, n) = kv;
	}
	l->sysctl = kept;
	l->n_sysctl = n;
	return 0;
}

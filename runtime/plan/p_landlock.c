/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p_landlock.c - the second fence of a profile: which rights a Landlock domain takes away
 *
 * The first fence is the namespaces and the filter. This one holds where they have a hole: a
 * descriptor of the host that leaked in, an abstract socket of another container of the pod. What it
 * costs, and why the profile agent goes without: docs/decisions/0005-landlock.md.
 *
 * The same for create and for exec, which makes a domain of its own beside the first one.
 */
#include "base/landlock.h"
#include "base/mutant.h"
#include "base/path.h"
#include "base/str.h"
#include "base/table.h"
#include "plan/p.h"

#define DNS_PORT 53u

#define FS_FIRST                                                                                   \
	(LL_FS_EXECUTE | LL_FS_WRITE_FILE | LL_FS_READ_FILE | LL_FS_READ_DIR | LL_FS_REMOVE_DIR |  \
	 LL_FS_REMOVE_FILE | LL_FS_MAKE_CHAR | LL_FS_MAKE_DIR | LL_FS_MAKE_REG | LL_FS_MAKE_SOCK | \
	 LL_FS_MAKE_FIFO | LL_FS_MAKE_BLOCK | LL_FS_MAKE_SYM)

/* What each ABI brought, and with which kernel. The first one is left out: with it no file could be
 * moved from one directory to another, by any rule. */
static const struct {
	unsigned abi;
	uint64_t fs, net, scope;
	const char *what, *kernel;
} steps[] = {
	{ 2, FS_FIRST | LL_FS_REFER, 0, 0, "files outside the root", "5.19" },
	{ 3, LL_FS_TRUNCATE, 0, 0, "truncation of files", "6.2" },
	{ 4, 0, LL_NET_BIND_TCP | LL_NET_CONNECT_TCP, 0, "TCP ports", "6.7" },
	{ 5, LL_FS_IOCTL_DEV, 0, 0, "ioctls of devices", "6.10" },
	{ 6, 0, 0, LL_SCOPE_ABSTRACT_UNIX | LL_SCOPE_SIGNAL, "abstract sockets and signals", "6.12" },
};

static void missing(struct build *b, const char *what, const char *kernel)
{
	if (b->f->landlock_abi && !b->p->is_exec)
		build_finding(b, "landlock.missing", FIND_NOTE, arena_printf(b->a, "landlock: %s", what),
			      arena_printf(b->a, "this kernel's Landlock (ABI %u) does not hold them: that "
					   "takes Linux %s", b->f->landlock_abi, kernel));
}

static void missing_all(struct build *b, const struct profile *p)
{
	bool wanted = p->landlock.files || p->landlock.scope || p->landlock.tcp;

	if (wanted && !b->f->landlock_abi && !b->p->is_exec)
		build_finding(b, "landlock.missing", FIND_NOTE, "landlock: the second fence",
			      "this kernel has no Landlock, or lsm= at boot leaves it out");
}

/* Mounts are what a nested user namespace is for, and a domain about files forbids them for good. */
static bool wants_files(struct build *b, const struct profile *p)
{
	if (!p->landlock.files || mutant("landlock.files"))
		return false;
	if (p->nested && !mutant("landlock.nested")) {
		if (!b->p->is_exec)
			build_finding(b, "landlock.nested", FIND_NOTE, "landlock: files outside the root",
				      "left out: where the profile says nested, programs mount in their "
				      "own namespaces, and such a domain would forbid it");
		return false;
	}
	return true;
}

static void handle(struct build *b, const struct profile *p, struct op_landlock *l)
{
	uint64_t fs = wants_files(b, p) ? UINT64_MAX : 0;
	uint64_t net = p->landlock.tcp && !mutant("landlock.tcp") ? UINT64_MAX : 0;
	uint64_t scope = p->landlock.scope && !mutant("landlock.scope") ? UINT64_MAX : 0;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		if (!((steps[i].fs & fs) | (steps[i].net & net) | (steps[i].scope & scope)))
			continue;
		if (b->f->landlock_abi < steps[i].abi) {
			missing(b, steps[i].what, steps[i].kernel);
			continue;
		}
		l->fs |= steps[i].fs & fs;
		l->net |= steps[i].net & net;
		l->scope |= steps[i].scope & scope;
	}
}

/*
 * Everything inside is beneath "/", and so are the file systems mounted there. A message queue is not
 * opened by a path: the kernel opens it in a mount of its own, of the same file system as the
 * container's, to which a rule about that one applies.
 */
static void paths(struct build *b, struct op_landlock *l)
{
	*arena_push(b->a, l->paths, l->n_paths) = (struct plan_ll_path){ "/", l->fs };
	for (size_t i = 0; i < b->s->n_mounts; i++)
		if (b->s->mounts[i].type && streq(b->s->mounts[i].type, "mqueue"))
			*arena_push(b->a, l->paths, l->n_paths) = (struct plan_ll_path){
				path_clean(b->a, b->s->mounts[i].destination), l->fs
			};
}

static void add_port(struct build *b, uint16_t **v, size_t *n, uint32_t port)
{
	for (size_t i = 0; i < *n; i++)
		if ((*v)[i] == port)
			return;
	*arena_push(b->a, *v, *n) = (uint16_t)port;
}

static bool is_proxied(const struct build *b, const struct profile *p)
{
	return b->t ? b->t->net == TIGHT_NET_EGRESS : p->egress.mode == NET_EGRESS;
}

/* A server of the container's own may take any port that is listed, or have one picked (0), as
 * clients do that bind first. */
static void ports(struct build *b, const struct profile *p, struct op_landlock *l)
{
	add_port(b, &l->bind, &l->n_bind, 0);
	for (size_t i = 0; i < p->landlock.n_ports; i++) {
		add_port(b, &l->bind, &l->n_bind, p->landlock.ports[i]);
		add_port(b, &l->connect, &l->n_connect, p->landlock.ports[i]);
	}
	if (!is_proxied(b, p))
		return;
	add_port(b, &l->connect, &l->n_connect, DNS_PORT);
	add_port(b, &l->connect, &l->n_connect, p->egress.port);
	for (size_t i = 0; i < p->egress.n_allow; i++)
		for (size_t k = 0; k < p->egress.allow[i].n_ports; k++)
			add_port(b, &l->connect, &l->n_connect, p->egress.allow[i].ports[k]);
}

void p_landlock(struct build *b)
{
	const struct profile *p = b->profile;
	struct op_landlock l = { 0 };

	if (!p)
		return;
	missing_all(b, p);
	handle(b, p, &l);
	if (!(l.fs | l.net | l.scope))
		return;
	if (l.fs)
		paths(b, &l);
	if (l.net)
		ports(b, p, &l);
	plan_add(b->p, OP_LANDLOCK, "profile", "landlock.domain")->u.landlock = l;
}

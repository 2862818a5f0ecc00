/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p_policy.c - /run/agentrt/policy.md: what the container may do, for whoever works in it
 *
 * An agent that meets a refusal should know that it is meant, what is allowed instead and whom to
 * ask, and not try other ways. The text is made from what is allowed: it names no path of the host,
 * no other container, no secret, and nothing of what is refused by name.
 */
#include <inttypes.h>
#include <linux/mount.h>

#include "base/egress_wire.h"
#include "base/mutant.h"
#include "base/str.h"
#include "plan/p.h"
#include "plan/text.h"

static void network_intro(struct strbuf *b, const struct build *in)
{
	const struct op *anet = plan_find(in->p, OP_ANET);
	unsigned port = in->t->profile->egress.port;

	if (anet && anet->u.anet.steered)
		strbuf_addf(b,
			    "Only these can be reached, over TCP, by every program and without any "
			    "setting: the name resolves, whatever name server is asked, and leads to "
			    "the host. (There is a proxy at 127.0.0.1:%u as well, for HTTP and SOCKS 5; "
			    "the usual variables name it. It allows the same.)\n\n", port);
	else
		strbuf_addf(b,
			    "Only these can be reached, through the proxy at 127.0.0.1:%u (the usual "
			    "variables are set):\n\n", port);
}

static void network(struct strbuf *b, const struct build *in)
{
	const struct profile *p = in->t->profile;

	strbuf_adds(b, "\n## Network\n");
	if (in->t->net == TIGHT_NET_SPEC) {
		strbuf_adds(b, "The network is the one that the container was given.\n");
		return;
	}
	if (p->egress.mode == NET_NONE || (p->egress.n_allow == 0 && !p->egress.learn)) {
		strbuf_adds(b, "Nothing outside can be reached, and nothing you try will change "
			       "that.\n");
		return;
	}
	if (p->egress.learn) {
		strbuf_adds(b, "Nothing outside can be reached for now: what you ask for is recorded, "
			       "and people will decide on it.\n");
		return;
	}
	network_intro(b, in);
	for (size_t i = 0; i < p->egress.n_allow; i++) {
		strbuf_adds(b, "- ");
		text_put(b, p->egress.allow[i].host);
		for (size_t k = 0; k < p->egress.allow[i].n_ports; k++)
			strbuf_addf(b, "%s%u", k ? ", " : " port ", p->egress.allow[i].ports[k]);
		strbuf_adds(b, "\n");
	}
	strbuf_adds(b, "\nAnything else is refused at once: a name does not exist, a connection is "
		       "refused, a datagram too. That is no failure of the network, and another way "
		       "will not work either. Where the protocol has words for it the refusal names "
		       "the rule and what would allow it.\n");
}

/* A mount that shows a directory of the host which an administrator would call a project. */
static const struct op_mount *project(const struct op *op)
{
	const struct op_mount *m = &op->u.mount;

	if (op->kind != OP_MOUNT || m->kind != MOUNT_BIND || m->remount ||
	    (!streq(op->rule, "mount.owner") && !streq(op->rule, "mount.cow")))
		return NULL;
	return m;
}

static const char *what_happens(const struct op_mount *m)
{
	if (m->cow_dir || m->cow_tmpfs_bytes)
		return "a copy, which ends with the container";
	return (m->attr_set | m->rattr_set) & MOUNT_ATTR_RDONLY ? "can only be read"
								: "what you write there stays";
}

static bool hides(const struct tight *t)
{
	for (size_t i = 0; i < t->spec->n_mounts && t->profile->mounts.n_hide; i++)
		if (t->mounts[i].hide)
			return true;
	return false;
}

static void files(struct strbuf *b, const struct build *in)
{
	bool one_owner = false;
	size_t n = 0;

	strbuf_adds(b, "\n## Files\nWhat you write is thrown away when the container ends");
	for (size_t i = 0; i < in->p->n_ops; i++) {
		const struct op_mount *m = project(&in->p->ops[i]);

		if (!m)
			continue;
		strbuf_adds(b, n++ ? "- " : ", but for:\n\n- ");
		text_put(b, m->dest_ctr);
		strbuf_addf(b, ": %s\n", what_happens(m));
		one_owner = one_owner || (m->idmap == MOUNT_IDMAP_MAPS && !m->cow_dir &&
					  !m->cow_tmpfs_bytes);
	}
	if (n == 0)
		strbuf_adds(b, ".\n");
	if (one_owner)
		strbuf_addf(b,
			    "\nOnly uid %u, as which the container was started, can make files that "
			    "stay. Another user is told \"Value too large for defined data type\" there, "
			    "and so is who gives a file to one.\n",
			    in->proc->user.uid);
	if (hides(in->t))
		strbuf_adds(b, "\nFiles with credentials, sockets and pipes in these directories show as "
			       "empty or are not there. You need none: what needs one is done outside.\n");
}

/* Not that a debugger is looked for where there is nothing to repair. */
static void fence(struct strbuf *b, const struct build *in)
{
	const struct profile *p = in->t->profile;
	bool files = p->landlock.files && !p->nested;

	if (in->f->landlock_abi == 0 || !(files || p->landlock.scope || p->landlock.tcp))
		return;
	strbuf_addf(b, "What another command from outside (another exec) runs can be seen, but not traced%s. "
		       "Do that in the command that started it.\n",
		    p->landlock.scope ? " or signalled" : "");
	if (p->landlock.tcp)
		strbuf_adds(b, "Servers in here can be reached on the ports only that the profile names "
			       "(`landlock.ports`).\n");
}

static void rest(struct strbuf *b, const struct build *in)
{
	const struct oci_resources *r = in->s->linux_.resources;
	const struct profile *p = in->t->profile;

	strbuf_adds(b, "\n## Privileges\n"
		       "root in here is root of this container alone. There are no mounts, no new "
		       "devices, no kernel settings, no other containers");
	strbuf_adds(b, p->no_new_privs ? ", and sudo gives nothing.\n" : ".\n");
	if (p->no_setid)
		strbuf_adds(b, "No file can be made set-user-id or set-group-id; a package that brings one "
			       "cannot be installed.\n");
	fence(b, in);
	strbuf_adds(b, "\n## Limits\n");
	if (r && r->pids_limit.set && r->pids_limit.v > 0)
		strbuf_addf(b, "- at most %" PRId64 " processes\n", r->pids_limit.v);
	if (r && r->mem_limit.set && r->mem_limit.v > 0)
		strbuf_addf(b, "- at most %" PRId64 " MiB of memory; beyond it the container ends\n",
			    r->mem_limit.v >> 20);
	if (p->limits.max_lifetime_s)
		strbuf_addf(b, "- it ends %u seconds after its start\n", p->limits.max_lifetime_s);
}

void p_policy(struct build *in)
{
	struct strbuf b = STRBUF_INIT;
	struct op *op;

	if (!in->t->root_overlay || mutant("policy.file"))
		return;
	strbuf_addf(&b,
		    "# What this container may do\n\n"
		    "It is an isolated box made by agentrt (profile %s). What follows was decided "
		    "by people, outside; nothing in here can change it.\n",
		    in->t->profile->name);
	network(&b, in);
	files(&b, in);
	rest(&b, in);
	strbuf_addf(&b,
		    "\n## If you need more\n"
		    "Stop and say what you need and what for: a host and port (`egress.allow`), a "
		    "directory, a limit. An administrator can add it to the profile %s; then a new "
		    "container has it.\n",
		    in->t->profile->name);
	op = plan_add(in->p, OP_FILE, "profile", "policy.file");
	op->u.file = (struct op_file){ EGRESS_HELP, arena_strdup(in->a, b.p), 0444 };
	op->on_fail = FAIL_IGNORE;
	op->note = "an image whose /run belongs to somebody else has no place for it";
	strbuf_done(&b);
}

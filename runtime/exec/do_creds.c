/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_creds.c - ids, groups, umask, capabilities, no_new_privs of the calling thread
 *
 * Theory of operation: every system call here is raw, because the libc's set*id change all threads
 * of a process by signalling them, and one of our two threads waits with its registers in a read
 * that must never be disturbed. So each thread does this for itself.
 *
 * Order, and why:
 *   1. bounding set: takes CAP_SETPCAP, which the ids take away;
 *   2. keep-caps: what is permitted survives the change of user;
 *   3. groups, gid, uid, in this order: each takes a capability that the next one ends;
 *   4. permitted, effective, inheritable: only what is already permitted, never more;
 *   5. ambient: needs both permitted and inheritable;
 *   6. no_new_privs.
 * Then everything is read back: a set that is larger than asked for is an error, whatever the calls
 * returned.
 *
 * Should: end with exactly the plan's ids and at most its capabilities.
 * Mustn't: call anything that changes other threads; leave keep-caps set.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mutant.h"
#include "exec/ctx.h"
#include "sys/syscalls.h"

#define CAPS_MAX 64

struct caps { uint64_t effective, permitted, inheritable; };

static int caps_get(struct caps *ret, struct err *e)
{
	struct __user_cap_header_struct hdr = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &hdr, d) < 0)
		return err_sys(e, "read the capabilities");
	ret->effective = d[0].effective | (uint64_t)d[1].effective << 32;
	ret->permitted = d[0].permitted | (uint64_t)d[1].permitted << 32;
	ret->inheritable = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
	return 0;
}

static int drop_bounding(const struct op_creds *cr, struct err *e)
{
	for (unsigned cap = 0; cap < CAPS_MAX; cap++) {
		if ((cr->bounding & 1ULL << cap) || prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			break; /* the kernel knows no more */
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != 0)
			return err_sys(e, "drop capability %u from the bounding set", cap);
	}
	return 0;
}

static int set_ids(const struct op_creds *cr, struct err *e)
{
	if (cr->set_groups && sys_setgroups(cr->n_groups, cr->groups) < 0)
		return err_sys(e, "set %zu supplementary groups", cr->n_groups);
	if (sys_setresgid(cr->gid, cr->gid, cr->gid) < 0)
		return err_sys(e, "set group id %u", cr->gid);
	if (sys_setresuid(cr->uid, cr->uid, cr->uid) < 0)
		return err_sys(e, "set user id %u", cr->uid);
	return 0;
}

static int raise_ambient(uint64_t caps, struct err *e)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return err_sys(e, "clear the ambient capabilities");
	for (unsigned cap = 0; cap < CAPS_MAX; cap++)
		if ((caps & 1ULL << cap) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return err_sys(e, "raise ambient capability %u", cap);
	return 0;
}

/* What cannot be granted is left out, as the specification says: it is never a reason to fail. */
static int set_caps(const struct op_creds *cr, struct err *e)
{
	struct caps have;

	if (caps_get(&have, e))
		return -1;

	uint64_t permitted = cr->permitted & have.permitted;
	uint64_t effective = cr->effective & permitted;
	uint64_t inheritable = cr->inheritable & cr->bounding &
			       (have.inheritable | have.permitted);

	if (sys_capset(effective, permitted, inheritable) < 0)
		return err_sys(e, "set the capabilities");
	return raise_ambient(cr->ambient & permitted & inheritable, e);
}

/* Trust no return code: what was meant to be gone must read back as gone. */
static int verify(const struct op_creds *cr, struct err *e)
{
	uid_t r, ef, s;
	gid_t gr, ge, gs;
	struct caps have;

	if (syscall(SYS_getresuid, &r, &ef, &s) < 0 || syscall(SYS_getresgid, &gr, &ge, &gs) < 0)
		return err_sys(e, "read back the ids");
	if (r != cr->uid || ef != cr->uid || s != cr->uid || gr != cr->gid || ge != cr->gid ||
	    gs != cr->gid)
		return err_set(e, ERR_SYS, "user %u, group %u: the ids read back differently",
			       cr->uid, cr->gid);
	if (cr->no_new_privs && !mutant("creds.nnp") &&
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return err_set(e, ERR_SYS, "no_new_privs does not read back as set");
	if (!cr->has_caps || mutant("creds.caps"))
		return 0;
	if (caps_get(&have, e))
		return -1;
	if ((have.permitted & ~cr->permitted) || (have.effective & ~cr->effective) ||
	    (have.inheritable & ~cr->inheritable))
		return err_set(e, ERR_SYS, "capabilities read back as more than was asked for");
	return 0;
}

int do_creds(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_creds *cr = &op->u.creds;

	(void)c;
	(void)i;
	(void)umask(cr->umask); /* cannot fail */
	if (fault("c_drop.creds"))
		return err_set(e, ERR_SYS, "injected failure at c_drop.creds");
	if (cr->has_caps && !mutant("creds.bounding") && drop_bounding(cr, e))
		return -1;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_sys(e, "keep capabilities over the change of user");
	if (set_ids(cr, e))
		return -1;
	if (cr->has_caps && !mutant("creds.caps") && set_caps(cr, e))
		return -1;
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return err_sys(e, "end keeping capabilities");
	if (cr->no_new_privs && !mutant("creds.nnp") && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "set no_new_privs");
	return verify(cr, e);
}

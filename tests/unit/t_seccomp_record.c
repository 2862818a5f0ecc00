/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_seccomp_record.c - filters that leave refused sockets to the proxy refuse what they refused before
 *
 * Every combination of family, type and protocol is asked for, of the filters as they were compiled and
 * of those that are loaded in their place. The kernel takes the strictest of the answers.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cbpf.h"
#include "base/egress_wire.h"
#include "base/table.h"
#include "exec/seccomp_compile.h"
#include "exec/seccomp_record.h"
#include "profiles/profile.h"
#include "tests/unit/plan_fix.h"

#define FAMILIES  48
#define TYPES	  12
#define PROTOCOLS 265
#define MIDDLE	  60 /* from here to 250 one in three is asked for */
#define HIGH	  (UINT64_C(1) << 32)

static int no_files(void *ctx, struct arena *a, const char *name, const char **ret_text,
		    size_t *ret_len, const char **ret_path, struct err *e)
{
	(void)ctx, (void)a, (void)name, (void)ret_text, (void)ret_len, (void)ret_path, (void)e;
	return 0;
}

static uint32_t ask(const struct seccomp_prog *p, const char *call, uint64_t f, uint64_t t, uint64_t proto)
{
	struct seccomp_data d = { .nr = seccomp_syscall_resolve_name(call), .arch = seccomp_arch_native(),
				  .args = { f, t, proto } };

	return cbpf_verdict(p->data, &d);
}

static uint32_t action(uint32_t verdict)
{
	return verdict & SECCOMP_RET_ACTION_FULL;
}

/* The kernel compares them as signed numbers: KILL_PROCESS is the lowest. */
static uint32_t strictest(uint32_t a, uint32_t b)
{
	return (int32_t)action(a) <= (int32_t)action(b) ? a : b;
}

typedef void combo_fn(void *arg, uint64_t f, uint64_t t, uint64_t p);

static void every_socket(combo_fn *fn, void *arg)
{
	for (uint64_t f = 0; f < FAMILIES; f++)
		for (uint64_t t = 0; t < TYPES; t++)
			for (uint64_t p = 0; p < PROTOCOLS; p += p > MIDDLE && p < 250 ? 3 : 1) {
				fn(arg, f, t, p);
				if (p == 17)
					fn(arg, f | HIGH, t | HIGH | SOCK_CLOEXEC, p | HIGH);
			}
}

static bool agents(struct seccomp_prog *ret, struct fix *x)
{
	struct profile *agent;

	fix_init(x, FIX_PLAIN);
	if (profile_load(&x->a, "agent", no_files, NULL, &agent, &x->e))
		return false;
	x->t.seccomp2 = agent->seccomp;
	return fix_build(x) && seccomp_compile(&fix_op(x, OP_SECCOMP, 0)->u.seccomp, ret, &x->e) == 0;
}

/* ---- the profile's ---- */

struct notify {
	const struct seccomp_prog *whole, *part, *notify;
	size_t told, bad;
};

static void check_notify(void *arg, uint64_t f, uint64_t t, uint64_t p)
{
	struct notify *n = arg;
	uint32_t was = ask(n->whole, "socket", f, t, p), is = ask(n->notify, "socket", f, t, p);
	bool refused = action(was) == SECCOMP_RET_ERRNO;

	n->told += refused;
	n->bad += is != (refused ? SECCOMP_RET_USER_NOTIF : was) || ask(n->part, "socket", f, t, p) != was;
}

static void notifies(const struct seccomp_prog *whole, const struct seccomp_prog *part)
{
	static const char *const calls[] = { "openat", "read", "clone", "mount", "socketpair", "bpf" };
	struct seccomp_prog notify = { 0 };
	size_t bad = 0;

	if (!t_ok(seccomp_record_notify(whole, part, &notify), "the agent's filter can be recorded"))
		return;
	struct notify n = { whole, part, &notify, 0, 0 };

	every_socket(check_notify, &n);
	t_ok(n.bad == 0 && n.told > 50000, "what it refused of socket(2) is told, and nothing else");
	t_note("%zu combinations are told, %zu instructions decide", n.told, part->n_bytes / 8);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		bad += ask(&notify, calls[i], AF_VSOCK, 1, 0) != ask(whole, calls[i], AF_VSOCK, 1, 0);
	t_ok(bad == 0, "no other call is looked at");
	free(notify.data);
}

/* ---- the config's, beside it ---- */

struct beside {
	const struct seccomp_prog *whole, *yielding, *agent, *notify;
	size_t bad, told;
};

/* Allowed where it was allowed; an errno becomes a line where the profile's filter refuses, too; what
 * kills, traps or traces goes on doing so. */
static void check_beside(void *arg, uint64_t f, uint64_t t, uint64_t p)
{
	struct beside *b = arg;
	uint32_t own = ask(b->whole, "socket", f, t, p), other = ask(b->agent, "socket", f, t, p);
	uint32_t was = action(strictest(own, other));
	uint32_t is = action(strictest(ask(b->yielding, "socket", f, t, p), ask(b->notify, "socket", f, t, p)));
	bool told = was == SECCOMP_RET_ERRNO && action(other) == SECCOMP_RET_ERRNO;

	b->told += told;
	b->bad += is != (told ? SECCOMP_RET_USER_NOTIF : was);
}

static const char *any_socket[] = { "socket" };
static struct plan_sc_arg not_vsock[] = { { .index = 0, .op = SCMP_CMP_NE, .value = AF_VSOCK } };
static struct plan_sc_arg is_vsock[] = { { .index = 0, .op = SCMP_CMP_EQ, .value = AF_VSOCK } };
static struct plan_sc_arg is_inet[] = { { .index = 0, .op = SCMP_CMP_EQ, .value = AF_INET } };
#define ONE_RULE(act, args_) (struct plan_sc_rule[]){ { .names = any_socket, .n_names = 1, .action = act, \
							.args = args_, .n_args = 1 } }, 1

static const struct {
	const char *name;
	uint32_t by_default;
	struct plan_sc_rule *rules;
	size_t n;
} others[] = {
	{ "Docker's: no vsock", SCMP_ACT_ERRNO(1), ONE_RULE(SCMP_ACT_ALLOW, not_vsock) },
	{ "one that allows all", SCMP_ACT_ALLOW, NULL, 0 },
	{ "one that refuses all", SCMP_ACT_ERRNO(1), NULL, 0 },
	{ "one that refuses what the profile allows", SCMP_ACT_ALLOW, ONE_RULE(SCMP_ACT_ERRNO(13), is_inet) },
	{ "one that kills for vsock", SCMP_ACT_ALLOW, ONE_RULE(SCMP_ACT_KILL_PROCESS, is_vsock) },
	{ "one that kills for all but inet", SCMP_ACT_KILL_PROCESS, ONE_RULE(SCMP_ACT_ALLOW, is_inet) },
	{ "one that traps", SCMP_ACT_TRAP, ONE_RULE(SCMP_ACT_ERRNO(1), is_vsock) },
	{ "one that logs", SCMP_ACT_LOG, ONE_RULE(SCMP_ACT_ERRNO(1), is_vsock) },
};

static void yields(const struct seccomp_prog *agent, const struct seccomp_prog *part)
{
	struct seccomp_prog notify = { 0 };
	char name[128];

	seccomp_record_notify(agent, part, &notify);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct op_seccomp s = { .default_action = others[i].by_default, .rules = others[i].rules,
					.n_rules = others[i].n, .bad_arch_action = SCMP_ACT_KILL_PROCESS,
					.enosys_for_newer = i == 0 };
		struct seccomp_prog whole = { 0 }, yielding = { 0 };
		struct err e = ERR_INIT;
		bool made = seccomp_compile(&s, &whole, &e) == 0 &&
			    seccomp_record_yield(&whole, part, &yielding);
		struct beside b = { &whole, &yielding, agent, &notify, 0, 0 };

		if (made)
			every_socket(check_beside, &b);
		snprintf(name, sizeof(name), "%s: beside it no verdict changes, and errnos are told", others[i].name);
		if (!t_ok(made && b.bad == 0, name))
			t_note("%zu wrong", b.bad);
		t_note("%zu are told", b.told);
		free(whole.data);
		free(yielding.data);
	}
	free(notify.data);
}

/* ---- programs that nobody understands ---- */

static const struct {
	const char *name;
	struct sock_filter f[3];
	size_t n;
	bool known;
} odd[] = {
	{ "a verdict alone is a program", { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) }, 1, true },
	{ "nothing is none", { { 0 } }, 0, false },
	{ "one without a verdict is not", { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0) }, 1, false },
	{ "one that jumps out of itself is not",
	  { BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 2), BPF_STMT(BPF_RET | BPF_K, 0),
	    BPF_STMT(BPF_RET | BPF_K, 0) }, 3, false },
	{ "nor far out of itself", { BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX), BPF_STMT(BPF_RET | BPF_K, 0) }, 2, false },
	{ "one that reads behind the arguments is not",
	  { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, sizeof(struct seccomp_data)), BPF_STMT(BPF_RET | BPF_K, 0) }, 2, false },
	{ "one that returns its accumulator is not",
	  { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_STMT(BPF_RET | BPF_A, 0) }, 2, false },
};

static void unknown(void)
{
	struct sock_filter out[3];

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		bool known = cbpf_is_known(odd[i].f, odd[i].n);

		t_ok(known == odd[i].known &&
		     (cbpf_part(odd[i].f, odd[i].n, 0, 0, out) > 0) == known, odd[i].name);
	}
}

int main(void)
{
	struct seccomp_prog agent = { 0 }, part = { 0 };
	struct fix x;

	if (t_ok(agents(&agent, &x), "the agent's filter compiles") &&
	    t_ok(seccomp_record_part(&agent, &part), "and has a part about socket(2)")) {
		notifies(&agent, &part);
		yields(&agent, &part);
	}
	unknown();
	free(agent.data);
	free(part.data);
	arena_done(&x.a);
	return t_done();
}

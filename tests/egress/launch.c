/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch.c - start agentrt-egress as the runtime does, between namespaces that a test made
 *
 * Usage: launch id=ID a=NS e=NS host=NS state=DIR resolv=FILE program=FILE port=N uid=N
 *               [steered=1 [veth=1]] [learn=1] [help=1] [cgroup=CONTROLLERS:MOUNT:PATH]... [allow="HOST PORTS ..."]... [deny="HOST PORTS"]...
 *        launch stop=PID start=TICKS [cgroup=...]...
 * NS is a path, or "none" for e. steered=2: A has its routes already (by veth: its address). Prints "PROXY START INIT": INIT is a process that plays the
 * container's init, and the proxy ends with it. On failure prints the runtime's message, exit 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/egress_steer.h"
#include "base/egress_wire.h"
#include "base/fd.h"
#include "base/str.h"
#include "exec/ctx.h"
#include "exec/pnet.h"
#include "exec/routes.h"
#include "sys/procfs.h"
#include "sys/rtnl.h"
#include "sys/syscalls.h"

struct args {
	struct arena arena;
	const char *id, *a, *e, *host, *state, *resolv, *program, *uid, *stop, *start;
	struct op_egress egress;
	struct op_cgroup cg;
	bool with_routes, has_help;
};

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(2);
}

static int open_ns(const char *path)
{
	int fd = streq(path, "none") ? -1 : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && !streq(path, "none"))
		die(path);
	return fd;
}

/* HOST PORTS [tls=MODE] [ech=deny] [CIDRS], as egress_wire.h has it. */
static void add_entry(struct args *g, struct plan_egress_entry *en, char *s)
{
	uint16_t *v = NULL;
	char *ports, *word;

	en->host = strtok_r(s, " ", &s);
	ports = strtok_r(NULL, " ", &s);
	for (char *p = strtok_r(ports, ",", &ports); p && *p != '*'; p = strtok_r(NULL, ",", &ports))
		*arena_push(&g->arena, v, en->n_ports) = (uint16_t)strtoul(p, NULL, 10);
	en->ports = v;
	while ((word = strtok_r(NULL, " ", &s))) {
		if (str_has_prefix(word, "tls="))
			en->tls = word + 4;
		else if (streq(word, "ech=deny"))
			en->ech_denied = true;
		else
			for (char *p = strtok_r(word, ",", &word); p; p = strtok_r(NULL, ",", &word))
				*arena_push(&g->arena, en->addresses, en->n_addresses) = p;
	}
}

static void add_cgroup(struct args *g, char *s)
{
	struct plan_cg_dir *d = arena_push(&g->arena, g->cg.dirs, g->cg.n_dirs);
	char *colon = strchr(s, ':');

	*colon = '\0';
	d->controllers = s;
	d->mount_host = colon + 1;
	colon = strchr(colon + 1, ':');
	*colon = '\0';
	d->path = colon + 1;
	g->cg.v2 = *s == '\0';
}

static void parse(struct args *g, int argc, char **argv)
{
	const char *steered = NULL, *port = NULL, *learn = NULL, *help = NULL, *veth = NULL;
	const struct { const char *key; const char **value; } keys[] = {
		{ "id=", &g->id }, { "a=", &g->a }, { "e=", &g->e }, { "host=", &g->host },
		{ "state=", &g->state }, { "resolv=", &g->resolv }, { "program=", &g->program },
		{ "port=", &port }, { "steered=", &steered }, { "veth=", &veth },
		{ "learn=", &learn }, { "help=", &help }, { "uid=", &g->uid }, { "stop=", &g->stop },
		{ "start=", &g->start },
	};

	for (int i = 1; i < argc; i++) {
		if (str_has_prefix(argv[i], "allow="))
			add_entry(g, arena_push(&g->arena, g->egress.allow, g->egress.n_allow),
				  argv[i] + 6);
		if (str_has_prefix(argv[i], "deny="))
			add_entry(g, arena_push(&g->arena, g->egress.deny, g->egress.n_deny),
				  argv[i] + 5);
		if (str_has_prefix(argv[i], "cgroup="))
			add_cgroup(g, argv[i] + 7);
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
			if (str_has_prefix(argv[i], keys[k].key))
				*keys[k].value = argv[i] + strlen(keys[k].key);
	}
	g->egress.steered = !steered ? PLAN_STEER_NONE : veth ? PLAN_STEER_VETH : PLAN_STEER_BPF;
	g->egress.learn = learn != NULL;
	g->has_help = help != NULL;
	g->with_routes = steered && streq(steered, "1");
	g->egress.port = (uint16_t)(port ? strtoul(port, NULL, 10) : 0);
}

static void must(int r, const struct err *e)
{
	if (r == 0)
		return;
	printf("%s\n", e->msg);
	exit(1);
}

/* The pair of the proxy before this one may be there still. */
static void join(const struct pnet *p, struct a_socks *socks, struct err *e)
{
	int r = pnet_join(p, socks, e);

	for (int i = 0; i < 500 && r < 0 && e->sys == EEXIST; i++) {
		usleep(10000);
		*e = (struct err)ERR_INIT;
		r = pnet_join(p, socks, e);
	}
	must(r, e);
}

/* The policy's ports and those that are always there, as p_net.c has them. */
static void listen_ports(struct args *g, struct op_anet *a)
{
	static bool is_there[65536];
	uint16_t *v = NULL;

	is_there[22] = is_there[53] = is_there[80] = true;
	for (size_t i = 0; i < g->egress.n_allow && !g->egress.learn; i++)
		for (size_t k = 0; k < g->egress.allow[i].n_ports; k++)
			is_there[g->egress.allow[i].ports[k]] = true;
	for (unsigned port = 1; port < 65536 && a->n_ports < EGRESS_LISTEN_MAX; port++)
		if (is_there[port])
			*arena_push(&g->arena, v, a->n_ports) = (uint16_t)port;
	a->ports = v;
}

/* What the child does in C_ANET. */
static void open_in(int ns, int back, struct args *g, struct exec_ctx *c)
{
	struct op_anet a = { .proxy_port = g->egress.port, .steered = g->egress.steered };
	struct pnet p = PNET_INIT;
	struct err e = ERR_INIT;
	auto_close int fd = -1;

	if (a.steered == PLAN_STEER_VETH) {
		listen_ports(g, &a);
		must(pnet_make(c->procfd, &a, &c->a_socks, &p, &e), &e);
	}
	if (setns(ns, CLONE_NEWNET) < 0)
		die("setns");
	must(rtnl_open(&fd, &e), &e);
	if (g->with_routes)
		must(routes_add_own(fd, STEER_OWN, &e), &e);
	if (g->with_routes && a.steered == PLAN_STEER_BPF)
		must(routes_local(fd, &e), &e);
	must(a_socks_open(PLACE_A, &a, &c->a_socks, &e), &e);
	if (a.steered == PLAN_STEER_VETH)
		join(&p, &c->a_socks, &e);
	pnet_done(&p);
	if (setns(back, CLONE_NEWNET) < 0)
		die("setns back");
	c->a_ino = ns_ino(ns);
}

static pid_t make_init(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		sys_close_range(0, ~0u, 0);
		for (;;)
			pause();
	}
	return pid;
}

static int run(struct args *g)
{
	struct err e = ERR_INIT;
	struct op ops[] = { { .kind = OP_CGROUP, .u.cgroup = g->cg },
			    { .kind = OP_EGRESS, .u.egress = g->egress },
			    { .kind = OP_FILE, .u.file.path_ctr = EGRESS_HELP } };
	struct plan plan = { .a = &g->arena, .id = g->id, .ops = ops, .n_ops = g->has_help ? 3 : 2 };
	struct exec_opts opts = { .state_dirfd = open(g->state, O_PATH | O_DIRECTORY | O_CLOEXEC),
				  .egress_path = g->program };
	struct exec_result res = { 0 };
	struct exec_ctx c = { .plan = &plan, .opts = &opts, .res = &res, .procfd = -1, .dropped = -1,
			      .egress_ready = -1, .a_socks = A_SOCKS_INIT };

	ops[1].u.egress.resolv_conf_host = g->resolv;
	ops[1].u.egress.profile = "test";
	ops[1].u.egress.uid = (uint32_t)strtoul(g->uid, NULL, 10);
	ops[1].u.egress.memory_bytes = 64u << 20;
	ops[1].u.egress.pids = 4;
	c.own_netns = open_ns(g->host);
	c.e_netns = open_ns(g->e);
	must(procfs_open(&c.procfd, &e), &e);
	open_in(open_ns(g->a), c.own_netns, g, &c);
	c.pid = make_init();
	c.pidfd = sys_pidfd_open(c.pid, 0);
	if (do_egress_prepare(&c, &ops[1], 1, &e) || do_egress(&c, &ops[1], 1, &e) ||
	    do_egress_ready(&c, &e)) {
		printf("%s\n", e.msg);
		exec_stop_egress(res.egress_pid, res.egress_start, res.egress_cg_dirs,
				 res.n_egress_cg_dirs);
		sys_pidfd_send_signal(c.pidfd, 9);
		return 1;
	}
	printf("%d %llu %d\n", (int)res.egress_pid, (unsigned long long)res.egress_start,
	       (int)c.pid);
	for (size_t i = 0; i < res.n_egress_cg_dirs; i++)
		printf("%s:%s:%s\n", res.egress_cg_dirs[i].controllers,
		       res.egress_cg_dirs[i].mount_host, res.egress_cg_dirs[i].path);
	return 0;
}

int main(int argc, char **argv)
{
	static struct args g;

	parse(&g, argc, argv);
	if (!g.stop)
		return run(&g);
	exec_stop_egress((pid_t)strtol(g.stop, NULL, 10), strtoull(g.start, NULL, 10), g.cg.dirs,
			 g.cg.n_dirs);
	return 0;
}

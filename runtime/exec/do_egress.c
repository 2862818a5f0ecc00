/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_egress.c - start the proxy of a container, and stop it
 *
 * In the parent. P_MAP: what needs nothing of A is opened, loaded and made, while the child makes A.
 * P_NET: E is filled, the child goes on, the proxy's listening socket has come from A. Everything
 * the proxy will ever use is opened here and handed over by number (base/egress_wire.h). The proxy
 * is the child of a process that ends at once, so that it never is a child of `agentrt run`, which
 * waits for the container, nor of an engine's shim before `create` has ended; the shim, a
 * subreaper, later reaps it like any stranger.
 *
 * It takes a millisecond or two to be ready, which the child needs for its mounts anyway: so it is
 * waited for when the child is ready too (do_egress_ready()), before anybody is told of either.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "base/sanitize.h"
#include "base/str.h"
#include "base/table.h"
#include "exec/ctx.h"
#include "exec/egress_child.h"
#include "exec/helper.h"
#include "exec/ns.h"
#include "exec/unixsock.h"
#include "state/state.h"
#include "sys/mnt.h"
#include "sys/steer.h"
#include "sys/syscalls.h"

#ifndef SIOCGSKNS
#define SIOCGSKNS 0x894C /* linux/sockios.h, 4.10 */
#endif
#define SOCKETS_MEMORY (UINT64_C(256) << 20) /* bytes in the proxy's sockets */
#define READY_MS      5000 /* it takes 2 on an idle machine */
#define STOP_GRACE_MS 500  /* init has ended: the proxy writes its last lines and ends by itself */
#define STOP_KILL_MS  2000

static void add_ports(struct strbuf *b, const struct plan_egress_entry *en)
{
	for (size_t i = 0; i < en->n_ports; i++)
		strbuf_addf(b, "%s%u", i ? "," : " ", en->ports[i]);
}

static int add_allow(struct strbuf *b, const struct plan_egress_entry *en, struct err *e)
{
	if (en->n_ports == 0 || en->n_ports > EGRESS_PORTS_MAX || en->n_addresses > EGRESS_ADDRS_MAX)
		return err_set(e, ERR_UNSUPPORTED,
			       "egress.allow: %s: 1 to %u ports and at most %u addresses are possible",
			       en->host, EGRESS_PORTS_MAX, EGRESS_ADDRS_MAX);
	strbuf_addf(b, "allow %s", en->host);
	add_ports(b, en);
	if (en->tls)
		strbuf_addf(b, " tls=%s", en->tls);
	if (en->ech_denied)
		strbuf_adds(b, " ech=deny");
	for (size_t i = 0; i < en->n_addresses; i++)
		strbuf_addf(b, "%s%s", i ? "," : " ", en->addresses[i]);
	strbuf_adds(b, "\n");
	return 0;
}

static int add_deny(struct strbuf *b, const struct plan_egress_entry *en, struct err *e)
{
	if (en->n_ports > EGRESS_PORTS_MAX)
		return err_set(e, ERR_UNSUPPORTED, "egress.deny: %s: at most %u ports are possible",
			       en->host, EGRESS_PORTS_MAX);
	strbuf_addf(b, "deny %s%s", en->host, en->n_ports ? "" : " *");
	add_ports(b, en);
	strbuf_adds(b, "\n");
	return 0;
}

/* Whether the container is given the file that refusals point to. */
static bool has_help(const struct plan *p)
{
	for (size_t i = 0; i < p->n_ops; i++)
		if (p->ops[i].kind == OP_FILE && streq(p->ops[i].u.file.path_ctr, EGRESS_HELP))
			return true;
	return false;
}

static int add_policy(struct strbuf *b, const struct plan *p, const struct op_egress *eg,
		      struct err *e)
{
	if (eg->n_allow > EGRESS_ALLOW_MAX || eg->n_deny > EGRESS_ALLOW_MAX)
		return err_set(e, ERR_UNSUPPORTED,
			       "egress: %zu entries that allow and %zu that deny, at most %u of each are "
			       "possible", eg->n_allow, eg->n_deny, EGRESS_ALLOW_MAX);
	strbuf_addf(b, "%s\ncontainer %s\nprofile %s\nport %u\n%s%s", EGRESS_POLICY_MAGIC, p->id,
		    eg->profile, eg->port, eg->learn ? "learn\n" : "", has_help(p) ? "help\n" : "");
	for (size_t i = 0; i < eg->n_allow; i++)
		if (add_allow(b, &eg->allow[i], e))
			return -1;
	for (size_t i = 0; i < eg->n_deny; i++)
		if (add_deny(b, &eg->deny[i], e))
			return -1;
	strbuf_adds(b, "end\n");
	if (b->len > EGRESS_POLICY_MAX)
		return err_set(e, ERR_UNSUPPORTED, "egress.allow: longer than %u bytes",
			       EGRESS_POLICY_MAX);
	return 0;
}

static int open_policy(const struct plan *p, const struct op_egress *eg, int *ret_fd,
		       struct err *e)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	auto_close int fd = sys_memfd("agentrt-egress-policy", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (add_policy(&b, p, eg, e))
		return -1;
	if (fd < 0 || fd_write_all(fd, b.p, b.len) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return err_sys(e, "write the egress policy");
	*ret_fd = take_fd(fd);
	return 0;
}

static int open_log(int dirfd, const char *name, int *ret_fd, struct err *e)
{
	*ret_fd = openat(dirfd, name, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return *ret_fd < 0 ? err_sys(e, "open %s in the state directory", name) : 0;
}

/* No such file, or not a file: nothing resolves, and a denial says that there is no name server. */
static int open_resolv(const char *path_host, int *ret_fd, struct err *e)
{
	auto_close int fd = path_host ?
				    open(path_host, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) :
				    -1;
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		*ret_fd = take_fd(fd);
		return 0;
	}
	*ret_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 ? err_sys(e, "open /dev/null in place of resolv.conf") : 0;
}

static int open_program(const char *path, int *ret_fd, struct err *e)
{
	*ret_fd = open(path, O_PATH | O_CLOEXEC);
	return *ret_fd < 0 ? err_sys(e, "open the proxy's program %s", path) : 0;
}

/* ---- what is steered ---- */

/* A again, from a socket of it: the child made it, and may be elsewhere by now. */
static int open_a(const struct exec_ctx *c, int *ret_fd, struct err *e)
{
	auto_close int fd = ioctl(c->a_socks.v[A_SOCK_TCP4], SIOCGSKNS);

	if (fd < 0)
		return err_sys(e, "open the agent's network namespace");
	/* Anywhere else the program would take over the host's connections. */
	if (ns_ino(fd) == ns_ino(c->own_netns) || ns_ino(fd) != c->a_ino)
		return err_set(e, ERR_SYS, "steer connections: the proxy's socket is not in the "
			       "agent's network namespace");
	*ret_fd = take_fd(fd);
	return 0;
}

static int steer(const struct exec_ctx *c, struct steer *s, struct err *e)
{
	const int socket[] = {
		[STEER_TCP4] = c->a_socks.v[A_SOCK_TCP4],
		[STEER_TCP6] = c->a_socks.v[A_SOCK_TCP6],
		[STEER_UDP4] = c->a_socks.v[A_SOCK_UDP4],
		[STEER_UDP6] = c->a_socks.v[A_SOCK_UDP6],
	};
	auto_close int netns = -1;

	return open_a(c, &netns, e) || steer_attach(s, netns, socket, e) ? -1 : 0;
}

/* Made here, so that it is not the proxy that waits for the end of its mount. */
static int make_root(int *ret_fd, struct err *e)
{
	const struct mnt_fs empty = { .type = "tmpfs",
				      .data = "size=4096,mode=0555",
				      .attr = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
					      MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

	return mnt_new(&empty, ret_fd, e) ? err_ctx(e, "the proxy's root directory") : 0;
}

static const enum egress_fd place_of[] = {
	[A_SOCK_TCP4] = EGRESS_FD_PROXY, [A_SOCK_TCP6] = EGRESS_FD_PROXY6,
	[A_SOCK_UDP4] = EGRESS_FD_DNS4,	 [A_SOCK_UDP6] = EGRESS_FD_DNS6,
	[A_SOCK_RAW4] = EGRESS_FD_RAW4,	 [A_SOCK_RAW6] = EGRESS_FD_RAW6,
	[A_SOCK_SNIFF] = EGRESS_FD_SNIFF,
};
TABLE_CHECK(place_of, A_SOCK__COUNT);

static int open_all(const struct exec_ctx *c, const struct op_egress *eg, struct egress_child *k,
		    struct err *e)
{
	int dir = c->opts->state_dirfd;

	k->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (k->null < 0)
		return err_sys(e, "open /dev/null");
	if (open_program(c->opts->egress_path, &k->program, e) ||
	    open_policy(c->plan, eg, &k->fd[EGRESS_FD_POLICY], e) ||
	    open_log(dir, "egress.log", &k->fd[EGRESS_FD_LOG], e) ||
	    open_log(dir, "egress.log.1", &k->fd[EGRESS_FD_LOG_OLD], e) ||
	    open_resolv(eg->resolv_conf_host, &k->fd[EGRESS_FD_RESOLV], e) ||
	    unixsock_bind_at(dir, EGRESS_WATCH_NAME, &k->fd[EGRESS_FD_WATCH], e))
		return -1;
	return 0;
}

/* ---- the cgroup beside the container's ---- */

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; (p = strstr(p, word)); p += n)
		if ((p == list || p[-1] == ',') && (p[n] == ',' || p[n] == '\0'))
			return true;
	return false;
}

static void add_write(struct arena *a, struct op_cgroup *cg, const char *controller,
		      const char *file, uint64_t value)
{
	struct plan_cg_write *w = arena_push(a, cg->writes, cg->n_writes);

	*w = (struct plan_cg_write){
		.controller = controller,
		.file = file,
		.value = arena_printf(a, "%llu", (unsigned long long)value),
		.on_fail = FAIL_IGNORE, /* a host without the controller limits nothing else either */
		.rule = "egress.limits",
	};
}

/*
 * What sockets hold counts as the proxy's on v2: bytes on their way to somebody who does not read
 * must not end it. v1 counts them apart, and only where they have a limit; without one they would be
 * the whole machine's (net.ipv4.tcp_mem).
 */
static void limit_memory(struct arena *a, bool v2, uint64_t bytes, struct op_cgroup *ret)
{
	uint64_t sockets = mutant("egress.socket_memory") ? 0 : SOCKETS_MEMORY;

	add_write(a, ret, "memory", v2 ? "memory.max" : "memory.limit_in_bytes",
		  v2 ? bytes + sockets : bytes);
	if (v2)
		add_write(a, ret, "memory", "memory.swap.max", 0);
	else if (sockets)
		add_write(a, ret, "memory", "memory.kmem.tcp.limit_in_bytes", sockets);
}

/* v1: only the hierarchies that limit something; v2: the one that manages the processes. */
static void beside(struct arena *a, const struct op_cgroup *from, const struct op_egress *eg,
		   struct op_cgroup *ret)
{
	*ret = (struct op_cgroup){ .none = true, .v2 = from->v2 };
	for (size_t i = 0; i < from->n_dirs; i++) {
		const struct plan_cg_dir *d = &from->dirs[i];
		bool is_v2 = d->controllers[0] == '\0';

		if (is_v2 ? !from->v2 :
			    !has_word(d->controllers, "memory") && !has_word(d->controllers, "pids"))
			continue;
		*arena_push(a, ret->dirs, ret->n_dirs) = (struct plan_cg_dir){
			.controllers = d->controllers,
			.mount_host = d->mount_host,
			.path = arena_printf(a, "%s-egress", d->path),
		};
		ret->none = false;
	}
	if (ret->none)
		return;
	if (eg->memory_bytes)
		limit_memory(a, from->v2, eg->memory_bytes * (SANITIZED ? SANITIZED_MEMORY : 1), ret);
	if (eg->pids)
		add_write(a, ret, "pids", "pids.max", eg->pids);
}

/* ---- the process ---- */

/* Of P_MAP, until the proxy is started. */
struct egress_start {
	struct egress_child k;
	struct steer steer;
	struct op_cgroup cg;
	bool cg_made;
};

static void close_all(struct egress_start *s)
{
	struct egress_child *k = &s->k;

	k->fd[EGRESS_FD_INIT] = -1; /* the context's, as the sockets of A */
	for (int i = 0; i < A_SOCK__COUNT; i++)
		k->fd[place_of[i]] = -1;
	k->fd[EGRESS_FD_STEER_LINK] = k->fd[EGRESS_FD_STEER_PAGE] = k->fd[EGRESS_FD_STEER_RING] =
		-1;
	steer_done(&s->steer);
	for (int i = 0; i < EGRESS_FD__END; i++)
		fd_close(&k->fd[i]);
	fd_close(&k->program);
	fd_close(&k->null);
	fd_close(&k->root);
	cgroup_fds_done(&k->cg);
}

struct birth {
	struct egress_child *k;
	pid_t pid;
};

/* In a process between the parent and the proxy, which ends as soon as the proxy is born. */
static int give_birth(void *arg, struct err *e)
{
	struct birth *b = arg;
	struct clone_args args = { .exit_signal = SIGCHLD };

	if (b->k->cg.v2_dir >= 0) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)b->k->cg.v2_dir;
	}
	b->pid = sys_clone3(&args, sizeof(args));
	if (b->pid == 0)
		egress_child_run(b->k);
	return b->pid < 0 ? err_sys(e, "fork the proxy") : 0;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* 'R', or 'E' and a sentence, or the end. */
static int wait_ready(int fd, struct err *e)
{
	char text[ERR_MSG_MAX] = "";
	int64_t end = now_ms() + READY_MS;
	size_t n = 0;

	while (n < sizeof(text) - 1) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		int64_t left = end - now_ms();
		int k = poll(&pfd, 1, left > 0 ? (int)left : 0);

		if (k == 0)
			return err_set(e, ERR_SYS, "start agentrt-egress: not ready after %d seconds",
				       READY_MS / 1000);
		ssize_t got = k < 0 ? -1 : read(fd, text + n, sizeof(text) - 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
		if (text[0] == 'R')
			return 0;
	}
	if (text[0] == 'E')
		return err_set(e, ERR_SYS, "start agentrt-egress: %s", text + 1);
	return err_set(e, ERR_SYS, "start agentrt-egress: it ended before it was ready (is it a "
				   "static program that runs in an empty directory?)");
}

static int start(struct exec_ctx *c, struct egress_child *k, struct err *e)
{
	struct birth b = { .k = k };
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	c->egress_ready = p[0];
	k->fd[EGRESS_FD_READY] = p[1];
	if (helper_run(give_birth, &b, e))
		return -1;
	c->res->egress_pid = b.pid;
	c->res->egress_start = proc_start_time(b.pid); /* 0: ended already, wait_ready() says why */
	return 0;
}

int do_egress_prepare(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_egress *eg = &op->u.egress;
	const struct op *cg_op = plan_find(c->plan, OP_CGROUP);
	struct egress_start *s = arena_alloc(c->plan->a, 1, sizeof(*s));

	(void)i;
	*s = (struct egress_start){ .k = { .program = -1, .null = -1, .root = -1, .cg = { .v2_dir = -1 } },
				    .steer = STEER_INIT,
				    .cg.none = true };
	for (size_t n = 0; n < ARRAY_SIZE(s->k.fd); n++)
		s->k.fd[n] = -1;
	c->egress = s;
	if (cg_op)
		beside(c->plan->a, &cg_op->u.cgroup, eg, &s->cg);
	if (open_all(c, eg, &s->k, e) || make_root(&s->k.root, e) ||
	    (eg->steered == PLAN_STEER_BPF && steer_load(&s->steer, e)))
		return -1;
	if (!s->cg.none && cgroup_make(&s->cg, &s->k.cg, e))
		return -1;
	s->cg_made = !s->cg.none;
	return 0;
}

/* What has come from A, and from the child. */
static int complete(struct exec_ctx *c, const struct op_egress *eg, struct egress_start *s,
		    struct err *e)
{
	const struct op *userns = plan_find(c->plan, OP_USERNS);
	struct egress_child *k = &s->k;

	k->procfd = c->procfd;
	k->own_netns = c->own_netns;
	k->e_netns = eg->via_host ? c->own_netns : c->e_netns;
	k->listen = c->a_socks.listen;
	k->n_listen = c->a_socks.n_listen;
	k->uid = eg->uid;
	k->rootless = userns && userns->u.userns.rootless;
	for (int n = 0; n < A_SOCK__COUNT; n++)
		k->fd[place_of[n]] = c->a_socks.v[n];
	k->fd[EGRESS_FD_INIT] = c->pidfd;
	if (eg->steered != PLAN_STEER_BPF)
		return 0;
	if (steer(c, &s->steer, e))
		return -1;
	k->fd[EGRESS_FD_STEER_LINK] = s->steer.link;
	k->fd[EGRESS_FD_STEER_PAGE] = s->steer.page;
	k->fd[EGRESS_FD_STEER_RING] = s->steer.ring;
	return 0;
}

int do_egress(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	(void)i;
	if (fault("egress"))
		return err_set(e, ERR_SYS, "injected failure at egress");
	if (complete(c, &op->u.egress, c->egress, e) || start(c, &c->egress->k, e))
		return -1;
	ctx_drop(c, &c->egress->k.root);
	c->res->egress_cg_dirs = c->egress->cg.dirs;
	c->res->n_egress_cg_dirs = c->egress->cg.n_dirs;
	close_all(c->egress);
	c->egress = NULL;
	return 0;
}

void egress_undo(struct exec_ctx *c)
{
	struct egress_start *s = c->egress;

	if (!s)
		return;
	close_all(s);
	if (s->cg_made)
		(void)cgroup_remove(&s->cg, NULL); /* the first error is the one to report */
	c->egress = NULL;
}

int do_egress_ready(struct exec_ctx *c, struct err *e)
{
	auto_close int ready = take_fd(c->egress_ready);

	return ready < 0 ? 0 : wait_ready(ready, e);
}

bool exec_proxy_listens(int state_dirfd)
{
	return unixsock_listens_at(state_dirfd, EGRESS_WATCH_NAME);
}

void exec_egress_dirs(const struct plan *p, struct plan_cg_dir **ret_dirs, size_t *ret_n)
{
	const struct op *eg = plan_find(p, OP_EGRESS), *from = plan_find(p, OP_CGROUP);
	struct op_cgroup cg = { .none = true };

	if (eg && from)
		beside(p->a, &from->u.cgroup, &eg->u.egress, &cg);
	*ret_dirs = cg.dirs;
	*ret_n = cg.n_dirs;
}

static bool wait_ended(int pidfd, int timeout_ms)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };

	return poll(&pfd, 1, timeout_ms) > 0;
}

static void stop(pid_t pid, uint64_t start_time)
{
	auto_close int pidfd = pid > 0 ? sys_pidfd_open(pid, 0) : -1;

	/* The pidfd first: what it names now is what is compared and killed. */
	if (pidfd < 0 || !proc_is_same(pid, start_time) || wait_ended(pidfd, STOP_GRACE_MS))
		return;
	(void)sys_pidfd_send_signal(pidfd, SIGKILL); /* ESRCH: it ended meanwhile */
	(void)wait_ended(pidfd, STOP_KILL_MS);
}

void exec_stop_egress(pid_t pid, uint64_t start_time, const struct plan_cg_dir *dirs,
		      size_t n_dirs)
{
	struct plan_cg_dir *copy = NULL;
	struct arena a = ARENA_INIT;
	size_t n = 0;

	stop(pid, start_time);
	for (size_t i = 0; i < n_dirs; i++)
		*arena_push(&a, copy, n) = dirs[i];
	if (n > 0) {
		struct op_cgroup cg = { .v2 = copy[n - 1].controllers[0] == '\0', .dirs = copy,
					.n_dirs = n };

		(void)cgroup_remove(&cg, NULL); /* delete goes on; what is left shows in the log */
	}
	arena_done(&a);
}

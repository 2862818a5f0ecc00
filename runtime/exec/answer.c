/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c - what the parent does with the child's messages, and what it tells the caller */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/egress_wire.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mutant.h"
#include "base/path.h"
#include "base/str.h"
#include "exec/ctx_begin.h"
#include "exec/hook_state.h"
#include "exec/run.h"
#include "exec/unixsock.h"
#include "state/state.h"
#include "sys/syscalls.h"

static int take_console(struct exec_ctx *c, int master, struct err *e)
{
	static const char name[] = "/dev/ptmx";

	if (!c->opts->console_socket) {
		c->res->console_master = master;
		return 0;
	}
	auto_close int owned = master;
	if (unixsock_send_fd(c->opts->console_socket, owned, name, sizeof(name) - 1, e))
		return err_ctx(e, "console socket");
	return 0;
}

/* config-linux.md "The Container Process State". The state is the container's: of an exec, that of
 * its first process, which runs. */
static void process_state(struct exec_ctx *c, const struct op_seccomp *s, struct strbuf *b)
{
	bool joins = c->plan->is_exec;

	strbuf_adds(b, "{\"ociVersion\":");
	strbuf_add_json(b, c->plan->oci_version);
	strbuf_addf(b, ",\"fds\":[\"seccompFd\"],\"pid\":%d,\"metadata\":", (int)c->pid);
	strbuf_add_json(b, s->listener_metadata ? s->listener_metadata : "");
	strbuf_adds(b, ",\"state\":");
	hook_state(b, c->plan, joins ? "running" : "creating",
		   joins ? ctx_init_pid(c->plan) : (int)c->pid);
	strbuf_adds(b, "}");
}

/*
 * What cannot be handed over is closed here, and the kernel answers ENOSYS then: no reason to fail, for
 * what is refused stays refused. A proxy that ended meanwhile has nothing to let out, either.
 */
static void give_to_proxy(struct exec_ctx *c, int listener)
{
	struct egress_watch w = { .container = "" };
	size_t n = c->record.part.n_bytes;
	struct err *why = &c->record.why_not;

	c->has_listener = true;
	snprintf(w.container, sizeof(w.container), "%s", c->plan->id);
	memcpy(w.program, c->record.part.data, n);
	if (listener < 0)
		err_sys(why, "take the filter's listener from the container's process");
	else
		(void)unixsock_send_fd_at(c->opts->proxy_dirfd, EGRESS_WATCH_NAME, listener, &w,
					  offsetof(struct egress_watch, program) + n, why);
}

static int pass_listener(struct exec_ctx *c, const struct sync_frame *f, int sent, struct err *e)
{
	auto_close int listener = f->n_fds ? sent : -1;
	auto_strbuf struct strbuf b = STRBUF_INIT;
	uint32_t i = f->u.listener.op;

	if (i >= c->plan->n_ops || c->plan->ops[i].kind != OP_SECCOMP ||
	    !(c->plan->ops[i].u.seccomp.listener_path || c->plan->ops[i].u.seccomp.recorded))
		return err_set(e, ERR_INPUT, "the child sent a seccomp listener for operation %u",
			       i);

	const struct op_seccomp *s = &c->plan->ops[i].u.seccomp;

	if (listener < 0)
		listener = sys_pidfd_getfd(c->pidfd, f->u.listener.number);
	if (s->recorded) {
		give_to_proxy(c, listener);
		return 0;
	}
	if (listener < 0)
		return err_sys(e, "linux.seccomp: take the listener from the container's process");
	process_state(c, s, &b);
	if (unixsock_send_fd(s->listener_path, listener, b.p, b.len, e))
		return err_ctx(e, "linux.seccomp.listenerPath");
	return 0;
}

int answer_until_ready(struct exec_ctx *c, struct err *e)
{
	struct sync_frame f;
	int fds[SYNC_MAX_FDS];

	do {
		if (sync_recv(&c->sync, &f, fds, e))
			return -1;
		if (f.msg == SYNC_CONSOLE && take_console(c, fds[0], e))
			return -1;
		if (f.msg == SYNC_LISTENER && pass_listener(c, &f, fds[0], e))
			return -1;
	} while (f.msg != SYNC_READY);
	if (c->record.notify.data && !c->has_listener)
		err_set(&c->record.why_not, ERR_SYS, "the kernel gives the filter no listener (there is one "
						     "already, or it is too old)");
	c->left = f.u.left;
	return 0;
}

int announce(struct exec_ctx *c, struct err *e)
{
	static const char name[] = "pidfd";
	const char *socket = c->opts->pidfd_socket;

	if (run_phase(c, C_GATE, e))
		return -1;
	if (socket && unixsock_send_fd(socket, c->pidfd, name, sizeof(name) - 1, e))
		return err_ctx(e, "pidfd socket");
	if (fault("p_post"))
		return err_set(e, ERR_SYS, "injected failure at p_post");
	if (c->opts->made && c->opts->made(c->opts->made_arg, c->res, e))
		return -1;
	if (sync_send(&c->sync, SYNC_ACK, NULL, NULL, 0, e))
		return -1;
	if (c->record.why_not.kind != ERR_NONE)
		log_warn("what sockets are refused is not recorded: %s", c->record.why_not.msg);
	return 0;
}

/* A bare number, complete under its name at once: engines poll for the name. */
int write_pid(struct exec_ctx *c, struct err *e)
{
	const char *path = c->opts->pid_file, *name;
	char dir[4096], text[16];

	if (!path)
		return 0;
	name = path_base(path);
	int n = snprintf(dir, sizeof(dir), "%.*s", (int)(name - path), path);
	if (n < 0 || (size_t)n >= sizeof(dir) || !*name)
		return err_set(e, ERR_USAGE, "pid file %s: not a path of a file", path);
	auto_close int dirfd = open(n ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return err_sys(e, "pid file: open directory %s", n ? dir : ".");
	n = snprintf(text, sizeof(text), "%d", (int)c->pid);
	if (fault("p_post.pid_file"))
		return err_set(e, ERR_SYS, "injected failure at p_post.pid_file");
	return fd_write_file_at(dirfd, name, text, (size_t)n, 0644, e);
}

int fill_result(struct exec_ctx *c, struct err *e)
{
	struct exec_result *r = c->res;
	char rel[64];
	struct stat st;

	for (int t = 0; t < NS_TYPE__COUNT; t++) {
		/* at create the child enters its time namespace later (timens.c) */
		snprintf(rel, sizeof(rel), "%d/ns/%s", (int)c->pid,
			 t == NS_T_TIME ? "time_for_children" : ns_table[t].proc);
		/* ENOENT: a kind that this kernel lacks */
		if (fstatat(c->procfd, rel, &st, 0) == 0)
			r->ns_ino[t] = st.st_ino;
	}
	if (c->join[NS_T_TIME] >= 0)
		r->ns_ino[NS_T_TIME] = ns_ino(c->join[NS_T_TIME]);
	if (c->a_ino) {
		r->ns_ino[NS_T_NETWORK] = c->a_ino;
		r->ns_e_ino = c->e_netns >= 0 ? ns_ino(c->e_netns) : 0;
	}
	r->pid = c->pid;
	r->pid_start = proc_start_time(c->pid);
	if (!r->pid_start)
		return err_set(e, ERR_SYS, "the container's process has ended while it was made");
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* t_sync.c - the parent/child protocol, with both ends in this process */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/table.h"
#include "exec/sync.h"
#include "test.h"

struct ends { struct sync p, c; };

static bool make_ends(struct ends *s)
{
	return sync_pair(&s->p, &s->c, NULL) == 0;
}

static void done_ends(struct ends *s)
{
	sync_done(&s->p);
	sync_done(&s->c);
}

/* Sends on one end and receives on the other. */
static bool pass(struct ends *s, enum sync_side from, enum sync_msg msg, const int *fds, size_t n)
{
	struct sync *tx = from == SYNC_PARENT ? &s->p : &s->c;
	struct sync *rx = from == SYNC_PARENT ? &s->c : &s->p;
	struct sync_frame f;
	int got[SYNC_MAX_FDS];
	bool ok;

	memset(&f, 0, sizeof(f));
	if (sync_send(tx, msg, &f, fds, n, NULL))
		return false;
	ok = sync_recv(rx, &f, got, NULL) == 0 && f.msg == msg && f.n_fds == n;
	for (size_t i = 0; ok && i < n; i++) {
		ok = (fcntl(got[i], F_GETFD) & FD_CLOEXEC) != 0;
		close(got[i]);
	}
	return ok && tx->state == rx->state;
}

/* Both ends brought to a state by the shortest way. */
static void bring_to(struct ends *s, enum sync_state state)
{
	make_ends(s);
	if (state >= SYNC_S_MAPPED)
		pass(s, SYNC_PARENT, SYNC_MAPPED, NULL, 0);
	if (state >= SYNC_S_NS)
		pass(s, SYNC_CHILD, SYNC_NS, NULL, 0);
	if (state >= SYNC_S_GO)
		pass(s, SYNC_PARENT, SYNC_GO, NULL, 0);
	if (state >= SYNC_S_READY)
		pass(s, SYNC_CHILD, SYNC_READY, NULL, 0);
	if (state >= SYNC_S_ACK)
		pass(s, SYNC_PARENT, SYNC_ACK, NULL, 0);
}

static void test_whole_talk(void)
{
	int fds[SYNC_MAX_FDS];
	struct ends s;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = 0;
	make_ends(&s);
	t_ok(pass(&s, SYNC_PARENT, SYNC_MAPPED, NULL, 0), "ids mapped");
	t_ok(pass(&s, SYNC_CHILD, SYNC_NS, fds, 1), "namespaces made comes with the proxy's socket");
	t_ok(pass(&s, SYNC_PARENT, SYNC_TREES, fds, SYNC_MAX_FDS),
	     "as many mounts as a message holds arrive, close-on-exec");
	t_ok(pass(&s, SYNC_PARENT, SYNC_TREES, fds, 1), "mounts may come in several messages");
	t_ok(pass(&s, SYNC_PARENT, SYNC_GO, NULL, 0), "go");
	t_ok(pass(&s, SYNC_CHILD, SYNC_CONSOLE, fds, 1), "a console is handed over");
	t_ok(pass(&s, SYNC_CHILD, SYNC_LISTENER, fds, 1), "a seccomp listener is handed over");
	t_ok(pass(&s, SYNC_CHILD, SYNC_READY, NULL, 0), "ready");
	t_ok(pass(&s, SYNC_PARENT, SYNC_ACK, NULL, 0), "acknowledged, read without recvmsg");
	done_ends(&s);
}

static const struct {
	const char *name;
	enum sync_state state;
	enum sync_side from;
	enum sync_msg msg;
	size_t n_fds;
} refused[] = {
	{ "ready before go", SYNC_S_NS, SYNC_CHILD, SYNC_READY, 0 },
	{ "namespaces made before the ids are mapped", SYNC_S_BORN, SYNC_CHILD, SYNC_NS, 0 },
	{ "go before the namespaces are made", SYNC_S_MAPPED, SYNC_PARENT, SYNC_GO, 0 },
	{ "mounts after go", SYNC_S_GO, SYNC_PARENT, SYNC_TREES, 1 },
	{ "a console before go", SYNC_S_NS, SYNC_CHILD, SYNC_CONSOLE, 1 },
	{ "an acknowledgement before ready", SYNC_S_GO, SYNC_PARENT, SYNC_ACK, 0 },
	{ "a second ready", SYNC_S_READY, SYNC_CHILD, SYNC_READY, 0 },
	{ "a listener after ready", SYNC_S_READY, SYNC_CHILD, SYNC_LISTENER, 1 },
	{ "the parent says ready", SYNC_S_GO, SYNC_PARENT, SYNC_READY, 0 },
	{ "the child says go", SYNC_S_NS, SYNC_CHILD, SYNC_GO, 0 },
	{ "the child sends mounts", SYNC_S_NS, SYNC_CHILD, SYNC_TREES, 1 },
	{ "the parent sends an error", SYNC_S_GO, SYNC_PARENT, SYNC_ERR, 0 },
	{ "mounts without a mount", SYNC_S_NS, SYNC_PARENT, SYNC_TREES, 0 },
	{ "a console without a descriptor", SYNC_S_GO, SYNC_CHILD, SYNC_CONSOLE, 0 },
	{ "ready with a descriptor", SYNC_S_GO, SYNC_CHILD, SYNC_READY, 1 },
	{ "more sockets than there are with the namespaces", SYNC_S_MAPPED, SYNC_CHILD, SYNC_NS,
	  SYNC_A_SOCKS + SYNC_P_SOCKS + 1 },
	{ "end of file as a message", SYNC_S_ACK, SYNC_CHILD, SYNC_EOF, 0 },
};

static void test_refused_by_sender(void)
{
	const int fds[2] = { 0, 0 };
	char name[160];

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct ends s;
		struct err e = ERR_INIT;

		bring_to(&s, refused[i].state);
		snprintf(name, sizeof(name), "%s is not sent", refused[i].name);
		t_ok(sync_send(refused[i].from == SYNC_PARENT ? &s.p : &s.c, refused[i].msg, NULL,
			       fds, refused[i].n_fds, &e) == -1 &&
			     e.kind == ERR_INPUT,
		     name);
		done_ends(&s);
	}
}

/* The same from an end that does not keep to the table: written past sync_send(). */
static void test_refused_by_receiver(void)
{
	char name[160];

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct ends s;
		struct err e = ERR_INIT;
		struct sync_frame f;
		int got[SYNC_MAX_FDS];

		if (refused[i].n_fds)
			continue;
		bring_to(&s, refused[i].state);
		memset(&f, 0, sizeof(f));
		f.msg = refused[i].msg;
		bool from_parent = refused[i].from == SYNC_PARENT;
		if (write(from_parent ? s.p.fd : s.c.fd, &f, sizeof(f)) < 0)
			t_note("write: %s", strerror(errno));
		snprintf(name, sizeof(name), "%s is not accepted", refused[i].name);
		t_ok(sync_recv(from_parent ? &s.c : &s.p, &f, got, &e) == -1 && e.kind != ERR_NONE,
		     name);
		done_ends(&s);
	}
}

static void test_bad_frames(void)
{
	struct ends s;
	struct err e = ERR_INIT;
	struct sync_frame f;
	int got[SYNC_MAX_FDS];

	memset(&f, 0, sizeof(f));
	bring_to(&s, SYNC_S_BORN);
	t_ok(write(s.c.fd, &f, 12) == 12 && sync_recv(&s.p, &f, got, &e) == -1 && e.kind == ERR_INPUT,
	     "a short frame is refused");
	done_ends(&s);

	memset(&f, 0, sizeof(f));
	bring_to(&s, SYNC_S_BORN);
	f.msg = 4000;
	t_ok(write(s.c.fd, &f, sizeof(f)) > 0 && sync_recv(&s.p, &f, got, &e) == -1 &&
		     e.kind == ERR_INPUT,
	     "an unknown message is refused");
	done_ends(&s);

	memset(&f, 0, sizeof(f));
	bring_to(&s, SYNC_S_MAPPED);
	f.msg = SYNC_NS;
	f.n_fds = 1;
	t_ok(write(s.c.fd, &f, sizeof(f)) > 0 && sync_recv(&s.p, &f, got, &e) == -1 &&
		     e.kind == ERR_INPUT,
	     "a frame that claims a descriptor it does not bring is refused");
	done_ends(&s);
}

/* The child fails at once: what it said must not be lost to what the parent says to nobody. */
static void test_last_words(void)
{
	struct ends s;
	struct err e = ERR_INIT;
	struct sync_frame f;
	int got[SYNC_MAX_FDS];

	for (int child_first = 0; child_first < 2; child_first++) {
		make_ends(&s);
		memset(&f, 0, sizeof(f));
		err_set(&f.u.err, ERR_EXEC, "the reason");
		if (!child_first && sync_send(&s.p, SYNC_MAPPED, NULL, NULL, 0, &e))
			t_note("send: %s", e.msg);
		if (sync_send(&s.c, SYNC_ERR, &f, NULL, 0, &e))
			t_note("send: %s", e.msg);
		sync_done(&s.c);
		e.kind = ERR_NONE;
		if (!child_first)
			(void)sync_recv(&s.p, &f, got, &e);
		else if (sync_send(&s.p, SYNC_MAPPED, NULL, NULL, 0, &e))
			sync_prefer_peer(&s.p, &e);
		if (!t_ok(e.kind == ERR_EXEC && strstr(e.msg, "the reason"),
			  child_first ? "an error sent before the parent spoke is not lost" :
					"an error sent past an unread message is not lost"))
			t_note("%s", e.msg);
		done_ends(&s);
	}
}

static void test_errors(void)
{
	struct ends s;
	struct err e = ERR_INIT;
	struct sync_frame f;
	int got[SYNC_MAX_FDS];

	memset(&f, 0, sizeof(f));
	bring_to(&s, SYNC_S_GO);
	errno = EROFS;
	err_sys(&f.u.err, "mount proc on /proc");
	f.u.err.op = 7;
	t_ok(sync_send(&s.c, SYNC_ERR, &f, NULL, 0, NULL) == 0 &&
		     sync_recv(&s.p, &f, got, &e) == -1 && e.kind == ERR_SYS && e.sys == EROFS &&
		     e.op == 7 && strstr(e.msg, "mount proc on /proc: "),
	     "an error crosses with its kind, errno, operation and text");
	done_ends(&s);

	bring_to(&s, SYNC_S_GO);
	memset(&f, 'x', sizeof(f));
	f.msg = SYNC_ERR;
	f.n_fds = 0;
	t_ok(write(s.c.fd, &f, sizeof(f)) > 0 && sync_recv(&s.p, &f, got, &e) == -1 &&
		     strlen(e.msg) < ERR_MSG_MAX && strlen(e.rule) < ERR_RULE_MAX &&
		     e.kind == ERR_SYS,
	     "an error without a terminating NUL or with a kind out of range is made sound");
	done_ends(&s);
}

static void test_ends(void)
{
	static const enum sync_state early[] = { SYNC_S_BORN, SYNC_S_MAPPED, SYNC_S_NS,
						 SYNC_S_GO, SYNC_S_READY };
	struct ends s;
	struct err e = ERR_INIT;
	struct sync_frame f;
	int got[SYNC_MAX_FDS];
	bool all = true;

	for (size_t i = 0; i < ARRAY_SIZE(early); i++) {
		bring_to(&s, early[i]);
		sync_done(&s.c);
		all = all && sync_recv(&s.p, &f, got, &e) == -1 && e.kind == ERR_SYS;
		done_ends(&s);
	}
	t_ok(all, "a child that ends before the acknowledgement is an error in every state");

	bring_to(&s, SYNC_S_ACK);
	sync_done(&s.c);
	t_ok(sync_recv(&s.p, &f, got, &e) == 0 && f.msg == SYNC_EOF,
	     "end of file after the acknowledgement is the execve");
	done_ends(&s);

	bring_to(&s, SYNC_S_READY);
	sync_done(&s.p);
	t_ok(sync_recv(&s.c, &f, got, &e) == -1, "a parent that ends is an error for the child");
	done_ends(&s);

	bring_to(&s, SYNC_S_READY);
	sync_done(&s.c);
	t_ok(sync_send(&s.p, SYNC_ACK, NULL, NULL, 0, &e) == -1 && e.sys == EPIPE,
	     "the parent is told, not killed, when it writes to a child that has ended");
	done_ends(&s);

	make_ends(&s);
	sync_skip_setup(&s.p);
	sync_skip_setup(&s.c);
	t_ok(pass(&s, SYNC_CHILD, SYNC_READY, NULL, 0), "a child that joins begins behind go");
	done_ends(&s);
}

/* The child gives its reason and ends, with a message of the parent's unread. */
static void fail_early(struct ends *s)
{
	struct sync_frame f;

	make_ends(s);
	sync_send(&s->p, SYNC_MAPPED, NULL, NULL, 0, NULL);
	memset(&f, 0, sizeof(f));
	err_set(&f.u.err, ERR_SPEC, "the reason");
	sync_send(&s->c, SYNC_ERR, &f, NULL, 0, NULL);
	sync_done(&s->c);
}

static void test_reasons(void)
{
	struct ends s;
	struct err e = ERR_INIT;

	fail_early(&s);
	err_set(&e, ERR_SYS, "cannot write to a dead process");
	sync_prefer_peer(&s.p, &e);
	t_ok(strcmp(e.msg, "the reason") == 0, "the child's reason is preferred to what came of it");
	done_ends(&s);

	make_ends(&s);
	err_set(&e, ERR_SYS, "our own");
	sync_prefer_peer(&s.p, &e);
	t_ok(strcmp(e.msg, "our own") == 0, "a child that said nothing changes no error");
	done_ends(&s);
}

int main(void)
{
	test_whole_talk();
	test_refused_by_sender();
	test_refused_by_receiver();
	test_bad_frames();
	test_errors();
	test_last_words();
	test_ends();
	test_reasons();
	return t_done();
}

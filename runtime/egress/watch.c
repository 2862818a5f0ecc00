/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.c - listeners are taken; what they tell is recorded and refused
 *
 * The answer is always an errno. It never lets the call go on (SECCOMP_USER_NOTIF_FLAG_CONTINUE) and
 * never gives a descriptor (SECCOMP_IOCTL_NOTIF_ADDFD): jail.c allows neither that request nor any but
 * two, and the flag is in no word that is written here. The arguments of socket(2) are numbers, which
 * the kernel has copied: what is recorded is what was asked for.
 *
 * A flood costs others nothing but their turns: each filter has one notification a turn, and lines are
 * cut by the record's own budget. One turn takes one notification, because SECCOMP_IOCTL_NOTIF_RECV
 * would wait for a second one; that there is a first one, epoll has said, and if its process was killed
 * since, it is ENOENT.
 */
#include "egress/watch.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cbpf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "egress/socket_name.h"
#include "egress/start.h"
#include "sys/syscalls.h"

#define NAME_BYTES offsetof(struct egress_watch, program)

/* What the filter answers without a listener. It leaves nothing to us but what it refuses so. */
static int errno_of(const struct watch *w, const struct seccomp_data *d)
{
	uint32_t r = cbpf_verdict(w->what.program, d);

	if ((r & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO || (r & SECCOMP_RET_DATA) == 0 ||
	    mutant("watch.errno"))
		return EPERM;
	return (int)(r & SECCOMP_RET_DATA);
}

static void note(const struct watch *w, const struct seccomp_data *d)
{
	char name[SOCKET_NAME_MAX];
	struct record_line line = { .via = "socket", .name = name, .rule = RULE_SOCKET,
				    .container = w->what.container };
	uint64_t args[3];

	memcpy(args, d->args, sizeof(args));
	socket_name(args, name);
	if (!mutant("watch.note"))
		record_write(w->all->record, &line, w->all->loop->now_ms);
}

/* #syscalls: ioctl
 * A process that was killed takes its notification with it: then there is nothing to take, or to answer.
 * Return: false where this is no listener. */
static bool answer(struct watch *w)
{
	struct watches *all = w->all;

	memset(all->req, 0, all->req_bytes); /* the kernel wants it so */
	if (ioctl(w->src.fd, SECCOMP_IOCTL_NOTIF_RECV, all->req) < 0)
		return errno == ENOENT || errno == EINTR;
	note(w, &all->req->data);
	memset(all->resp, 0, all->resp_bytes);
	all->resp->id = all->req->id;
	all->resp->error = -errno_of(w, &all->req->data);
	(void)ioctl(w->src.fd, SECCOMP_IOCTL_NOTIF_SEND, all->resp);
	return true;
}

/* The runtime may have the descriptor still, so closing it does not take it out of the loop. */
static void end(struct watch *w)
{
	auto_close int fd = w->src.fd;

	(void)fd; /* only closed */
	loop_forget(w->all->loop, &w->src);
	w->is_used = false;
}

/* Nobody has the filter any more (EPOLLHUP), or that is no listener. */
static void on_notification(struct loop_source *src, uint32_t events)
{
	struct watch *w = container_of(src, struct watch, src);

	if (events & EPOLLIN ? !answer(w) : !mutant("watch.end"))
		end(w);
}

static struct watch *find_free(struct watches *all)
{
	for (size_t i = 0; i < EGRESS_WATCH_MAX; i++)
		if (!all->v[i].is_used)
			return &all->v[i];
	return NULL;
}

/* With no place for it the listener is closed, and the kernel gives ENOSYS. */
static void add(struct watches *all, const struct egress_watch *what, size_t bytes, int listener)
{
	auto_close int fd = listener;
	struct watch *w = find_free(all);
	size_t n = (bytes - NAME_BYTES) / sizeof(what->program[0]);

	if (!w || !cbpf_is_known(what->program, n))
		return;
	*w = (struct watch){ .src = { fd, on_notification }, .all = all };
	memcpy(&w->what, what, bytes);
	w->what.container[sizeof(w->what.container) - 1] = '\0';
	w->is_used = loop_add(all->loop, &w->src, EPOLLIN) == 0;
	if (w->is_used)
		(void)take_fd(fd);
}

/* The one that came; of several none. Alignment leaves room for two where one was asked for. */
static int fd_of(struct msghdr *mh)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(mh);
	size_t n = 0;
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	for (size_t i = 0; i < n; i++) {
		fd_close(&fd);
		memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
	}
	if (n > 1)
		fd_close(&fd);
	return fd;
}

/* #syscalls: recvmsg close
 * One a turn. Only the runtime can send here: the directory is its user's alone. */
static void on_listener(struct loop_source *src, uint32_t events)
{
	struct watches *all = container_of(src, struct watches, src);
	struct egress_watch what;
	struct iovec iov = { &what, sizeof(what) };
	union {
		struct cmsghdr hdr;
		char bytes[CMSG_SPACE(sizeof(int))];
	} ctl;
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1,
			     .msg_control = ctl.bytes, .msg_controllen = sizeof(ctl.bytes) };
	ssize_t n = recvmsg(src->fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	(void)events;
	if (n < 0)
		return;
	auto_close int fd = fd_of(&mh);
	if (fd >= 0 && (size_t)n > NAME_BYTES && !(mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		add(all, &what, (size_t)n, take_fd(fd));
}

/* Newer kernels may have longer structs; what they add is zero. */
static bool make_room(struct watches *w)
{
	struct seccomp_notif_sizes s = { 0 };

	if (sys_seccomp(SECCOMP_GET_NOTIF_SIZES, 0, &s) < 0)
		return false;
	w->req_bytes = s.seccomp_notif > sizeof(*w->req) ? s.seccomp_notif : sizeof(*w->req);
	w->resp_bytes = s.seccomp_notif_resp > sizeof(*w->resp) ? s.seccomp_notif_resp : sizeof(*w->resp);
	w->req = xcalloc(1, w->req_bytes);
	w->resp = xcalloc(1, w->resp_bytes);
	return true;
}

int watches_start(struct watches *w, struct loop *l, struct record *record, struct err *e)
{
	w->src = (struct loop_source){ EGRESS_FD_WATCH, on_listener };
	w->loop = l;
	w->record = record;
	if (start_is_absent(EGRESS_FD_WATCH))
		return 0;
	/* A kernel without notifications: whoever sends here all the same is to know at once. */
	if (!make_room(w)) {
		fd_close(&w->src.fd);
		return 0;
	}
	if (loop_add(l, &w->src, EPOLLIN) < 0)
		return err_sys(e, "watch for listeners of filters");
	return 0;
}

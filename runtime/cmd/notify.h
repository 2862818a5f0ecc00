/* SPDX-License-Identifier: Apache-2.0 */
/* notify.h - NOTIFY_SOCKET: a container tells the service manager of its caller that it is ready */
#ifndef CMD_NOTIFY_H
#define CMD_NOTIFY_H

#include "cmd/container.h"
#include "cmd/pipeline.h"

struct notify {
	int fd;		   /* the socket in the container's reach; -1: there is nothing to pass on */
	int64_t pid;	   /* that the service manager is told to watch */
	const char *to;	   /* the caller's NOTIFY_SOCKET */
};

/**
 * notify_prepare() - at create, before the plan: a directory for the socket, its mount and the variable
 * @dirfd:	the container's directory
 * Nothing is done without NOTIFY_SOCKET, nor under a profile that screens mounts.
 */
int notify_prepare(struct cmd_ctx *ctx, const char *id, int dirfd, const struct pipeline *p,
		   struct err *e);

/* notify_open() - at start, before the gate opens; ret->fd is -1 where create prepared nothing */
int notify_open(const struct container *c, struct notify *ret, struct err *e);

/* notify_take() - what has arrived on n->fd; READY=1 is passed on, and then there is no more to come
 * (false) */
bool notify_take(const struct notify *n);

/* notify_wait() - until the container is ready, or has ended */
int notify_wait(const struct container *c, const struct notify *n, struct err *e);

void notify_done(struct notify *n);

#endif

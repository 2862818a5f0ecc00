/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync.h - what parent and child say to each other while a container is made
 *
 * One SOCK_SEQPACKET pair; one fixed-size frame a message, descriptors beside it (SCM_RIGHTS). Who
 * may say what, when, with how many descriptors, and what state follows is the table in sync.c:
 * both ends walk the same table, so that a message out of turn is an error on either side.
 *
 *	child				parent
 *	makes its namespaces		writes the id maps
 *				<-	MAPPED
 *	makes A (its net sysctls
 *	take mapped ids)
 *	NS (proxy's sockets)	->
 *					network hooks, the proxy, mounts
 *				<-	TREES (detached mounts), any number
 *				<-	GO
 *	root, mounts, ids ...
 *	CONSOLE (pty master)	->	at most one
 *	LISTENER (seccomp)	->	any number, taken before READY is looked at
 *	READY			->
 *					resource limits, pid file
 *				<-	ACK
 *	waits at the gate		ends
 *
 * ERR (struct err) may be sent by the child in any state and ends the conversation. The end of
 * either process is the other's end of file: no state needs a time limit or a death signal.
 */
#ifndef EXEC_SYNC_H
#define EXEC_SYNC_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum sync_msg {
	SYNC_MAPPED,
	SYNC_NS,
	SYNC_TREES,
	SYNC_GO,
	SYNC_CONSOLE,
	SYNC_LISTENER,
	SYNC_READY,
	SYNC_ACK,
	SYNC_ERR,
	SYNC_EOF, /* never sent: the peer has closed, in a state where that means success */
	SYNC_MSG__COUNT
};

/* Named after what was said last. */
enum sync_state {
	SYNC_S_BORN,
	SYNC_S_MAPPED,
	SYNC_S_NS,
	SYNC_S_GO,
	SYNC_S_READY,
	SYNC_S_ACK, /* from here on end of file is success: the child runs or waits at the gate */
	SYNC_S_END,
	SYNC_STATE__COUNT
};

enum sync_side { SYNC_PARENT, SYNC_CHILD };

struct sync {
	int fd; /* -1: closed */
	enum sync_side side;
	enum sync_state state;
};
#define SYNC_INIT { .fd = -1 }

#define SYNC_MAX_FDS 250 /* below the kernel's SCM_MAX_FD, 253 */

#define SYNC_A_SOCKS  7 /* of exec/a_socks.h */
#define SYNC_P_SOCKS  128
#define SYNC_MAX_LEFT 64
struct sync_left {
	uint32_t n;
	uint32_t index[SYNC_MAX_LEFT];
};

/* The descriptor comes with the message, or is to be taken from the child by its number there. */
struct sync_listener {
	uint32_t op;
	int32_t number; /* -1: it comes with the message */
};

/* A: its inode, and which of the proxy's sockets come first with the message (bit = enum a_sock);
 * those that listen in P follow. */
struct sync_a {
	uint64_t ino;
	uint32_t socks;
};

struct sync_frame {
	uint32_t msg;
	uint32_t n_fds;
	union {
		uint32_t index[SYNC_MAX_FDS]; /* TREES: the op each descriptor is for */
		struct sync_listener listener; /* LISTENER */
		struct sync_a a;	      /* NS: A, all zero where there is none */
		struct sync_left left;	      /* READY: operations that are left to the parent */
		struct err err;		      /* ERR */
	} u;
};

/* sync_pair() - both ends, close-on-exec */
int sync_pair(struct sync *ret_parent, struct sync *ret_child, struct err *e);

/* sync_skip_setup() - a child that joins a container has nothing to wait for: to state GO at once.
 * Called on both ends before anything is sent. */
void sync_skip_setup(struct sync *s);

/**
 * sync_send() - one message
 * @f:		its payload; msg and n_fds are filled here. NULL: no payload.
 * @fds:	borrowed
 *
 * The child sends messages without descriptors by write(2), which a seccomp filter must allow
 * anyway. Sending to a peer that is gone is an error, not a signal, in the parent.
 */
int sync_send(struct sync *s, enum sync_msg msg, struct sync_frame *f, const int *fds, size_t n_fds,
	      struct err *e);

/**
 * sync_recv() - wait for the next message
 * @ret:	the frame; checked: message allowed in this state, counts, texts terminated
 * @ret_fds:	SYNC_MAX_FDS places; ret->n_fds are filled, close-on-exec, the caller's
 *
 * SYNC_ERR is returned as this call's own failure, with the peer's error in @e. End of file in
 * state ACK is returned as SYNC_EOF, in any other as an error.
 */
int sync_recv(struct sync *s, struct sync_frame *ret, int *ret_fds, struct err *e);

/**
 * sync_prefer_peer() - after a failure of this side: what the peer said, where that is the cause
 *
 * A child that fails says why and ends; the parent may notice only that it cannot write to a dead
 * process. Never waits. Where the peer has sent an error, it replaces the one in @e.
 */
void sync_prefer_peer(struct sync *s, struct err *e);

void sync_done(struct sync *s);

#endif

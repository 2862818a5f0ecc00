/* SPDX-License-Identifier: Apache-2.0 */
/* container.h - a container that exists: opened by id, started, signalled, destroyed */
#ifndef CMD_CONTAINER_H
#define CMD_CONTAINER_H

#include "cmd/cmd.h"
#include "plan/plan.h"
#include "spec/oci.h"
#include "state/state.h"

struct container {
	struct arena *a;
	const char *root, *id;
	int dirfd, lock; /* lock: -1 without */
	struct state *s; /* where a create was interrupted: what is known, pid 0 */
	enum status st;
	struct op_cgroup cg;
};

#define CONTAINER_INIT                                                                             \
	{                                                                                          \
		.dirfd = -1, .lock = -1                                                            \
	}

enum container_lock { WITHOUT_LOCK, WITH_LOCK };

/* container_open() - by id, with its status now (paused included) */
int container_open(struct cmd_ctx *ctx, const char *id, enum container_lock lock,
		   struct container *ret, struct err *e);
/**
 * container_open_named() - for people: without --root, a container of an engine's is found too, by its
 * id or the beginning of it; not locked
 */
int container_open_named(struct cmd_ctx *ctx, const char *id, struct container *ret, struct err *e);

/**
 * container_open_anyhow() - for a forced delete: locked, and if its state cannot be read
 * What is then known are the places that create was going to make; see state_salvage().
 */
int container_open_anyhow(struct cmd_ctx *ctx, const char *id, struct container *ret,
			  struct err *e);
void container_done(struct container *c);
/* container_unlock(), container_relock() - others may pause, update or delete it meanwhile; ERR_NOTFOUND:
 * somebody has deleted it */
void container_unlock(struct container *c);
int container_relock(struct container *c, struct err *e);
#define auto_container __attribute__((cleanup(container_done)))

/**
 * container_proxy_dir() - the directory of the container to whose proxy this one's connections come
 *
 * Return: a descriptor (the caller's); -1 where there is no proxy that lives and takes the listeners of
 * filters (base/egress_wire.h).
 */
int container_proxy_dir(const struct container *c);

/* container_spec() - the saved, tightened config */
int container_spec(const struct container *c, struct oci_spec **ret_spec, struct err *e);

/* container_hooks() - run the saved config's hooks of one kind, with the state document on stdin */
int container_hooks(const struct container *c, enum plan_hook_kind kind, enum status st,
		    struct err *e);

/**
 * container_start() - open the gate, then poststart hooks; the lock is held
 * An error of a poststart hook kills and destroys the container (runtime.md "Lifecycle").
 */
int container_start(struct container *c, struct err *e);

/* container_kill() - send @sig to init; ERR_STATE "container not running" */
int container_kill(const struct container *c, int sig, struct err *e);

/**
 * container_destroy() - everything that create made; the lock is held
 * Each step stands alone and tolerates that it was done before: a runtime killed at any point
 * leaves what a second delete removes. Whatever fails, the steps after it are tried; the first
 * error is returned, and the state directory stays until nothing else is left.
 */
int container_destroy(struct container *c, struct err *e);

#endif

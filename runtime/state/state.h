/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.h - the container's directory: <root>/<id>/, 0700, files 0600
 *
 *   lock          flock(2): held exclusively while the container changes; readers take none,
 *                 because state.json is replaced atomically
 *   state.json    struct state
 *   config.json   the tightened spec: no removed value is ever written
 *   plan.json     what was done and by which rule
 *   gate, result  fifos of the start protocol; gate disappears when started
 *   sockets       unix socket of the proxy: the listeners of filters (base/egress_wire.h)
 *   egress.log    decisions of the proxy, JSON lines (egress.log.1: the older half of the ring)
 *
 * /run/agentrt/.ids holds the reservations of id ranges and proxy uids: one file for the machine,
 * whatever --root says, because two engines with two roots share one space of uids.
 */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"

#define BOOT_ID_SIZE 37

#define STATE_VERSION 1
#define STATE_ID_MAX 255 /* it is the name of directories: NAME_MAX */

struct state_dir_cg {
	const char *controllers, *mount_host, *path;
};

struct state {
	int version;
	const char *id, *oci_version, *bundle, *rootfs, *created; /* RFC 3339 with nanoseconds */
	const char *owner; /* user name of the creator, "" for root as runc has it */
	uint32_t owner_uid;
	const char *profile, *profile_dir; /* dir: where it was looked for, NULL: the usual place */
	const char *pod; /* the pod's sandbox: of itself its own id; NULL: of no pod, or not said */
	const char *net_policy;		   /* pod_net_policy(); NULL: the profile leaves it to the config */
	const char *boot_id; /* of the boot that made it: pids of another boot mean nothing */
	int64_t pid;	     /* init, host view */
	uint64_t pid_start;  /* start time in clock ticks: defeats pid reuse */
	int64_t egress_pid;  /* 0: none */
	uint64_t egress_start;
	uint32_t id_base, id_size, egress_uid; /* reservations; size 0: none */
	uint64_t ns_ino[8]; /* by enum oci_ns_type, of init when created; 0 not recorded */
	uint64_t ns_e_ino;  /* E, where there is an A */
	uint64_t ns_asked[8]; /* what the config named by path, whatever became of it; 0: nothing */
	bool cg_none, cg_v2;
	struct state_dir_cg *cg_dirs;
	size_t n_cg_dirs;
	struct state_dir_cg *egress_cg_dirs;
	size_t n_egress_cg_dirs;
	const char *upper_host; /* to remove at delete, NULL: none */
	const char *rdt_group, *rdt_monitor; /* the same, of the resctrl file system */
	bool is_rootless, no_new_keyring;
	bool no_late_hooks; /* the config has no poststart and no poststop hooks */
	uint32_t max_lifetime_s; /* from start on; 0: no end */
	struct plan_kv *annotations;
	size_t n_annotations;
};

enum status {
	STATUS_CREATING,
	STATUS_CREATED,
	STATUS_RUNNING,
	STATUS_PAUSED,
	STATUS_STOPPED,
	STATUS__COUNT
};
extern const char *const status_name[];

bool state_id_is_valid(const char *id); /* [A-Za-z0-9_+.-]+, not "." or "..", no leading '.' */

/* state_create_dir() - reserve the id: mkdir, lock held; "container with given ID already exists"
 */
int state_create_dir(const char *root, const char *id, int *ret_dirfd, int *ret_lock,
		     struct err *e);
/* state_open() - with the lock (waits for it), or without (*ret_lock is -1);
 * "container does not exist" (ERR_NOTFOUND) */
int state_open(const char *root, const char *id, bool exclusive, int *ret_dirfd, int *ret_lock,
	       struct err *e);
/* state_lock() - of an open container, waiting for it; ERR_NOTFOUND where it is deleted by then */
int state_lock(const char *id, int dirfd, int *ret_lock, struct err *e);
int state_save(int dirfd, const struct state *s, struct err *e);
/* A state cut short or of another version is ERR_INPUT and says so; no state yet is ERR_STATE. */
int state_load(struct arena *a, int dirfd, struct state **ret_state, struct err *e);
/* state_salvage() - where state_load() says ERR_INPUT: what create was going to make, from plan.json;
 * no pids. Fails where that says nothing of a cgroup. */
int state_salvage(struct arena *a, int dirfd, const char *id, struct state **ret_state,
		  struct err *e);
bool state_is_locked(int dirfd); /* somebody is at work */
/**
 * state_status() - creating, created, running or stopped
 * A frozen cgroup (paused) is not seen here. Whoever holds the lock and finds no pid knows better
 * than "creating": it was left by a runtime that died.
 */
enum status state_status(int dirfd, const struct state *s);
/* state_know_boot() - fails where this boot has no id: then every container would look like one of
 * another boot, of which nothing lives. Before any state is looked at. */
int state_know_boot(struct err *e);
/* state_boot_id() - what state_know_boot() has found; "" where it found nothing */
void state_boot_id(char ret[BOOT_ID_SIZE]);
void state_cgroup(struct arena *a, const struct state *s, struct op_cgroup *ret_cg);
/* state_remove_dir() - the directory and the reservations; last step of delete */
int state_remove_dir(const char *root, const char *id, int dirfd, struct err *e);
/* state_list() - ids, sorted */
int state_list(struct arena *a, const char *root, const char ***ret_ids, size_t *ret_n,
	       struct err *e);

/* What a container holds of the machine's ids. */
struct id_grant {
	uint32_t base, size; /* a range mapped into no other container but those of its pod */
	bool others_died;    /* containers that nobody deleted were forgotten on the way */
	uint32_t egress_uid; /* mapped into no container at all, distinct for each A */
};
#define ID_GRANT_SIZE 65536u

/* Where ranges come from; NULL or all zero: from where no distribution has users. */
struct id_space {
	const char *user;      /* his range in /etc/subuid, the same in /etc/subgid */
	uint32_t first, count; /* or these */
};

/**
 * state_reserve_ids() - a private id range and a proxy uid that no living container has
 * @pod:	the pod's sandbox: its containers (of one root) share a range; NULL: none
 * Overlaps nothing in /etc/{passwd,group,subuid,subgid}. Reservations of another boot, and those
 * whose container's directory is gone, are dropped on the way.
 */
int state_reserve_ids(const struct id_space *from, const char *root, const char *id,
		      const char *pod, struct id_grant *ret_grant, struct err *e);
/* state_peek_ids() - what state_reserve_ids() would give now; reserves nothing (`explain`) */
int state_peek_ids(const struct id_space *from, struct id_grant *ret_grant, struct err *e);
/* state_id_space() - the first and the last id that may be given out; both 0 where none may */
void state_id_space(const struct id_space *from, uint32_t *ret_first, uint32_t *ret_last);
/* state_user_name() - of /etc/passwd; the number where it has none */
const char *state_user_name(struct arena *a, uint32_t uid);

/* A user's ids as the maps of a user namespace: his own is 0, subordinate ones follow. */
struct state_user_ids {
	struct plan_idmap *uid, *gid;
	size_t n_uid, n_gid;
};

/* state_user_ids() - from subuid and subgid in @etc; a single row where they give him none */
void state_user_ids(struct arena *a, const char *etc, uint32_t uid, uint32_t gid,
		    struct state_user_ids *ret);

/**
 * state_find() - the container that a person means, under whatever state root an engine keeps it
 * @id: its id, or the beginning of it that no other has (4 characters at least)
 * Only containers that have a reservation are known: those of profiles with a user namespace.
 */
int state_find(struct arena *a, const char *id, const char **ret_root, const char **ret_id, struct err *e);
int state_release_ids(const char *root, const char *id, struct err *e);

/* The state document of `state` and of hooks: compact JSON, "/" unescaped. */
void state_print(struct strbuf *b, const struct state *s, enum status st, int64_t pid);

bool proc_is_same(int64_t pid, uint64_t start); /* alive, not a zombie, and not another process */
uint64_t proc_start_time(int64_t pid);		/* 0: no such process */

#endif

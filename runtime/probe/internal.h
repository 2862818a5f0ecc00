/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h - the parts of one probe; each fills its own members of struct facts */
#ifndef PROBE_INTERNAL_H
#define PROBE_INTERNAL_H

#include "probe/mountinfo.h"
#include "probe/probe.h"

#define PROBE_MAX_FS 16

struct probe_ctx {
	struct arena *a;
	struct mountinfo_table mounts;
	struct facts *f;
	/* idmap.c: file systems that were tried, and the user namespace to try with */
	struct { uint64_t fs_dev; bool can; } tried[PROBE_MAX_FS];
	size_t n_tried;
	int idmap_userns; /* -1 until needed */
};

void probe_kernel(struct arena *a, const struct probe_opts *o, struct facts *f);
void probe_user(struct arena *a, struct facts *f); /* after probe_kernel() */
int probe_cgroups(struct probe_ctx *c, struct err *e);

/**
 * probe_path() - all of a fact_path but can_idmap
 * What does not exist or is not visible from this process's root gets type 0.
 * Return: an O_PATH descriptor of the object, caller closes; -1 with type 0 and errno, which is ENOENT
 * for what is not visible and EIO where /proc/self/fd does not say what a descriptor is.
 */
int probe_path(struct probe_ctx *c, const char *given_host, struct fact_path *ret);
/* path_describe() - the same from what statx(PATH_STATX_MASK) said of @realpath; false: not visible.
 * Keeps ret->given. */
#define PATH_STATX_MASK (STATX_BASIC_STATS | STATX_MNT_ID)
struct statx;
bool path_describe(struct probe_ctx *c, const struct statx *st, const char *realpath,
		   struct fact_path *ret);
/* A path of the config: relative ones are taken from the bundle. */
const char *probe_absolute(struct arena *a, const char *bundle_host, const char *path);
void probe_sources(struct probe_ctx *c, const struct oci_spec *s, const char *bundle_host);
int probe_root(struct probe_ctx *c, const char *path_host, const struct probe_opts *o,
	       struct err *e);
/* probe_guards() - an error where it cannot be known: a guard that is missing lets through */
int probe_guards(struct probe_ctx *c, const char *state_root, struct err *e);
void probe_namespaces(struct probe_ctx *c, const struct oci_spec *s);

/* can_idmap() - whether the file system of @p, open at @fd, takes MOUNT_ATTR_IDMAP */
bool can_idmap(struct probe_ctx *c, const struct fact_path *p, int fd);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.h - struct facts from this host; the only place that looks before the plan is made
 *
 * Probing changes nothing and leaves nothing behind. What cannot be seen (a path that may not be
 * searched, or that leads through /proc/<pid>/root into another mount namespace) is recorded as
 * absent, type 0, or as a problem, and the rules that need it refuse. An error is returned only
 * where nothing sensible could be decided: no rootfs, no /proc.
 */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "profiles/facts.h"

struct probe_opts {
	const char *id, *state_root; /* state_root: guarded too */
	bool peek;	/* explain: the rootfs may be missing, then it is recorded as such */
	/* What the profile has no use for is not looked at, and recorded as absent: */
	bool no_guards;	  /* mounts are not screened: guards and homes */
	bool no_layers;	  /* the root is the bundle's, unmapped: overlays and their layers */
	bool no_steering; /* the network is the engine's: what can be loaded to steer it */
};

/**
 * probe_facts() - everything that tighten() and plan_build() ask of the host for `create`
 * @s:		the config as read; relative paths are taken from @bundle_host
 * @bundle_host: absolute
 *
 * Left zero for the caller to fill from state/: id_base, id_size, egress_uid, pod, own_userns, and
 * of each namespace whose it is.
 */
int probe_facts(struct arena *a, const struct oci_spec *s, const char *bundle_host,
		const struct probe_opts *o, struct facts **ret_facts, struct err *e);

/* probe_host() - the part that does not depend on a config (`exec`, `update`, `features`) */
int probe_host(struct arena *a, struct facts **ret_facts, struct err *e);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* pipeline.h - from a bundle to a checked plan; used by create, run and explain alike */
#ifndef CMD_PIPELINE_H
#define CMD_PIPELINE_H

#include "cmd/cmd.h"
#include "plan/build.h"
#include "profiles/settings.h"
#include "state/state.h"

struct pipeline_opts {
	const char *id, *bundle_host; /* absolute */
	bool no_pivot, no_new_keyring;
	bool peek; /* explain: reserve nothing, tolerate a missing rootfs */
};

struct pipeline {
	const struct profile *profile;
	struct settings settings;
	struct oci_spec *spec; /* as read */
	struct facts *facts;
	struct tight *tight;
	struct plan *plan;
	struct id_grant grant; /* size 0: none */
};

/* pipeline_read() - the profile, and the bundle's config.json decoded and checked; no side effect
 */
int pipeline_read(struct cmd_ctx *ctx, const struct pipeline_opts *o, struct pipeline *ret,
		  struct err *e);

/* pipeline_enter() - where an ordinary user runs the runtime with a profile that has a user namespace:
 * become root of one with all that user's ids; before pipeline_plan(), for create and explain alike */
int pipeline_enter(struct cmd_ctx *ctx, const struct pipeline *p, struct err *e);

/* pipeline_plan() - ids, facts, tighten, plan; every check that needs no change of the system has
 * been made when it returns 0 */
int pipeline_plan(struct cmd_ctx *ctx, const struct pipeline_opts *o, struct pipeline *p,
		  struct err *e);

/* pipeline_report() - what a profile changed, at debug level */
void pipeline_report(const struct finding *findings, size_t n);

/* pipeline_profile_name() - --profile, or what the program is called (agentrt-NAME), or what the
 * settings say, or the default */
const char *pipeline_profile_name(const struct cmd_ctx *ctx, const struct settings *s);

#endif

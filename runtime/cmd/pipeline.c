/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline.c - plan = f(spec, profile, facts)
 *
 * The one place where the layers meet: config.json is read and checked, the profile found, ids
 * reserved, the host looked at, the config narrowed, the plan built and checked. `explain` and
 * `create` run the same lines; the only difference is that explain looks up the next id range
 * without taking it.
 */
#include "cmd/pipeline.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/table.h"
#include "cmd/outer.h"
#include "cmd/pod.h"
#include "cmd/profiles.h"
#include "probe/probe.h"
#include "spec/spec.h"

static int read_config(struct arena *a, const char *bundle_host, struct oci_spec **ret_spec,
		       struct err *e)
{
	const char *path = path_join(a, bundle_host, "config.json");
	auto_free char *text = NULL;
	size_t len;

	if (fd_read_file(path, SPEC_MAX_BYTES, &text, &len, e))
		return -1;
	if (spec_parse(a, text, len, "config.json", ret_spec, e) || spec_check(*ret_spec, e))
		return -1;
	return 0;
}

/* Names of the program that stand for another profile than their end. */
static const struct {
	const char *program, *profile;
} program_names[] = {
	{ "agentrt-strict", "agent-strict" },
};

const char *pipeline_profile_name(const struct cmd_ctx *ctx, const struct settings *s)
{
	static const char prefix[] = "agentrt-";

	if (ctx->profile)
		return ctx->profile;
	for (size_t i = 0; i < ARRAY_SIZE(program_names); i++)
		if (streq(ctx->program, program_names[i].program))
			return program_names[i].profile;
	if (str_has_prefix(ctx->program, prefix))
		return ctx->program + strlen(prefix);
	return s->default_profile ? s->default_profile : PROFILE_DEFAULT;
}

static int check_cgroup_manager(const struct cmd_ctx *ctx, struct err *e)
{
	if (!ctx->systemd_cgroup && !(ctx->cgroup_manager && streq(ctx->cgroup_manager, "systemd")))
		return 0;
	return err_set(e, ERR_UNSUPPORTED,
		       "systemd cgroups are not implemented: configure the engine "
		       "for cgroupfs (dockerd: \"exec-opts\": [\"native.cgroupdriver=cgroupfs\"])");
}

/* Whether the profile decides on user namespaces or networks at all. */
static bool is_policed(const struct profile *p)
{
	return p->userns != USERNS_AS_SPEC || p->egress.mode != NET_AS_SPEC;
}

/* The range that a member of a pod will be given, where it is one of ours. */
static const struct oci_idmap *pod_range(const struct pipeline *p)
{
	const struct fact_pod *pod = &p->facts->pod;

	return pod->n_uid_mappings == 1 && pod->uid_mappings->size == ID_GRANT_SIZE
		       ? pod->uid_mappings
		       : NULL;
}

/* Ids are asked for where the profile may use them; the range is private to the machine's root. */
static int get_ids(struct cmd_ctx *ctx, const struct pipeline_opts *o, struct pipeline *p,
		   struct err *e)
{
	const struct id_space from = { p->settings.ids.user, p->settings.ids.first,
				       p->settings.ids.count };

	if (!is_policed(p->profile))
		return 0;
	if (facts_is_rootless(p->facts))
		return 0; /* his own: tighten_rootless.c */
	state_id_space(&from, &p->facts->id_space_first, &p->facts->id_space_last);
	if (o->peek && state_peek_ids(&from, &p->grant, e))
		return -1;
	if (o->peek && pod_range(p))
		p->grant.base = pod_range(p)->host;
	if (o->peek)
		return 0;
	return state_reserve_ids(&from, ctx->root, o->id, p->facts->pod.id, &p->grant, e);
}

static int get_facts(struct cmd_ctx *ctx, const struct pipeline_opts *o, struct pipeline *p,
		     struct err *e)
{
	const struct profile *r = p->profile;
	struct probe_opts po = { .id = o->id,
				 .state_root = ctx->root,
				 .peek = o->peek,
				 .no_guards = !r->mounts.screen,
				 .no_layers = r->root.mode == ROOT_AS_SPEC &&
					      r->userns == USERNS_AS_SPEC && !r->mounts.screen,
				 .no_steering = r->egress.mode != NET_EGRESS };

	if (probe_facts(ctx->a, p->spec, o->bundle_host, &po, &p->facts, e) ||
	    (is_policed(p->profile) && pod_facts(ctx, o->id, p->spec, p->facts, e)) ||
	    get_ids(ctx, o, p, e))
		return -1;
	p->facts->own_userns = ctx->own_userns;
	p->facts->id = o->id;
	p->facts->id_base = p->grant.base;
	p->facts->id_size = p->grant.size;
	p->facts->egress_uid = p->grant.egress_uid;
	if (ctx->cgroup_manager && streq(ctx->cgroup_manager, "disabled"))
		p->facts->cgroup = CGROUP_NONE;
	return 0;
}

static int make_plan(struct cmd_ctx *ctx, const struct pipeline_opts *o, struct pipeline *p,
		     struct err *e)
{
	struct plan_opts po = { .id = o->id,
				.bundle_host = o->bundle_host,
				.no_pivot = o->no_pivot,
				.no_new_keyring = o->no_new_keyring,
				.state_root = ctx->root };

	if (tighten(ctx->a, p->spec, p->profile, p->facts, &p->tight, e) ||
	    plan_build(ctx->a, p->tight, p->facts, &po, &p->plan, e))
		return -1;
	return plan_check(p->plan, e) ? err_ctx(e, "the plan contradicts itself (a bug)") : 0;
}

void pipeline_report(const struct finding *findings, size_t n)
{
	for (size_t i = 0; i < n; i++)
		log_debug("%s: %s: %s (%s)", findings[i].rule,
			  finding_action_name[findings[i].action], findings[i].what, findings[i].why);
}

int pipeline_read(struct cmd_ctx *ctx, const struct pipeline_opts *o, struct pipeline *ret,
		  struct err *e)
{
	struct pipeline p = { 0 };

	if (check_cgroup_manager(ctx, e) || read_config(ctx->a, o->bundle_host, &p.spec, e) ||
	    profiles_settings(ctx->a, ctx->profile_dir, &p.settings, e) ||
	    profiles_for(ctx->a, ctx->profile_dir, pipeline_profile_name(ctx, &p.settings),
			 p.spec->annotations, p.spec->n_annotations, &p.profile, e))
		return -1;
	*ret = p;
	return 0;
}

int pipeline_enter(struct cmd_ctx *ctx, const struct pipeline *p, struct err *e)
{
	return p->profile->userns == USERNS_AS_SPEC ? 0 : cmd_outer_enter(ctx, e);
}

int pipeline_plan(struct cmd_ctx *ctx, const struct pipeline_opts *o, struct pipeline *p,
		  struct err *e)
{
	if (get_facts(ctx, o, p, e) || make_plan(ctx, o, p, e))
		return -1;
	pipeline_report(p->tight->findings, p->tight->n_findings);
	return 0;
}

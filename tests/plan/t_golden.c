/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_golden.c - config + facts + profile -> plan, compared with what is written down; no root
 *
 * A case is a directory: config.json as an engine wrote it, facts.json, `profile` (a name; NAME.json
 * beside it is taken as an administrator's file), process.json where the case is an `exec`, and the
 * expected plan.txt and plan.json. A config that is refused has its error in plan.txt.
 * The profile's own seccomp filter is long: only a case with a file `full` shows it, elsewhere its
 * rules are left out before the plan is made.
 * `t_golden --regen` writes the expectations: read the diff as a change of policy.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "plan/build.h"
#include "spec/spec.h"
#include "tests/unit/test.h"

#define MAX_FILE (4u << 20)

struct golden {
	struct arena *a;
	const char *name, *dir;
	bool regen;
};

static const char *file_path(const struct golden *g, const char *file)
{
	return arena_printf(g->a, "%s/%s/%s", g->dir, g->name, file);
}

/* NULL where there is no such file. */
static const char *read_text(const struct golden *g, const char *file)
{
	auto_free char *data = NULL;

	if (fd_read_file(file_path(g, file), MAX_FILE, &data, NULL, NULL))
		return NULL;
	return arena_strdup(g->a, data);
}

static int read_profile(void *ctx, struct arena *a, const char *name, const char **ret_text,
			size_t *ret_len, const char **ret_origin, struct err *e)
{
	const char *text;

	*ret_origin = arena_printf(a, "%s.json", name);
	text = read_text(ctx, *ret_origin);
	*ret_text = text;
	*ret_len = text ? strlen(text) : 0;
	return text || !streq(name, "") ? 0 : err_set(e, ERR_INPUT, "no profile named");
}

static int load_profile(struct golden *g, struct profile **ret, struct err *e)
{
	const char *name = read_text(g, "profile");

	if (!name)
		return err_set(e, ERR_INPUT, "no file profile");
	return profile_load(g->a, arena_strndup(g->a, name, strcspn(name, "\n")), read_profile, g, ret,
			    e);
}

static int build_create(struct golden *g, const struct tight *t, const struct facts *f,
			struct plan **ret, struct err *e)
{
	const struct plan_opts o = { .id = f->id, .bundle_host = "/run/bundle",
				     .state_root = "/run/agentrt" };

	return plan_build(g->a, t, f, &o, ret, e);
}

static int build_exec(struct golden *g, const struct tight *t, const struct facts *f,
		      const char *process, struct plan **ret, struct err *e)
{
	static struct plan_cg_dir dir = { "", "/sys/fs/cgroup", "/docker/x" };
	const struct exec_target target = { .id = f->id, .bundle_host = "/run/bundle", .init_pid = 4242,
					    .dirs = &dir, .n_dirs = 1, .profile = t->profile->name, .rules = t->profile, .takes_listeners = true,
					    .ns_ino = { [NS_NETWORK] = 4026532001 } };
	struct oci_process *proc, *tight_proc;
	struct finding *findings;
	size_t n;

	if (spec_parse_process(g->a, process, strlen(process), "process.json", &proc, e) ||
	    tighten_process(g->a, proc, t->profile, f, &tight_proc, &findings, &n, e))
		return -1;
	return plan_build_exec(g->a, t->spec, tight_proc, t->seccomp2, f, &target, ret, e);
}

static void shorten(struct golden *g, struct tight *t)
{
	struct oci_seccomp *s;

	if (!t->seccomp2 || read_text(g, "full"))
		return;
	s = arena_alloc(g->a, 1, sizeof(*s));
	*s = *t->seccomp2;
	s->n_syscalls = 0;
	t->seccomp2 = s;
}

static int make_plan(struct golden *g, struct plan **ret, struct err *e)
{
	const char *config = read_text(g, "config.json"), *facts = read_text(g, "facts.json");
	const char *process = read_text(g, "process.json");
	struct profile *p;
	struct oci_spec *s;
	struct facts *f;
	struct tight *t;

	if (!config || !facts)
		return err_set(e, ERR_INPUT, "the case has no config.json or no facts.json");
	if (load_profile(g, &p, e) ||
	    spec_parse(g->a, config, strlen(config), "config.json", &s, e) || spec_check(s, e) ||
	    facts_parse(g->a, facts, strlen(facts), "facts.json", &f, e) ||
	    tighten(g->a, s, p, f, &t, e))
		return -1;
	shorten(g, t);
	return process ? build_exec(g, t, f, process, ret, e) : build_create(g, t, f, ret, e);
}

static void show_first_difference(const char *want, const char *got)
{
	while (*want && *got) {
		size_t n = strcspn(want, "\n"), m = strcspn(got, "\n");

		if (n != m || memcmp(want, got, n) != 0)
			break;
		want += n + (want[n] == '\n');
		got += m + (got[m] == '\n');
	}
	t_note("want: %.*s", (int)strcspn(want, "\n"), want);
	t_note("got:  %.*s", (int)strcspn(got, "\n"), got);
}

static void compare(struct golden *g, const char *file, const struct strbuf *got)
{
	const char *want = read_text(g, file), *text = got->p ? got->p : "";

	if (g->regen) {
		auto_close int dir = open(file_path(g, ""), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		struct err e = ERR_INIT;

		if (!t_ok(fd_write_file_at(dir, file, text, strlen(text), 0644, &e) == 0,
			  file_path(g, file)))
			t_note("%s", e.msg);
		return;
	}
	if (!t_ok(want && streq(want, text),
		  arena_printf(g->a, "%s: %s is as written down", g->name, file)))
		show_first_difference(want ? want : "(no file)", text);
}

static void one_case(const char *dir, const char *name, bool regen)
{
	auto_arena struct arena a = ARENA_INIT;
	auto_strbuf struct strbuf text = STRBUF_INIT, json = STRBUF_INIT;
	struct golden g = { .a = &a, .name = name, .dir = dir, .regen = regen };
	struct err e = ERR_INIT;
	struct plan *p;

	if (make_plan(&g, &p, &e)) {
		strbuf_addf(&text, "error: %s\n", e.msg);
		compare(&g, "plan.txt", &text);
		return;
	}
	plan_print_text(&text, p);
	plan_print_json(&json, p);
	compare(&g, "plan.txt", &text);
	compare(&g, "plan.json", &json);
}

static int is_case(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir");
	auto_free char *dir = xasprintf("%s/tests/plan/cases", srcdir ? srcdir : ".");
	bool regen = argc > 1 && streq(argv[1], "--regen");
	struct dirent **names;
	int n = scandir(dir, &names, is_case, alphasort);

	t_ok(n > 0, "there are cases");
	for (int i = 0; i < n; i++) {
		one_case(dir, names[i]->d_name, regen);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return t_done();
}

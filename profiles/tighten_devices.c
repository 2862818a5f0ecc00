/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tighten_devices.c - only the devices that the specification gives every container
 *
 * The nodes themselves (null, zero, full, random, urandom, tty, ptmx, pts) are made by the plan for
 * every container; a node more needs an administrator who leaves devices.screen out.
 */
#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"
#include "profiles/tighten_ctx.h"

#define ANY INT64_C(-1)
#define SHOWN_MAX 8u

static const struct {
	char type;
	int64_t major, minor;
	const char *path;
} defaults[] = {
	{ 'c', 1, 3, "/dev/null" },    { 'c', 1, 5, "/dev/zero" },    { 'c', 1, 7, "/dev/full" },
	{ 'c', 1, 8, "/dev/random" },  { 'c', 1, 9, "/dev/urandom" }, { 'c', 5, 0, "/dev/tty" },
	{ 'c', 5, 1, "/dev/console" }, { 'c', 5, 2, "/dev/ptmx" },    { 'c', 136, ANY, NULL },
};

static bool is_default_device(const struct oci_device *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (defaults[i].path && d->type == defaults[i].type &&
		    d->major == defaults[i].major && d->minor == defaults[i].minor && d->path &&
		    streq(d->path, defaults[i].path))
			return true;
	return false;
}

static int64_t number(struct opt_i64 v)
{
	return v.set ? v.v : ANY;
}

/* A rule that allows nothing beyond the defaults is replaced without a word. */
static bool is_within_defaults(const struct oci_device_rule *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (r->type == defaults[i].type && number(r->major) == defaults[i].major &&
		    (defaults[i].minor == ANY || number(r->minor) == defaults[i].minor))
			return true;
	return false;
}

/* One finding for all of them: --privileged lists every device of the host. */
static void remove_nodes(struct tighten_ctx *c)
{
	struct oci_linux *l = &c->s->linux_;
	auto_strbuf struct strbuf b = STRBUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < l->n_devices; i++) {
		if (is_default_device(&l->devices[i]))
			continue;
		if (n++ < SHOWN_MAX)
			strbuf_addf(&b, " %s", l->devices[i].path ? l->devices[i].path : "?");
	}
	if (n > SHOWN_MAX)
		strbuf_addf(&b, " and %zu more", n - SHOWN_MAX);
	if (n)
		tighten_find(c, "device.default", FIND_REMOVED,
			     "only the specification's default devices are given",
			     "linux.devices:%s", b.p);
	l->devices = NULL;
	l->n_devices = 0;
}

static const char *number_text(struct tighten_ctx *c, int64_t v)
{
	return v == ANY ? "*" : arena_printf(c->a, "%lld", (long long)v);
}

static void report_rules(struct tighten_ctx *c, const struct oci_resources *r)
{
	for (size_t i = 0; i < r->n_devices; i++) {
		const struct oci_device_rule *d = &r->devices[i];

		if (!d->allow || is_within_defaults(d))
			continue;
		tighten_find(c, "device.cgroup", FIND_REMOVED,
			     "only the specification's default devices are given",
			     "linux.resources.devices[%zu]: allow %c %s:%s", i,
			     d->type ? d->type : 'a', number_text(c, number(d->major)),
			     number_text(c, number(d->minor)));
	}
}

static void replace_rules(struct tighten_ctx *c)
{
	struct oci_linux *l = &c->s->linux_;
	struct oci_device_rule *v = arena_alloc(c->a, ARRAY_SIZE(defaults) + 1, sizeof(*v));

	if (!l->resources)
		l->resources = arena_alloc(c->a, 1, sizeof(*l->resources));
	report_rules(c, l->resources);
	v[0] = (struct oci_device_rule){ .type = 'a', .read = true, .write = true, .mknod = true };
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		v[i + 1] = (struct oci_device_rule){
			.allow = true,
			.type = defaults[i].type,
			.major = { true, defaults[i].major },
			.minor = { defaults[i].minor != ANY, defaults[i].minor },
			.read = true,
			.write = true,
			.mknod = true,
		};
	l->resources->devices = v;
	l->resources->n_devices = ARRAY_SIZE(defaults) + 1;
}

static void remove_netdevs(struct tighten_ctx *c)
{
	struct oci_linux *l = &c->s->linux_;

	for (size_t i = 0; i < l->n_net_devices; i++)
		tighten_find(c, "device.net", FIND_REMOVED,
			     "an interface of the host would be a way past the proxy",
			     "linux.netDevices: %s", l->net_devices[i].host_name);
	l->net_devices = NULL;
	l->n_net_devices = 0;
}

int tighten_devices(struct tighten_ctx *c, struct err *e)
{
	(void)e;
	if (!c->p->devices_screen)
		return 0;
	if (!mutant("device.default"))
		remove_nodes(c);
	if (!mutant("device.cgroup"))
		replace_rules(c);
	if (!mutant("device.net"))
		remove_netdevs(c);
	return 0;
}

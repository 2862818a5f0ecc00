/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p_dev.c - device nodes and links in /dev, and the console
 *
 * A user namespace cannot make device nodes that work: there the host's node of that number is
 * bound instead, verified by the executor. A config that binds a /dev of its own keeps it as it is.
 */
#include <linux/mount.h>

#include "base/path.h"
#include "base/str.h"
#include "base/table.h"
#include "plan/p.h"

/* config-linux.md "Default Devices" */
static const struct {
	const char *path_ctr;
	uint32_t major, minor;
} defaults[] = {
	{ "/dev/null", 1, 3 }, { "/dev/zero", 1, 5 },	{ "/dev/full", 1, 7 },
	{ "/dev/tty", 5, 0 },  { "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 },
};

static const struct op_link default_links[] = {
	{ "/dev/fd", "/proc/self/fd" },	      { "/dev/stdin", "/proc/self/fd/0" },
	{ "/dev/stdout", "/proc/self/fd/1" }, { "/dev/stderr", "/proc/self/fd/2" },
	{ "/dev/core", "/proc/kcore" },	      { "/dev/ptmx", "pts/ptmx" },
};

/* The mount on /dev that counts: the last. */
static const struct oci_mount *dev_mount(const struct build *b)
{
	for (size_t i = b->s->n_mounts; i-- > 0;)
		if (b->s->mounts[i].destination &&
		    streq(path_clean(b->a, b->s->mounts[i].destination), "/dev"))
			return &b->s->mounts[i];
	return NULL;
}

static bool has_option(const struct oci_mount *m, const char *option)
{
	for (size_t i = 0; i < m->n_options; i++)
		if (streq(m->options[i], option))
			return true;
	return false;
}

/* A default device may have another name in the container; any other one must have the host's. */
static const char *host_node(const struct op_dev *d)
{
	for (size_t i = 0; d->type == 'c' && i < ARRAY_SIZE(defaults); i++)
		if (defaults[i].major == d->major && defaults[i].minor == d->minor)
			return defaults[i].path_ctr;
	return d->path_ctr;
}

static void add(struct build *b, const char *where, struct op_dev d)
{
	struct op *op = plan_add(b->p, OP_DEV, where, "oci");

	/* fifos are not devices: a user namespace may make them */
	d.bind = d.type != 'p' && (build_has_userns(b) || !b->f->in_initial_userns);
	if (d.bind)
		d.source_host = host_node(&d);
	op->u.dev = d;
}

static bool is_configured(const struct build *b, const char *path_ctr)
{
	for (size_t i = 0; i < b->s->linux_.n_devices; i++) {
		const char *path = b->s->linux_.devices[i].path;

		if (path && streq(path_clean(b->a, path), path_ctr))
			return true;
	}
	return false;
}

static int from_config(struct build *b, size_t i, struct err *e)
{
	const struct oci_device *d = &b->s->linux_.devices[i];
	const char *where = arena_printf(b->a, "linux.devices[%zu]", i);
	struct op_dev out = { .type = d->type == 'u' ? 'c' : d->type, .mode = 0666 };

	if (!d->path || d->path[0] != '/')
		return err_set(e, ERR_SPEC, "%s.path: must be absolute", where);
	if (d->major < 0 || d->major > UINT32_MAX || d->minor < 0 || d->minor > UINT32_MAX)
		return err_set(e, ERR_SPEC, "%s: major and minor of %s: out of range", where, d->path);
	out.path_ctr = path_clean(b->a, d->path);
	out.major = (uint32_t)d->major;
	out.minor = (uint32_t)d->minor;
	if (d->file_mode.set)
		out.mode = d->file_mode.v & 07777;
	if (d->uid.set)
		out.uid = d->uid.v;
	if (d->gid.set)
		out.gid = d->gid.v;
	add(b, where, out);

	struct op *op = &b->p->ops[b->p->n_ops - 1];

	if (op->u.dev.bind && (d->file_mode.set || d->uid.set || d->gid.set))
		op->note = "the host's node, with the host's mode and owner";
	return 0;
}

static void links(struct build *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(default_links); i++)
		plan_add(b->p, OP_LINK, "default devices", "oci")->u.link = default_links[i];
}

/* p_mounts left it writable. */
static void close_dev(struct build *b)
{
	const struct op_mount ro = { .kind = MOUNT_BIND, .remount = true, .dest_ctr = "/dev",
				     .attr_set = MOUNT_ATTR_RDONLY };

	plan_add(b->p, OP_MOUNT, "mounts", "oci")->u.mount = ro;
}

int p_console(struct build *b, struct err *e)
{
	const struct oci_process *p = b->proc;

	if (!p->terminal)
		return 0;
	if (p->console_height.v > UINT16_MAX || p->console_width.v > UINT16_MAX)
		return err_set(e, ERR_SPEC, "process.consoleSize: at most %u", UINT16_MAX);
	struct op *op = plan_add(b->p, OP_CONSOLE, "process.terminal", "oci");

	op->u.console.height = (uint16_t)p->console_height.v;
	op->u.console.width = (uint16_t)p->console_width.v;
	return 0;
}

static int nodes(struct build *b, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (!is_configured(b, defaults[i].path_ctr))
			add(b, "default devices",
			    (struct op_dev){ .path_ctr = defaults[i].path_ctr, .type = 'c',
					     .major = defaults[i].major, .minor = defaults[i].minor,
					     .mode = 0666 });
	for (size_t i = 0; i < b->s->linux_.n_devices; i++)
		if (from_config(b, i, e))
			return -1;
	links(b);
	return 0;
}

int p_dev(struct build *b, struct err *e)
{
	const struct oci_mount *dev = dev_mount(b);
	bool own = dev && (has_option(dev, "bind") || has_option(dev, "rbind"));

	if (!own && nodes(b, e))
		return -1;
	if (p_console(b, e))
		return -1;
	if (dev && !own && has_option(dev, "ro"))
		close_dev(b);
	return 0;
}

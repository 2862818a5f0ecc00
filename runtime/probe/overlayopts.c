/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlayopts.c - an overlay's layers, from the superblock options in mountinfo
 *
 * Two escapings lie over each other. Inner: overlayfs itself takes "\:" and "\," and "\\" in
 * lowerdir. Outer: the kernel prints a backslash, comma, space, tab or newline of an option as
 * three octal digits. How a colon inside a path looks depends on the kernel: "\134:" where the
 * string given to mount(2) is printed (up to 6.5, and from 6.8), "\072" where the parsed paths are
 * (6.6, 6.7). So the outer escaping must not be undone before the list is split. What remains
 * ambiguous (a directory whose name ends with a backslash) is settled by root.c, which compares
 * the layers with the mounted root and uses nothing that does not match.
 *
 * libmount is loaded here, where a rootfs is an overlay, and not when the program starts: with what
 * it brings along it takes 0.4 ms, in each of the half dozen processes of a container's life.
 */
#include "probe/overlayopts.h"

#include <dlfcn.h>
#include <libmount.h>

#include "base/str.h"
#include "base/table.h"
#include "probe/mountinfo.h"

/* One character of the outer text. */
struct unit {
	char c;
	bool is_octal;
};

static bool next_unit(const char **s, struct unit *ret)
{
	if (!**s)
		return false;
	ret->is_octal = octal_char(*s, &ret->c);
	if (!ret->is_octal)
		ret->c = **s;
	*s += ret->is_octal ? 4 : 1;
	return true;
}

/* The inner escaping: what a backslash protects, or the character itself. */
static char take_escaped(const char **s, const struct unit *u)
{
	const char *ahead = *s;
	struct unit next;

	if (u->c != '\\' || !next_unit(&ahead, &next) || !strchr(":,\\", next.c))
		return u->c;
	*s = ahead;
	return next.c;
}

/* Up to a bare @stop, or to the end; *s stands behind it. */
static char *take_path(struct arena *a, const char **s, char stop)
{
	char *out = arena_alloc(a, strlen(*s) + 1, 1);
	size_t n = 0;
	struct unit u;

	while (next_unit(s, &u)) {
		if (stop && u.c == stop && !u.is_octal)
			break;
		out[n++] = take_escaped(s, &u);
	}
	return out;
}

static void add_lower(struct arena *a, struct overlay_opts *o, const char *path)
{
	if (!*path)
		o->problem = "it has data-only layers"; /* "::" */
	else if (o->n_lower == OVERLAY_MAX_LAYERS)
		o->problem = "it has more than 500 layers";
	else
		*arena_push(a, o->lower, o->n_lower) = path;
}

enum overlay_opt {
	OPT_LOWER,
	OPT_LOWER_ADD, /* one layer, literally; printed by 6.8 and later when mounted so */
	OPT_DATA_ADD,
	OPT_UPPER,
	OPT_WORK,
	OPT_USERXATTR,
	OPT_METACOPY,
	OPT_REDIRECT,
};

static const struct {
	const char *name;
	enum overlay_opt opt;
} options[] = {
	{ "lowerdir", OPT_LOWER },    { "lowerdir+", OPT_LOWER_ADD },
	{ "datadir+", OPT_DATA_ADD }, { "upperdir", OPT_UPPER },
	{ "workdir", OPT_WORK },      { "userxattr", OPT_USERXATTR },
	{ "metacopy", OPT_METACOPY }, { "redirect_dir", OPT_REDIRECT },
};

static void take_option(struct arena *a, struct overlay_opts *o, enum overlay_opt opt, char *value)
{
	const char *rest = value;

	switch (opt) {
	case OPT_LOWER:
		while (*rest)
			add_lower(a, o, take_path(a, &rest, ':'));
		break;
	case OPT_LOWER_ADD:
		octal_decode(value);
		add_lower(a, o, value);
		break;
	case OPT_DATA_ADD:
		o->problem = "it has data-only layers";
		break;
	case OPT_UPPER:
		o->upper = take_path(a, &rest, '\0');
		break;
	case OPT_WORK:
		o->work = take_path(a, &rest, '\0');
		break;
	case OPT_USERXATTR:
		o->userxattr = true;
		break;
	case OPT_METACOPY:
		o->metacopy = streq(value, "on");
		break;
	case OPT_REDIRECT:
		o->redirect_dir = value;
		break;
	}
}

#define LIBMOUNT "libmount.so.1"

typedef __typeof__(mnt_optstr_next_option) next_option_fn;

static void parse_with(struct arena *a, const char *raw, next_option_fn *next_option,
		       struct overlay_opts *o)
{
	char *rest = arena_strdup(a, raw), *name, *value;
	size_t name_len, value_len;

	while (next_option(&rest, &name, &name_len, &value, &value_len) == 0)
		for (size_t i = 0; i < ARRAY_SIZE(options); i++)
			if (strlen(options[i].name) == name_len &&
			    strncmp(options[i].name, name, name_len) == 0)
				take_option(a, o, options[i].opt,
					    arena_strndup(a, value ? value : "", value_len));
	if (!o->problem && o->n_lower == 0)
		o->problem = "its mount options name no layers";
}

void overlay_opts_parse(struct arena *a, const char *raw, struct overlay_opts *ret)
{
	struct overlay_opts o = { 0 };
	void *lib = dlopen(LIBMOUNT, RTLD_NOW | RTLD_LOCAL);
	next_option_fn *next_option = NULL;

	if (lib)
		*(void **)&next_option = dlsym(lib, "mnt_optstr_next_option");
	if (next_option)
		parse_with(a, raw, next_option, &o);
	else
		o.problem =
			LIBMOUNT " cannot be loaded, which reads the layers from the mount options";
	if (lib)
		dlclose(lib); /* fork copies what stays mapped */
	*ret = o;
}

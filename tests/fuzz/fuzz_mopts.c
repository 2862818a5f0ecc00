/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_mopts.c - libFuzzer target: any bytes as the options of a mount, one a line
 *
 * The first byte chooses the type. What comes out never sets and clears one flag, never hands a flag's
 * name to the file system as data, and the last of "ro" and "rw" is what holds.
 */
#include <linux/mount.h>
#include <stdint.h>

#include "spec/names.h"
#include "tests/unit/plan_fix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = { "tmpfs", "proc", "sysfs", "cgroup", "mqueue", "ext4" };

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* A field of several bits is cleared whole before a value of it is set. */
static bool conflict(uint64_t set, uint64_t clear)
{
	return (set & clear & ~(uint64_t)MOUNT_ATTR__ATIME) != 0;
}

static void check_data(const char *data)
{
	for (const char *s = data; s && *s; s += strcspn(s, ","), s += *s == ',') {
		char word[64];
		size_t n = strcspn(s, ",");

		if (n >= sizeof(word))
			continue;
		memcpy(word, s, n);
		word[n] = '\0';
		must(!mopt_find(word) || strchr(data, ','));
	}
}

static void check(const struct op_mount *m, const struct oci_mount *in)
{
	int ro = -1;

	must(!conflict(m->attr_set, m->attr_clear) && !conflict(m->rattr_set, m->rattr_clear));
	must(!(m->sb_flags & m->sb_clear));
	must(m->kind != MOUNT_BIND || !m->data);
	check_data(m->data);
	for (size_t i = 0; i < in->n_options; i++) {
		const struct mopt_row *row = mopt_find(in->options[i]);

		if (row && row->recursive && (row->attr_set | row->attr_clear) & MOUNT_ATTR_RDONLY)
			return; /* rro and rrw apply to the mount itself, too */
		if (streq(in->options[i], "ro") || streq(in->options[i], "rw"))
			ro = in->options[i][1] == 'o';
	}
	must(ro < 0 || !!(m->attr_set & MOUNT_ATTR_RDONLY) == ro);
}

static void options(struct fix *x, struct oci_mount *m, char *text)
{
	const char **v = NULL;
	size_t n = 0;

	for (char *line = strtok(text, "\n"); line && n < 100; line = strtok(NULL, "\n"))
		*arena_push(&x->a, v, n) = line;
	m->options = v;
	m->n_options = n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oci_mount *m;
	struct fix x;

	if (size < 1)
		return 0;
	fix_init(&x, FIX_MOUNTS("{\"destination\":\"/m\",\"source\":\"/src\",\"type\":\"tmpfs\"}"));
	m = &x.s->mounts[0];
	m->type = types[data[0] % (sizeof(types) / sizeof(types[0]))];
	options(&x, m, arena_strndup(&x.a, (const char *)data + 1, size - 1));
	if (spec_check(x.s, &x.e) == 0 && fix_build(&x)) {
		must(fix_op(&x, OP_MOUNT, 0) != NULL);
		check(&fix_op(&x, OP_MOUNT, 0)->u.mount, m);
	} else {
		must(x.e.kind != ERR_NONE && x.e.msg[0]);
	}
	arena_done(&x.a);
	return 0;
}

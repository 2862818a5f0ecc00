/* SPDX-License-Identifier: Apache-2.0 */
/* mountinfo.c - /proc/self/mountinfo as a table */
#include "probe/mountinfo.h"

#include <stdlib.h>
#include <sys/sysmacros.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#define MOUNTINFO_MAX_BYTES (64u << 20) /* 100,000 mounts (fs.mount-max) of 600 bytes */

bool octal_char(const char *s, char *ret_c)
{
	if (s[0] != '\\' || s[1] < '0' || s[1] > '3')
		return false;
	for (int i = 2; i < 4; i++)
		if (s[i] < '0' || s[i] > '7')
			return false;
	char c = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
	if (c != '\0')
		*ret_c = c;
	return c != '\0';
}

void octal_decode(char *s)
{
	char *out = s;

	while (*s) {
		if (octal_char(s, out))
			s += 4;
		else
			*out = *s++;
		out++;
	}
	*out = '\0';
}

/* The next word up to a single space; NULL at the end of the line. */
static char *next_word(char **line)
{
	char *word = *line;

	if (!word || !*word)
		return NULL;
	*line = strchr(word, ' ');
	if (*line)
		*(*line)++ = '\0';
	return word;
}

static bool parse_dev(char *s, uint64_t *ret_dev)
{
	char *colon = strchr(s, ':');
	uint32_t major_no, minor_no;

	if (!colon)
		return false;
	*colon = '\0';
	if (!str_to_u32(s, &major_no) || !str_to_u32(colon + 1, &minor_no))
		return false;
	*ret_dev = makedev(major_no, minor_no);
	return true;
}

/* 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue */
static bool parse_line(char *line, struct mountinfo *m)
{
	char *id = next_word(&line), *parent = next_word(&line), *dev = next_word(&line);
	char *root = next_word(&line), *point = next_word(&line), *options = next_word(&line);
	char *word;

	if (!options || !str_to_u64(id, &m->id) || !str_to_u64(parent, &m->parent) ||
	    !parse_dev(dev, &m->fs_dev))
		return false;
	do
		word = next_word(&line); /* optional fields: shared:N, master:N ... */
	while (word && !streq(word, "-"));
	m->fstype = next_word(&line);
	if (!m->fstype || !line)
		return false;
	(void)next_word(&line); /* the source: any text, may be empty */
	m->sb_options = line ? line : "";
	octal_decode(root);
	octal_decode(point);
	m->root = root;
	m->point = point;
	return true;
}

int mountinfo_parse(struct arena *a, char *text, struct mountinfo_table *ret, struct err *e)
{
	struct mountinfo_table t = { 0 };
	size_t n = 0;

	for (const char *p = text; (p = strchr(p, '\n')); p++)
		n++;
	t.v = arena_alloc(a, n + 1, sizeof(*t.v));
	while (*text) {
		char *end = strchr(text, '\n');

		if (end)
			*end = '\0';
		if (!parse_line(text, &t.v[t.n]))
			return err_set(e, ERR_INPUT,
				       "/proc/self/mountinfo: line %zu has another shape "
				       "than proc_pid_mountinfo(5) describes",
				       t.n + 1);
		t.n++;
		if (!end)
			break;
		text = end + 1;
	}
	*ret = t;
	return 0;
}

int mountinfo_read(struct arena *a, struct mountinfo_table *ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;

	if (fd_read_file("/proc/self/mountinfo", MOUNTINFO_MAX_BYTES, &text, &len, e))
		return -1;
	return mountinfo_parse(a, arena_strndup(a, text, len), ret, e);
}

const struct mountinfo *mountinfo_by_id(const struct mountinfo_table *t, uint64_t id)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].id == id)
			return &t->v[i];
	return NULL;
}

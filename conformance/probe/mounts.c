// SPDX-License-Identifier: Apache-2.0
/* mounts.c - the mount table, by mount point; of several on one point the last one is what is seen. */
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOUNTS_MAX 1024
#define FIELDS_MAX 32

struct line {
	char *field[FIELDS_MAX];
	size_t n, sep; /* index of "-" */
};

static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] && s[2] && s[3]) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

static bool split(char *text, struct line *l)
{
	char *save = NULL;

	l->n = l->sep = 0;
	for (char *p = strtok_r(text, " ", &save); p && l->n < FIELDS_MAX; p = strtok_r(NULL, " ", &save)) {
		if (strcmp(p, "-") == 0 && !l->sep)
			l->sep = l->n;
		l->field[l->n++] = p;
	}
	return l->sep >= 6 && l->sep + 2 < l->n;
}

static void list(const char *key, char *commas)
{
	char *save = NULL;

	json_open(key, '[');
	for (char *p = strtok_r(commas, ",", &save); p; p = strtok_r(NULL, ",", &save))
		json_str(NULL, p);
	json_close(']');
}

static void report(struct line *l, int order)
{
	json_open(l->field[4], '{');
	json_num("order", order);
	json_str("root", l->field[3]);
	list("options", l->field[5]);
	json_open("propagation", '[');
	for (size_t i = 6; i < l->sep; i++)
		json_text(NULL, l->field[i], strcspn(l->field[i], ":"));
	json_close(']');
	json_str("fstype", l->field[l->sep + 1]);
	json_str("source", l->field[l->sep + 2]);
	list("super", l->sep + 3 < l->n ? l->field[l->sep + 3] : (char[]){ "" });
	json_close('}');
}

void report_mounts(void)
{
	static char text[16 * PROBE_TEXT_MAX];
	static struct line lines[MOUNTS_MAX];
	int n = 0;
	char *save = NULL;

	if (read_file("/proc/self/mountinfo", text, sizeof(text)) < 0) {
		json_null("mounts");
		return;
	}
	for (char *p = strtok_r(text, "\n", &save); p && n < MOUNTS_MAX; p = strtok_r(NULL, "\n", &save)) {
		if (!split(p, &lines[n]))
			continue;
		unescape(lines[n].field[3]);
		unescape(lines[n].field[4]);
		n++;
	}
	json_open("mounts", '{');
	for (int i = 0; i < n; i++) {
		bool hidden = false;

		for (int k = i + 1; k < n && !hidden; k++)
			hidden = strcmp(lines[i].field[4], lines[k].field[4]) == 0;
		if (!hidden)
			report(&lines[i], i);
	}
	json_close('}');
}

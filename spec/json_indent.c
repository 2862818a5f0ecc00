/* SPDX-License-Identifier: Apache-2.0 */
/* json_indent.c - compact JSON text with line breaks and tabs */
#include "spec/json.h"

static void new_line(struct strbuf *b, size_t depth)
{
	strbuf_add(b, "\n", 1);
	while (depth--)
		strbuf_add(b, "\t", 1);
}

/* The string at @s with its quotes; its length. */
static size_t string_len(const char *s)
{
	size_t n = 1;

	while (s[n] && s[n] != '"')
		n += s[n] == '\\' && s[n + 1] ? 2 : 1;
	return s[n] ? n + 1 : n;
}

void json_indent(struct strbuf *b, const char *s)
{
	size_t depth = 0, n;

	for (; *s; s += n) {
		n = *s == '"' ? string_len(s) : 1;
		if ((*s == '}' || *s == ']') && depth)
			new_line(b, --depth);
		strbuf_add(b, s, n);
		if (*s == ':')
			strbuf_add(b, " ", 1);
		if (*s == ',')
			new_line(b, depth);
		if (*s != '{' && *s != '[')
			continue;
		if (s[1] == '}' || s[1] == ']') {
			strbuf_add(b, &s[1], 1);
			n = 2;
		} else {
			new_line(b, ++depth);
		}
	}
}

// SPDX-License-Identifier: Apache-2.0
/* json.c - writes one JSON document. No check of nesting: the caller is a straight line of calls. */
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *out;
static size_t out_len, out_size;
static bool need_comma;

static void put(const char *s, size_t len)
{
	if (out_len + len > out_size) {
		out_size = (out_len + len) * 2;
		out = realloc(out, out_size);
		if (!out)
			abort();
	}
	memcpy(out + out_len, s, len);
	out_len += len;
}

/* Bytes that are no UTF-8 become the code point of the same number: readable, and never invalid. */
static void put_quoted(const char *s, size_t len)
{
	char esc[8];

	put("\"", 1);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '"' || c == '\\')
			put((char[]){ '\\', (char)c }, 2);
		else if (c < 0x20 || c >= 0x7f)
			put(esc, (size_t)snprintf(esc, sizeof(esc), "\\u%04x", c));
		else
			put(s + i, 1);
	}
	put("\"", 1);
}

static void begin(const char *key)
{
	if (need_comma)
		put(",", 1);
	if (key) {
		put_quoted(key, strlen(key));
		put(":", 1);
	}
	need_comma = true;
}

void json_open(const char *key, char bracket)
{
	begin(key);
	put(&bracket, 1);
	need_comma = false;
}

void json_close(char bracket)
{
	put(&bracket, 1);
	need_comma = true;
}

void json_text(const char *key, const char *value, size_t len)
{
	begin(key);
	put_quoted(value, len);
}

void json_str(const char *key, const char *value)
{
	json_text(key, value, strlen(value));
}

static void raw(const char *key, const char *text)
{
	begin(key);
	put(text, strlen(text));
}

void json_num(const char *key, long long value)
{
	char buf[32];

	snprintf(buf, sizeof(buf), "%lld", value);
	raw(key, buf);
}

void json_unum(const char *key, unsigned long long value)
{
	char buf[32];

	snprintf(buf, sizeof(buf), "%llu", value);
	raw(key, buf);
}

void json_bool(const char *key, bool value)
{
	raw(key, value ? "true" : "false");
}

void json_null(const char *key)
{
	raw(key, "null");
}

void json_flush(int fd)
{
	size_t done = 0;

	put("\n", 1);
	while (done < out_len) {
		ssize_t n = write(fd, out + done, out_len - done);

		if (n <= 0)
			_exit(3);
		done += (size_t)n;
	}
	out_len = 0;
	need_comma = false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* str.h - strings: comparison, strict numbers, a growing buffer, JSON text */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

bool str_has_prefix(const char *s, const char *prefix);
bool str_has_suffix(const char *s, const char *suffix);

/* Locale-free character classes, for text from outside. */
static inline bool chr_is_digit(char c) { return c >= '0' && c <= '9'; }
static inline bool chr_is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static inline bool chr_is_alpha(char c) { return chr_is_upper((char)(c & ~0x20)); }
static inline bool chr_is_alnum(char c) { return chr_is_digit(c) || chr_is_alpha(c); }
static inline char chr_lower(char c) { return chr_is_upper(c) ? (char)(c | 0x20) : c; }

/* str_glob() - pattern with '*' (any run) and '?' (one), ASCII case folded when @fold */
bool str_glob(const char *pattern, const char *s, bool fold);

/* Decimal digits only: no sign (i64: one '-'), no space, no base prefix, whole string, in range. */
bool str_to_u64(const char *s, uint64_t *ret_v);
bool str_to_u32(const char *s, uint32_t *ret_v);
bool str_to_i64(const char *s, int64_t *ret_v);

/* str_utf8_len() - length of the UTF-8 sequence at @s (RFC 3629: no overlongs, no surrogates), 0 if
 * malformed; at most @n bytes are read */
size_t str_utf8_len(const char *s, size_t n);
/* str_u64() - in decimal, before @end: at most STR_U64_MAX bytes and no NUL. Return: the first one */
#define STR_U64_MAX 20
char *str_u64(char *end, uint64_t v);

/* str_printable() - text from outside for a message: control bytes become '?', cut with "..." */
void str_printable(char *buf, size_t size, const char *s);

/* A growing buffer, always NUL-terminated when p is not NULL. */
struct strbuf {
	char *p;
	size_t len, cap;
};
#define STRBUF_INIT { 0 }

void strbuf_add(struct strbuf *b, const char *s, size_t n);
/* strbuf_reserve() - room for @n more bytes and not a byte beside them, where they come in many pieces:
 * a buffer that grows with them leaves its smaller selves behind in the heap */
void strbuf_reserve(struct strbuf *b, size_t n);
void strbuf_adds(struct strbuf *b, const char *s);
/* strbuf_add_u64(), strbuf_add_i64() - in decimal: what printf would do, in a tenth of its time */
void strbuf_add_u64(struct strbuf *b, uint64_t v);
void strbuf_add_i64(struct strbuf *b, int64_t v);
void strbuf_addf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A JSON string with quotes; "/" is not escaped (hooks of other projects broke on "\/");
 * bytes that are not UTF-8 become U+FFFD. NULL prints null. */
void strbuf_add_json(struct strbuf *b, const char *s);
void strbuf_done(struct strbuf *b);
#define auto_strbuf __attribute__((cleanup(strbuf_done)))

#endif

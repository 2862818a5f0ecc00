/* SPDX-License-Identifier: Apache-2.0 */
/* arena.c - bump allocation in blocks; memory touched is what fork copies, so blocks are small */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BLOCK_BYTES 16384u
#define ALIGN	    _Alignof(max_align_t)

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(max_align_t) char data[];
};

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
	if (size && n > (SIZE_MAX / 2) / size)
		abort();
	size_t want = (n * size + ALIGN - 1) / ALIGN * ALIGN;
	struct arena_block *b = a->head;

	if (!b || b->size - b->used < want) {
		size_t cap = want > BLOCK_BYTES ? want : BLOCK_BYTES;

		b = xcalloc(1, sizeof(*b) + cap);
		b->size = cap;
		b->next = a->head;
		a->head = b;
	}
	void *p = b->data + b->used;
	b->used += want;
	a->used_bytes += want;
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1, 1);

	memcpy(p, s, n);
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	auto_free char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	return arena_strndup(a, s, (size_t)n);
}

void *arena_grow(struct arena *a, void *arr, size_t n, size_t size)
{
	if (n & (n - 1) || (n && n < 4))
		return arr; /* between powers of two, and from 1 to 3, there is room */
	void *bigger = arena_alloc(a, n ? n * 2 : 4, size);

	if (n)
		memcpy(bigger, arr, n * size);
	return bigger;
}

void arena_done(struct arena *a)
{
	for (struct arena_block *b = a->head; b;) {
		struct arena_block *next = b->next;

		free(b);
		b = next;
	}
	*a = (struct arena)ARENA_INIT;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* mem.h - allocation that cannot fail, and cleanup attributes */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* Zeroed memory; abort on OOM or when n * size overflows. Caller frees. */
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void mem_auto_free(void *pp);
#define auto_free __attribute__((cleanup(mem_auto_free)))

/* take_ptr(p): hand over an auto_free pointer: yields its value and sets it to NULL */
#define take_ptr(p)                          \
	({                                   \
		__typeof__(p) take_v_ = (p); \
		(p) = NULL;                  \
		take_v_;                     \
	})

#endif

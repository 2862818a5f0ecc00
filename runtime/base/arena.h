/* SPDX-License-Identifier: Apache-2.0 */
/* arena.h - memory for one document (spec, profile, plan): allocated piece by piece, freed once */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *head;
	size_t used_bytes;
};

#define ARENA_INIT { 0 }

/* Zeroed, aligned for any object; aborts on OOM. Valid until arena_done(). */
void *arena_alloc(struct arena *a, size_t n, size_t size);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * arena_grow() - room for one more element in an array that lives in the arena
 * @arr:	the array now, NULL when empty
 * @n:		elements in use
 * @size:	bytes an element
 *
 * Capacity doubles at powers of two, so only @n need be kept. Return: the array, with a zeroed
 * element at index @n.
 */
void *arena_grow(struct arena *a, void *arr, size_t n, size_t size);

/* arena_push(a, arr, n): append a zeroed element to struct fields arr/n; yields its address */
#define arena_push(a, arr, n) ((arr) = arena_grow((a), (arr), (n), sizeof(*(arr))), &(arr)[(n)++])

void arena_done(struct arena *a);
#define auto_arena __attribute__((cleanup(arena_done)))

#endif

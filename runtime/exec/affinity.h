/* SPDX-License-Identifier: Apache-2.0 */
/* affinity.h - lists of processors, and which of them this thread may use */
#ifndef EXEC_AFFINITY_H
#define EXEC_AFFINITY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define AFFINITY_MAX_CPUS 8192 /* the kernel's largest NR_CPUS */

/* cpu_list_parse() - "0-3,8" into a bit mask of @n_bits, zeroed by the caller; false: no such list */
bool cpu_list_parse(const char *list, unsigned long *mask, size_t n_bits);

/* affinity_set() - of the calling thread */
int affinity_set(const char *list, struct err *e);

/* affinity_reset() - every processor that the cgroup allows: a runtime that is pinned itself must
 * not pin containers. Best effort. */
void affinity_reset(void);

#endif

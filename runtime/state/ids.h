/* SPDX-License-Identifier: Apache-2.0 */
/* ids.h - the reservation file behind state_reserve_ids(), with its places named (for tests) */
#ifndef STATE_IDS_H
#define STATE_IDS_H

#include "state/state.h"

/*
 * 0x70000000 to 0x7fffffff: above what shadow's and systemd's allocators hand out, and below the
 * sign bit, which some programs do not survive. The last 65536 are for proxies.
 */
#define IDS_BASE 0x70000000u
#define IDS_RANGES 4095u
#define IDS_EGRESS_BASE 0x7fff0000u
#define IDS_EGRESS_MAX 65534u /* not 0x7fffffff, not its neighbour */
#define IDS_NAME_MIN 4u /* characters that may stand for an id */

struct ids_place {
	const char *dir; /* holds .ids and .ids.lock */
	const char *etc; /* "/etc" */
	struct id_space from;
};

/* ids_nth_range() - of @user in the text of a file like /etc/subuid; false: there is none */
bool ids_nth_range(const char *text, const char *user, size_t n, uint32_t *ret_first,
		   uint32_t *ret_count);

int ids_reserve(const struct ids_place *at, const char *root, const char *id, const char *pod,
		struct id_grant *ret_grant, struct err *e);
int ids_peek(const struct ids_place *at, struct id_grant *ret_grant, struct err *e);
int ids_find(const struct ids_place *at, struct arena *a, const char *id, const char **ret_root,
	     const char **ret_id, struct err *e);
int ids_release(const struct ids_place *at, const char *root, const char *id, struct err *e);

#endif

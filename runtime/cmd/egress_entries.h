/* SPDX-License-Identifier: Apache-2.0 */
/* egress_entries.h - a list of hosts and ports with the reason for each, printed as egress.allow */
#ifndef CMD_EGRESS_ENTRIES_H
#define CMD_EGRESS_ENTRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "cmd/cmd.h"

#define EGRESS_ENTRIES_MAX 1024u /* as many as a profile may have */

struct egress_entries {
	struct arena *a;
	struct egress_found {
		const char *host, *note;
		uint16_t port;
	} *v;
	size_t n;
	size_t bytes; /* that they were found in */
	bool is_full; /* something is left out: too many, or in too many files */
};

/* egress_entries_add() - once for each host and port; what is no host or address is left out */
void egress_entries_add(struct egress_entries *l, const char *host, size_t n, uint16_t port,
			const char *note);
/* egress_entries_print() - a document that can be laid over a profile */
void egress_entries_print(struct strbuf *b, const struct egress_entries *l);

/* discover.c: what the tools in a root directory are configured to reach */
int discover_root(struct egress_entries *l, const char *rootfs, struct err *e);
int discover_project(struct egress_entries *l, const char *dir, struct err *e);

#endif

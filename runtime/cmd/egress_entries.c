/* SPDX-License-Identifier: Apache-2.0 */
/* egress_entries.c - hosts and ports, each once, as members of egress.allow */
#include "cmd/egress_entries.h"

#include <string.h>

#include "base/hostname.h"

void egress_entries_add(struct egress_entries *l, const char *host, size_t n, uint16_t port,
			const char *note)
{
	char name[HOSTNAME_MAX + 1];
	struct ipaddr addr;

	if (port == 0 || n > HOSTNAME_MAX || l->is_full)
		return;
	if (ipaddr_parse(host, n, &addr))
		ipaddr_print(&addr, name);
	else if (!hostname_canon(host, n, name))
		return;
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].port == port && streq(l->v[i].host, name))
			return;
	l->is_full = l->n == EGRESS_ENTRIES_MAX;
	if (l->is_full)
		return;
	*arena_push(l->a, l->v, l->n) = (struct egress_found){
		.host = arena_strdup(l->a, name), .note = note, .port = port
	};
}

void egress_entries_print(struct strbuf *b, const struct egress_entries *l)
{
	strbuf_adds(b, "{\"egress\": {\"allow\": [");
	for (size_t i = 0; i < l->n; i++) {
		strbuf_adds(b, i ? ",\n" : "\n");
		strbuf_adds(b, "  {\"host\": ");
		strbuf_add_json(b, l->v[i].host);
		strbuf_addf(b, ", \"ports\": [%u], \"note\": ", l->v[i].port);
		strbuf_add_json(b, l->v[i].note);
		strbuf_adds(b, "}");
	}
	strbuf_adds(b, l->n ? "\n]}}\n" : "]}}\n");
}

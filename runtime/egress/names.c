/* SPDX-License-Identifier: Apache-2.0 */
/* names.c - slots, and the page that the steering program reads */
#include "egress/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/mutant.h"
#include "base/str.h"

#define BUCKETS (2 * STEER_SLOTS)

/* Refusals there can be told in words: the proxy takes the connection in order to say why not. */
static const uint16_t talkative[] = { 22, 80 };

static bool is_talkative(uint16_t port)
{
	for (size_t i = 0; i < sizeof(talkative) / sizeof(talkative[0]); i++)
		if (talkative[i] == port)
			return true;
	return false;
}

/* The bit of a port, made where there is none: the last one is shared by all that found no room. */
static unsigned bit_of_port(struct names *n, uint16_t port)
{
	for (unsigned i = 0; i < n->n_ports; i++)
		if (n->ports[i] == port)
			return i;
	if (n->n_ports == STEER_BITS - 1)
		return STEER_BITS - 1;
	n->ports[n->n_ports] = port;
	return n->n_ports++;
}

static void add_ports(struct names *n, const struct policy_entry *en)
{
	for (size_t i = 0; i < en->n_ports; i++) {
		uint8_t *at = &n->page->port[en->ports[i]];

		*at = (uint8_t)((*at & ~STEER_BIT_MASK) | bit_of_port(n, en->ports[i]) |
				(en->is_addr ? STEER_ADDRS : STEER_NAMES));
	}
}

void names_init(struct names *n, const struct policy *p, struct steer_page *page)
{
	*n = (struct names){ .policy = p, .page = page, .n = STEER_FIRST };
	n->name = xcalloc(STEER_SLOTS, sizeof(*n->name));
	n->bucket = xcalloc(BUCKETS, sizeof(*n->bucket));
	n->used = xcalloc(p->n_entries + 1, sizeof(*n->used));
	for (size_t i = 0; i < p->n_entries; i++)
		n->n_exact_left += !p->entries[i].is_addr && p->entries[i].host[0] != '*';
	if (!page)
		return;
	for (size_t i = 0; i < p->n_entries && !p->learn; i++)
		add_ports(n, &p->entries[i]);
	for (size_t i = 0; i < sizeof(talkative) / sizeof(talkative[0]); i++)
		page->port[talkative[i]] |=
			(uint8_t)(bit_of_port(n, talkative[i]) | STEER_NAMES);
}

void names_done(struct names *n)
{
	arena_done(&n->arena);
	free(n->name);
	free(n->bucket);
	free(n->used);
	*n = (struct names){ 0 };
}

/* FNV-1a; who fills the table on purpose has at most its own wildcards' names to do it with. */
static uint32_t hash(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return h;
}

static uint16_t *find(const struct names *n, const char *name)
{
	uint32_t i = hash(name) % BUCKETS;

	while (n->bucket[i] && !streq(n->name[n->bucket[i] - 1], name))
		i = (i + 1) % BUCKETS;
	return &n->bucket[i];
}

/* What policy_decide() says about each port, kept where the kernel can read it. */
static uint64_t allowed_ports(const struct names *n, const char *name)
{
	struct dest d = { 0 };
	uint64_t bits = 1ull << (STEER_BITS - 1);

	memcpy(d.name, name, strlen(name) + 1);
	for (unsigned i = 0; i < n->n_ports; i++) {
		d.port = n->ports[i];
		if (is_talkative(d.port) || policy_decide(n->policy, &d) == RULE_OK)
			bits |= 1ull << i;
	}
	return bits;
}

static bool takes_slot(struct names *n, const char *name)
{
	const struct policy_entry *en = policy_entry_of(n->policy, name);
	size_t i = en ? (size_t)(en - n->policy->entries) : 0;

	if (!en)
		return n->policy->learn && n->n + n->n_exact_left < STEER_SLOTS;
	if (en->host[0] != '*') {
		n->n_exact_left -= n->n_exact_left > 0;
		return n->n < STEER_SLOTS;
	}
	if (n->n + n->n_exact_left >= STEER_SLOTS ||
	    (n->used[i] >= NAMES_WILDCARD && !mutant("names.wildcard")))
		return false;
	n->used[i]++;
	return true;
}

uint32_t names_slot(struct names *n, const char *name)
{
	uint16_t *b = find(n, name);

	if (*b)
		return *b - 1u;
	if (!takes_slot(n, name))
		return NAMES_NONE;
	n->name[n->n] = arena_strdup(&n->arena, name);
	if (n->page)
		n->page->slot[n->n] = allowed_ports(n, name);
	*b = (uint16_t)++n->n;
	return n->n - 1;
}

const char *names_at(const struct names *n, uint32_t slot)
{
	return slot < n->n ? n->name[slot] : NULL;
}

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void names_addr(uint32_t slot, unsigned family, struct ipaddr *ret)
{
	*ret = (struct ipaddr){ .family = (uint8_t)family };
	if (family == 4) {
		put32(ret->b, STEER_NET4 + slot);
		return;
	}
	put32(ret->b, STEER_NET6);
	put32(ret->b + 4, STEER_NET6_2);
	put32(ret->b + 12, slot);
}

uint32_t names_of_addr(const struct ipaddr *a)
{
	uint32_t slot = get32(a->b) - STEER_NET4;

	if (a->family == 6) {
		if (get32(a->b) != STEER_NET6 || get32(a->b + 4) != STEER_NET6_2 ||
		    get32(a->b + 8) != 0)
			return NAMES_NONE;
		slot = get32(a->b + 12);
	}
	return slot < STEER_SLOTS ? slot : NAMES_NONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * egress_groups.c - the groups: hosts of services, never of package registries or open storage
 *
 * What a group may hold: hosts of one service, by their full names. What it may not: wildcards,
 * hosts where anybody may leave data for himself, and package registries, whose hosts are in the
 * tools' own configuration (agentrt egress discover).
 */
#include "profiles/egress_groups.h"

#include "base/str.h"
#include "base/table.h"

static const uint16_t https[] = { 443 }, https_ssh[] = { 443, 22 };

#define HTTPS(name)	{ .host = name, .ports = https, .n_ports = 1 }
#define HTTPS_SSH(name) { .host = name, .ports = https_ssh, .n_ports = 2 }

static const struct egress_entry llm[] = {
	HTTPS("api.anthropic.com"), HTTPS("api.openai.com"),
	HTTPS("generativelanguage.googleapis.com"), HTTPS("api.mistral.ai"),
	HTTPS("openrouter.ai"), HTTPS("api.x.ai"),
};

static const struct egress_entry github[] = {
	HTTPS_SSH("github.com"), HTTPS("api.github.com"), HTTPS("codeload.github.com"),
	HTTPS("raw.githubusercontent.com"), HTTPS("objects.githubusercontent.com"),
	HTTPS("release-assets.githubusercontent.com"), HTTPS("lfs.github.com"),
};

static const struct egress_entry gitlab[] = { HTTPS_SSH("gitlab.com") };
static const struct egress_entry bitbucket[] = { HTTPS_SSH("bitbucket.org") };

#define GROUP(name) { #name, name, ARRAY_SIZE(name) }
static const struct {
	const char *name;
	const struct egress_entry *v;
	size_t n;
} groups[] = { GROUP(llm), GROUP(github), GROUP(gitlab), GROUP(bitbucket) };

const struct egress_entry *egress_group(const char *name, size_t *ret_n)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		if (!streq(groups[i].name, name))
			continue;
		*ret_n = groups[i].n;
		return groups[i].v;
	}
	return NULL;
}

const char *egress_group_name(size_t i)
{
	return i < ARRAY_SIZE(groups) ? groups[i].name : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sources.h - which places of the host may not become a bind mount's source: the tables' lookups */
#ifndef PROFILES_SOURCES_H
#define PROFILES_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

/* How far a guard reaches. Whatever contains a guarded place is guarded too, by either. */
enum source_scope {
	SCOPE_BELOW,  /* the place and everything below it */
	SCOPE_ITSELF, /* the place alone: below it may be a project */
};

struct source_rule {
	const char *rule;
	enum source_scope scope;
	const char *is; /* ends the sentence "the source ..." */
};

/* sources_rule() - by the name that struct fact_guard carries; never NULL (unknown: reaches below)
 */
const struct source_rule *sources_rule(const char *rule);

/* sources_is_public() - a path below /etc that every program may read (time zone, certificates) */
bool sources_is_public(const char *realpath);

/**
 * sources_credential_name() - the component that gives a credential away wherever it lies
 * Return: the component's name in the table (".ssh", "id_rsa"), or NULL.
 */
const char *sources_credential_name(const char *realpath);

/* sources_is_kernel_fs() - file systems that show the kernel's or the machine's state */
bool sources_is_kernel_fs(const char *fstype);

/* Data roots that engines use when nothing else is configured; NULL-terminated. */
extern const char *const sources_engine_roots[];

#endif

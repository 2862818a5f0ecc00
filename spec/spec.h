/* SPDX-License-Identifier: Apache-2.0 */
/* spec.h - what the other layers call: read, check, write a config.json */
#ifndef SPEC_SPEC_H
#define SPEC_SPEC_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "spec/oci.h"

#define SPEC_OCI_VERSION "1.3.0" /* what is implemented, and what we write */
#define SPEC_MAX_BYTES	 (4u << 20) /* a config.json larger than this is refused */

/**
 * spec_parse() - decode a config.json held in memory
 * @text, @len:	the document; need not be NUL-terminated
 * @name:	how messages call it ("config.json")
 * @a:		receives everything; on failure it may hold garbage, free it
 *
 * Unknown properties are ignored (config.md "Extensibility"). A known property of a wrong type, a
 * duplicate key, an unknown enum value or a number out of range is an error with line:column and
 * the path of the property ("linux.namespaces[2].type"). A property that the tables know but
 * agentrt does not implement yet is ERR_UNSUPPORTED and named.
 */
int spec_parse(struct arena *a, const char *text, size_t len, const char *name,
	       struct oci_spec **ret_spec, struct err *e);

/* The same for a process object alone (`exec --process`) and for LinuxResources (`update`). */
int spec_parse_process(struct arena *a, const char *text, size_t len, const char *name,
		       struct oci_process **ret_process, struct err *e);
int spec_parse_resources(struct arena *a, const char *text, size_t len, const char *name,
			 struct oci_resources **ret_resources, struct err *e);
int spec_parse_seccomp(struct arena *a, const char *text, size_t len, const char *name,
		       struct oci_seccomp **ret_seccomp, struct err *e);

/* spec_check() - the specification's MUSTs across fields: one row a rule, first violation reported */
int spec_check(const struct oci_spec *s, struct err *e);
int spec_check_process(const struct oci_process *p, struct err *e);
int spec_check_resources(const struct oci_resources *r, struct err *e);

/* spec_write() - encode; reading the result back gives an equal struct */
void spec_write(struct strbuf *b, const struct oci_spec *s);
void spec_write_process(struct strbuf *b, const struct oci_process *p);
void spec_write_resources(struct strbuf *b, const struct oci_resources *r);

/* spec_default() - what `agentrt spec` prints (rootless: with a user namespace for uid, gid) */
void spec_default(struct arena *a, bool rootless, uint32_t uid, uint32_t gid,
		  struct oci_spec **ret_spec);

/**
 * spec_features() - the features.md document, printed from the tables that implement it
 * @annotations:	those of a config that change what is done with it; NULL-terminated, or NULL
 */
void spec_features(struct strbuf *b, const char *const *annotations);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile_doc.h - a profile's document as it is decoded: every switch knows whether it was said
 *
 * To add a member: here, a row in profile_doc.c, a row in narrow.c (which of two values is the
 * narrower), the JSON Schema in profiles/schema, and agentrt-profile(5). t_schema compares them.
 */
#ifndef PROFILES_PROFILE_DOC_H
#define PROFILES_PROFILE_DOC_H

#include "profiles/egress_entry.h"
#include "profiles/profile.h"
#include "spec/field.h"

enum profile_via { VIA_ENGINE, VIA_HOST };
#define NET_LEARN PROFILE_NET__COUNT /* of the document alone: becomes NET_EGRESS and a flag */

struct profile_doc {
	const char *name, *extends, *description;
	struct opt_u32 version;
	int userns;
	int root_mode, root_upper;
	const char *root_dir;
	struct opt_u64 root_size_bytes;
	int *ns_shared;
	size_t n_ns_shared;
	struct opt_bool caps_screen, no_new_privs, no_setid, devices_screen, process_screen, sysctl_screen,
		mounts_screen, env_screen, env_strict, nested;
	uint64_t caps_keep;
	struct opt_i64 pids_limit;
	struct opt_u32 memory_percent, max_lifetime_s;
	struct opt_u64 file_size_bytes, open_files, core_bytes;
	struct opt_bool oom_group, limits_require;
	struct doc_seccomp {
		bool set;
		struct oci_seccomp *v; /* NULL: "none" */
	} seccomp;
	struct opt_bool landlock_files, landlock_scope, landlock_tcp;
	uint32_t *landlock_ports;
	size_t n_landlock_ports;
	const char **masked_paths, **readonly_paths, **mounts_allow, **engine_roots, **env_allow, **env_keep;
	size_t n_masked_paths, n_readonly_paths, n_mounts_allow, n_engine_roots, n_env_allow,
		n_env_keep;
	int projects;
	const char *root_projects_as;
	const char **hide, **show;
	size_t n_hide, n_show;
	int egress_mode, egress_via;
	struct opt_u32 egress_port;
	struct egress_list egress_allow, egress_deny;
	const char **egress_groups;
	size_t n_egress_groups;
};

extern const struct field_table profile_table;

/* profile_doc_decode() - one document over @d, which holds its parent or, after field_init(),
 * nothing; @name is for messages */
int profile_doc_decode(struct arena *a, const struct json *root, const char *name,
		       struct profile_doc *d, struct err *e);

/* profile_doc_missing() - the first switch that nothing was said about, or NULL */
const char *profile_doc_missing(const struct profile_doc *d);

/* profile_doc_ids() - "UID:GID", neither 0; NULL and "none": both are 0 */
bool profile_doc_ids(const char *s, uint32_t *ret_uid, uint32_t *ret_gid);

/* profile_name_is_valid() - [a-z0-9-]+, as it becomes a part of a path */
bool profile_name_is_valid(const char *s);

#endif

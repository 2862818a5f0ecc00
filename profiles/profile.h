/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.h - a profile as data: the JSON document of agentrt-profile(5)
 *
 * A missing list is empty and an empty list denies: there is no "absent means everything". A
 * switch ("screen", "mode" ...) has no default at all: after `extends` it must be there.
 * Unknown members are errors here, unlike in config.json: a misspelt rule must not be silent.
 */
#ifndef PROFILES_PROFILE_H
#define PROFILES_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "spec/json.h"
#include "spec/oci.h"

#define PROFILE_VERSION	  1
#define PROFILE_MAX_BYTES (1u << 20)
#define PROFILE_DIR	  "/etc/agentrt/profiles"
#define PROFILE_DEFAULT	  "agent"

enum profile_userns { USERNS_AS_SPEC, USERNS_PREFER, USERNS_REQUIRE, PROFILE_USERNS__COUNT };
enum profile_root { ROOT_AS_SPEC, ROOT_OVERLAY, PROFILE_ROOT__COUNT };
enum profile_upper { UPPER_DISK, UPPER_TMPFS, PROFILE_UPPER__COUNT };
enum profile_projects { PROJECTS_DIRECT, PROJECTS_RO, PROJECTS_COW, PROFILE_PROJECTS__COUNT };
enum profile_net { NET_AS_SPEC, NET_EGRESS, NET_NONE, NET_ENGINE, PROFILE_NET__COUNT };
enum profile_tls { PROFILE_TLS_BY_PORT, PROFILE_TLS_REQUIRE, PROFILE_TLS_ANY, PROFILE_TLS_NONE,
		   PROFILE_TLS__COUNT };

struct egress_entry {
	const char *host; /* canonical name or "*.suffix", lower case; or an address or network */
	const uint16_t *ports;
	size_t n_ports; /* 0: of egress.allow none, of egress.deny all */
	const char **addresses; /* CIDRs that the name may resolve to although not global unicast */
	size_t n_addresses;
	const char *note;
	int tls;	 /* enum profile_tls */
	bool ech_denied; /* refuse an encrypted ClientHello */
};

/* An annotation of the container that was laid over the profile: see narrow.h */
struct profile_mark {
	const char *key;
	bool widens; /* the administrator allows it by name */
};

struct profile {
	const char *name; /* [a-z0-9-]+ */
	int version;
	const char *extends; /* one parent; see profile_load() */
	const char *description;
	bool complete; /* every switch is there: only such a profile may reach tighten() */
	const struct profile_doc *doc; /* as written, its parents merged in; of profile.c alone */
	struct profile_mark *marks;
	size_t n_marks;

	int userns; /* enum profile_userns */
	struct {
		int mode, upper;	  /* enum profile_root, profile_upper */
		const char *dir;	  /* where uppers live: "/var/lib/agentrt" */
		uint64_t size_bytes;	  /* tmpfs upper: 0 = half the memory limit */
	} root;
	uint32_t ns_shared;   /* bit = enum oci_ns_type: may be the host's or another container's */
	struct {
		bool screen;
		uint64_t keep; /* bit = CAP_*: the bounding set may be at most this */
	} caps;
	bool no_new_privs;    /* force true */
	bool no_setid;	      /* no file becomes set-user-id */
	bool devices_screen;  /* only the OCI default devices */
	bool process_screen;  /* OOM score, scheduler and I/O class: never above the ordinary */
	bool sysctl_screen;   /* only those of the container's own namespaces */
	int64_t pids_limit;   /* where the config has none; 0: none */
	struct {	      /* the same */
		uint32_t memory_percent; /* of the machine's memory */
		uint64_t file_size_bytes, open_files;
		bool has_core_bytes; /* 0 bytes is a limit */
		uint64_t core_bytes;
		bool oom_group; /* out of memory ends the whole container */
		uint32_t max_lifetime_s; /* from start on */
		bool require; /* what no cgroup would hold is refused, not held in another way */
	} limits;
	bool nested;	      /* user namespaces inside, a few; @seccomp has the rules for it */
	struct {
		bool files, scope, tcp; /* a second fence: see p_landlock.c */
		const uint32_t *ports;	/* tcp: of servers inside */
		size_t n_ports;
	} landlock;
	struct oci_seccomp *seccomp; /* stacked on the config's; NULL: none */
	const char **masked_paths, **readonly_paths; /* added */
	size_t n_masked_paths, n_readonly_paths;
	struct {
		bool screen;
		const char **allow;	    /* host paths an administrator permits as bind sources */
		size_t n_allow;
		const char **engine_roots; /* data roots of engines besides the built-in ones */
		size_t n_engine_roots;
		int projects; /* enum profile_projects */
		/* names in projects that are not seen; names excepted, and not searched: fnmatch(3) */
		const char **hide, **show;
		size_t n_hide, n_show;
		/* whom a project of the host's root is written as, never 0; 0: it is read-only */
		uint32_t root_as_uid, root_as_gid;
	} mounts;
	struct {
		bool screen, strict; /* strict: only what is in keep or allow */
		const char **allow; /* exact names */
		const char **keep;  /* names or patterns with '*' */
		size_t n_allow, n_keep;
	} env;
	struct {
		int mode; /* enum profile_net */
		const char *via; /* "engine" or "host" */
		uint16_t port;	 /* explicit proxy on 127.0.0.1 in A: 3128 */
		bool learn;	 /* mode "learn": as "egress", but nothing gets out */
		struct egress_entry *allow; /* with those of the groups */
		size_t n_allow;
		struct egress_entry *deny; /* these win */
		size_t n_deny;
	} egress;
};

/**
 * profile_parse() - decode and check one document; `extends` is left unresolved
 * @name:	how messages call it ("/etc/agentrt/profiles/agent.json")
 * Entries "name:port" and {"host":..,"ports":[..]} are both taken; hosts are checked by the
 * strict grammar of base/hostname.h and stored canonical.
 */
int profile_parse(struct arena *a, const char *text, size_t len, const char *name,
		  struct profile **ret_profile, struct err *e);

/**
 * profile_builtin() - the text of agent, agent-strict or oci; NULL if there is none
 * The JSON files of profiles/data are compiled in (build-time generated C), so that a runtime
 * without /usr/share still works and cannot be widened by whoever can write there.
 */
const char *profile_builtin(const char *name);

/* profile_over() - a document laid over a profile that was loaded: members of objects one by one,
 * all else replaces */
int profile_over(struct arena *a, const struct profile *parent, const struct json *child,
		 const char *name, struct profile **ret_profile, struct err *e);

/**
 * profile_load() - find a profile by name, resolve `extends`, demand that it is complete
 * @name:	checked: lower-case letters, digits and '-'
 * @read:	gives the text of the administrator's NAME.json and how messages call it (arena
 *		memory); writes neither where there is none; -1 with @e where there is one that
 *		cannot be trusted or read
 *
 * An administrator's file hides the built-in of that name. `extends` in NAME.json that says NAME
 * means the built-in NAME; any other name is looked up the same way. A built-in extends built-ins
 * only. At most PROFILE_MAX_DEPTH documents; a circle is an error.
 */
#define PROFILE_MAX_DEPTH 4
typedef int profile_reader(void *ctx, struct arena *a, const char *name, const char **ret_text,
			   size_t *ret_len, const char **ret_origin, struct err *e);
int profile_load(struct arena *a, const char *name, profile_reader *read, void *ctx,
		 struct profile **ret_profile, struct err *e);

/* profile_effective() - what profile_load() would use, as one document that extends nothing */
int profile_effective(struct arena *a, const char *name, profile_reader *read, void *ctx,
		      struct json **ret_doc, struct err *e);

#endif

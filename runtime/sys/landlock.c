/* SPDX-License-Identifier: Apache-2.0 */
/* landlock.c - the system calls of Landlock, with their structures as the newest ABI has them */
#include "sys/landlock.h"

#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CREATE_RULESET_VERSION 1u
#define RULE_PATH_BENEATH      1
#define RULE_NET_PORT	       2 /* ABI 4 */

/* struct landlock_path_beneath_attr and landlock_net_port_attr */
struct path_rule {
	uint64_t access;
	int32_t parent_fd;
} __attribute__((packed));
struct port_rule {
	uint64_t access, port;
};

unsigned landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, CREATE_RULESET_VERSION);

	return abi > 0 ? (unsigned)abi : 0;
}

int landlock_new(const struct landlock_handled *h)
{
	size_t size = h->scope ? sizeof(*h)
			       : h->net ? offsetof(struct landlock_handled, scope)
					: offsetof(struct landlock_handled, net);

	return (int)syscall(SYS_landlock_create_ruleset, h, size, 0u);
}

int landlock_allow_beneath(int ruleset, int fd, uint64_t access)
{
	const struct path_rule r = { .access = access, .parent_fd = fd };

	return (int)syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &r, 0u);
}

int landlock_allow_port(int ruleset, uint16_t port, uint64_t access)
{
	const struct port_rule r = { .access = access, .port = port };

	return (int)syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &r, 0u);
}

int landlock_enter(int ruleset)
{
	return (int)syscall(SYS_landlock_restrict_self, ruleset, 0u);
}

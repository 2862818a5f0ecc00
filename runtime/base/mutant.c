/* SPDX-License-Identifier: Apache-2.0 */
/* mutant.c - test builds only: which rule is switched off, which place fails */
#include "base/mutant.h"

#ifdef AGENTRT_MUTANTS

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"

static bool is_named(const char *variable, const char *name)
{
	const char *v = getenv(variable);

	return v && streq(v, name);
}

bool mutant(const char *name)
{
	return is_named("AGENTRT_MUTANT", name);
}

bool fault(const char *name)
{
	if (is_named("AGENTRT_KILL", name))
		(void)kill(getpid(), SIGKILL); /* as an impatient administrator would, right here */
	return is_named("AGENTRT_FAULT", name);
}

bool mutant_of(const char *group, const char *name)
{
	char full[64];

	snprintf(full, sizeof(full), "%s.%s", group, name);
	return mutant(full);
}

bool fault_of(const char *group, const char *name)
{
	char full[64];

	snprintf(full, sizeof(full), "%s.%s", group, name);
	return fault(full);
}

#endif

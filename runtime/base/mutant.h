/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mutant.h - proof that tests bite
 *
 * A rule or operation that a test must own is written `if (mutant("env.secret")) skip;`. In every
 * ordinary build mutant() is the constant false and leaves no code. In a build configured with
 * --enable-mutants (never installed; `agentrt --version` says so) the environment variable
 * AGENTRT_MUTANT names the one rule that is switched off, and tests/mutants asserts that the named
 * test then fails. fault() is the same for injected failures: AGENTRT_FAULT names the place,
 * and AGENTRT_KILL names the place at which the process is killed (SIGKILL).
 *
 * mutant_of() and fault_of() take the name in two parts, "op" and "mount" for "op.mount": for
 * loops over tables.
 */
#ifndef BASE_MUTANT_H
#define BASE_MUTANT_H

#include <stdbool.h>

/* Between a look and an act that a mutant does by a path: time for the other party of a race. */
#define MUTANT_RACE_US 1000

#ifdef AGENTRT_MUTANTS
bool mutant(const char *name);
bool fault(const char *name);
bool mutant_of(const char *group, const char *name);
bool fault_of(const char *group, const char *name);
#else
#define mutant(name)	       false
#define fault(name)	       false
#define mutant_of(group, name) false
#define fault_of(group, name)  false
#endif

#endif

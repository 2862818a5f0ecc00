/* SPDX-License-Identifier: Apache-2.0 */
/* check_seccomp.c - config-linux.md "Seccomp" */
#include <seccomp.h>

#include "base/mutant.h"
#include "spec/check.h"
#include "spec/names.h"

#define MAX_ERRNO 4095 /* the kernel's: a larger SECCOMP_RET_ERRNO is cut to it */

static uint32_t action_of(int action)
{
	return (uint32_t)action;
}

static int errno_ret(int action, struct opt_u32 ret, struct err *e)
{
	uint32_t act = action_of(action);

	if (!ret.set)
		return 0;
	if (act != SCMP_ACT_ERRNO(0) && act != SCMP_ACT_TRACE(0))
		return err_set(e, ERR_SPEC, "%s takes no errno",
			       name_of(&names_seccomp_action, act));
	if (ret.v > (act == SCMP_ACT_ERRNO(0) ? MAX_ERRNO : UINT16_MAX))
		return err_set(e, ERR_SPEC, "errno %u is too large", ret.v);
	return 0;
}

static int default_action(const struct oci_seccomp *sc, struct err *e)
{
	if (action_of(sc->default_action) == SCMP_ACT_NOTIFY)
		return err_set(e, ERR_SPEC,
			       "linux.seccomp.defaultAction must not be SCMP_ACT_NOTIFY: nobody "
			       "could receive the listener");
	if (errno_ret(sc->default_action, sc->default_errno_ret, e))
		return err_ctx(e, "linux.seccomp.defaultErrnoRet");
	return 0;
}

static int rule(const struct oci_seccomp_rule *r, struct err *e)
{
	if (r->n_names == 0)
		return err_set(e, ERR_SPEC, "names must not be empty");
	if (errno_ret(r->action, r->errno_ret, e))
		return err_ctx(e, "errnoRet");
	for (size_t i = 0; i < r->n_args; i++)
		if (r->args[i].index > 5)
			return err_set(e, ERR_SPEC, "args[%zu].index must be from 0 to 5", i);
	return 0;
}

static int rules_of(const struct oci_seccomp *sc, struct err *e)
{
	for (size_t i = 0; i < sc->n_syscalls; i++)
		if (rule(&sc->syscalls[i], e))
			return err_ctx(e, "linux.seccomp.syscalls[%zu]", i);
	return 0;
}

/* The runtime itself hands the listener over with write(2), after the filter is in force. */
static bool stops_write(const struct oci_seccomp_rule *r)
{
	for (size_t i = 0; i < r->n_names; i++)
		if (streq(r->names[i], "write"))
			return true;
	return false;
}

static int notify(const struct oci_seccomp *sc, struct err *e)
{
	for (size_t i = 0; i < sc->n_syscalls; i++) {
		if (action_of(sc->syscalls[i].action) != SCMP_ACT_NOTIFY)
			continue;
		if (!sc->listener_path)
			return err_set(e, ERR_SPEC,
				       "linux.seccomp: SCMP_ACT_NOTIFY needs listenerPath");
		if (stops_write(&sc->syscalls[i]))
			return err_set(e, ERR_SPEC,
				       "linux.seccomp.syscalls[%zu]: SCMP_ACT_NOTIFY is not "
				       "possible for write",
				       i);
	}
	return 0;
}

static int listener(const struct oci_seccomp *sc, struct err *e)
{
	if (sc->listener_metadata && !sc->listener_path)
		return err_set(e, ERR_SPEC, "linux.seccomp.listenerMetadata needs listenerPath");
	return 0;
}

static const struct {
	const char *name;
	int (*check)(const struct oci_seccomp *sc, struct err *e);
} rules[] = {
	{ "spec.seccomp.default", default_action },
	{ "spec.seccomp.rules", rules_of },
	{ "spec.seccomp.notify", notify },
	{ "spec.seccomp.listener", listener },
};

int check_seccomp(const struct oci_seccomp *sc, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (!mutant(rules[i].name) && rules[i].check(sc, e))
			return -1;
	return 0;
}

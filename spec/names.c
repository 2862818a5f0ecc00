/* SPDX-License-Identifier: Apache-2.0 */
/* names.c - lookups in the tables of names, and the names that are not Linux constants */
#include "spec/names.h"

#include <signal.h>
#include <sys/resource.h>

#include "base/str.h"
#include "base/table.h"
#include "spec/names_table.h"
#include "spec/oci.h"

const char *name_of(const struct name_table *t, uint64_t value)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->rows[i].value == value)
			return t->rows[i].name;
	return NULL;
}

bool name_find(const struct name_table *t, const char *name, uint64_t *ret_value)
{
	for (size_t i = 0; i < t->n; i++) {
		if (streq(t->rows[i].name, name)) {
			*ret_value = t->rows[i].value;
			return true;
		}
	}
	return false;
}

/* config-linux.md "Namespaces" */
NAMES(names_ns, "namespace type",
	{ "pid", NS_PID },
	{ "network", NS_NETWORK },
	{ "mount", NS_MOUNT },
	{ "ipc", NS_IPC },
	{ "uts", NS_UTS },
	{ "user", NS_USER },
	{ "cgroup", NS_CGROUP },
	{ "time", NS_TIME });
TABLE_CHECK(names_ns_rows, NS__COUNT);

/* config.md "POSIX process": rlimits; getrlimit(2) */
NAMES(names_rlimit, "resource limit",
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK });

/* signal(7) */
NAMES(names_signal, "signal",
	{ "SIGHUP", SIGHUP },	  { "SIGINT", SIGINT },	      { "SIGQUIT", SIGQUIT },
	{ "SIGILL", SIGILL },	  { "SIGTRAP", SIGTRAP },     { "SIGABRT", SIGABRT },
	{ "SIGIOT", SIGIOT },	  { "SIGBUS", SIGBUS },	      { "SIGFPE", SIGFPE },
	{ "SIGKILL", SIGKILL },	  { "SIGUSR1", SIGUSR1 },     { "SIGSEGV", SIGSEGV },
	{ "SIGUSR2", SIGUSR2 },	  { "SIGPIPE", SIGPIPE },     { "SIGALRM", SIGALRM },
	{ "SIGTERM", SIGTERM },	  { "SIGSTKFLT", SIGSTKFLT }, { "SIGCHLD", SIGCHLD },
	{ "SIGCLD", SIGCHLD },	  { "SIGCONT", SIGCONT },     { "SIGSTOP", SIGSTOP },
	{ "SIGTSTP", SIGTSTP },	  { "SIGTTIN", SIGTTIN },     { "SIGTTOU", SIGTTOU },
	{ "SIGURG", SIGURG },	  { "SIGXCPU", SIGXCPU },     { "SIGXFSZ", SIGXFSZ },
	{ "SIGVTALRM", SIGVTALRM }, { "SIGPROF", SIGPROF },   { "SIGWINCH", SIGWINCH },
	{ "SIGIO", SIGIO },	  { "SIGPOLL", SIGIO },	      { "SIGPWR", SIGPWR },
	{ "SIGSYS", SIGSYS });

/* glibc keeps 32 and 33 for itself, so these are the numbers that programs mean. */
#define RT_MIN 34
#define RT_MAX 64

/* "RTMIN", "RTMIN+3", "RTMAX-1" */
static bool find_realtime(const char *s, int *ret_signo)
{
	bool from_max = str_has_prefix(s, "RTMAX");
	uint32_t n = 0;

	if (!from_max && !str_has_prefix(s, "RTMIN"))
		return false;
	if (s[5] && (s[5] != (from_max ? '-' : '+') || !str_to_u32(s + 6, &n)))
		return false;
	if (n > RT_MAX - RT_MIN)
		return false;
	*ret_signo = from_max ? RT_MAX - (int)n : RT_MIN + (int)n;
	return true;
}

bool name_find_signal(const char *s, int *ret_signo)
{
	uint32_t n;

	if (str_to_u32(s, &n)) {
		if (n > RT_MAX)
			return false;
		*ret_signo = (int)n;
		return true;
	}
	if (str_has_prefix(s, "SIG"))
		s += 3;
	for (size_t i = 0; i < names_signal.n; i++) {
		if (streq(names_signal.rows[i].name + 3, s)) {
			*ret_signo = (int)names_signal.rows[i].value;
			return true;
		}
	}
	return find_realtime(s, ret_signo);
}

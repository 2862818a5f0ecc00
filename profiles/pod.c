/* SPDX-License-Identifier: Apache-2.0 */
/* pod.c - annotations of engines that speak of pods; the network policy of a pod as text */
#include "profiles/pod.h"

#include <string.h>

#include "base/str.h"
#include "base/table.h"

/* containerd's CRI; CRI-O, and Podman, which took over its names. */
static const char *const sandbox_keys[] = {
	"io.kubernetes.cri.sandbox-id",
	"io.kubernetes.cri-o.SandboxID",
};
static const char *const uid_keys[] = {
	"io.kubernetes.cri.sandbox-uid",
	"io.kubernetes.pod.uid",
};

const char *pod_sandbox_of(const struct oci_spec *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(sandbox_keys); i++) {
		const char *id = oci_annotation(s, sandbox_keys[i]);

		if (id && *id)
			return id;
	}
	return NULL;
}

const char *pod_uid_key(size_t i)
{
	return i < ARRAY_SIZE(uid_keys) ? uid_keys[i] : NULL;
}

static void add_entry(struct strbuf *b, const char *verb, const struct egress_entry *en)
{
	static const char *const tls[] = {
		[PROFILE_TLS_BY_PORT] = "",
		[PROFILE_TLS_REQUIRE] = " tls require",
		[PROFILE_TLS_ANY] = " tls any",
		[PROFILE_TLS_NONE] = " tls none",
	};
	TABLE_CHECK(tls, PROFILE_TLS__COUNT);

	strbuf_addf(b, "%s %s", verb, en->host);
	for (size_t i = 0; i < en->n_ports; i++)
		strbuf_addf(b, "%s%u", i ? "," : " ", en->ports[i]);
	strbuf_addf(b, "%s%s", tls[en->tls], en->ech_denied ? " ech deny" : "");
	for (size_t i = 0; i < en->n_addresses; i++)
		strbuf_addf(b, "%s%s", i ? "," : " at ", en->addresses[i]);
	strbuf_adds(b, "\n");
}

const char *pod_net_policy(struct arena *a, const struct profile *p)
{
	static const char *const mode[] = {
		[NET_AS_SPEC] = "as the config says",
		[NET_EGRESS] = "egress",
		[NET_NONE] = "none",
		[NET_ENGINE] = "engine",
	};
	TABLE_CHECK(mode, PROFILE_NET__COUNT);
	auto_strbuf struct strbuf b = STRBUF_INIT;

	strbuf_addf(&b, "mode %s\n", mode[p->egress.mode]);
	if (p->egress.mode == NET_EGRESS) {
		strbuf_addf(&b, "port %u\n%s", p->egress.port, p->egress.learn ? "learn\n" : "");
		strbuf_addf(&b, "via %s\n", p->egress.via ? p->egress.via : "engine");
		for (size_t i = 0; i < p->egress.n_allow; i++)
			add_entry(&b, "allow", &p->egress.allow[i]);
		for (size_t i = 0; i < p->egress.n_deny; i++)
			add_entry(&b, "deny", &p->egress.deny[i]);
	}
	return arena_strdup(a, b.p);
}

static bool has_line(const char *text, const char *line, size_t n)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (strcspn(text, "\n") == n && memcmp(text, line, n) == 0)
			return true;
	return false;
}

const char *pod_net_differs(struct arena *a, const char *one, const char *two, int *ret_whose)
{
	const char *const text[] = { one, two };

	for (int k = 0; k < 2; k++)
		for (const char *p = text[k]; *p; p += strcspn(p, "\n"), p += *p == '\n') {
			size_t n = strcspn(p, "\n");

			if (has_line(text[!k], p, n))
				continue;
			*ret_whose = k;
			return arena_strndup(a, p, n);
		}
	return NULL;
}

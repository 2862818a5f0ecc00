/* SPDX-License-Identifier: Apache-2.0 */
/* t_env.c - secrets by name and by value; what tighten() leaves of an environment */
#include "profiles/secrets.h"
#include "tests/unit/tight_help.h"

/* Tokens below are put together here, so that no scanner takes this file for a leak. */
#define R10 "aB3dE5gH7j"
#define R20 R10 R10
#define R40 R20 R20
#define R60 R40 R20
#define MARKER "markerQ7secretQ7marker"

static void names(void)
{
	static const char *const secret[] = {
		"GITHUB_TOKEN",
		"github_token",
		"Gh_Token",
		"_TOKEN",
		"TOKEN",
		"MY_SECRET",
		"A_SECRET_B",
		"SECRET_KEY_BASE",
		"DJANGO_SECRET_KEY",
		"DB_PASSWORD",
		"PGPASSWORD",
		"POSTGRES_PASSWORD",
		"MYSQL_ROOT_PASSWORD_FILE",
		"SOME_PASSWD",
		"GPG_PASSPHRASE",
		"SMTP_PASS",
		"OPENAI_API_KEY",
		"ANTHROPIC_API_KEY",
		"MYAPIKEY2",
		"AWS_ACCESS_KEY_ID",
		"AWS_SECRET_ACCESS_KEY",
		"AWS_SESSION_TOKEN",
		"AWS_PROFILE",
		"RSA_PRIVATE_KEY",
		"GOOGLE_APPLICATION_CREDENTIALS",
		"GIT_CREDENTIAL_HELPER",
		"AZURE_PAT",
		"REGISTRY_AUTH",
		"KEYSTORE_B64",
		"SENTRY_DSN",
		"AZURE_STORAGE_CONNECTION_STRING",
		"DATABASE_URL",
		"SLACK_WEBHOOK_URL",
		"KUBECONFIG",
		"DOCKER_HOST",
		"SSH_AUTH_SOCK",
		"GIT_SSH_COMMAND",
		"DBUS_SESSION_BUS_ADDRESS",
		"ACTIONS_ID_TOKEN_REQUEST_URL",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI",
		"CLAUDE_CODE_OAUTH_TOKEN",
		"COOKIE_SIGNING_KEY",
		"MYSQL_PWD",
	};
	static const char *const plain[] = {
		"PATH",
		"HOME",
		"LANG",
		"PWD",
		"OLDPWD",
		"USER",
		"TERM",
		"HOSTNAME",
		"TZ",
		"EDITOR",
		"MAX_TOKENS",
		"CLAUDE_CODE_MAX_OUTPUT_TOKENS",
		"GIT_AUTHOR_NAME",
		"AUTHOR",
		"KEYBOARD",
		"MONKEY",
		"TOKENIZERS_PARALLELISM",
		"PATTERN",
		"PASSAGE",
		"DSN_HOST",
		"NODE_ENV",
		"HTTP_PROXY",
		"JAVA_HOME",
		"GOPATH",
		"CI",
		"DEBIAN_FRONTEND",
		"APIK",
		"",
	};
	auto_arena struct arena a = ARENA_INIT;

	for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
		t_ok(secrets_name(secret[i], strlen(secret[i])),
		     arena_printf(&a, "a secret by its name: %s", secret[i]));
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		t_ok(!secrets_name(plain[i], strlen(plain[i])),
		     arena_printf(&a, "no secret by its name: %s", plain[i]));
}

static void values(void)
{
	static const struct {
		const char *name, *v;
		bool secret;
	} rows[] = {
		{ "a GitHub token", "ghp_" R40, true },
		{ "a GitHub token in a sentence", "use (gho_" R40 ") now", true },
		{ "a GitHub token that is too short", "ghp_" R20, false },
		{ "a GitHub token's prefix inside a word", "xghp_" R40, false },
		{ "a fine-grained GitHub token", "github_pat_" R20 "_" R60, true },
		{ "a GitLab token", "glpat-" R20, true },
		{ "an Anthropic key", "sk-ant-" R40 "-_", true },
		{ "an OpenAI project key", "sk-proj-" R40, true },
		{ "an old OpenAI key", "sk-" R20 "T3BlbkFJ" R20, true },
		{ "sk- and the wrong middle", "sk-" R20 R20, false },
		{ "a library's name", "sk-learn", false },
		{ "an AWS key id",
		  "AKIA"
		  "ABCDEFGHIJ012345",
		  true },
		{ "AKIA in lower case", "akiaabcdefghij012345", false },
		{ "a Google API key", "AIza" R20 R10 "abcde", true },
		{ "a Google access token", "ya29." R20, true },
		{ "a Slack token", "xoxb-1234567890-abc", true },
		{ "a registry token", "npm_" R20 R10 "abcdef", true },
		{ "npm_config is no token", "npm_config_cache", false },
		{ "an upload token", "pypi-AgEI" R20, true },
		{ "a Hugging Face token", "hf_" R20 R10, true },
		{ "a Stripe key", "sk_live_" R10, true },
		{ "a Stripe test key", "sk_test_" R10, false },
		{ "a SendGrid key", "SG." R20, true },
		{ "a JSON web token", "eyJhbGciOiJI.eyJzdWIiOiIx.SflKxw", true },
		{ "two thirds of a JSON web token", "eyJhbGciOiJI.eyJzdWIiOiIx", false },
		{ "a private key",
		  "-----BEGIN OPENSSH "
		  "PRIVATE KEY-----\nabc",
		  true },
		{ "a private key without a kind",
		  "-----BEGIN "
		  "PRIVATE KEY-----",
		  true },
		{ "a public key", "-----BEGIN PUBLIC KEY-----", false },
		{ "a certificate", "-----BEGIN CERTIFICATE-----", false },
		{ "a URL with a password", "postgres://u:p@db/x", true },
		{ "a URL with a password and no user", "redis://:p@h:6379", true },
		{ "a URL with an at sign in the password", "https://u:p@x@host/", true },
		{ "a URL in a list", "a,amqp://u:p@h,b", true },
		{ "a URL with a user alone", "ssh://git@host/x", false },
		{ "a URL with an empty password", "ftp://u:@h", false },
		{ "a URL with a port", "http://host:8080/a@b:c", false },
		{ "a time and an address", "at 10:30 to me@example.org", false },
		{ "a connection string", "Server=h;User=u;Password=x", true },
		{ "an authorisation header", "Authorization: Bearer " R20, true },
		{ "a plain path", "/usr/local/bin:/usr/bin", false },
		{ "a hash", "d41d8cd98f00b204e9800998ecf8427e", false },
		{ "nothing", "", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		t_ok(!!secrets_value(rows[i].v) == rows[i].secret, rows[i].name);
}

/* Time is linear: a quadratic matcher would need minutes for these. */
static void hostile_values(void)
{
	static const char *const parts[] = { "eyJ-", "eyJ.",	    "a://", "://",
					     "sk-",  "-----BEGIN ", "u:p@" };
	enum { BYTES = 1 << 20 };
	auto_arena struct arena a = ARENA_INIT;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t n = strlen(parts[i]);
		char *v = arena_alloc(&a, BYTES + 1, 1);

		for (size_t k = 0; k + n < BYTES; k += n)
			memcpy(v + k, parts[i], n);
		(void)secrets_value(v);
		t_ok(true, "a megabyte of one prefix is read in time");
	}
}

/* ---- tighten ---- */

#define ENV                                                                                        \
	"\"PATH=/bin\",\"GITHUB_TOKEN=" MARKER "\",\"HARMLESS=ghp_" R40                            \
	"\",\"DB=mysql://u:" MARKER "@h/\",\"LANG=C\",\"ghp_" R40                                  \
	"\",\"HTTPS_PROXY=http://u:" MARKER "@proxy:3128\",\"GITHUB_TOKEN=again\""

static const struct oci_process *tightened(struct arena *a, const char *env, const char *more,
					   struct tight **ret_t)
{
	const char *text =
		arena_printf(a,
			     "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},"
			     "\"process\":{\"cwd\":\"/\",\"args\":[\"x\",\"--token=ghp_" R40
			     "\"],\"user\":{\"uid\":0,"
			     "\"gid\":0},\"env\":[%s]}}",
			     env);
	struct err e = ERR_INIT;

	if (tighten(a, h_spec(a, text), h_profile(a, "agent", more), h_facts(a), ret_t, &e)) {
		t_note("%s", e.msg);
		return NULL;
	}
	return (*ret_t)->spec->process;
}

static void create(void)
{
	auto_arena struct arena a = ARENA_INIT;
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct tight *t = NULL;
	const struct oci_process *p = tightened(&a, ENV, NULL, &t);

	if (!t_ok(p != NULL, "a config with secrets is tightened"))
		return;
	t_ok(oci_env_get(p, "PATH") && oci_env_get(p, "LANG"), "ordinary variables stay");
	t_ok(!oci_env_get(p, "GITHUB_TOKEN") && !oci_env_get(p, "HARMLESS") &&
		     !oci_env_get(p, "DB"),
	     "secrets by name and by value are gone, every one of the same name");
	t_ok(oci_env_get(p, "HTTPS_PROXY") &&
		     streq(oci_env_get(p, "HTTPS_PROXY"), "http://127.0.0.1:3128"),
	     "a proxy with a password is replaced by ours");
	spec_write(&b, t->spec);
	for (size_t i = 0; i < t->n_findings; i++)
		strbuf_addf(&b, "%s %s %s", t->findings[i].rule, t->findings[i].what,
			    t->findings[i].why);
	t_ok(!strstr(b.p, MARKER), "no removed value is in the narrowed config or in a finding");
	t_ok(!strstr(b.p, "entry 5=") &&
		     h_find(t->findings, t->n_findings, "env.value", FIND_REMOVED, "entry 5"),
	     "a variable whose name is a secret is reported by its place");
	t_ok(h_find(t->findings, t->n_findings, "env.name", FIND_REMOVED, "GITHUB_TOKEN") &&
		     h_find(t->findings, t->n_findings, "env.value", FIND_REMOVED, "HARMLESS"),
	     "what is removed is reported by name, with the rule");
	t_ok(h_find(t->findings, t->n_findings, "args.value", FIND_NOTE, "args[1]"),
	     "a secret in an argument is reported by its place");
}

static void allowed(void)
{
	auto_arena struct arena a = ARENA_INIT;
	struct tight *t = NULL;
	const struct oci_process *p =
		tightened(&a, ENV, "\"env\":{\"allow\":[\"GITHUB_TOKEN\",\"HARM\"]}", &t);

	t_ok(p && oci_env_get(p, "GITHUB_TOKEN") && !oci_env_get(p, "HARMLESS"),
	     "env.allow lets an exact name pass and no other");
	t_ok(p && h_find(t->findings, t->n_findings, "env.name", FIND_PASSED, "GITHUB_TOKEN"),
	     "what env.allow lets pass is a finding");
	p = tightened(&a, ENV, "\"env\":{\"screen\":false}", &t);
	t_ok(p && oci_env_get(p, "GITHUB_TOKEN") && oci_env_get(p, "DB"),
	     "without screening everything stays");
}

static void proxy(void)
{
	static const char *const set[] = { "HTTP_PROXY",  "http_proxy", "HTTPS_PROXY",
					   "https_proxy", "ALL_PROXY",	"all_proxy",
					   "NO_PROXY",	  "no_proxy",	"NODE_USE_ENV_PROXY" };
	auto_arena struct arena a = ARENA_INIT;
	struct tight *t = NULL;
	const struct oci_process *p = tightened(&a, "\"PATH=/bin\"", NULL, &t);
	bool all = p != NULL;

	for (size_t i = 0; all && i < sizeof(set) / sizeof(set[0]); i++)
		all = oci_env_get(p, set[i]) != NULL;
	t_ok(all && streq(oci_env_get(p, "NO_PROXY"), "localhost,127.0.0.1,::1"),
	     "the proxy's variables are set in both spellings");
	p = tightened(&a, "\"http_proxy=http://own:1\"", "\"egress\":{\"port\":4000}", &t);
	t_ok(p && streq(oci_env_get(p, "http_proxy"), "http://own:1") &&
		     !oci_env_get(p, "HTTP_PROXY") &&
		     streq(oci_env_get(p, "HTTPS_PROXY"), "http://127.0.0.1:4000"),
	     "a variable that the config sets stays, in either spelling");
	p = tightened(&a, "\"PATH=/bin\"", "\"egress\":{\"mode\":\"none\"}", &t);
	t_ok(p && p->n_env == 1, "without a proxy nothing is set");
}

static void exec(void)
{
	static const char text[] =
		"{\"cwd\":\"/\",\"args\":[\"x\"],\"user\":{\"uid\":0,\"gid\":0},"
		"\"env\":[" ENV "],\"oomScoreAdj\":-900,"
		"\"capabilities\":{\"bounding\":[\"CAP_SYS_ADMIN\",\"CAP_CHOWN\"]}}";
	auto_arena struct arena a = ARENA_INIT;
	struct oci_process *in = NULL, *p = NULL;
	struct finding *f = NULL;
	struct err e = ERR_INIT;
	size_t n = 0;

	spec_parse_process(&a, text, sizeof(text) - 1, "p.json", &in, &e);
	if (!t_ok(in && !tighten_process(&a, in, h_profile(&a, "agent", NULL), h_facts(&a), &p, &f, &n, &e),
		  "a process for exec is tightened"))
		return;
	t_ok(!oci_env_get(p, "GITHUB_TOKEN") && oci_env_get(p, "HTTP_PROXY"),
	     "exec gets no secret, and the proxy");
	t_ok(p->caps->bounding == 1 && p->no_new_privileges && p->oom_score_adj.v == 0,
	     "exec gets the profile's capabilities and no_new_privs");
	t_ok(oci_env_get(in, "GITHUB_TOKEN") && in->caps->bounding != 1 && !in->no_new_privileges,
	     "the process as it came is not changed");
	t_ok(!tighten_process(&a, in, h_profile(&a, "oci", NULL), h_facts(&a), &p, &f, &n, &e) && n == 0 &&
		     p->n_env == in->n_env && p->caps->bounding == in->caps->bounding,
	     "the oci profile leaves a process for exec as it is");
}

/* One variable under one profile. */
static struct oci_process *one(struct arena *a, const char *more, const char *entry,
			       struct finding **ret_findings, size_t *ret_n)
{
	const char *env[] = { entry };
	const struct oci_process in = { .env = env, .n_env = 1 };
	struct oci_process *out = NULL;
	struct err e = ERR_INIT;

	if (tighten_process(a, &in, h_profile(a, "agent", more), h_facts(a), &out, ret_findings, ret_n, &e))
		h_bail(&e);
	return out;
}

static void strict(void)
{
	static const char more[] = "\"egress\":{\"mode\":\"none\"},\"env\":{\"strict\":true,\"keep\":"
				   "[\"PATH\",\"LC_*\",\"TOKEN_*\"],\"allow\":[\"MINE\"]}";
	static const struct {
		const char *entry;
		bool stays;
	} rows[] = {
		{ "PATH=/bin", true },	{ "LC_ALL=C", true },	   { "LC_=x", true },
		{ "MINE=x", true },	{ "PATH2=x", false },	   { "PAT=x", false },
		{ "LC=x", false },	{ "ANYTHING=x", false },   { "path=/bin", false },
		{ "LD_PRELOAD=x", false }, { "=x", false },	   { "PATH", true },
		{ "TOKEN_X=" "ghp_" R20 R10 R10 "aaaa", false },
	};
	auto_arena struct arena a = ARENA_INIT;
	struct finding *f;
	size_t n;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oci_process *p = one(&a, more, rows[i].entry, &f, &n);

		if (!t_ok((p->n_env == 1) == rows[i].stays,
			  arena_printf(&a, "strict: %.10s %s", rows[i].entry,
				       rows[i].stays ? "stays" : "goes")))
			h_show(f, n);
		t_ok(rows[i].stays || h_find(f, n, "env.", FIND_REMOVED, NULL) ||
			     h_find(f, n, "env.strict", FIND_REMOVED, NULL) ||
			     h_find(f, n, "env.value", FIND_REMOVED, NULL),
		     "and what goes is reported");
	}
	t_ok(one(&a, "\"egress\":{\"mode\":\"none\"},\"env\":{\"strict\":true,\"keep\":[]}",
		 "PATH=/bin", &f, &n)->n_env == 0,
	     "an empty list keeps nothing");
	t_ok(one(&a, "\"egress\":{\"mode\":\"none\"}", "ANYTHING=x", &f, &n)->n_env == 1,
	     "without strict an ordinary variable stays");
}

static void kinds(void)
{
	static const char none[] = "\"egress\":{\"mode\":\"none\"}";
	auto_arena struct arena a = ARENA_INIT;
	struct finding *f;
	const struct finding *hit;
	size_t n;

	one(&a, none, "POSTGRES_PASSWORD=" MARKER, &f, &n);
	hit = h_find(f, n, "env.name", FIND_REMOVED, "POSTGRES_PASSWORD");
	t_ok(hit && strstr(hit->why, "PostgreSQL") && strstr(hit->why, "env.allow"),
	     "what an image needs is said with the way to give it");
	one(&a, none, "DB_PASSWORD=" MARKER, &f, &n);
	hit = h_find(f, n, "env.name", FIND_REMOVED, "DB_PASSWORD");
	t_ok(hit && !strstr(hit->why, "images of"), "other passwords without it");
	one(&a, none, "LD_PRELOAD=/x.so", &f, &n);
	t_ok(h_find(f, n, "env.inject", FIND_NOTE, "LD_PRELOAD"), "what loads code is noted");
	t_ok(secrets_injects("GIT_CONFIG_COUNT", 16) && secrets_injects("BASH_ENV", 8) &&
		     !secrets_injects("LD_PRELOA", 9) && !secrets_injects("PATH", 4),
	     "names that load code");
}

int main(void)
{
	names();
	values();
	hostile_values();
	create();
	allowed();
	proxy();
	exec();
	strict();
	kinds();
	return t_done();
}

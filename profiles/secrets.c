/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secrets.c - tables of secret-looking names and token formats, and the matchers that walk them
 *
 * Every matcher looks at each byte of a value a bounded number of times: no regular expressions,
 * nothing that backtracks over hostile input. A format needs both its issuer's prefix and enough
 * characters of its alphabet behind it, so that "sk-learn" or "xai-tools" is not a token.
 */
#include "profiles/secrets.h"

#include <string.h>

#include "base/str.h"
#include "base/table.h"

#define NAME_MAX_BYTES 256u /* a longer name is compared by its first bytes */
#define JWT_MAX 1024u	    /* of header and payload that is looked at */

/* '*' is any run; case is folded. */
static const char *const name_patterns[] = {
	"*_TOKEN",
	"*_SECRET*",
	"SECRET_*",
	"*SECRET_KEY*",
	"*PASSWORD*",
	"*PASSWD*",
	"*PASSPHRASE*",
	"*_PASS",
	"*_API_KEY*",
	"*APIKEY*",
	"*_ACCESS_KEY*",
	"*PRIVATE_KEY*",
	"*_SIGNING_KEY*",
	"*_ENCRYPTION_KEY*",
	"*_DEPLOY_KEY*",
	"*_SSH_KEY*",
	"*_MASTER_KEY*",
	"*CREDENTIAL*",
	"*_PAT",
	"*_AUTH",
	"*_B64",
	"*_DSN",
	"*CONNECTION_STRING*",
	"*_WEBHOOK_URL",
	"AWS_CONTAINER_CREDENTIALS_*",
	"ACTIONS_ID_TOKEN_REQUEST_*",
};

static const char *const name_exact[] = {
	"TOKEN",
	"SECRET",
	"PASS",
	"API_KEY",
	"PAT",
	"DATABASE_URL",
	"MYSQL_PWD",
	/* clouds */
	"AWS_ACCESS_KEY_ID",
	"AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN",
	"AWS_PROFILE",
	"AWS_WEB_IDENTITY_TOKEN_FILE",
	"GOOGLE_APPLICATION_CREDENTIALS",
	"GCP_SERVICE_ACCOUNT",
	"AZURE_CLIENT_ID",
	"AZURE_CLIENT_SECRET",
	"AZURE_TENANT_ID",
	"ARM_CLIENT_SECRET",
	/* CI systems */
	"ACTIONS_RUNTIME_TOKEN",
	"ACTIONS_RESULTS_URL",
	"CI_JOB_TOKEN",
	/* ways to the host's agents and engines */
	"KUBECONFIG",
	"DOCKER_HOST",
	"DOCKER_AUTH_CONFIG",
	"SSH_AUTH_SOCK",
	"SSH_AGENT_PID",
	"GPG_AGENT_INFO",
	"GIT_ASKPASS",
	"SSH_ASKPASS",
	"GIT_SSH_COMMAND",
	"DBUS_SESSION_BUS_ADDRESS",
};

enum alphabet { ALNUM, UPPER_DIGIT, B64URL, GRAPH };

static bool is_in(char c, enum alphabet set)
{
	switch (set) {
	case ALNUM:
		return chr_is_alnum(c);
	case UPPER_DIGIT:
		return chr_is_upper(c) || chr_is_digit(c);
	case GRAPH:
		return c > ' ' && c < 0x7f;
	case B64URL:
	default:
		return chr_is_alnum(c) || c == '_' || c == '-';
	}
}

/* How many characters of @set begin @s, at most @max: a hostile value is not read again and again.
 */
static size_t run_of(const char *s, enum alphabet set, size_t max)
{
	size_t n = 0;

	while (n < max && is_in(s[n], set))
		n++;
	return n;
}

/* Tokens that are a prefix and then at least @min characters of @set. */
static const struct {
	const char *prefix;
	enum alphabet set;
	size_t min;
	const char *what;
} tokens[] = {
	{ "ghp_", ALNUM, 36, "a GitHub token" },
	{ "gho_", ALNUM, 36, "a GitHub token" },
	{ "ghu_", ALNUM, 36, "a GitHub token" },
	{ "ghs_", ALNUM, 36, "a GitHub token" },
	{ "ghr_", ALNUM, 36, "a GitHub token" },
	{ "github_pat_", B64URL, 60, "a GitHub token" },
	{ "glpat-", B64URL, 20, "a GitLab token" },
	{ "sk-ant-", B64URL, 40, "an Anthropic key" },
	{ "sk-proj-", B64URL, 40, "an OpenAI key" },
	{ "AKIA", UPPER_DIGIT, 16, "an AWS access key" },
	{ "ASIA", UPPER_DIGIT, 16, "an AWS access key" },
	{ "AIza", B64URL, 35, "a Google API key" },
	{ "ya29.", B64URL, 20, "a Google access token" },
	{ "xoxb-", B64URL, 10, "a Slack token" },
	{ "xoxa-", B64URL, 10, "a Slack token" },
	{ "xoxp-", B64URL, 10, "a Slack token" },
	{ "xoxr-", B64URL, 10, "a Slack token" },
	{ "xoxs-", B64URL, 10, "a Slack token" },
	{ "npm_", ALNUM, 36, "a package registry token" },
	{ "pypi-AgEI", B64URL, 16, "a package registry token" },
	{ "dop_v1_", ALNUM, 20, "a DigitalOcean token" },
	{ "hf_", ALNUM, 30, "a Hugging Face token" },
	{ "gsk_", ALNUM, 20, "a Groq key" },
	{ "xai-", ALNUM, 20, "an xAI key" },
	{ "sk_live_", ALNUM, 10, "a Stripe key" },
	{ "rk_live_", ALNUM, 10, "a Stripe key" },
	{ "SG.", B64URL, 16, "a SendGrid key" },
	{ "Bearer ", B64URL, 20, "an authorisation header" },
	{ "Basic ", ALNUM, 12, "an authorisation header" },
	{ "password=", GRAPH, 1, "a password" },
	{ "Password=", GRAPH, 1, "a password" },
	{ "PASSWORD=", GRAPH, 1, "a password" },
};

/* sk-<20>T3BlbkFJ...: the middle is a constant of the issuer's */
static bool is_openai_key(const char *s)
{
	static const char middle[] = "T3BlbkFJ";

	return str_has_prefix(s, "sk-") && run_of(s + 3, ALNUM, 20) == 20 &&
	       str_has_prefix(s + 3 + 20, middle);
}

/* eyJ<base64url>.eyJ<base64url>. : header and payload are JSON objects */
static bool is_jwt(const char *s)
{
	if (!str_has_prefix(s, "eyJ"))
		return false;
	s += run_of(s, B64URL, JWT_MAX);
	if (!str_has_prefix(s, ".eyJ"))
		return false;

	size_t n = run_of(s + 1, B64URL, JWT_MAX);

	return n == JWT_MAX || s[1 + n] == '.';
}

/* -----BEGIN <words> PRIVATE KEY----- */
static bool is_private_key(const char *s)
{
	static const char begin[] = "-----BEGIN ", end[] = "PRIVATE KEY-----";

	if (!str_has_prefix(s, begin))
		return false;
	s += sizeof(begin) - 1;
	for (size_t i = 0; i < 40; i++) {
		if (str_has_prefix(s + i, end))
			return true;
		if (!chr_is_upper(s[i]) && s[i] != ' ')
			return false;
	}
	return false;
}

/*
 * At "://": the authority has a password. It ends at '/', '?', '#' or white space; the last '@'
 * in it ends the user part (RFC 3986, and what browsers do with several).
 */
static bool has_password(const char *s)
{
	if (!str_has_prefix(s, "://"))
		return false;
	s += 3;

	size_t n = strcspn(s, "/?# \t\r\n");
	const char *at = memrchr(s, '@', n);
	const char *colon = at ? memchr(s, ':', (size_t)(at - s)) : NULL;

	return colon && at > colon + 1;
}

const char *secrets_value(const char *v)
{
	char before = '\0';

	for (; *v; before = *v++) {
		if (*v == ':' && chr_is_alnum(before) && has_password(v))
			return "a URL with a password";
		if (*v == '-' && is_private_key(v))
			return "a private key";
		if (chr_is_alnum(before) || !chr_is_alpha(*v))
			continue; /* a token begins where a word begins */
		if (is_jwt(v))
			return "a JSON web token";
		if (is_openai_key(v))
			return "an OpenAI key";
		for (size_t i = 0; i < ARRAY_SIZE(tokens); i++)
			if (str_has_prefix(v, tokens[i].prefix) &&
			    run_of(v + strlen(tokens[i].prefix), tokens[i].set, tokens[i].min) ==
				    tokens[i].min)
				return tokens[i].what;
	}
	return NULL;
}

static void copy_name(char buf[NAME_MAX_BYTES + 1], const char *name, size_t n)
{
	if (n > NAME_MAX_BYTES)
		n = NAME_MAX_BYTES;
	memcpy(buf, name, n);
	buf[n] = '\0';
}

const char *secrets_name(const char *name, size_t n)
{
	char buf[NAME_MAX_BYTES + 1];

	copy_name(buf, name, n);
	for (size_t i = 0; i < ARRAY_SIZE(name_patterns); i++)
		if (str_glob(name_patterns[i], buf, true))
			return name_patterns[i];
	for (size_t i = 0; i < ARRAY_SIZE(name_exact); i++)
		if (str_glob(name_exact[i], buf, true))
			return name_exact[i];
	return NULL;
}

/* What loaders and interpreters read to find code, or options that name code. */
static const char *const injecting[] = {
	"LD_PRELOAD",	   "LD_AUDIT",	      "LD_LIBRARY_PATH", "LD_ORIGIN_PATH",  "LD_PROFILE",
	"GCONV_PATH",	   "GLIBC_TUNABLES",  "BASH_ENV",	 "ENV",		    "SHELLOPTS",
	"BASHOPTS",	   "PROMPT_COMMAND",  "PS4",		 "ZDOTDIR",	    "PYTHONSTARTUP",
	"PYTHONPATH",	   "PYTHONHOME",      "PYTHONINSPECT",	 "NODE_OPTIONS",    "NODE_PATH",
	"PERL5OPT",	   "PERL5LIB",	      "PERLLIB",	 "PERL5DB",	    "RUBYOPT",
	"RUBYLIB",	   "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH",
	"LUA_INIT",	   "PHP_INI_SCAN_DIR", "PHPRC",		 "DOTNET_STARTUP_HOOKS",
	"CORECLR_PROFILER", "GIT_EXEC_PATH",  "GIT_EXTERNAL_DIFF", "GIT_PAGER",	    "GIT_EDITOR",
	"GIT_CONFIG_*",	   "RUSTC_WRAPPER",   "CARGO_BUILD_RUSTC*",
};

/* Images whose first start fails without one of these. */
static const struct {
	const char *name, *image;
} wanted[] = {
	{ "POSTGRES_PASSWORD", "PostgreSQL" },	     { "POSTGRES_INITDB_ARGS", "PostgreSQL" },
	{ "MYSQL_ROOT_PASSWORD", "MySQL" },	     { "MYSQL_PASSWORD", "MySQL" },
	{ "MYSQL_RANDOM_ROOT_PASSWORD", "MySQL" },   { "MYSQL_ALLOW_EMPTY_PASSWORD", "MySQL" },
	{ "MARIADB_ROOT_PASSWORD", "MariaDB" },	     { "MARIADB_PASSWORD", "MariaDB" },
	{ "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", "MariaDB" },
	{ "MARIADB_RANDOM_ROOT_PASSWORD", "MariaDB" },
	{ "MONGO_INITDB_ROOT_PASSWORD", "MongoDB" }, { "RABBITMQ_DEFAULT_PASS", "RabbitMQ" },
	{ "REDIS_PASSWORD", "Redis" },		     { "NEO4J_AUTH", "Neo4j" },
	{ "MINIO_ROOT_PASSWORD", "MinIO" },	     { "MSSQL_SA_PASSWORD", "SQL Server" },
	{ "SA_PASSWORD", "SQL Server" },	     { "ELASTIC_PASSWORD", "Elasticsearch" },
	{ "CLICKHOUSE_PASSWORD", "ClickHouse" },
};

bool secrets_injects(const char *name, size_t n)
{
	char buf[NAME_MAX_BYTES + 1];

	copy_name(buf, name, n);
	for (size_t i = 0; i < ARRAY_SIZE(injecting); i++)
		if (str_glob(injecting[i], buf, false))
			return true;
	return false;
}

const char *secrets_wanted(const char *name, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (strlen(wanted[i].name) == n && memcmp(wanted[i].name, name, n) == 0)
			return wanted[i].image;
	return NULL;
}

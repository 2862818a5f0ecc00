/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources.c - tables of host places that a container must not be shown
 *
 * Lookup is by object, not by name: probe/ finds what each of these is (device of the superblock
 * and path within it), so that a symlink, a bind mount or a renamed parent does not disguise it.
 * The order of the tables decides which rule a refusal names: the most specific comes first.
 * To add a place: one row here, nothing else.
 */
#include "profiles/sources.h"

#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "base/table.h"
#include "profiles/tighten.h"

static const struct source_rule rules[] = {
	{ "mount.credentials", SCOPE_BELOW, "holds credentials or private history" },
	{ "mount.agentrt", SCOPE_BELOW, "is agentrt's own configuration or state" },
	{ "mount.engine", SCOPE_BELOW, "is a container engine's or the kubelet's state" },
	{ "mount.socket", SCOPE_BELOW, "is a place for the host's sockets" },
	{ "mount.system", SCOPE_BELOW, "belongs to the host's system" },
	{ "mount.tree", SCOPE_ITSELF, "is a whole tree of the host, not a project directory" },
};

/* Below each home directory; the home itself is a "mount.tree". */
static const struct {
	const char *rule, *path;
} in_home[] = {
	{ "mount.agentrt", ".local/share/agentrt" },
	/* ssh, gpg, password managers */
	{ "mount.credentials", ".ssh" },
	{ "mount.credentials", ".gnupg" },
	{ "mount.credentials", ".password-store" },
	{ "mount.credentials", ".pki" },
	{ "mount.credentials", ".1password" },
	{ "mount.credentials", ".op" },
	{ "mount.credentials", ".config/op" },
	{ "mount.credentials", ".config/1Password" },
	{ "mount.credentials", ".config/Bitwarden" },
	{ "mount.credentials", ".config/Bitwarden CLI" },
	{ "mount.credentials", ".config/keepassxc" },
	{ "mount.credentials", ".local/share/keyrings" },
	{ "mount.credentials", ".local/share/kwalletd" },
	{ "mount.credentials", ".vault-token" },
	{ "mount.credentials", ".age" },
	{ "mount.credentials", ".config/age" },
	{ "mount.credentials", ".config/sops" },
	/* clouds */
	{ "mount.credentials", ".aws" },
	{ "mount.credentials", ".azure" },
	{ "mount.credentials", ".config/gcloud" },
	{ "mount.credentials", ".gcloud" },
	{ "mount.credentials", ".config/doctl" },
	{ "mount.credentials", ".config/heroku" },
	{ "mount.credentials", ".config/pulumi" },
	{ "mount.credentials", ".pulumi" },
	{ "mount.credentials", ".terraform.d" },
	{ "mount.credentials", ".terraformrc" },
	{ "mount.credentials", ".oci" },
	{ "mount.credentials", ".bluemix" },
	{ "mount.credentials", ".aliyun" },
	{ "mount.credentials", ".config/linode-cli" },
	{ "mount.credentials", ".config/hcloud" },
	{ "mount.credentials", ".fly" },
	{ "mount.credentials", ".config/netlify" },
	{ "mount.credentials", ".config/vercel" },
	{ "mount.credentials", ".config/rclone" },
	{ "mount.credentials", ".s3cfg" },
	{ "mount.credentials", ".boto" },
	{ "mount.credentials", ".databrickscfg" },
	{ "mount.credentials", ".snowflake" },
	/* Kubernetes and containers */
	{ "mount.credentials", ".kube" },
	{ "mount.credentials", ".config/helm" },
	{ "mount.credentials", ".docker" },
	{ "mount.credentials", ".config/containers" },
	{ "mount.credentials", ".config/com.docker.sandboxes" },
	{ "mount.credentials", ".local/state/sandboxes" },
	{ "mount.engine", ".local/share/containers" },
	{ "mount.engine", ".local/share/docker" },
	{ "mount.engine", ".local/share/containerd" },
	/* version control and registries */
	{ "mount.credentials", ".netrc" },
	{ "mount.credentials", "_netrc" },
	{ "mount.credentials", ".git-credentials" },
	{ "mount.credentials", ".config/git" },
	{ "mount.credentials", ".gitconfig" },
	{ "mount.credentials", ".config/gh" },
	{ "mount.credentials", ".config/hub" },
	{ "mount.credentials", ".config/glab-cli" },
	{ "mount.credentials", ".npmrc" },
	{ "mount.credentials", ".yarnrc" },
	{ "mount.credentials", ".yarnrc.yml" },
	{ "mount.credentials", ".pypirc" },
	{ "mount.credentials", ".config/pip" },
	{ "mount.credentials", ".pip" },
	{ "mount.credentials", ".cargo/credentials" },
	{ "mount.credentials", ".cargo/credentials.toml" },
	{ "mount.credentials", ".gem/credentials" },
	{ "mount.credentials", ".m2/settings.xml" },
	{ "mount.credentials", ".m2/settings-security.xml" },
	{ "mount.credentials", ".gradle/gradle.properties" },
	{ "mount.credentials", ".composer/auth.json" },
	{ "mount.credentials", ".config/composer/auth.json" },
	{ "mount.credentials", ".nuget/NuGet" },
	{ "mount.credentials", ".config/configstore" },
	{ "mount.credentials", ".hex" },
	/* agents and editors: transcripts hold secrets */
	{ "mount.credentials", ".claude" },
	{ "mount.credentials", ".claude.json" },
	{ "mount.credentials", ".anthropic" },
	{ "mount.credentials", ".codex" },
	{ "mount.credentials", ".gemini" },
	{ "mount.credentials", ".copilot" },
	{ "mount.credentials", ".cursor" },
	{ "mount.credentials", ".config/cursor" },
	{ "mount.credentials", ".config/Cursor" },
	{ "mount.credentials", ".continue" },
	{ "mount.credentials", ".aider" },
	{ "mount.credentials", ".aider.conf.yml" },
	{ "mount.credentials", ".aider.chat.history.md" },
	{ "mount.credentials", ".config/goose" },
	{ "mount.credentials", ".local/share/opencode" },
	{ "mount.credentials", ".config/opencode" },
	{ "mount.credentials", ".factory" },
	{ "mount.credentials", ".kiro" },
	{ "mount.credentials", ".amp" },
	{ "mount.credentials", ".openclaw" },
	{ "mount.credentials", ".hermes" },
	{ "mount.credentials", ".vscode" },
	{ "mount.credentials", ".vscode-server" },
	{ "mount.credentials", ".vscode-insiders" },
	{ "mount.credentials", ".vscode-oss" },
	{ "mount.credentials", ".config/Code" },
	{ "mount.credentials", ".config/JetBrains" },
	{ "mount.credentials", ".cache/huggingface" },
	/* browsers, mail, chat */
	{ "mount.credentials", ".mozilla" },
	{ "mount.credentials", ".config/google-chrome" },
	{ "mount.credentials", ".config/chromium" },
	{ "mount.credentials", ".config/BraveSoftware" },
	{ "mount.credentials", ".config/microsoft-edge" },
	{ "mount.credentials", ".config/vivaldi" },
	{ "mount.credentials", ".config/opera" },
	{ "mount.credentials", "snap" },
	{ "mount.credentials", ".var/app" },
	{ "mount.credentials", ".thunderbird" },
	{ "mount.credentials", ".config/Slack" },
	{ "mount.credentials", ".config/discord" },
	{ "mount.credentials", ".config/Signal" },
	/* shells and databases: history, and files that run at the next login */
	{ "mount.credentials", ".bash_history" },
	{ "mount.credentials", ".zsh_history" },
	{ "mount.credentials", ".history" },
	{ "mount.credentials", ".python_history" },
	{ "mount.credentials", ".node_repl_history" },
	{ "mount.credentials", ".psql_history" },
	{ "mount.credentials", ".mysql_history" },
	{ "mount.credentials", ".bashrc" },
	{ "mount.credentials", ".bash_profile" },
	{ "mount.credentials", ".profile" },
	{ "mount.credentials", ".zshrc" },
	{ "mount.credentials", ".zshenv" },
	{ "mount.credentials", ".zprofile" },
	{ "mount.credentials", ".config/fish" },
	{ "mount.credentials", ".config/systemd" },
	{ "mount.credentials", ".config/autostart" },
	{ "mount.credentials", ".env" },
	{ "mount.credentials", ".envrc" },
	{ "mount.credentials", ".my.cnf" },
	{ "mount.credentials", ".pgpass" },
	/* where programs keep their settings side by side, tokens among them */
	{ "mount.tree", ".config" },
	{ "mount.tree", ".local" },
	{ "mount.tree", ".local/share" },
	{ "mount.tree", ".local/state" },
	{ "mount.tree", ".cache" },
};

static const struct source_guard on_host[] = {
	{ "mount.credentials", "/etc/shadow" },
	{ "mount.credentials", "/etc/gshadow" },
	{ "mount.credentials", "/etc/ssh" },
	{ "mount.credentials", "/etc/ssl/private" },
	{ "mount.credentials", "/etc/kubernetes" },
	{ "mount.credentials", "/etc/rancher" },
	{ "mount.credentials", "/run/secrets" },
	{ "mount.credentials", "/var/lib/cloud" },
	{ "mount.credentials", "/var/lib/NetworkManager" },
	{ "mount.credentials", "/var/lib/sss" },
	{ "mount.credentials", "/var/lib/krb5kdc" },
	{ "mount.credentials", "/var/lib/systemd" },
	{ "mount.agentrt", "/etc/agentrt" },
	{ "mount.agentrt", "/run/agentrt" },
	{ "mount.agentrt", "/var/lib/agentrt" },
	{ "mount.agentrt", "/var/log/agentrt" },
	{ "mount.engine", "/var/lib/docker" },
	{ "mount.engine", "/var/lib/containerd" },
	{ "mount.engine", "/var/lib/containers" },
	{ "mount.engine", "/var/lib/crio" },
	{ "mount.engine", "/var/lib/kubelet" },
	{ "mount.engine", "/var/lib/rancher" },
	{ "mount.engine", "/var/lib/etcd" },
	{ "mount.engine", "/var/lib/cni" },
	{ "mount.engine", "/var/lib/buildkit" },
	{ "mount.engine", "/var/lib/nerdctl" },
	{ "mount.engine", "/var/lib/lxc" },
	{ "mount.engine", "/var/lib/lxd" },
	{ "mount.engine", "/var/lib/incus" },
	{ "mount.engine", "/var/lib/libvirt" },
	{ "mount.engine", "/var/lib/machines" },
	{ "mount.engine", "/var/snap" },
	{ "mount.engine", "/run/docker" },
	{ "mount.engine", "/run/containerd" },
	{ "mount.engine", "/run/containers" },
	{ "mount.engine", "/run/crio" },
	{ "mount.engine", "/run/podman" },
	{ "mount.engine", "/run/netns" },
	{ "mount.socket", "/run/docker.sock" },
	{ "mount.socket", "/run/buildkit" },
	{ "mount.socket", "/run/dbus" },
	{ "mount.socket", "/run/systemd" },
	{ "mount.socket", "/run/snapd.socket" },
	{ "mount.socket", "/run/libvirt" },
	{ "mount.socket", "/run/pcscd" },
	{ "mount.socket", "/run/user" },
	{ "mount.socket", "/tmp/.X11-unix" },
	{ "mount.socket", "/tmp/.ICE-unix" },
	{ "mount.system", "/etc" },
	{ "mount.system", "/run" },
	{ "mount.system", "/proc" },
	{ "mount.system", "/sys" },
	{ "mount.system", "/dev" },
	{ "mount.system", "/boot" },
	{ "mount.system", "/var/log" },
	{ "mount.system", "/var/spool" },
	{ "mount.system", "/var/mail" },
	{ "mount.system", "/var/backups" },
	{ "mount.system", "/var/cache" },
	{ "mount.system", "/var/lib" },
	{ "mount.tree", "/" },
	{ "mount.tree", "/home" },
	{ "mount.tree", "/root" },
	{ "mount.tree", "/tmp" },
	{ "mount.tree", "/var" },
	{ "mount.tree", "/var/tmp" },
	{ "mount.tree", "/usr" },
	{ "mount.tree", "/usr/local" },
	{ "mount.tree", "/opt" },
	{ "mount.tree", "/srv" },
	{ "mount.tree", "/mnt" },
	{ "mount.tree", "/media" },
};

/* Names that are credentials wherever they lie: homes that nobody told us of, copies, backups. */
static const char *const credential_names[] = {
	".ssh",		 ".gnupg",  ".password-store", ".aws",	      ".azure",
	".kube",	 ".docker", ".netrc",	       "_netrc",      ".git-credentials",
	".pgpass",	 ".my.cnf", ".vault-token",    ".pypirc",     ".npmrc",
	"id_rsa",	 "id_dsa",  "id_ecdsa",	       "id_ecdsa_sk", "id_ed25519",
	"id_ed25519_sk",
};

static const char *const public_paths[] = {
	"/etc/localtime",
	"/etc/timezone",
	"/etc/ssl/certs",
	"/etc/ca-certificates",
	"/etc/ca-certificates.conf",
	"/etc/pki/tls/certs",
	"/etc/pki/ca-trust",
};

static const char *const kernel_fs[] = {
	"proc",	    "sysfs",	  "cgroup",	"cgroup2",     "devtmpfs",  "devpts",
	"debugfs",  "tracefs",	  "securityfs", "configfs",    "bpf",	    "pstore",
	"efivarfs", "mqueue",	  "nsfs",	"binfmt_misc", "selinuxfs", "smackfs",
	"fusectl",  "rpc_pipefs", "nfsd",	"autofs",      "resctrl",   "xenfs",
};

const char *const sources_engine_roots[] = {
	"/var/lib/docker",
	"/var/lib/containers/storage",
	"/run/containers/storage",
	"/var/lib/containerd",
	"/run/containerd",
	"/var/lib/kubelet",
	NULL,
};

const struct source_rule *sources_rule(const char *rule)
{
	static const struct source_rule unknown = { "mount.tree", SCOPE_BELOW, "is guarded" };

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (streq(rules[i].rule, rule))
			return &rules[i];
	return &unknown;
}

bool sources_is_public(const char *realpath)
{
	for (size_t i = 0; i < ARRAY_SIZE(public_paths); i++)
		if (path_is_within(realpath, public_paths[i]))
			return true;
	return false;
}

const char *sources_credential_name(const char *realpath)
{
	for (const char *p = realpath; *p;) {
		size_t n = strcspn(p, "/");

		for (size_t i = 0; i < ARRAY_SIZE(credential_names); i++)
			if (strlen(credential_names[i]) == n &&
			    memcmp(credential_names[i], p, n) == 0)
				return credential_names[i];
		p += n;
		p += *p == '/';
	}
	return NULL;
}

bool sources_is_kernel_fs(const char *fstype)
{
	for (size_t i = 0; i < ARRAY_SIZE(kernel_fs); i++)
		if (streq(kernel_fs[i], fstype))
			return true;
	return false;
}

void sources_guards(struct arena *a, const char *const *homes, size_t n_homes,
		    struct source_guard **ret_guards, size_t *ret_n)
{
	struct source_guard *v = NULL;
	size_t n = 0;

	for (size_t h = 0; h < n_homes; h++)
		for (size_t i = 0; i < ARRAY_SIZE(in_home); i++)
			*arena_push(a, v, n) =
				(struct source_guard){ in_home[i].rule,
						       path_join(a, homes[h], in_home[i].path) };
	for (size_t i = 0; i < ARRAY_SIZE(on_host); i++)
		*arena_push(a, v, n) = on_host[i];
	for (size_t h = 0; h < n_homes; h++)
		*arena_push(a, v, n) = (struct source_guard){ "mount.tree", homes[h] };
	*ret_guards = v;
	*ret_n = n;
}

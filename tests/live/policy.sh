#!/usr/bin/env bash
# policy.sh - what administrators write: profiles, settings, and annotations that may only narrow.
# AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-policy.XXXXXX)
trap 'bundle_cleanup' EXIT
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
bundle_setup
said() { "$@" 2>&1 >/dev/null; }
status() { "$@" >/dev/null 2>&1; echo $?; }
profile() { cat >"$work/profiles/$1.json"; }
settings() { cat >"$work/agentrt.json"; }
pol() { rt profile "$@"; }

# --- check: line and column
profile site <<'EOF'
// what this site adds
{
	"version": 1, /* the only one */
	"extends": "agent",
	"mounts": { "allow": ["/srv/a", "srv/b"] }
}
EOF
like "a mistake has its line and column" "$(said pol check site)" 'site\.json:5:34: mounts\.allow\[1\]: "srv/b" is not an absolute path'
is "and status 1" "$(status pol check site)" 1
like "check without a name names the file, too" "$(pol check)" 'site\.json:5:34: '
is "and ends with status 1" "$(status pol check)" 1
echo '{"version": 1, "extends": "agent", "egress": {"allow": ["a.example:443"], "mod": "egress"}}' >"$work/new.json"
like "an unknown member of a file that is not installed" "$(said pol check "$work/new.json")" 'new\.json:1:82: egress\.mod: unknown property'
profile site <<'EOF'
// what this site adds
{
	"version": 1, "name": "site", "extends": "agent",
	"limits": { "pids": 100 }, // less
	"egress": { "allow": ["git.example.org:443", "*.example.com:443"] }
}
EOF
is "a profile with comments" "$(pol check site)" "site: ok"
is "show prints what holds" "$(pol show site | jq -c '[.name, .limits.pids, .capabilities.screen, .egress.mode, (.egress.allow | length), .extends]')" '["site",100,true,"egress",2,null]'
pol show site >"$work/shown.json"
is "what show prints is a profile, and the same one" "$(mv "$work/shown.json" "$work/site.json"; pol check "$work/site.json")" "$work/site.json: ok"
like "show --raw prints the file" "$(pol show --raw site)" '^// what this site adds'
like "lint finds a hole" "$(pol lint)" 'site: egress\.allow\[1\]: \*\.example\.com: .* \[lint\.egress\.wildcard\]'
is "and ends with status 3" "$(status pol lint site)" 3
is "the manual has every annotation that features lists" \
	"$(sed -n '/^These have annotations/,/^A host of/p' "$here/../man/agentrt-profile.5" | grep -oE '[a-z]+(\.[a-zA-Z]+)?' | sort -u >"$work/man"
		rt features | jq -r '.potentiallyUnsafeConfigAnnotations[] | ltrimstr("io.agentrt.")' | grep -vxFf "$work/man" | grep -vx profile)" ""
echo '{"version": 1, "name": "broken", "extends": "agent", "limits": {"pid": 5}}' >"$work/profiles/broken.json"
like "a file with a mistake does not keep it from the others" "$(pol lint)" 'site: egress\.allow\[1\]'
like "and is named" "$(pol lint)" 'broken\.json:1:72: limits\.pid: unknown'
is "with status 1" "$(status pol lint)" 1
rm "$work/profiles/broken.json"
is "the built-in profile has none" "$(pol lint agent; echo $?)" $'agent: no hole found\n0'
like "list tells them apart" "$(pol list)" "^site +$work/profiles/site\.json"

# --- settings
is "without settings the profile is agent" "$(bundle d && rt explain -b "$work/d" --json | jq -r .profile)" agent
settings <<<'{"version": 1, "defaultProfile": "site"}'
is "the settings choose another" "$(rt explain -b "$work/d" --json | jq -r .profile)" site
is "--profile overrides them" "$(rt --profile agent explain -b "$work/d" --json | jq -r .profile)" agent
ln -sf "$agentrt" "$work/agentrt-strict"
ln -sf "$agentrt" "$work/agentrt-site"
ln -sf "$agentrt" "$work/agentrt-nothere"
by_name() { "$work/$1" --root "$work/state" --profile-dir "$work/profiles" explain -b "$work/d" --json; }
is "the program name agentrt-strict is agent-strict" "$(by_name agentrt-strict | jq -r .profile)" agent-strict
is "the program name agentrt-NAME is NAME" "$(by_name agentrt-site | jq -r .profile)" site
like "a name without a profile is an error" "$(said by_name agentrt-nothere)" 'profile "nothere" does not exist'
like "check covers the settings" "$(pol check)" "agentrt\.json: ok"
settings <<<'{"version": 1, "defaultProfile": "gone"}'
like "a default profile that is not there" "$(pol check)" 'defaultProfile: profile "gone" does not exist'
settings <<<'{"version": 1, "annotations": {"allow": ["io.agentrt.egress"]}}'
like "a key that does not exist" "$(pol check)" 'agentrt\.json:1:42: annotations\.allow\[0\]'
not_ok_cmd "wrong settings stop every create" rt run --bundle "$work/d" "d-$$"
settings <<<'{"version": 1}'
chmod 664 "$work/agentrt.json"
like "settings that others may write are refused" "$(said rt run --bundle "$work/d" "d-$$")" 'agentrt\.json has mode 0664'
rm "$work/agentrt.json"

# --- whom the files belong to
chmod 777 "$work"
like "a parent that others may write is refused" "$(said rt --profile site run --bundle "$work/d" "d-$$")" "${work##*/} has mode 0777"
chmod 700 "$work"
ln -s site.json "$work/profiles/link.json"
echo '{"version": 1, "extends": "agent"}' >"$work/profiles/site2.json"
ln -s site2.json "$work/profiles/link2.json"
is "a link of root's is followed" "$(pol check link2)" "link2: ok"
ln -s gone "$work/profiles/agent.json"
like "a link that leads nowhere is no missing file" "$(said rt --profile agent run --bundle "$work/d" "d-$$")" 'agent\.json: a symbolic link that leads nowhere'
rm "$work"/profiles/{link,link2,agent,site2}.json

# --- annotations
ann() { # KEY VALUE SCRIPT [PROFILE]
	in_box -p "${4:-site}" ".annotations = {\"$1\": \"$2\"}" "$3"
}
denied() { # NAME KEY VALUE [PROFILE]
	local out
	out=$(ann "$2" "$3" 'echo RAN' "${4:-site}" 2>&1)
	like "$1 is refused, and the key is named" "$out" "annotation $2: refused by rule annotation\."
	unlike "$1: nothing ran" "$out" '^RAN'
}
pids='cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null'
ok "an annotation that narrows" ann io.agentrt.limits.pids 50 true
in_box_limit() { # the limit from outside: the cgroup may not be visible inside
	bundle lim ".annotations = $1 | .process.args = [\"sleep\", \"30\"]" || return 1
	rt --profile site run -d --bundle "$work/lim" "lim-$$" >/dev/null 2>&1 </dev/null || return 1
	cat /sys/fs/cgroup/pids/*"lim-$$"/pids.max /sys/fs/cgroup/*"lim-$$"/pids.max 2>/dev/null | head -n 1
}
is "it is what holds" "$(in_box_limit '{"io.agentrt.limits.pids": "50"}')" 50
is "exec obeys it, too" "$(rt exec "lim-$$" echo in)" in
rt update --pids-limit 40 "lim-$$"
rt delete --force "lim-$$"
is "without it the profile's" "$(in_box_limit '{}')" 100
rt delete --force "lim-$$"
denied "more processes" io.agentrt.limits.pids 101
denied "no limit at all" io.agentrt.limits.pids 0
denied "another host" io.agentrt.egress.allow evil.example:443
denied "the engine's network" io.agentrt.egress.mode engine
denied "a mount source" io.agentrt.mounts.allow /root
denied "a secret's name" io.agentrt.env.allow GH_TOKEN
denied "a capability" io.agentrt.capabilities.keep CAP_SYS_ADMIN
denied "privileges" io.agentrt.process.noNewPrivileges false
denied "no user namespace" io.agentrt.userns spec
denied "a profile that gives more" io.agentrt.profile oci
like "an unknown key is an error" "$(ann io.agentrt.egres.mode none 'echo RAN' 2>&1)" 'annotation io\.agentrt\.egres\.mode: there is no such setting'
is "other annotations are nothing to us" "$(ann org.example.x y 'echo RAN')" RAN
profile less <<<'{"version": 1, "extends": "site", "limits": {"pids": 7}}'
ok "a profile that gives less may be chosen" ann io.agentrt.profile less true
like "explain says what an annotation did" "$(bundle x '.annotations = {"io.agentrt.egress.mode": "none"}'; rt --profile site explain -b "$work/x")" 'annotations: io\.agentrt\.egress\.mode'
is "the network can be given up" "$(ann io.agentrt.egress.mode none 'env | grep -c PROXY')" 0
settings <<<'{"version": 1, "annotations": {"allow": ["io.agentrt.env.allow"], "profiles": ["oci"]}}'
is "what the administrator allows by name passes" "$(in_box -p site '.annotations = {"io.agentrt.env.allow": "GH_TOKEN"} | .process.env += ["GH_TOKEN=x"]' 'echo $GH_TOKEN')" x
denied "another key still" io.agentrt.limits.pids 101
is "a profile that he lists, too" "$(ann io.agentrt.profile oci 'echo RAN')" RAN
denied "no other" io.agentrt.profile agent less
is "features lists them as unsafe" "$("$agentrt" features | jq -c '.potentiallyUnsafeConfigAnnotations | [length > 20, index("io.agentrt.egress.allow") != null, index("io.agentrt.profile") != null]')" '[true,true,true]'
settings <<<'{"version": 1, "ids": {"first": 1200000000, "count": 65536}}'
is "ids come from where the settings say" "$(in_box -p site 'cat /proc/self/uid_map' | tr -s ' ')" " 0 1200000000 65536"
settings <<<'{"version": 1, "ids": {"user": "nobody-has-this-name"}}'
like "a user without ranges is an error" "$(said rt --profile site run --bundle "$work/d" "d-$$")" 'nobody-has-this-name'

# --- explain: by subject, with the verdict
rm -f "$work/agentrt.json"
bundle good '.annotations = {"io.agentrt.limits.pids": "9"} | .process.env += ["GH_TOKEN=marker-x"]'
out=$(rt --profile site explain --short -b "$work/good")
is "explain of what passes ends with 0" "$(status rt --profile site explain -b "$work/good")" 0
for area in 'Users and groups' Namespaces Files Privileges Devices Network Limits; do
	like "explain has the area $area" "$out" "^$area\$"
done
like "and a rule behind each line" "$out" 'ids 0 to 65535 in the container are [0-9]+ to [0-9]+ outside \[userns\.private\]'
is "no line is without one" "$(sed -n '/^Profile/,$p' <<<"$out" | grep -E '^  [a-z]' -A1 | grep -vE '^--' | awk '/^  [a-z]/ {if (p && p !~ /\]$/) print p; p = $0} /^    / {p = p $0}' | wc -l)" 0
like "what is removed, by name" "$out" 'removed +process\.env: GH_TOKEN'
unlike "and never by value" "$(rt --profile site explain -b "$work/good"; rt --profile site explain --json -b "$work/good")" marker-x
like "hosts that are let out" "$out" 'open +the proxy lets out: git\.example\.org port 443 \[net\.egress\]'
like "the operations follow unless --short" "$(rt --profile site explain -b "$work/good")" '^What is done, in order'
like "oci says what is open" "$(rt --profile oci explain --short -b "$work/good" 2>&1)" 'open +no user namespace: root in the container is root outside|create would refuse'
is "as JSON" "$(rt --profile site explain --json -b "$work/good" | jq -c '[.explain, .verdict, .profile, ([.areas[].area] | index("files") != null), ([.areas[].lines[] | keys] | unique), (.ops | length > 10)]')" '[1,"accepted","site",true,[["rule","state","what","why"]],true]'
bundle bad '.mounts += [{"destination": "/m", "type": "bind", "source": "/etc/shadow", "options": ["bind"]}]'
is "what would be refused ends with 3" "$(status rt --profile site explain -b "$work/bad")" 3
like "with the rule" "$(rt --profile site explain -b "$work/bad")" 'refused .*\[mount\.[a-z]+\]'
is "as JSON, too" "$(rt --profile site explain --json -b "$work/bad" | jq -c '[.verdict, (.rule | startswith("mount.")), (.why | contains("mounts["))]')" '["refused",true,true]'
bundle wider '.annotations = {"io.agentrt.egress.mode": "engine"}'
is "an annotation that widens, too" "$(rt --profile site explain --json -b "$work/wider" | jq -r .rule)" annotation.widen
echo '{' >"$work/bad/config.json"
is "a config that cannot be read ends with 1" "$(status rt explain -b "$work/bad")" 1

# --- in the container: what it may do
mkdir -p "$work/srv" && chown 4242:4242 "$work/srv"
echo '{"version": 1, "extends": "site", "mounts": {"hide": ["hidden-name"]}, "env": {"allow": ["SOME_TOKEN"]}, "limits": {"maxLifetimeSeconds": 600}}' >"$work/profiles/help.json"
help=$(in_box -p help ".mounts += [{\"destination\": \"/w\", \"type\": \"bind\", \"source\": \"$work/srv\", \"options\": [\"rbind\"]}]" 'cat /run/agentrt/policy.md' 2>/dev/null)
like "a file in the container says which hosts it may reach" "$help" '^- git\.example\.org port 443$'
like "and what of its files stays" "$help" '^- /w: what you write there stays$'
like "and its limits" "$help" '^- it ends 600 seconds after its start$'
like "and what to ask for" "$help" 'egress\.allow.*'
unlike "it names no path of the host, no secret and nothing refused by name" "$help" "$work|hidden-name|SOME_TOKEN|\\.ssh|box[0-9]"
like "agent-strict says that nothing can be reached" "$(in_box -p agent-strict . 'cat /run/agentrt/policy.md' 2>/dev/null)" 'Nothing outside can be reached'
is "nobody inside changes it" "$(in_box -p help . '(echo x >/run/agentrt/policy.md; rm -f /run/agentrt/policy.md; mv /run/agentrt/policy.md /x; umount /run/agentrt/policy.md) 2>/dev/null; head -n 1 /run/agentrt/policy.md' 2>/dev/null)" '# What this container may do'
is "oci has none" "$(in_box -p oci . 'ls /run/agentrt 2>&1 | grep -c policy' 2>/dev/null)" 0

# --- check: what the machine can enforce
is "check ends with 0 here" "$(status rt check)" 0
is "its JSON" "$(rt check --json | jq -c '[.check, .enforced, (.features | length > 10), ([.features[] | keys] | unique | length)]')" '[1,true,true,1]'
echo '{"version": 1, "extends": "agnt"}' >"$work/profiles/broken.json"
is "a broken profile is no" "$(status rt check)" 3
like "and says what is wrong" "$(rt check)" 'profile "agnt" does not exist'
rm "$work/profiles/broken.json"
is "without user namespaces it is no, either" "$(unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$0" check --json' "$agentrt" | jq -c '[.enforced, (.features[] | select(.feature == "user namespaces") | .present)]')" '[false,false]'

is "nothing is left" "$(rt list -q | wc -l)" 0
tap_done

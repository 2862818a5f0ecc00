# shellcheck shell=bash
# bundle.sh - bundles for tests without an engine, from tests/lib/config.json and a busybox root.
# Needs $work (a scratch directory) and $agentrt; profiles are looked for in $work/profiles too.
. "$(dirname "${BASH_SOURCE[0]}")/image.sh"
bundle_config=$(dirname "${BASH_SOURCE[0]}")/config.json

bundle_setup() {
	mkdir -p "$work/rootfs" "$work/profiles"
	busybox_root "$work/rootfs"
	[ -z "${TEST_AGENT_PROFILE:-}" ] || echo "$TEST_AGENT_PROFILE" >"$work/profiles/agent.json"
	# runtimes refuse a root that is a symbolic link: name the directory itself
	jq --arg r "$work/rootfs" '.root.path = $r | .process.args[2] = "@SCRIPT@"' "$bundle_config" >"$work/plain.json"
}

json_string() { # TEXT: as JSON; control characters other than these are not for tests
	local s=$1
	s=${s//\\/\\\\} s=${s//\"/\\\"} s=${s//$'\n'/\\n} s=${s//$'\t'/\\t} s=${s//$'\e'/\\u001b} s=${s//$'\r'/\\r}
	printf '"%s"' "$s"
}

# bundle NAME [JQ-FILTER [SCRIPT]]: makes $work/NAME with a config changed by the filter; SCRIPT is what
# its shell runs, BUNDLE_ROOT another root. jq takes half a second in a virtual machine: it is started
# once, or not at all.
bundle() {
	local filter=${2:-.} root=${BUNDLE_ROOT:-$work/rootfs} plain
	mkdir -p "$work/$1"
	[ -L "$work/$1/rootfs" ] || ln -s ../rootfs "$work/$1/rootfs"
	if [ $# -lt 3 ]; then
		jq --arg r "$root" "($filter) | .root.path = \$r" "$bundle_config"
	elif [ "$filter" = . ] && [ -z "${BUNDLE_ROOT:-}" ]; then
		IFS= read -rd '' plain <"$work/plain.json"
		printf '%s' "${plain%%\"@SCRIPT@\"*}$(json_string "$3")${plain#*\"@SCRIPT@\"}"
	else
		jq --arg r "$root" --arg s "$3" \
			"($filter) | .root.path = \$r | .process.args = [\"sh\", \"-c\", \$s]" "$bundle_config"
	fi >"$work/$1/config.json"
}

# What bears a mark and is still there, one line an object; nothing when all is clean. Ids end in their
# mark, which is "-" and this shell's pid: other tests run beside this one. No mark is the beginning of
# another. Zombies do not count: they are their parent's affair.
left_of() { # MARK [STATE-ROOT]
	local mark=$1 end='([^0-9]|$)' p
	grep -E -e "$mark$end" -e "$work/" /proc/self/mountinfo | cut -d' ' -f5 | sed 's/^/mount /'
	left_cgroups "$mark" | sed 's/^/cgroup /'
	find /var/lib/agentrt -mindepth 1 -maxdepth 1 -name "*$mark.*" -printf 'upper %p\n' 2>/dev/null
	grep -se "$mark " /run/agentrt/.ids | sed 's/^/ids /'
	find "${2:-$work/state}" -mindepth 1 -maxdepth 1 -printf 'state %p\n' 2>/dev/null
	{ grep -lsaE -e "$mark$end" /proc/[0-9]*/cgroup; grep -lsazx -e "TEST_MARK=$mark" /proc/[0-9]*/environ; } |
		cut -d/ -f3 | sort -u | while read -r p; do
		grep -qs '^State:.[^ZX]' "/proc/$p/status" && echo "process $p $(tr '\0' ' ' 2>/dev/null <"/proc/$p/cmdline")"
	done
}
left_cgroups() { find /sys/fs/cgroup -depth -type d \( -name "*$1" -o -name "*$1[!0-9]*" \) 2>/dev/null; } # MARK

# For an EXIT trap: containers, and what a runtime with a rule or step switched off has left of them.
bundle_cleanup() {
	local id d
	unset AGENTRT_MUTANT AGENTRT_FAULT AGENTRT_KILL
	for id in $(rt list -q 2>/dev/null); do rt delete --force "$id" >/dev/null 2>&1; done
	left_cgroups "-$$" | while read -r d; do
		xargs -r kill -9 <"$d/cgroup.procs" 2>/dev/null
		rmdir "$d" 2>/dev/null || { sleep 0.1; rmdir "$d" 2>/dev/null; }
	done
	rm -rf "$work" /var/lib/agentrt/*"-$$."*
}

rt() { TEST_MARK=-$$ timeout -k 5 "${RT_TIMEOUT:-30}" "$agentrt" --root "$work/state" --profile-dir "$work/profiles" "$@"; }

# in_box [-p PROFILE] [JQ-FILTER] SCRIPT: runs a shell script in a fresh container
box_n=0
in_box() {
	local profile=agent filter=.
	[ "$1" = -p ] && profile=$2 && shift 2
	[ $# -gt 1 ] && filter=$1 && shift
	box_n=$((box_n + 1))
	bundle "box$box_n" "$filter" "$1" || return 1
	rt --profile "$profile" run --bundle "$work/box$box_n" "box$box_n-$$"
}

# shellcheck shell=bash
# bundle.sh - bundles for tests without an engine, from tests/lib/config.json and a busybox root.
# Needs $work (a scratch directory) and $agentrt; profiles are looked for in $work/profiles too.
. "$(dirname "${BASH_SOURCE[0]}")/image.sh"

bundle_setup() {
	mkdir -p "$work/rootfs" "$work/profiles"
	busybox_root "$work/rootfs"
}

# bundle NAME [JQ-FILTER]: makes $work/NAME with a config changed by the filter
bundle() {
	mkdir -p "$work/$1"
	ln -sfn ../rootfs "$work/$1/rootfs"
	jq "${2:-.}" "$(dirname "${BASH_SOURCE[0]}")/config.json" >"$work/$1/config.json" || return 1
	# runtimes refuse a root that is a symbolic link: name the directory itself
	jq --arg r "$work/rootfs" '.root.path = $r' "$work/$1/config.json" >"$work/$1/c" && mv "$work/$1/c" "$work/$1/config.json"
}

# For an EXIT trap: containers, and what a runtime with a rule or step switched off has left of them.
# Only what bears this run's mark: other tests may run beside this one.
bundle_cleanup() {
	local id d
	unset AGENTRT_MUTANT AGENTRT_FAULT AGENTRT_KILL
	for id in $(rt list -q 2>/dev/null); do rt delete --force "$id" >/dev/null 2>&1; done
	find /sys/fs/cgroup -depth -type d -name "*-$$*" 2>/dev/null | while read -r d; do
		xargs -r kill -9 <"$d/cgroup.procs" 2>/dev/null
		rmdir "$d" 2>/dev/null || { sleep 0.1; rmdir "$d" 2>/dev/null; }
	done
	rm -rf "$work" /var/lib/agentrt/*"-$$."*
}

rt() { timeout "${RT_TIMEOUT:-30}" "$agentrt" --root "$work/state" --profile-dir "$work/profiles" "$@"; }

# in_box [-p PROFILE] [JQ-FILTER] SCRIPT: runs a shell script in a fresh container
box_n=0
in_box() {
	local profile=agent filter=.
	[ "$1" = -p ] && profile=$2 && shift 2
	[ $# -gt 1 ] && filter=$1 && shift
	box_n=$((box_n + 1))
	bundle "box$box_n" "$filter | .process.args = [\"sh\", \"-c\", $(jq -Rs . <<<"$1")]" || return 1
	rt --profile "$profile" run --bundle "$work/box$box_n" "box$box_n-$$"
}

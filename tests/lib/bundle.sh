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

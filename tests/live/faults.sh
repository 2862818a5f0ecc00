#!/usr/bin/env bash
# faults.sh - create fails, or is killed, at every place that can: one clear error, and nothing left.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/lib/tap.sh"
. "$top/tests/lib/mutants.sh"
dir=$(mutants_build "$top") || { echo "Bail out! the mutants build failed"; exit 1; }
agentrt=$dir/agentrt
work=$(mktemp -d /tmp/agentrt-faults.XXXXXX)
trap 'rm -rf "$work"' EXIT
. "$top/tests/lib/bundle.sh"
bundle_setup
bundle b '.process.args = ["sleep", "60"]'

ns_count() { for p in /proc/[0-9]*; do for n in net mnt user pid; do readlink "$p/ns/$n"; done; done 2>/dev/null | sort -u | wc -l; }
left() {
	echo "mounts $(wc -l </proc/self/mountinfo) cgroups $(find /sys/fs/cgroup -type d | wc -l)" \
		"uppers $(find /var/lib/agentrt -mindepth 2 2>/dev/null | wc -l) proxies $(pgrep -fc '^agentrt-egress')" \
		"sleeps $(pgrep -xc sleep) ns $(ns_count)"
}
rt --profile agent run --bundle "$work/b" -d warm >/dev/null 2>&1 </dev/null; rt delete --force warm
sleep 0.2
before=$(left)
settle() { # wait (bounded) for what dies asynchronously
	local i
	for ((i = 0; i < 20; i++)); do
		[ "$(left)" = "$before" ] && break
		sleep 0.1
	done
}
for profile in agent oci; do
	while read -r place; do
		case $place:$profile in *egress*:oci | *anet*:oci) continue ;; esac
		id=f-$RANDOM
		AGENTRT_FAULT=$place rt --profile "$profile" create --bundle "$work/b" "$id" </dev/null >"$work/out" 2>"$work/err"
		status=$?
		err=$(cat "$work/err") # a file: the container keeps what it was given, and a pipe would wait for it
		if [ $status -eq 0 ]; then
			# a place that create does not pass: start, delete or exec
			rt delete --force "$id" >/dev/null 2>&1
		else
			like "$profile: a failure at $place is one sentence" "$(wc -l <<<"$err") $err" '^1 agentrt: .+'
			not_ok_cmd "$profile: after a failure at $place the container does not exist" rt state "$id"
		fi
		settle
		is "$profile: after a failure at $place nothing is left" "$(left) state $(find "$work/state" -mindepth 1 -maxdepth 1 -not -name '.*' | wc -l)" "$before state 0"
		AGENTRT_KILL=$place rt --profile "$profile" create --bundle "$work/b" "$id" >/dev/null 2>&1 </dev/null
		ok "$profile: killed at $place, delete --force succeeds" rt delete --force "$id"
		settle
		is "$profile: killed at $place, delete --force leaves nothing" "$(left) state $(find "$work/state" -mindepth 1 -maxdepth 1 -not -name '.*' | wc -l)" "$before state 0"
	done < <(mutants_named fault "$top")
done
tap_done

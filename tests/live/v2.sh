#!/usr/bin/env bash
# v2.sh - oci.sh, agent.sh and pods.sh once more where cgroup v2 is all that can be seen: in a mount namespace with
# this machine's v2 hierarchy over /sys/fs/cgroup. Its v1 hierarchies keep their controllers, so limits
# are for a kernel that has nothing but v2 (tests/vm/ci). AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/lib/tap.sh"
v2=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/self/mounts)
if [ -z "$v2" ] || [ "$v2" = /sys/fs/cgroup ]; then
	skip "the plain and the agent profile, and pods, on cgroup v2 alone" "${v2:+this machine has nothing else}${v2:-no v2 hierarchy}"
	tap_done
	exit
fi
work=$(mktemp -d /tmp/agentrt-v2.XXXXXX)
trap 'rm -rf "$work"' EXIT
mkdir "$work/v2"
# The agent profile asks for a limit of processes, which takes the controller.
grep -qw pids "$v2/cgroup.controllers" ||
	export TEST_AGENT_PROFILE='{"name": "agent", "version": 1, "extends": "agent", "limits": {"pids": 0}}'
for t in oci agent pods; do
	unshare -m --propagation private sh -ec 'mount --bind "$1" "$2"; umount -R /sys/fs/cgroup; mount --move "$2" /sys/fs/cgroup; exec "$3"' \
		sh "$v2" "$work/v2" "$here/live/$t.sh" >"$work/$t.tap" 2>&1
	status=$?
	sed -i -E "s/^((not )?ok [0-9]+ - )/\1$t.sh: /; /^1\.\.[0-9]+\$/d" "$work/$t.tap"
	tap_merge "$work/$t.tap"
	is "$t.sh ran to its end" "$status" 0
done
tap_done

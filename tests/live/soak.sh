#!/usr/bin/env bash
# soak.sh - many containers, one after the other and at once, leave the machine as it was.
# AGENTRT: the program under test.
# SOAK=whole: 1,000 cycles and 200 at once; without it a small part of that.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
cycles=40 together=16
[ "${SOAK:-}" = whole ] && cycles=1000 together=200
work=$(mktemp -d /tmp/agentrt-soak.XXXXXX)
trap bundle_cleanup EXIT
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
bundle_setup
mark=-$$
bundle box '.process.args = ["sleep", "1000"]'
bundle short '.process.args = ["true"]'

# Counts of this test's own; mounts of everybody in this namespace, and files where the runtime keeps any.
counts() {
	echo "mounts $(wc -l </proc/self/mountinfo) marked $(left_of "$mark" | wc -l)" \
		"files $(find /run/agentrt /var/lib/agentrt "$work" -name "*$mark*" 2>/dev/null | wc -l)" \
		"namespaces $(mine namespaces | wc -l)"
}
# Namespaces that only this test's processes are in, the ones of its containers.
mine() {
	local p
	grep -lsazx -e "TEST_MARK=$mark" /proc/[0-9]*/environ | cut -d/ -f3 | while read -r p; do
		readlink "/proc/$p/ns/"{mnt,pid,net,uts,ipc,user,cgroup}
	done 2>/dev/null | sort -u
}
settled() { # WANT: the counts, when they are that or do not change any more
	local i now
	for ((i = 0; i < 100; i++)); do
		now=$(counts)
		[ "$now" = "$1" ] && break
		sleep 0.1
	done
	echo "$now"
}
dying() { awk '$1 == "net_namespace" {print $2}' /proc/slabinfo 2>/dev/null; } # live and dying, of the whole machine

# one PROFILE N: create, start, delete; says what failed
one() {
	local id=c$2-$1$mark box=box
	[ $(($2 % 4)) -eq 0 ] && box=short
	rt --profile "$1" create --bundle "$work/$box" "$id" </dev/null >/dev/null && rt start "$id" && rt delete --force "$id" ||
		echo "cycle $2"
}
# up PROFILE N: one that stays, and holds no pipe of ours
up() { rt --profile "$1" run -d --bundle "$work/box" "t$2-$1$mark" </dev/null >"$work/up.$2" 2>&1 || cat "$work/up.$2"; }
export -f one up rt
export work agentrt mark
at_once() { xargs -P "$1" -I '{}' bash -c "$2" 2>&1; }

for p in oci agent; do
	export p
	one $p 0 >/dev/null # directories that stay are made
	before=$(counts) dying0=$(dying)
	is "$p: $cycles cycles of create, start and delete" \
		"$(for ((i = 1; i <= cycles; i++)); do one $p "$i" 2>&1; done | grep -v '^agentrt: profile' | head -n 5)" ""
	is "$p: leave the counts where they were" "$(settled "$before")" "$before"
	echo "# network namespaces of the whole machine, dying ones included: $dying0 before, $(dying) after"

	is "$p: $together containers at once" "$(seq "$together" | at_once 16 'up $p {}' | head -n 5)" ""
	is "$p: all of them run" "$(rt list --format json | jq '[.[] | select(.status == "running")] | length')" "$together"
	[ $p = oci ] || is "$p: no two have an id range in common" \
		"$(for i in $(seq "$together"); do cat "/proc/$(rt state "t$i-$p$mark" | jq .pid)/uid_map"; done | awk '{print $2}' | sort | uniq -d)" ""
	is "$p: exec reaches the first and the last" "$(rt exec "t1-$p$mark" echo first; rt exec "t$together-$p$mark" echo last)" $'first\nlast'
	is "$p: all are deleted at once" "$(seq "$together" | at_once 16 "rt delete --force t{}-\$p$mark" | head -n 5)" ""
	is "$p: and leave the counts where they were" "$(settled "$before")" "$before"
done
tap_done

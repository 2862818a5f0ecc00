#!/usr/bin/env bash
# limits.sh - limits where the config has none, the end of a lifetime, and a root that is full.
# AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-limits.XXXXXX)
trap 'umount -l "$work/up" 2>/dev/null; bundle_cleanup' EXIT
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
bundle_setup
n=lim-$$
profile() { echo "{\"version\": 1, \"extends\": \"agent\", $2}" >"$work/profiles/$1.json"; }
cg() { cat /sys/fs/cgroup/{memory,pids}/*"$1"/"$2" /sys/fs/cgroup/*"$1"/"$2" 2>/dev/null | head -n 1; }
memory_file() { [ -e /sys/fs/cgroup/cgroup.controllers ] && echo memory.max || echo memory.limit_in_bytes; }

# --- limits by default
bundle def '.process.args = ["sleep", "100"] | del(.process.rlimits)'
rt run -d --bundle "$work/def" "$n" >/dev/null 2>&1 </dev/null
limits=$(cat "/proc/$(rt state "$n" | jq .pid)/limits")
hard=$(ulimit -Hn)
[ "$hard" != unlimited ] && [ "$hard" -lt 65536 ] && files=$hard || files=65536 # never raised
like "descriptors are limited" "$limits" "^Max open files +$files +$files"
like "and the size of files" "$limits" '^Max file size +68719476736 +68719476736'
like "no core is written" "$limits" '^Max core file size +0 +0'
total=$(($(getconf _PHYS_PAGES) * $(getconf PAGE_SIZE)))
is "memory is limited to a part of the machine's" "$(cg "$n" "$(memory_file)")" $((total / 100 * 75 / 4096 * 4096))
is "processes, too" "$(cg "$n" pids.max)" 4096
[ -e /sys/fs/cgroup/cgroup.controllers ] && grep -q memory /sys/fs/cgroup/cgroup.controllers &&
	is "out of memory ends the whole container" "$(cg "$n" memory.oom.group)" 1
is "a process of exec has the limits" "$(rt exec "$n" sh -c 'ulimit -n; ulimit -c' | tr '\n' ' ')" "$files 0 "
rt update --memory -1 "$n" >/dev/null 2>&1
is "update gives no unlimited memory" "$(cg "$n" "$(memory_file)")" $((total / 100 * 75 / 4096 * 4096))
rt update --memory 268435456 "$n" >/dev/null 2>&1
is "but another limit" "$(cg "$n" "$(memory_file)")" 268435456
rt delete --force "$n"
is "a config that has limits keeps them" "$(in_box '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}, {"type": "RLIMIT_CORE", "soft": 5120, "hard": 5120}] | .linux.resources.memory.limit = 134217728' 'ulimit -Sn; ulimit -Hn; ulimit -c' | tr '\n' ' ')" "100 200 10 "
is "oci adds none" "$(bundle o 'del(.process.rlimits) | .process.args = ["sh", "-c", "ulimit -c"]'; rt --profile oci explain --json -b "$work/o" | jq '[.ops[] | select(.op == "rlimit")] | length')" 0
like "a file that is too large is refused" "$(profile small '"limits": {"fileSizeBytes": 4096}'; in_box -p small '. | del(.process.rlimits)' 'trap "" XFSZ; dd if=/dev/zero of=/tmp/x bs=1k count=10 2>&1; wc -c </tmp/x')" '^4096$'

# --- a lifetime
profile short '"limits": {"maxLifetimeSeconds": 2}'
bundle life '.process.args = ["sh", "-c", "trap \"\" TERM INT ALRM HUP; sleep 100 & while :; do sleep 1; done"]'
started=$(date +%s%N)
rt --profile short run --bundle "$work/life" "$n-a" >"$work/life.out" 2>&1 </dev/null
status=$?
ms=$((($(date +%s%N) - started) / 1000000))
ok "a container past its lifetime ends ($ms ms)" test $ms -ge 1900 -a $ms -lt 9000
is "killed" $status 137
like "and says why" "$(cat "$work/life.out")" 'killed: it was older than limits\.maxLifetimeSeconds \(2\)'
rt --profile short create --bundle "$work/life" "$n-b" >/dev/null 2>&1 </dev/null
sleep 2.2
is "the time before start does not count" "$(rt state "$n-b" | jq -r .status)" created
rt start "$n-b"
pid=$(rt state "$n-b" | jq .pid)
timer() { # of the container: its process that waits
	grep -ls '^Name:.agentrt-timer$' /proc/[0-9]*/status | while read -r f; do
		d=${f%/status}
		[ "$(readlink "$d/fd/3" 2>/dev/null)" = "$work/state/$1" ] && echo "${d#/proc/}"
	done
}
t=$(timer "$n-b")
ok "somebody waits" test -n "$t"
is "with nothing of the caller's open" "$(find "/proc/$t/fd" -mindepth 1 -printf '%f %l\n' | sort | sed 's/ .*state.*/ state/; s/ anon_inode:.*\| pidfd.*/ pidfd/; s/ .*pidfd.*/ pidfd/' | tr '\n' ' ')" "0 /dev/null 1 /dev/null 2 /dev/null 3 state 4 pidfd "
is "outside the container's namespaces" "$(readlink "/proc/$t/ns/pid")" "$(readlink /proc/self/ns/pid)"
rt pause "$n-b"
for _ in $(seq 60); do [ -d "/proc/$pid" ] && ! grep -qs '^State:.Z' "/proc/$pid/status" || break; sleep 0.1; done
is "a paused container ends as well" "$(rt state "$n-b" | jq -r .status)" stopped
like "state says why" "$(rt state "$n-b" | jq -r '.annotations["io.agentrt.ended"]')" 'maxLifetimeSeconds \(2\)'
is "nothing of it runs" "$(cat /sys/fs/cgroup/{memory,pids}/*"$n-b"/cgroup.procs /sys/fs/cgroup/*"$n-b"/cgroup.procs 2>/dev/null | wc -l)" 0
rt delete "$n-b"
bundle quick '.process.args = ["true"]'
rt --profile short run --bundle "$work/quick" "$n-c" >/dev/null 2>&1 </dev/null
for _ in $(seq 20); do [ -n "$(timer "$n-c")" ] || break; sleep 0.1; done
is "whoever ends earlier leaves nobody waiting" "$(timer "$n-c")" ""
bundle ann '.annotations = {"io.agentrt.limits.maxLifetimeSeconds": "1"} | .process.args = ["sleep", "50"]'
is "a container may ask for a shorter life" "$(rt run --bundle "$work/ann" "$n-d" >/dev/null 2>&1 </dev/null; echo $?)" 137
is "without a limit nobody waits" "$(bundle free '.process.args = ["sleep", "50"]'; rt run -d --bundle "$work/free" "$n-e" >/dev/null 2>&1 </dev/null; timer "$n-e")" ""
rt delete --force "$n-e"
like "explain says it" "$(rt --profile short explain -b "$work/quick")" 'killed 2 s after its start'

# --- a full root: ENOSPC, not the end of the container
fill='said=$(dd if=/dev/zero of=/big bs=64k 2>&1); rm /big; echo "$said" | grep -o "No space left"; echo alive'
want=$'No space left\nalive'
profile mem '"root": {"upper": "tmpfs"}'
is "in memory, with 64 MiB" "$(in_box -p mem '.root.readonly = false | .linux.resources.memory.limit = 67108864' "$fill" 2>/dev/null)" "$want"
profile memsize '"root": {"upper": "tmpfs", "sizeBytes": 8388608}'
is "in memory, with a size" "$(in_box -p memsize '.root.readonly = false' "$fill" 2>/dev/null)" "$want"
mkdir "$work/up" && mount -t tmpfs -o size=24m up "$work/up"
profile disk "\"root\": {\"dir\": \"$work/up\"}"
is "on a full disk, with 64 MiB" "$(in_box -p disk '.root.readonly = false | .linux.resources.memory.limit = 67108864' "$fill" 2>/dev/null)" "$want"
is "nothing is left" "$(rt list -q | wc -l)" 0
tap_done

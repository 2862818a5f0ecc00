#!/usr/bin/env bash
# resources.sh - linux.resources as the kernel then has it, what a host cannot give, and the rest of
# the fields that need one: devices in user namespaces, labels, annotations.
# AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-resources.XXXXXX)
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
trap bundle_cleanup EXIT
bundle_setup
chmod 755 "$work"
box() { in_box -p oci "$@" 2>&1; }
refused() { # NAME JQ-FILTER REGEX
	local out
	out=$(box "$2" 'echo RAN')
	like "$1" "$out" "^agentrt: .*$3"
	unlike "$1: nothing ran" "$out" RAN
}
[ -d /sys/fs/cgroup/memory ] && v1=yes || v1=
# holds NAME RESOURCES V1-FILE WANT V2-FILE WANT: one file of the container's cgroup, seen from inside
holds() {
	local file=$5 want=$6
	[ -z "$v1" ] || { file=$3 want=$4; }
	[ -n "$file" ] || { skip "$1" "not in this version of cgroups"; return; }
	is "$1" "$(box ".linux.resources += $2" "cat /sys/fs/cgroup/$file" | paste -sd ' ')" "$want"
}
holds "cpu shares" '{"cpu": {"shares": 777}}' cpu/cpu.shares 777 cpu.weight 80
holds "quota and period" '{"cpu": {"quota": 20000, "period": 50000}}' cpu/cpu.cfs_quota_us 20000 cpu.max "20000 50000"
holds "period" '{"cpu": {"quota": 20000, "period": 50000}}' cpu/cpu.cfs_period_us 50000 "" ""
holds "burst" '{"cpu": {"quota": 20000, "period": 50000, "burst": 10000}}' cpu/cpu.cfs_burst_us 10000 cpu.max.burst 10000
holds "idle" '{"cpu": {"idle": 1}}' cpu/cpu.idle 1 cpu.idle 1
holds "processors" '{"cpu": {"cpus": "0", "mems": "0"}}' cpuset/cpuset.cpus 0 cpuset.cpus 0
holds "memory nodes" '{"cpu": {"cpus": "0", "mems": "0"}}' cpuset/cpuset.mems 0 cpuset.mems 0
holds "memory" '{"memory": {"limit": 67108864}}' memory/memory.limit_in_bytes 67108864 memory.max 67108864
holds "memory and swap" '{"memory": {"limit": 67108864, "swap": 134217728}}' memory/memory.memsw.limit_in_bytes 134217728 memory.swap.max 67108864
holds "no limit at all" '{"memory": {"limit": -1, "swap": -1}}' memory/memory.limit_in_bytes 9223372036854771712 memory.max max
holds "reservation" '{"memory": {"reservation": 33554432}}' memory/memory.soft_limit_in_bytes 33554432 memory.low 33554432
holds "swappiness" '{"memory": {"swappiness": 33}}' memory/memory.swappiness 33 "" ""
holds "no out-of-memory killer" '{"memory": {"disableOOMKiller": true}}' memory/memory.oom_control "oom_kill_disable 1 under_oom 0 oom_kill 0" "" ""
holds "TCP buffers" '{"memory": {"kernelTCP": 1048576}}' memory/memory.kmem.tcp.limit_in_bytes 1048576 "" ""
holds "processes" '{"pids": {"limit": 33}}' pids/pids.max 33 pids.max 33
holds "no limit of processes" '{"pids": {"limit": -1}}' pids/pids.max max pids.max max
disk=$(sed -nE 's/^ +([0-9]+) +([0-9]+) .* (vda|sda|nvme0n1)$/\1:\2/p' /proc/partitions | head -n 1)
if [ -n "$disk" ]; then
	dev='"major": '${disk%:*}', "minor": '${disk#*:}
	holds "reading, bytes" '{"blockIO": {"throttleReadBpsDevice": [{'"$dev"', "rate": 1048576}]}}' blkio/blkio.throttle.read_bps_device "$disk 1048576" io.max "$disk rbps=1048576 wbps=max riops=max wiops=max"
	holds "writing, operations" '{"blockIO": {"throttleWriteIOPSDevice": [{'"$dev"', "rate": 99}]}}' blkio/blkio.throttle.write_iops_device "$disk 99" io.max "$disk rbps=max wbps=max riops=max wiops=99"
else
	skip "reading, bytes" "no disk"
fi
if [ -d /sys/kernel/mm/hugepages/hugepages-2048kB ] && grep -qw hugetlb /sys/fs/cgroup/{,unified/}cgroup.controllers 2>/dev/null; then
	u=$([ -d /sys/fs/cgroup/unified ] && echo unified/)
	huge() { is "$1" "$(box ".linux.resources += $2" "cat /sys/fs/cgroup/${u}hugetlb.2MB.max /sys/fs/cgroup/${u}hugetlb.2MB.rsvd.max" | paste -sd ' ')" "$3"; }
	huge "huge pages, with what is reserved" '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}' "4194304 4194304"
	huge "unified: a file as it is" '{"unified": {"hugetlb.2MB.max": "2097152"}}' "2097152 9223372036854771712"
	refused "unified: a value that the kernel refuses" '.linux.resources.unified = {"hugetlb.2MB.max": "many"}' 'unified.hugetlb.2MB.max'
else
	skip "huge pages" "no controller for them"
fi
if [ -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ]; then
	is "a budget for real-time tasks, and one" "$(box '.linux.resources.cpu = {"realtimeRuntime": 10000, "realtimePeriod": 1000000} | .process.scheduler = {"policy": "SCHED_FIFO", "priority": 10}' 'cut -d" " -f40,41 /proc/$$/stat; cat /sys/fs/cgroup/cpu/cpu.rt_runtime_us' | paste -sd ' ')" "10 1 10000"
	refused "one without" '.process.scheduler = {"policy": "SCHED_FIFO", "priority": 10}' 'set scheduling policy 1'
fi
[ -n "$v1" ] && why='no cgroup v2 controller "memory"' || why='memory.high: write'
refused "unified: a controller that v2 does not have here" '.linux.resources.unified = {"memory.high": "much"}' "$why"
refused "unified: not the name of a file" '.linux.resources.unified = {"../x": "1"}' 'no name of a cgroup v2 file'
refused "unified: a file that acts" '.linux.resources.unified = {"cgroup.procs": "1"}' 'unified.cgroup.procs: not a limit'
refused "rdma without such a controller" '.linux.resources.rdma = {"mlx5_1": {"hcaHandles": 3}}' 'rdma'
refused "a class of packets without such a controller" '.linux.resources.network = {"classID": 3}' 'no cgroup controller "net_cls"'
refused "swap below memory" '.linux.resources.memory = {"limit": 100000000, "swap": 50000000}' 'is below memory.limit'
refused "a page size that is none" '.linux.resources.hugepageLimits = [{"pageSize": "2", "limit": 1}]' 'is not like 2MB'
refused "a processor that is not there" '.linux.resources.cpu = {"cpus": "4000"}' 'cpu.cpus'
refused "a weight out of range" '.linux.resources.blockIO = {"weight": 5}' 'from 10 to 1000'

# --- update: a limit below what is used
id=update-$$
bundle "$id" '.linux.resources += {"memory": {"limit": 67108864, "swap": 67108864}, "pids": {"limit": 33}} | .process.args = ["sh", "-c", "head -c 20480k /dev/zero >/dev/shm/x; echo >/dev/shm/done; sleep 60"]'
rt --profile oci run -d --bundle "$work/$id" "$id" >/dev/null 2>&1 </dev/null
for ((i = 0; i < 60; i++)); do rt exec "$id" test -e /dev/shm/done 2>/dev/null && break; sleep 0.05; done
limits() { cat /sys/fs/cgroup/{memory/,}agentrt-"$id"/memory.{limit_in_bytes,max} /sys/fs/cgroup/{pids/,}agentrt-"$id"/pids.max 2>/dev/null | paste -sd ' '; }
update() { rt update --resources - "$id" <<<"$1" 2>&1; }
like "checkBeforeUpdate refuses a limit below what is in use" "$(update '{"memory": {"limit": 4194304, "swap": 4194304, "checkBeforeUpdate": true}, "pids": {"limit": 5}}')" '^agentrt: linux.resources.memory.*bytes are in use'
is "and then changes nothing at all" "$(limits)" "67108864 33"
is "but takes one above" "$(update '{"memory": {"limit": 50331648, "swap": 50331648, "checkBeforeUpdate": true}, "pids": {"limit": 6}}') $(limits)" " 50331648 6"
rt delete --force "$id"

# --- devices where none can be made, labels where none can be put
userns='.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}] | .linux.gidMappings = .linux.uidMappings | del(.linux.sysctl)'
is "a user namespace gets the host's node, under whatever name" "$(box "$userns"' | .linux.devices = [{"path": "/dev/more/full", "type": "c", "major": 1, "minor": 7, "fileMode": 384}]' 'stat -c "%F %t:%T" /dev/more/full; echo x 2>&1 >/dev/more/full' | paste -sd ' ')" "character special file 1:7 sh: write error: No space left on device"
refused "and none that the host does not have" "$userns"' | .linux.devices = [{"path": "/dev/none", "type": "c", "major": 1, "minor": 99}]' 'no such file'
is "unbuffered is character, and the bits of the type are not of the mode" "$(box '.linux.devices = [{"path": "/dev/u", "type": "u", "major": 1, "minor": 7, "fileMode": 8576}]' 'stat -c "%F %a" /dev/u')" "character special file 600"
refused "a device where the image has something else" '.linux.devices = [{"path": "/bin/busybox", "type": "c", "major": 1, "minor": 7}]' 'the image has something else there'
refused "a device of an unknown type" '.linux.devices = [{"path": "/dev/x", "type": "z", "major": 1, "minor": 7}]' 'must be'
[ -e /sys/module/apparmor ] || refused "an AppArmor profile without AppArmor" '.process.apparmorProfile = "docker-default"' 'AppArmor is not enabled on this host, so "docker-default" cannot be applied'
if [ ! -e /sys/fs/selinux/enforce ]; then
	refused "a label without SELinux" '.process.selinuxLabel = "system_u:system_r:container_t:s0"' 'SELinux is not enabled on this host'
	bundle label '.linux.mountLabel = "system_u:object_r:container_file_t:s0"'
	like "a mount label without SELinux is not applied, and explain says so" "$(rt --profile oci explain --bundle "$work/label" 2>&1 | paste -sd ' ')" 'mountLabel.*SELinux is not enabled'
fi
is "personality without flags" "$(box '.linux.personality = {"domain": "LINUX32", "flags": []}' 'uname -m')" i686
refused "personality with one" '.linux.personality = {"domain": "LINUX32", "flags": ["ADDR_NO_RANDOMIZE"]}' 'personality.flags'
grep -q ' - resctrl ' /proc/self/mountinfo || refused "cache groups without the file system for them" '.linux.intelRdt = {"closID": "gold"}' 'intelRdt: no resctrl file system is mounted'
refused "an unknown personality" '.linux.personality = {"domain": "SOLARIS"}' 'SOLARIS'
for name in hostname domainname; do
	refused "$name without a uts namespace" 'del(.hostname) | .'$name' = "x" | .linux.namespaces |= map(select(.type != "uts"))' "$name needs a uts namespace"
done
refused "a limit twice" '.process.rlimits = [{"type": "RLIMIT_CORE", "soft": 1, "hard": 1}, {"type": "RLIMIT_CORE", "soft": 1, "hard": 1}]' 'RLIMIT_CORE twice'
refused "an unknown limit" '.process.rlimits = [{"type": "RLIMIT_MOON", "soft": 1, "hard": 1}]' 'RLIMIT_MOON'
refused "an annotation without a key" '.annotations = {"": "x"}' 'empty key'
tap_done

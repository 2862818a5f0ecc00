#!/usr/bin/env bash
# oci.sh - the plain profile: every kind of operation that a config can ask for, seen from inside, and
# limits as the kernel has them. Processes, identity, hooks and the gate are in exec.sh, commands in cli.sh.
# AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-oci.XXXXXX)
cleanup() {
	grep -F " $work/" /proc/self/mountinfo | awk '{print $5}' | sort -r | xargs -r umount -l
	bundle_cleanup
}
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
trap cleanup EXIT
bundle_setup
chmod 755 "$work"
box() { in_box -p oci "$@" 2>&1; }
value() { sed -n "s|^$1=||p" <<<"$out"; } # of the last box's "name=value" lines
mkdir -p "$work/bind/sub" "$work/open"
chmod 1777 "$work/open"
echo here >"$work/bind/file"
mount -t tmpfs sub "$work/bind/sub"
flags='.mounts += [
	{"destination": "/flags", "type": "bind", "source": "'$work'/bind", "options": ["bind", "ro", "nosuid", "nodev", "noexec", "noatime"]},
	{"destination": "/plain", "type": "bind", "source": "'$work'/bind", "options": ["rbind"]},
	{"destination": "/rro", "type": "bind", "source": "'$work'/bind", "options": ["rbind", "rro"]},
	{"destination": "/file", "type": "bind", "source": "'$work'/bind/file", "options": ["bind"]},
	{"destination": "/tm", "type": "tmpfs", "source": "tm", "options": ["size=64k", "mode=1770", "nosuid"]},
	{"destination": "/tm/deep/er", "type": "tmpfs", "source": "tm", "options": ["ro"]}]'

# --- one box with most of what a config can hold
most="$flags"' | .hostname = "hn" | .domainname = "dn"
	| .linux.sysctl = {"kernel.msgmax": "4321", "net.ipv4.ip_default_ttl": "77"}
	| .process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}]
	| .process.oomScoreAdj = 321
	| .process.scheduler = {"policy": "SCHED_BATCH", "nice": 5}
	| .linux.personality = {"domain": "LINUX32"}
	| .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}
	| .linux.maskedPaths = ["/etc/passwd", "/home", "/nothing/there"] | .linux.readonlyPaths = ["/etc", "/nothing/there"]
	| .linux.devices = [{"path": "/dev/more/full", "type": "c", "major": 1, "minor": 7, "fileMode": 416, "uid": 7, "gid": 8},
		{"path": "/dev/kmsg2", "type": "c", "major": 1, "minor": 11, "fileMode": 438}, {"path": "/dev/pipe", "type": "p", "fileMode": 384}]
	| .process.env += ["A=b c"] | .process.cwd = "/w/d"'
touch "$work/rootfs/home/seen"
out=$(box "$most" '
echo ran=yes; echo host=$(hostname); echo domain=$(cat /proc/sys/kernel/domainname)
echo msgmax=$(cat /proc/sys/kernel/msgmax); echo ttl=$(cat /proc/sys/net/ipv4/ip_default_ttl)
echo nofile=$(ulimit -Sn):$(ulimit -Hn); echo oom=$(cat /proc/self/oom_score_adj); echo nice=$(cut -d" " -f19 /proc/self/stat)
echo machine=$(uname -m); echo mkdir=$(mkdir /tmp/d 2>&1)
echo passwd=$(wc -c </etc/passwd); echo home=$(ls /home | wc -l); echo etc=$(echo x 2>&1 >/etc/new || echo refused)
echo full=$(stat -c "%t:%T %a %u:%g" /dev/more/full); echo pipe=$(test -p /dev/pipe && echo yes); echo kmsg=$(head -c 1 2>&1 /dev/kmsg2)
echo null=$(echo x >/dev/null && head -c 2 /dev/zero | wc -c)
echo links=$(for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done)
echo cwd=$(pwd); echo env=$A; echo session=$(grep -c "keyring *_ses\..*-'$$':" /proc/keys)
for m in flags plain plain/sub rro rro/sub tm tm/deep/er; do echo "at-$m=$(awk -v m=/$m "\$5 == m {print \$6}" /proc/self/mountinfo)"; done
echo file=$(cat /file); echo wrote=$(echo y >/plain/made && cat /plain/made)
echo tm=$(stat -c %a /tm); echo space=$(head -c 100k /dev/zero 2>/dev/null >/tm/big || stat -c %s /tm/big)')
is "the box ran" "$(value ran)" yes
is "host name" "$(value host)" hn
is "domain name" "$(value domain)" dn
is "a sysctl of the ipc namespace" "$(value msgmax)" 4321
is "a sysctl of the network namespace" "$(value ttl)" 77
is "resource limits" "$(value nofile)" 100:200
is "out-of-memory score" "$(value oom)" 321
is "scheduling" "$(value nice)" 5
is "personality" "$(value machine)" i686
like "the config's filter holds" "$(value mkdir)" 'No space'
is "a masked file is empty" "$(value passwd)" 0
is "a masked directory is empty" "$(value home)" 0
like "a read-only path refuses writing" "$(value etc)" 'Read-only file system.*refused'
is "a device has its numbers, mode and owner" "$(value full)" "1:7 640 7:8"
is "a fifo is one" "$(value pipe)" yes
like "a device that the cgroup does not allow is refused" "$(value kmsg)" 'Operation not permitted'
is "the default devices work" "$(value null)" 2
is "the links of /dev are there" "$(value links)" "/proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 pts/ptmx"
is "the working directory is made" "$(value cwd)" /w/d
is "the environment is the config's" "$(value env)" "b c"
is "the session keyring is its own" "$(value session)" 1
is "a bind mount has its flags" "$(value at-flags)" ro,nosuid,nodev,noexec,noatime
unlike "and no other" "$(value at-plain)" '^ro|nosuid|nodev|noexec|noatime|^$'
like "a recursive bind brings what is below" "$(value at-plain/sub)" '^rw'
like "rro: the mount itself" "$(value at-rro)" '^ro'
like "rro: and what is below" "$(value at-rro/sub)" '^ro'
is "a file is bound on a file" "$(value file)" here
is "what is written to a bind mount" "$(value wrote) $(cat "$work/bind/made")" "y y"
like "a tmpfs has its flags" "$(value at-tm)" '^rw,nosuid'
is "a tmpfs has its mode" "$(value tm)" 1770
is "a tmpfs has its size" "$(value space)" 65536
like "a mount on a directory that is made for it" "$(value at-tm/deep/er)" '^ro'
rm -r "$work/rootfs/w"

# --- the root
out=$(box '.root.readonly = true | .linux.rootfsPropagation = "unbindable"' \
	'echo ran=yes; echo w=$(echo x 2>&1 >/new || echo refused); echo tmp=$(echo x >/dev/shm/x && cat /dev/shm/x); echo root=$(awk "\$5 == \"/\" {print \$6, \$7}" /proc/self/mountinfo)')
like "a read-only root refuses writing" "$(value w)" 'Read-only.*refused'
is "its mounts do not" "$(value tmp)" x
is "its propagation is the config's" "$(value root)" "ro,relatime unbindable"
is "without readonly what is written is in the bundle" "$(box 'echo x >/new && echo ok') $(cat "$work/rootfs/new")" "ok x"
is "nothing of the host's mounts is left" "$(box 'cut -d" " -f5 /proc/self/mountinfo | grep -vE "^/(proc|sys|dev)(/|$)"')" /
hook() { printf '{"path": "/bin/sh", "args": ["sh", "-c", %s], "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}' "$(json_string "$1")"; }
mkdir "$work/bind/sub/prop"
shared() { # JQ-FILTER: runs with a root mount that is shared with another namespace, and says what came there
	bundle prop "$1 | .process.args = [\"true\"] | .hooks.createContainer = [$(hook "mount -t tmpfs fromhook $work/bind/sub/prop && touch $work/open/hook")]"
	rm -f "$work/open/hook"
	unshare -m --propagation shared sh -c "'$agentrt' --root '$work/state' --profile oci run --bundle '$work/prop' prop-$$ </dev/null; grep -c fromhook /proc/self/mountinfo; ls '$work/open'" 2>&1 | paste -sd ' '
}
is "what a createContainer hook mounts does not come to the host" "$(shared .)" "0 hook"

# --- namespaces: new where the config names them, the caller's where not
own() { for n in pid net mnt ipc uts cgroup; do [ "$(sed -n "s/^$n://p" <<<"$1")" = "$(readlink "/proc/self/ns/$n" | cut -d: -f2)" ] && echo -n "$n "; done; }
show_ns='for n in pid net mnt ipc uts cgroup; do readlink /proc/self/ns/$n; done'
is "every namespace of the config is new" "$(own "$(box "$show_ns")")" ""
is "what it does not name is the caller's" "$(own "$(box '.linux.namespaces = [{"type": "mount"}] | del(.hostname, .linux.sysctl) | .mounts |= map(select(.type != "mqueue"))' "$show_ns")")" "pid net ipc uts cgroup "
is "lo is up" "$(box 'cat /sys/class/net/lo/operstate; ip addr show lo | grep -c 127.0.0.1' | paste -sd ' ')" "unknown 1"

# --- cgroup: limits as the kernel has them
cg() { cat /sys/fs/cgroup/{,*/}*"$id"/"$1" /sys/fs/cgroup/{,*/}*"$id"/"${2:-$1}" 2>/dev/null | head -n 1; }
limits='.linux.resources.memory = {"limit": 67108864, "reservation": 33554432} | .linux.resources.pids = {"limit": 33}
	| .linux.resources.cpu = {"shares": 512, "quota": 50000, "period": 100000, "cpus": "0"}'
missing=
for c in memory pids cpu cpuset; do [ -d "/sys/fs/cgroup/$c" ] || grep -qsw "$c" /sys/fs/cgroup/cgroup.controllers || missing+=" $c"; done
[ -z "$missing" ] || limits=.
id=cg-$$
bundle cg "$limits | .process.args = [\"sleep\", \"60\"]"
ok "a container with limits" sh -c "$(declare -f rt); work='$work' agentrt='$agentrt'; rt --profile oci run -d --bundle '$work/cg' $id </dev/null >/dev/null 2>&1"
if [ -z "$missing" ]; then
	is "memory limit" "$(cg memory.limit_in_bytes memory.max)" 67108864
	is "memory reservation" "$(cg memory.soft_limit_in_bytes memory.low)" 33554432
	is "pids limit" "$(cg pids.max)" 33
	like "cpu shares" "$(cg cpu.shares cpu.weight)" '^(512|20|5[0-9])$'
	like "cpu quota" "$(cg cpu.cfs_quota_us cpu.max)" '^50000( 100000)?$'
	is "processors" "$(cg cpuset.cpus)" 0
	is "a limit holds" "$(rt exec "$id" sh -c 'for i in $(seq 60); do sleep 5 & done 2>&1 | grep -c -i "fork"' 2>&1 | grep -o '^1$\|fork' | head -n 1 | tr 1 f | cut -c1)" f
else
	skip "limits" "no controllers here:$missing"
fi
pid=$(rt state "$id" | jq .pid)
[ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ] && seen='^0:' || seen=.
is "the process is in all of them" "$(grep "$seen" "/proc/$pid/cgroup" | grep -vE ':(name=[a-z]+)?:/$|^[0-9]+:(misc|rdma|perf_event|net_[a-z,_]+|hugetlb|debug):' | grep -vc "$id")" 0
like "and in one at least" "$(cat "/proc/$pid/cgroup")" "$id"
ok "kill --all reaches every process" rt kill --all "$id" KILL
for ((i = 0; i < 40; i++)); do [ "$(rt state "$id" | jq -r .status)" = stopped ] && break; sleep 0.05; done
is "the container has stopped" "$(rt state "$id" | jq -r .status)" stopped
ok "delete" rt delete "$id"
is "no cgroup is left" "$(left_cgroups "$id" | wc -l)" 0

# --- without a pid namespace: the cgroup is what holds the processes together
id=np-$$
bundle np '.linux.namespaces |= map(select(.type != "pid")) | .process.args = ["sh", "-c", "sleep 61 & sleep 61 & echo $! >/tmp/last; wait"]'
rm -f "$work/rootfs/tmp/last"
rt --profile oci run -d --bundle "$work/np" "$id" </dev/null >/dev/null 2>&1
for ((i = 0; i < 40; i++)); do [ -s "$work/rootfs/tmp/last" ] && break; sleep 0.05; done
is "its processes are listed" "$(rt ps --format json "$id" | jq length)" 3
last=$(cat "$work/rootfs/tmp/last")
ok "one of them is alive" test -d "/proc/$last"
ok "kill --all" rt kill --all "$id" KILL
for ((i = 0; i < 40; i++)); do grep -qs '^State:.[^ZX]' "/proc/$last/status" || break; sleep 0.05; done
unlike "and is no more" "$(cat "/proc/$last/status" 2>/dev/null)" '^State:.[^ZX]'
ok "delete --force" rt delete --force "$id"

# --- terminals
bundle tty '.process.terminal = true | .process.consoleSize = {"height": 33, "width": 99} | .process.args = ["sh", "-c", "tty; stty size; test -c /dev/console && echo console; readlink /proc/self/fd/0; echo typed | cat >/dev/tty; cut -d\" \" -f7 /proc/self/stat"]'
out=$(script -qec "'$agentrt' --root '$work/state' --profile oci run --bundle '$work/tty' tty-$$" /dev/null </dev/null | tr -d '\r' | sed 's,\^@,,')
like "run with a terminal: it is one of the container's own" "$out" '^/dev/(pts/0|console)$'
like "of its own, as the controlling one" "$out" '^typed$'
like "with a console" "$out" '^console$'
out=$(timeout 20 python3 - "$agentrt" "$work" "tty2-$$" <<'EOF'
import os, socket, subprocess, sys
agentrt, work, cid = sys.argv[1:]
s = socket.socket(socket.AF_UNIX)
s.bind(work + '/console')
s.listen(1)
rt = [agentrt, '--root', work + '/state', '--profile', 'oci']
subprocess.run(rt + ['run', '-d', '--bundle', work + '/tty', '--console-socket', work + '/console', cid], check=True,
               stdin=subprocess.DEVNULL)
c, _ = s.accept()
_, fds, _, _ = socket.recv_fds(c, 100, 1)
text = b''
try:
    while True:
        text += os.read(fds[0], 1000)
except OSError:
    pass
print(text.decode().replace('\r', ''))
EOF
)
like "--console-socket gets the terminal" "$out" '^typed$'
like "with the size of the config" "$out" '^33 99$'
rt delete --force "tty2-$$"
tap_done

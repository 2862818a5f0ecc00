# shellcheck shell=bash
# acts.sh - what root in a container might do to the host, tried from one container with the flags that
# an engine's user gives by default and from one with the hardest: every act must fail.
# Usage, after tap.sh: . acts.sh; acts_run "WHICH FLAGS" run IMAGE FLAG...; acts_on_host
# Needs $work, a scratch directory of the host, $host_pid, a process of the host, and run(), which starts a
# container. IMAGE has bash, perl, util-linux and coreutils (acts_root makes such a root of this machine's).

acts_flags=(--privileged --cap-add ALL --security-opt seccomp=unconfined --security-opt apparmor=unconfined
	--pid host --ipc host --uts host --cgroupns host --network host --ulimit rtprio=99 --ulimit nice=40)
for f in mem fuse kmsg; do [ ! -e "/dev/$f" ] || acts_flags+=(--device "/dev/$f"); done
act_names=() act_scripts=()
act() { # NAME SCRIPT: must fail inside
	act_names+=("$1") act_scripts+=("$2")
}
disk=$(awk '$1 ~ /^[0-9]+$/ { print $1, $2; exit }' /proc/partitions)
mkdir "$work/ours" "$work/outside"
echo mine >"$work/ours/file" && chown -R 4321:4321 "$work/ours"
echo host >"$work/ours/hosts" && chmod 600 "$work/ours/hosts" # root's, in a user's project
echo private >"$work/outside/private"
act "mount is refused" 'mount -t tmpfs none /mnt'
act "remounting is refused" 'mount -o remount,rw /proc/sys'
act "unmounting a mask is refused" 'umount /proc/kcore'
act "mknod of a disk is refused" 'mknod /tmp/d b '"${disk:-254 0}"
act "a sysctl of the host cannot be written" 'echo 1 >/proc/sys/kernel/panic'
act "core_pattern cannot be written" 'echo x >/proc/sys/kernel/core_pattern'
act "sysrq cannot be written" 'echo h >/proc/sysrq-trigger'
act "uevent_helper cannot be written" 'echo /x >/sys/kernel/uevent_helper'
act "release_agent cannot be written" 'echo /x >/sys/fs/cgroup/memory/release_agent || echo /x >/sys/fs/cgroup/release_agent'
act "a cgroup limit cannot be written" 'echo max >/sys/fs/cgroup/pids/pids.max || echo max >/sys/fs/cgroup/pids.max'
act "controllers cannot be handed on" 'echo +pids >/sys/fs/cgroup/cgroup.subtree_control'
act "unshare of namespaces is refused" 'unshare -Urm true'
act "nsenter to init's namespaces is refused" 'nsenter -t 1 -m -u -i -n -p true || nsenter -t 1 -U true'
act "kernel messages are not readable" 'dmesg | grep .'
act "the clock cannot be set" 'date -s 2001-01-01'
act "/proc/kcore is not readable" 'head -c 1 /proc/kcore | grep -q .'
act "raw sockets are refused" 'perl -e "use Socket; socket(S, PF_INET, SOCK_RAW, 1) or exit 1"'
act "packet sockets are refused" 'perl -e "socket(S, 17, 3, 768) or exit 1"'
act "vsock is refused" 'perl -e "socket(S, 40, 1, 0) or exit 1"'
act "vsock is refused with high bits in the family" 'perl -e "syscall(41, 0x100000028, 1, 0) >= 0 or exit 1"'
act "MPTCP is refused" 'perl -e "socket(S, 2, 1, 262) or exit 1"'
act "keyctl is refused" 'perl -e "syscall(250, 0, -3, 1) >= 0 or exit 1"'
act "userfaultfd is refused" 'perl -e "syscall(323, 1) >= 0 or exit 1"'
act "the runtime's binary is out of reach" 'for f in /proc/1/exe /proc/self/exe; do readlink $f | grep -q agentrt && exit 0; done; exit 1'
# A system call, with numbers and strings: done, and so bad, unless it fails with EPERM, ENOSYS or ESRCH.
sys='sys() { perl -e '\''my @a = map { my $x = $_; $x =~ /^-?\d+$/ ? $x + 0 : $x } @ARGV; my $r = syscall(shift @a, @a); exit($r == -1 && grep { $! == $_ } 1, 3, 38)'\'' -- "$@"; }'
act "io_uring is refused" 'sys 425 8 "$(printf %0120d 0)x"'
act "bpf is refused" 'sys 321 0 "$(printf %0120d 0)x" 120'
act "setns of another namespace is refused" 'exec 3</proc/1/ns/mnt; sys 308 3 0'
act "no process of the host is traced" 'sys 101 16 '"$host_pid"' 0 0'
act "no process of the host is signalled" 'kill -0 '"$host_pid"
act "no process of the host is shown" 'grep -qs dockerd /proc/[0-9]*/comm'
act "a set-user-id file of a project gives nothing" 'cp /usr/bin/id /m/id && chmod 6755 /m/id && [ "$(setpriv --reuid 1000 --regid 1000 --clear-groups /m/id -u)" != 1000 ]'
act "nor does one of the root" 'cp /usr/bin/id /tmp/id && chmod 6755 /tmp/id && [ "$(setpriv --reuid 1000 --regid 1000 --clear-groups /tmp/id -u)" != 1000 ]'
setcap='perl -e '\''my ($f, $n, $v) = ($ARGV[0], "security.capability", pack("V5", 0x02000001, 1 << 10, 0, 0, 0)); exit(syscall(188, $f, $n, $v, 20, 0) != 0)'\'
act "capabilities of a file give nothing" 'cp /bin/cat /tmp/cat; '"$setcap"' /tmp/cat && setpriv --reuid 1000 --regid 1000 --clear-groups sh -c "/tmp/cat /proc/self/status; true" | sed -n "s/^Cap...:.//p" | head -n 3 | grep -q "[1-9a-f]"'
act "no hard link leaves a project" 'ln /m/file /tmp/link || ln /etc/passwd /m/link'
act "a link of a project leads nowhere on the host" 'ln -sf '"$work"'/outside/private /m/away; ln -sf ../../../../../..'"$work"'/outside/private /m/away2; cat /m/away /m/away2 | grep .'
act "a file of host root in a project is neither read nor written" 'cat /m/hosts | grep . || echo x >/m/hosts || chmod 777 /m/hosts || chown 0:0 /m/hosts'
act "nor by another name" 'ln /m/hosts /m/hosts2 && { cat /m/hosts2 | grep . || echo x >/m/hosts2; }'
act "no cgroup can be made or moved to" 'mkdir /sys/fs/cgroup/x || mkdir /sys/fs/cgroup/memory/x || echo $$ >/sys/fs/cgroup/cgroup.procs || echo $$ >/sys/fs/cgroup/memory/cgroup.procs'
act "a cgroup file system cannot be mounted" 'mkdir /tmp/cg; mount -t cgroup -o memory x /tmp/cg || mount -t cgroup2 x /tmp/cg'
act "an overlay cannot be mounted" 'mount -t overlay -o lowerdir=/etc:/bin x /mnt'
act "the new mount calls are refused" 'sys 430 tmpfs 0 || sys 428 -100 / 1 || sys 442 -100 /proc 0 0 0'
act "the root cannot be changed by pivoting" 'sys 155 /tmp /tmp'
act "a file is not opened by its handle" 'sys 304 -100 aaaaaaaaaaaaaaaa 0'
act "modules and kernels are not loaded" 'sys 175 x 1 x || sys 313 0 x 0 || sys 246 0 0 0 0'
act "fanotify is refused" 'sys 300 0 0'
act "performance counters are refused" 'sys 298 x 0 -1 -1 0'
act "quotas, swap and accounting are refused" 'sys 179 0 x 0 x || sys 167 /x 0 || sys 163 /x'
act "32-bit system calls are refused" 'printf "\177ELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\3\0\1\0\0\0\124\200\4\10\64\0\0\0\0\0\0\0\0\0\0\0\64\0\40\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\200\4\10\0\200\4\10\140\0\0\0\140\0\0\0\5\0\0\0\0\20\0\0\61\300\100\61\333\315\200" >/tmp/x86 && chmod +x /tmp/x86 && /tmp/x86'

acts_run() { # WHICH IMAGE FLAG...: all of them in one container
	local which=$1 image=$2 script=$sys$'\n' out i
	shift 2
	for i in "${!act_scripts[@]}"; do script+="(${act_scripts[i]}) >/dev/null 2>&1 </dev/null && echo 'DONE $i'"$'\n'; done
	out=$(run "$@" -v "$work/ours:/m" "$image" bash -c "$script"$'\necho end' 2>&1)
	like "$which: the acts were tried to the end" "$out" '^end$'
	for i in "${!act_names[@]}"; do unlike "$which: ${act_names[i]}" "$out" "^DONE $i\$"; done
}

acts_on_host() { # IMAGE: what they have left on the host
	is "nothing of the host's root appears in the project" "$(find "$work/ours" -uid 0 -not -name 'hosts*')" ""
	is "a file of host root in a project is as it was" "$(cat "$work/ours/hosts"; stat -c '%a %u' "$work/ours/hosts")" host$'\n'"600 0"
	is "and one outside" "$(cat "$work/outside/private")" private
	run -v "$work/ours:/m" "$1" bash -c "cp /bin/cat /m/cap; $setcap /m/cap" >/dev/null 2>&1
	ok "a project's file can be given capabilities inside" test -s "$work/ours/cap"
	is "which the host does not honour" "$(setpriv --reuid 4321 --regid 4321 --clear-groups "$work/ours/cap" /proc/self/status | sed -n 's/^CapEff:.//p')" 0000000000000000
}

acts_root() { # DIR: a root directory with the programs that the acts need
	local f p
	mkdir -p "$1"/{dev,etc,proc,sys,tmp,mnt,root,run,usr/bin,usr/sbin,usr/lib,usr/lib64}
	for f in bin sbin lib lib64; do ln -s "usr/$f" "$1/$f"; done
	chmod 1777 "$1/tmp"
	for p in bash sh perl mount umount unshare nsenter setpriv dmesg date mknod mkdir cp cat chmod chown ln id head grep sed readlink true; do
		f=$(type -P "$p") && install -m 755 "$f" "$1/usr/bin/$p" || return 1
		ldd "$f" | grep -oE '/[^ ]+' | while read -r f; do
			mkdir -p "$1${f%/*}" && cp -n "$(readlink -f "$f")" "$1$f"
		done
	done
	for p in $(perl -e 'print "@INC"'); do [ ! -e "$p/Socket.pm" ] || { mkdir -p "$1$p" && cp -a "$p/." "$1$p/"; }; done
	echo root:x:0:0:root:/root:/bin/sh >"$1/etc/passwd"
}

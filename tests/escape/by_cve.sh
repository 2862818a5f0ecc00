#!/usr/bin/env bash
# by_cve.sh - what broke other runtimes, by number. Every row of the list that this project keeps of
# such holes is here, or says where it is instead:
#
#   2015-3627 2015-3629	here; live/fs_hostile		2024-21626	cve.sh
#   2016-9962		cve.sh (hunter.c)		2024-45310	races.sh
#   2018-15664 2019-14271	here				2025-24965	cve.sh
#   2019-5736 2020-14298	here, also as installed		2025-27612	here
#   2019-16884		here, cve.sh			2025-31133 2025-62161	races.sh, cve.sh
#   2019-18837		cve.sh, live/fs_hostile		2025-52565	races.sh, cve.sh
#   2019-19921 2023-27561 2023-28642 2025-54867	cve.sh	2025-52881 2025-62596	here
#   2021-30465		races.sh, live/fs_hostile	2026-30892	cve.sh
#   2021-43784		here				2026-41579 2026-47766 2026-88264	cve.sh
#   2022-24769 2022-27650 2022-29162	here, cve.sh	2026-84042	here
#   2023-25809		here				2026-88265 2026-115521	here
#   2026-53489 2026-53492 2026-92574 2026-115520 2026-119101 2026-119614: restore, which there is none of
#
# AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-bycve.XXXXXX)
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
trap bundle_cleanup EXIT
bundle_setup
chmod 755 "$work"
victim=$work/victim
mkdir "$victim"
cc -O2 -static -o "$work/rootfs/bin/overwriter" "$here/escape/overwriter.c" 2>/dev/null ||
	{ echo "1..0 # SKIP no C compiler that links statically"; exit 0; }
box() { in_box -p oci "$@" 2>&1; }
untouched() { is "$1: nothing appears on the host" "$(find "$victim" -mindepth 1)" ""; }

# --- the program itself: 2019-5736, 2020-14298. A copy is attacked, for the attack might succeed.
cp "$agentrt" "$work/runtime"
sum=$(sha256sum <"$work/runtime")
whole() { is "$1: the runtime's program is as it was" "$(sha256sum <"$work/runtime")" "$sum"; }
attack() { # NAME JQ-FILTER: the overwriter in a container that is joined again and again, and then left alone
	local i
	bundle attack "$2 | .process.args = [\"overwriter\", \"4\"]"
	"$work/runtime" --root "$work/state" --profile oci run -d --bundle "$work/attack" "attack-$$" >"$work/out" 2>&1 </dev/null
	for ((i = 0; i < 25; i++)); do
		timeout 5 "$work/runtime" --root "$work/state" exec "attack-$$" true >/dev/null 2>&1 </dev/null
	done
	for ((i = 0; i < 120; i++)); do grep -q ^seen "$work/out" && break; sleep 0.05; done
	"$work/runtime" --root "$work/state" delete --force "attack-$$"
	like "$1: the overwriter ran to its end" "$(cat "$work/out")" '^seen'
	unlike "$1: it has written to nothing" "$(sort -u "$work/out")" '^WON'
	whole "$1"
}
everything='.process.capabilities = (["CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"] | {bounding: ., effective: ., permitted: .})'
attack "CVE-2019-5736, without a user namespace" "$everything"
attack "CVE-2019-5736, with the host's root mapped" "$everything"' | .linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}] | .linux.gidMappings = .linux.uidMappings | del(.linux.sysctl)'
cp "$agentrt" "$work/runtime"
bundle self '.process.args = ["/proc/self/exe", "--version"]'
for entry in link script; do
	[ $entry = link ] || { printf '#!/proc/self/exe\n' >"$work/rootfs/entry"; chmod 755 "$work/rootfs/entry"; bundle self '.process.args = ["/entry"]'; }
	timeout 10 "$work/runtime" --root "$work/state" --profile oci run --bundle "$work/self" "self-$$" >"$work/out" 2>&1 </dev/null
	whole "CVE-2019-5736, /proc/self/exe as the program, by a $entry"
done
rm -f "$work/rootfs/entry"

# --- 2018-15664, 2019-14271: no library of the image is loaded by the runtime
if echo '#include <fcntl.h>
	__attribute__((constructor)) static void trap(void) { open("/trapped", O_CREAT | O_WRONLY, 0600); }' |
	cc -shared -fPIC -o "$work/trap.so" -xc - 2>/dev/null; then
	lib=$work/rootfs/lib/x86_64-linux-gnu
	mkdir -p "$lib" "$work/rootfs/etc"
	for l in libnss_trap.so.2 libnss_files.so.2 libnss_compat.so.2 libc.so.6 libseccomp.so.2; do cp "$work/trap.so" "$lib/$l"; done
	cp "$work/trap.so" "$work/rootfs/lib/libnss_trap.so.2"
	echo "passwd: trap files" >"$work/rootfs/etc/nsswitch.conf"
	printf '%s\n' /lib >"$work/rootfs/etc/ld.so.preload"
	bundle nss '.process.args = ["sleep", "30"] | .process.user = {"uid": 1000, "gid": 1000}'
	rt --profile oci run -d --bundle "$work/nss" "nss-$$" >/dev/null 2>&1 </dev/null
	is "CVE-2019-14271: exec as a user of the image" "$(rt exec -u 7 "nss-$$" id -u 2>&1)" 7
	is "CVE-2019-14271: no library of the image has run" "$(ls "$work/rootfs/trapped" /trapped 2>/dev/null)" ""
	rt delete --force "nss-$$"
	rm -r "$work/rootfs/lib" "$work/rootfs/etc/nsswitch.conf" "$work/rootfs/etc/ld.so.preload"
else
	skip "CVE-2019-14271" "no C compiler"
fi

# --- 2015-3627, 2015-3629: what the runtime opens or makes, behind links of the image
mkdir -p "$work/rootfs/etc"
echo outer >"$work/outer"
for target in "$victim" "../../../../..$victim"; do
	ln -sfn "$target/hostname" "$work/rootfs/etc/hostname"
	ln -sfn "$target/dir" "$work/rootfs/mnt"
	out=$(box '.mounts += [{"destination": "/etc/hostname", "type": "bind", "source": "'"$work"'/outer", "options": ["bind"]}, {"destination": "/mnt/deep", "type": "tmpfs", "source": "x"}] | .process.cwd = "/mnt/cwd"' 'cat /etc/hostname')
	is "CVE-2015-3627: mounts and a working directory behind links work inside" "$out" outer
	untouched "CVE-2015-3627 ($target)"
done
rm -rf "$work/rootfs/etc/hostname" "$work/rootfs/mnt" "$work/rootfs${work:?}"

# --- 2019-16884: a volume over procfs or a part of it
for where in /proc /proc/self /proc/self/attr /proc/sys/kernel; do
	for kind in '"type": "tmpfs", "source": "x"' '"type": "bind", "source": "'"$work"'", "options": ["rbind"]'; do
		out=$(box '.mounts += [{"destination": "'$where'", '"$kind"'}]' 'echo RAN')
		like "CVE-2019-16884: a volume over $where is refused" "$out" 'inside /proc'
	done
done

# --- 2025-52881, 2025-62596: what is written to procfs does not depend on the image's /proc
mkdir -p "$work/rootfs/proc/sys/kernel" "$work/rootfs/proc/self/attr"
echo image >"$work/rootfs/proc/sys/kernel/msgmax"
ln -sfn /proc/sysrq-trigger "$work/rootfs/proc/sys/kernel/msgmnb"
bundle fake '.mounts |= map(select(.destination != "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .linux.sysctl = {"kernel.msgmax": "4321", "kernel.msgmnb": "8765"} | .process.args = ["sleep", "30"]'
rt --profile oci run -d --bundle "$work/fake" "fake-$$" >/dev/null 2>&1 </dev/null
pid=$(rt state "fake-$$" | jq .pid)
is "CVE-2025-52881: sysctls land in the kernel" "$(nsenter -i -t "$pid" cat /proc/sys/kernel/msgmax /proc/sys/kernel/msgmnb | paste -sd ' ')" "4321 8765"
is "CVE-2025-52881: and not in the image" "$(cat "$work/rootfs/proc/sys/kernel/msgmax")" image
rt delete --force "fake-$$"
rm -rf "$work/rootfs/proc"/*

# --- 2026-115521: /proc/self/fd of the image has no part in making the root read-only
mkdir -p "$work/rootfs/proc/self/fd" "$work/rootfs/proc/thread-self/fd"
for fd in $(seq 3 40); do ln -s /tmp "$work/rootfs/proc/self/fd/$fd"; ln -s /tmp "$work/rootfs/proc/thread-self/fd/$fd"; done
out=$(box '.mounts |= map(select(.destination != "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = ["/etc"] | .root.readonly = true' 'echo x 2>/dev/null >/new && echo WROTE; echo x 2>/dev/null >/etc/new && echo WROTE; echo end')
is "CVE-2026-115521: a read-only root is read-only" "$out" end
rm -rf "$work/rootfs/proc"/*

# --- 2026-88265: only pipes and sockets are given to the container's user, and no fake /dev/null gets in
mkdir -p "$work/rootfs/dev"
: >"$work/rootfs/dev/null"
no_dev='.mounts |= map(select(.destination | startswith("/dev") | not))'
echo secret >"$work/file"
chmod 600 "$work/file"
bundle stdio "$no_dev"' | .process.user = {"uid": 1000, "gid": 1000} | .process.args = ["sh", "-c", "readlink /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 >&2; true"]'
rt --profile oci run --bundle "$work/stdio" "stdio-$$" <"$work/file" >>"$work/file" 2>/dev/null
is "CVE-2026-88265: a file as standard output keeps its owner and mode" "$(stat -c '%u:%g %a' "$work/file")" "0:0 600"
is "CVE-2026-88265: and what it held" "$(cat "$work/file")" secret
rm -rf "$work/rootfs/dev"/*

# --- 2023-25809: without a cgroup namespace the container's own cgroup cannot be written
for more in . '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}] | .linux.gidMappings = .linux.uidMappings | del(.linux.sysctl)'; do
	out=$(box "$more"' | .linux.namespaces |= map(select(.type != "cgroup")) | .mounts |= map(if .type == "cgroup" then .options = ["rw", "nosuid"] else . end)' '
for f in /sys/fs/cgroup/pids.max /sys/fs/cgroup/*/pids.max /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs /sys/fs/cgroup/*/release_agent /sys/fs/cgroup/*/tasks; do
	[ -e $f ] && (echo 0 >$f) 2>/dev/null && echo WROTE $f; done; for d in /sys/fs/cgroup /sys/fs/cgroup/*; do [ -e $d/cgroup.procs ] && mkdir $d/new 2>/dev/null && echo MADE $d; done; echo end')
	is "CVE-2023-25809: cgroup files cannot be written" "$out" end
done

# --- 2022-24769, 2022-27650, 2022-29162, 2025-27612: nothing is inheritable that the config does not say
is "CVE-2022-24769: by default no capability is inheritable" "$(box 'grep CapInh /proc/self/status' | tr -s '\t' ' ')" "CapInh: 0000000000000000"
is "CVE-2022-24769: nor under the agent profile where the config says so" \
	"$(in_box -p agent '.process.capabilities.inheritable = .process.capabilities.bounding | .process.capabilities.ambient = .process.capabilities.bounding' 'grep -E "CapInh|CapAmb" /proc/self/status' 2>/dev/null | tr -s '\t' ' ' | paste -sd ' ')" "CapInh: 0000000000000000 CapAmb: 0000000000000000"

# --- 2021-43784: sizes that an encoding of messages might cut off
long=$(printf 'x%.0s' {1..70000})
refused() {
	local out
	out=$(box "$2" 'echo RAN')
	unlike "CVE-2021-43784: $1: nothing ran" "$out" RAN
	is "CVE-2021-43784: $1: one sentence" "$(grep -c '^agentrt: ' <<<"$out") $(wc -l <<<"$out")" "1 1"
}
refused "a path of 70000 bytes" '.linux.namespaces |= map(if .type == "network" then .path = "/'"$long"'" else . end) | del(.linux.sysctl)'
refused "70000 mappings" '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [range(70000) | {"containerID": ., "hostID": (. + 100000), "size": 1}] | .linux.gidMappings = .linux.uidMappings'
refused "a mapping that wraps around" '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 4294967295, "size": 2}] | .linux.gidMappings = .linux.uidMappings'

# --- 2026-84042: helpers are not looked for where the caller or the container says
mkdir "$work/evil"
for helper in newuidmap newgidmap agentrt-egress mount umount nsenter sh; do
	printf '#!/bin/busybox sh\nbusybox touch %s/ran\nexit 1\n' "$work" >"$work/evil/$helper"
	chmod 755 "$work/evil/$helper"
done
ln -s /bin/busybox "$work/evil/busybox"
for p in oci agent; do
	bundle path '.process.args = ["/bin/true"]'
	PATH=$work/evil "$agentrt" --root "$work/state" --profile "$p" run --bundle "$work/path" "path-$p-$$" >/dev/null 2>&1 </dev/null
	is "CVE-2026-84042: profile $p takes no helper from PATH" "$(ls "$work/ran" 2>/dev/null)" ""
done

# --- restore: there is none
for c in checkpoint restore; do
	out=$(rt $c "x$$" 2>&1) && s=0 || s=$?
	is "CVE-2026-92574 and others: $c fails" "$((s != 0)) $(grep -c . <<<"$out")" "1 1"
done
tap_done

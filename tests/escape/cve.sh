#!/usr/bin/env bash
# cve.sh - what broke other runtimes, one paragraph a class, without an engine: hostile images,
# hostile configs and a hostile process, under the agent profile and under oci.
# AGENTRT: the program under test. HUNTER: tests/escape/hunter.c, compiled, where there is no compiler.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-cve.XXXXXX)
null0=$(stat -c '%a %u:%g' /dev/null) zero0=$(stat -c '%a %u:%g' /dev/zero)
cleanup() {
	chmod 666 /dev/null /dev/zero
	chown 0:0 /dev/null /dev/zero
	rt delete --force "stay-$$" >/dev/null 2>&1
	bundle_cleanup
}
trap cleanup EXIT
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
bundle_setup
victim=$work/victim
mkdir "$victim"
both=(agent oci)

# in_image PREPARE [JQ-FILTER] SCRIPT: runs in a copy of the image that PREPARE has changed, under $p
in_image() {
	local prepare=$1 filter=. b=$work/hostile
	[ $# -gt 2 ] && filter=$2 && shift
	rm -rf "$work/image" "$b"
	cp -a "$work/rootfs" "$work/image"
	(cd "$work/image" && eval "$prepare") || return 1
	BUNDLE_ROOT=$work/image bundle hostile "$filter" "$2" || return 1
	box_n=$((box_n + 1))
	rt --profile "$p" run --bundle "$b" "img$box_n-$$" </dev/null 2>&1
}
no_dev='.mounts |= map(select(.destination | startswith("/dev") | not))'
untouched() { is "$1: nothing appears on the host" "$(ls -A "$victim")" ""; }

for p in "${both[@]}"; do
	# --- 2019-19921, 2023-27561, 2025-54867: /proc and /sys that are symbolic links
	like "$p: an image whose /proc is a link is refused" \
		"$(in_image 'rmdir proc; mkdir evil; ln -s evil proc' 'echo RAN')" 'symbolic link'
	like "$p: an image whose /sys is a link is refused" \
		"$(in_image 'rmdir sys; mkdir evil; ln -s /evil sys' 'echo RAN')" 'symbolic link'
	# --- 2019-16884: a volume over /proc, here by a link of the image
	like "$p: a mount that an image's link leads over /proc is refused" \
		"$(in_image 'ln -s proc data' '.mounts += [{"destination": "/data", "type": "tmpfs", "source": "x"}]' 'echo RAN')" 'leads into /proc'
	# --- 2026-41579, 47766: /dev that is a symbolic link
	for target in "$victim" "../../../../../..$victim"; do
		unlike "$p: an image whose /dev is a link is refused" "$(in_image "rmdir dev; ln -s $target dev" 'echo RAN')" '^RAN'
		unlike "$p: the same where the config mounts no /dev" "$(in_image "rmdir dev; ln -s $target dev" "$no_dev" 'echo RAN')" '^RAN'
	done
	# --- 2025-31133, 2026-88265: /dev/null of the image is something else
	unlike "$p: an image whose /dev/null is a link is refused" \
		"$(in_image 'ln -s /etc/passwd dev/null' "$no_dev" 'echo RAN')" '^RAN'
	like "$p: masks do not depend on the image's /dev/null" "$(in_image 'ln -s /proc/sys/kernel/core_pattern dev/null' 'wc -c </proc/keys')" '^0$'
	# --- 2025-52565, 2026-88264: /dev/console that is a symbolic link
	unlike "$p: an image whose /dev/console is a link is refused" \
		"$(in_image "ln -s $victim/console dev/console; mkdir dev/pts" '.process.terminal = true | .mounts |= map(select(.destination | IN("/dev", "/dev/shm", "/dev/mqueue") | not))' 'echo RAN')" '^RAN'
	# --- 2019-18837, 2021-30465, 2024-45310: mount points behind links
	like "$p: a mount point behind a link stays inside" \
		"$(in_image "ln -s $victim data" '.mounts += [{"destination": "/data/sub", "type": "tmpfs", "source": "x"}]' 'echo RAN')" '^RAN'
	# --- 2025-24965: files that the runtime writes or reads, as links
	like "$p: resolv.conf that is a link stays inside" "$(in_image "ln -sf ../../../../../..$victim/r etc/resolv.conf" 'echo RAN')" '^RAN'
	like "$p: passwd that is a fifo does not hang" "$(in_image 'rm etc/passwd; mkfifo etc/passwd' 'echo RAN')" '^RAN'
	like "$p: passwd that is a device is not opened" "$(in_image 'ln -sf /dev/tty etc/passwd' 'echo RAN')" '^RAN'
	untouched "$p"

	# --- 2024-21626: a working directory or a descriptor of the host
	for fd in 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		echo ".process.cwd = \"/proc/self/fd/$fd\""
	done >"$work/cwds"
	out=$(exec 7</ 9</root; while read -r cwd; do in_box -p "$p" "$cwd" 'echo RAN'; done <"$work/cwds" 2>&1)
	unlike "$p: no working directory is a descriptor of the runtime" "$out" '^RAN'
	is "$p: the program has its three descriptors and no other" \
		"$(exec 7</ 8>"$work/f" 9</root; in_box -p "$p" 'cd /proc/self/fd && echo [0-9]*' 2>/dev/null </dev/null)" "0 1 2 3"

	# --- the masks are the host's own inode
	in_box -p "$p" 'chmod 667 /proc/keys; chown 5:5 /proc/keys; chmod 667 /dev/zero' >/dev/null 2>&1
	is "$p: a masked file gives no way to change the host's /dev/null" "$(stat -c '%a %u:%g' /dev/null)" "$null0"
	is "$p: a device gives no way to change the host's" "$(stat -c '%a %u:%g' /dev/zero)" "$zero0"
	is "$p: what is written to a mask is gone" "$(in_box -p "$p" 'echo x >/proc/keys && cat /proc/keys && echo ok' 2>/dev/null)" ok
	# --- core_pattern and its like
	for f in kernel/core_pattern kernel/modprobe vm/panic_on_oom fs/binfmt_misc/register; do
		out=$(in_box -p "$p" "(echo '|/x' >/proc/sys/$f) 2>/dev/null && echo WROTE" 2>/dev/null)
		unlike "$p: /proc/sys/$f cannot be written" "$out" WROTE
	done
	# --- messages
	unlike "$p: no escape sequence of a config reaches the terminal" \
		"$(bundle esc '.process.args = ["/x\u001b[31m\nagentrt: forged"]'; rt --profile "$p" run --bundle "$work/esc" "esc$p-$$" 2>&1)" $'\x1b|^agentrt: forged'
done
# a user namespace whose root is the host's: the nodes are bound, and their owner is inside
identity='.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}] | .linux.gidMappings = .linux.uidMappings | del(.linux.sysctl)'
like "a user namespace that maps host root runs" "$(in_box -p oci "$identity" 'chmod 667 /dev/zero; echo x >/dev/null; echo RAN' 2>/dev/null)" '^RAN'
is "and cannot change the host's devices" "$(stat -c '%a %u:%g' /dev/zero)" "$zero0"

# --- 2026-30892, 2022-29162 and others: exec -u, exec --cap
bundle stay '.process.args = ["sleep", "120"]'
rt run -d --bundle "$work/stay" "stay-$$" >/dev/null 2>&1 </dev/null
ex() { rt exec "$@" </dev/null 2>&1; }
is "exec -u 1 is uid 1" "$(ex -u 1 "stay-$$" id -u)" 1
is "exec -u 1:2 is gid 2" "$(ex -u 1:2 "stay-$$" id -g)" 2
for u in "" -1 4294967296 4294967295 1x 0x1 1: :1 1:2:3 " 1" +1 1:-1 70000 1:70000 root; do
	unlike "exec -u '$u' runs nothing" "$(ex -u "$u" "stay-$$" echo RAN)" '^RAN'
done
is "exec --cap gives nothing inheritable" "$(ex --cap CAP_NET_RAW --cap CAP_CHOWN "stay-$$" grep CapInh /proc/self/status | tr -s '\t' ' ')" "CapInh: 0000000000000000"
unlike "exec --cap gives nothing beyond the profile" "$(ex --cap CAP_SYS_ADMIN "stay-$$" sh -c 'mount -t tmpfs x /mnt && echo RAN')" '^RAN'
is "exec leaks no descriptor" "$(exec 7</ 9</root; ex "stay-$$" sh -c 'cd /proc/self/fd && echo [0-9]*')" "0 1 2 3"
is "exec --cwd does not climb out" "$(ex --cwd /proc/1/root/../../.. "stay-$$" pwd)" /
for fd in 3 5 7 9 11; do
	unlike "exec --cwd of descriptor $fd runs nothing" "$(ex --cwd "/proc/self/fd/$fd" "stay-$$" echo RAN)" '^RAN'
done
rt delete --force "stay-$$" 2>/dev/null

# --- 2016-9962: the process that joins is not to be had from inside
if cp "${HUNTER:-}" "$work/rootfs/bin/hunter" 2>/dev/null ||
	cc -O2 -static -o "$work/rootfs/bin/hunter" "$here/escape/hunter.c" 2>/dev/null; then
	maps='.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 1200000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings | del(.linux.sysctl)'
	caps='.process.capabilities = (["CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_KILL", "CAP_SETUID", "CAP_SETGID"] | {bounding: ., effective: ., permitted: .})'
	hunt() { # NAME PROFILE JQ-FILTER
		bundle hunt "$3 | .process.args = [\"hunter\", \"5\"]"
		rt --profile "$2" run --bundle "$work/hunt" "hunt$2-$$" >"$work/out" 2>/dev/null </dev/null &
		local pid=$! i
		sleep 0.5
		for ((i = 0; i < 40; i++)); do rt exec -u "$((i % 2))" "hunt$2-$$" true >/dev/null 2>&1 </dev/null; done
		wait "$pid"
		like "$1: the hunter ran to its end" "$(cat "$work/out")" '^seen '
		unlike "$1: nothing of a joining process is reached" "$(cat "$work/out")" '^WON'
	}
	hunt "agent" agent .
	chown 1200000:1200000 "$work/rootfs"
	hunt "oci in a user namespace, with every capability" oci "$maps | $caps"
	chown 0:0 "$work/rootfs"
else
	skip "nothing of a joining process is reached" "no C compiler that links statically"
fi

# --- one id, many at once
for i in 1 2 3 4 5; do rt run -d --bundle "$work/stay" "one-$$" >"$work/one$i" 2>&1 </dev/null & done
wait
is "of five that create one id at once, one does" "$(grep -L 'already exists' "$work"/one[1-5] | wc -l)" 1
rt delete --force "one-$$"
is "and it can be deleted" "$(rt list -q | grep "one-$$")" ""
tap_done

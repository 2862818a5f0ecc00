#!/usr/bin/env bash
# races.sh - what broke other runtimes because a path led elsewhere at the second look: 2021-30465,
# 2024-45310, 2025-31133 with 2025-62161, and 2025-52565. Somebody changes the image or a volume
# while containers start. AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-races.XXXXXX)
racer=
cleanup() {
	stop_race
	bundle_cleanup
}
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
trap cleanup EXIT
bundle_setup
chmod 755 "$work"
victim=$work/victim
mkdir "$victim"
cc -O2 -static -o "$work/swapper" "$here/escape/swapper.c" 2>/dev/null ||
	{ echo "1..0 # SKIP no C compiler that links statically"; exit 0; }
race() { "$work/swapper" "$@" & racer=$!; }
stop_race() { [ -z "$racer" ] || { kill "$racer"; wait "$racer"; racer=; } 2>/dev/null; }
untouched() { is "$1: nothing appears on the host" "$(find "$victim" -mindepth 1)" ""; rm -rf "${victim:?}"/*; }

# --- 2021-30465, 2024-45310: a volume's directory becomes a link while mount points are made in it
mkdir -p "$work/vol/a"
echo outer >"$work/outer"
ln -s "$victim" "$work/vol/link"
mounts='.mounts += [{"destination": "/v", "type": "bind", "source": "'"$work"'/vol", "options": ["rbind"]}, {"destination": "/v/a/dirN/c", "type": "tmpfs", "source": "race"}, {"destination": "/v/a/fileN", "type": "bind", "source": "'"$work"'/outer", "options": ["bind"]}] | .process.args = ["true"]'
bundle template "$mounts"
mkdir "$work/volume" && ln -s ../rootfs "$work/volume/rootfs"
race "$work/vol/a" "$work/vol/link"
for ((i = 0; i < 80; i++)); do # each with mount points that are not there yet
	sed "s,dirN,dir$i,; s,fileN,file$i," "$work/template/config.json" >"$work/volume/config.json"
	rt --profile oci run --bundle "$work/volume" "vol$i-$$" >/dev/null 2>&1 </dev/null
done
stop_race
untouched "CVE-2021-30465, CVE-2024-45310"
is "CVE-2021-30465: no mount is left on the host" "$(grep -c ' race ' /proc/self/mountinfo)" 0

# --- 2025-31133, 2025-62161: /dev/null changes while paths are masked
mkdir -p "$work/rootfs/dev"
ln -sfn /proc/sys/kernel/core_pattern "$work/rootfs/dev/null"
mknod -m 666 "$work/rootfs/dev/other" c 1 3
no_dev='.mounts |= map(select(.destination | startswith("/dev") | not))'
bundle masks "$no_dev | .process.args = [\"stat\", \"-c\", \"%F %t:%T\", \"/proc/keys\", \"/proc/timer_list\"]"
race "$work/rootfs/dev/null" "$work/rootfs/dev/other"
out=$(for ((i = 0; i < 25; i++)); do rt --profile oci run --bundle "$work/masks" "mask$i-$$" 2>/dev/null </dev/null; done | sort -u)
stop_race
like "CVE-2025-31133: a mask is /dev/null or the container is refused" "${out:-refused}" '^(character special file 1:3|refused)$'
is "CVE-2025-31133: and nothing else" "$(grep -vc '^character special file 1:3$' <<<"${out:-character special file 1:3}")" 0
rm -rf "$work/rootfs/dev"/*

# --- 2025-52565: /dev/console and /dev/pts change while the console is made
ln -s "$victim/console" "$work/rootfs/dev/console"
: >"$work/rootfs/dev/file"
mkdir "$work/rootfs/dev/pts" "$work/decoys"
touch "$work"/decoys/{0..9}
ln -s "$work/decoys" "$work/rootfs/dev/pts2"
bundle tty '.mounts |= map(select(.destination | IN("/dev", "/dev/shm", "/dev/mqueue") | not)) | .process.terminal = true | .process.user = {"uid": 1000, "gid": 1000} | .process.args = ["true"]'
on_terminals() { # NAME N: N containers that end at once
	local i
	for ((i = 0; i < $2; i++)); do
		timeout 20 script -qec "'$agentrt' --root '$work/state' --profile oci run --bundle '$work/tty' $1$i-$$" /dev/null >/dev/null 2>&1 </dev/null
	done
}
race "$work/rootfs/dev/console" "$work/rootfs/dev/file"
on_terminals swapped 10
stop_race
rm -f "$work/rootfs/dev/console"
race --make "$work/rootfs/dev/console" "$victim/console"
on_terminals made 40
stop_race
untouched "CVE-2025-52565"
race "$work/rootfs/dev/pts" "$work/rootfs/dev/pts2"
on_terminals pts 40
stop_race
is "CVE-2025-52565: no other file is taken for the terminal" "$(stat -c %u "$work"/decoys/* | sort -u)" 0
rm -rf "$work/rootfs/dev"/*
tap_done

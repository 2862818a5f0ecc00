#!/usr/bin/env bash
# podman-newer.sh - pods of a newer Debian suite's Podman (5), which writes other annotations than 4 and
# has no CNI, with the profile agent. Needs root. AGENTRT: the program (default: installed).
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # agentrt is not installed"; exit 1; }
. "$here/lib/image.sh"
if [ -z "${AGENTRT_TEST_NEWER:-}" ]; then
	. "$here/lib/newer.sh"
	work=$(mktemp -d /tmp/agentrt-podman.XXXXXX)
	busybox_root "$work/img" # that suite's /usr has none
	export TEST_WORK=$work
	newer_exec "$0"
	rm -rf "$work"
	echo "Bail out! no newer Debian tree"
	exit 1
fi
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH # the suite's own programs first
[ -n "${IN_OWN_NETWORK:-}" ] || exec env IN_OWN_NETWORK=1 AGENTRT="$agentrt" unshare -n -m --propagation private "$0"
. "$here/lib/tap.sh"
work=$TEST_WORK
cleanup() {
	local m
	pm pod rm -fa -t 0 >/dev/null 2>&1
	pm rm -fa -t 0 >/dev/null 2>&1
	while read -r m; do rmdir /sys/fs/cgroup/*/libpod_parent/"$m" 2>/dev/null; done <"$work/pods" # podman's own
	awk -v d="$work/" 'index($5, d) == 1 {print $5}' /proc/self/mountinfo | sort -r | while read -r m; do umount -l "$m"; done
	rm -rf "$work"
}
trap cleanup EXIT
ip link set lo up
mkdir -p "$work"/{root,run,tmp,bin}
cd "$work" || exit 1 # conmon leaves a file "oom" where it was started
touch pods ids
ln -s "$agentrt" bin/agentrt
cat >containers.conf <<-CONF
	[engine]
	cgroup_manager = "cgroupfs"
	events_logger = "file"
	tmp_dir = "$work/tmp"
	[containers]
	default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
CONF
printf '[storage]\ndriver = "overlay"\ngraphroot = "%s/root"\nrunroot = "%s/run"\n' "$work" "$work" >storage.conf
unset http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY # podman hands them on
export CONTAINERS_CONF=$work/containers.conf CONTAINERS_STORAGE_CONF=$work/storage.conf PODMAN_IGNORE_CGROUPSV1_WARNING=1
pm() { timeout 60 podman --runtime "$work/bin/agentrt" "$@"; }
tar -C img -c . | pm import - box >/dev/null 2>&1
pm image exists box || { echo "Bail out! podman cannot import an image"; exit 1; }
echo "# $(podman --version), $(conmon --version | head -n 1)"
left() {
	grep -Ff ids /run/agentrt/.ids
	find /run/agentrt -maxdepth 1 -mindepth 1 -printf '%f\n' | grep -xFf ids
	find /sys/fs/cgroup -type d | grep -Ff ids
	awk -v d="$work/root/overlay/" 'index($5, d) == 1 {print "mount " $5}' /proc/self/mountinfo
}
ns() { pm exec "$1" readlink "/proc/self/ns/$2"; }

pm pod create --name pod --network none --infra-image box --infra-command 'sleep 1000' >/dev/null 2>&1
for c in one two; do ok "$c of a pod runs" pm run -d --pod pod --name $c box sleep 1000; done
pm ps -aq --no-trunc >ids
pm pod ps -q --no-trunc >pods
like "each has a network" "$(ns one net)" '^net:'
for k in user net ipc uts; do is "they share $k" "$(ns one $k)" "$(ns two $k)"; done
unlike "but not pid" "$(ns one pid)" "$(ns two pid | tr -d '[]')"
is "shared memory too" "$(pm exec one sh -c 'echo x >/dev/shm/f'; pm exec two cat /dev/shm/f)" x
pm exec -d two sh -c 'while :; do echo served | nc -l -p 8081; done' >/dev/null
is "one reaches the other on localhost" "$(pm exec one sh -c 'for i in $(seq 50); do nc -w 2 127.0.0.1 8081 </dev/null && break; sleep 0.2; done' 2>/dev/null)" served
is "pod pause, unpause" "$(pm pod pause pod >/dev/null; pm inspect -f '{{.State.Status}}' one; pm pod unpause pod >/dev/null; pm inspect -f '{{.State.Status}}' one)" paused$'\n'running
ok "pod top shows both" [ "$(pm pod top pod | grep -c 'sleep 1000')" -ge 2 ]
ok "pod stop" pm pod stop -t 0 pod
ok "pod start" pm pod start pod
is "they share a network again" "$(ns one net)" "$(ns two net)"
ok "pod rm" pm pod rm -f -t 0 pod
is "nothing is left" "$(left)" ""
tap_done

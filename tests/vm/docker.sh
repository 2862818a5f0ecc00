#!/usr/bin/env bash
# docker.sh - Debian's Docker in the virtual machine: what of tests/e2e depends on the kernel and on cgroup
# v2, with as few containers as possible (each takes seconds there), from a busybox image, and the acts of
# tests/escape. AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/lib/tap.sh"
. "$here/lib/docker.sh"
. "$here/lib/image.sh"
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -e /sys/fs/cgroup/cgroup.controllers ] || { echo "1..0 # SKIP needs cgroup v2 alone"; exit 0; }
work=$(mktemp -d /tmp/agentrt-vm-docker.XXXXXX)
trap 'dk_stop; rm -rf "$work"' EXIT
busybox_root "$work/image"
# A profile of this test, and the plain runtime by its name.
mkdir "$work/profiles" && ln -s "$agentrt" "$work/agentrt-oci"
echo '{"name": "peer", "version": 1, "extends": "agent", "egress": {"allow": [{"host": "one", "ports": [80], "addresses": ["172.29.88.0/24"]}, "two:80"]}}' >"$work/profiles/peer.json"
printf '#!/bin/sh\nexec %s --profile-dir %s --profile peer "$@"\n' "$agentrt" "$work/profiles" >"$work/peer" && chmod 755 "$work/peer"
dk_start "agent=$agentrt" "peer=$work/peer" "agentrt-oci=$work/agentrt-oci" || { echo "Bail out! no dockerd"; exit 1; }
tar -C "$work/image" -c . | dk import - box >/dev/null
run() { timeout 120 docker -H "unix://$DK_SOCK" run --rm "$@"; }
status_of() { "$@" >/dev/null 2>&1; echo $?; }
until_is() { # WANT COMMAND...: prints what the command says, at last
	local want=$1 got i
	shift
	for ((i = 0; i < 100; i++)); do
		got=$("$@" 2>/dev/null)
		[ "$got" = "$want" ] && break
		sleep 0.2
	done
	echo "$got"
}

# --- limits, on a container that stays
stay='echo started; trap "echo term; exit 7" TERM; while :; do sleep 1; done'
id=$(dk run -d --name stay --hostname there --memory 100m --memory-swap 100m --cpus 0.5 --pids-limit 50 box sh -c "$stay")
cg=/sys/fs/cgroup/$DK_CGROUP/$id
limit() { cat "$cg/$1" 2>/dev/null; }
is "it runs, and its output arrives" "$(until_is started dk logs stay)" started
like "its first process is in a cgroup of its own" "$(cat "/proc/$(dk inspect -f '{{.State.Pid}}' stay)/cgroup")" "/$DK_CGROUP/$id"
is "--memory is memory.max" "$(limit memory.max)" 104857600
is "--memory-swap is memory.swap.max" "$(limit memory.swap.max)" 0
is "--cpus is cpu.max" "$(limit cpu.max)" "50000 100000"
is "--pids-limit is pids.max" "$(limit pids.max)" 50
is "exec, with its own status" "$(dk exec stay sh -c 'hostname; exit 5'; echo $?)" "there"$'\n'5
is "exec is in the namespaces and the cgroup of the first process" \
	"$(dk exec stay sh -c 'for n in net pid mnt uts ipc user cgroup; do [ "$(readlink /proc/1/ns/$n)" = "$(readlink /proc/self/ns/$n)" ] || echo $n; done; cmp /proc/1/cgroup /proc/self/cgroup')" ""
like "stats" "$(dk stats --no-stream --format '{{.PIDs}} {{.MemUsage}}' stay 2>&1)" '^[1-9][0-9]* [0-9.]+[KM]iB / 100MiB'
like "top" "$(dk top stay 2>&1)" 'trap'
ok "pause" dk pause stay
like "the cgroup is frozen" "$(limit cgroup.events)" '^frozen 1'
ok "unpause" dk unpause stay
ok "update" dk update --memory 200m --memory-swap 300m --cpus 0.25 --pids-limit 60 stay
is "has its effect" "$(limit memory.max) $(limit memory.swap.max) $(limit cpu.max) $(limit pids.max)" "209715200 104857600 25000 100000 60"
ok "restart" dk restart -t 5 stay
is "stop sends TERM" "$(dk stop -t 20 stay >/dev/null; dk inspect -f '{{.State.ExitCode}}' stay)" 7
ok "rm" dk rm stay
is "--memory: what takes more is killed" "$(status_of run --memory 32m --memory-swap 32m box sh -c 'head -c 200m /dev/zero | tail -c 190m >/dev/null; exit $?')" 137
like "--pids-limit holds" "$(run --pids-limit 20 box sh -c 'for i in $(seq 60); do sleep 3 & done' 2>&1)" "[Cc]an't fork"

# --- the root and mounts
mkdir -p "$work/project" "$work/host" && echo src >"$work/project/file" && echo root >"$work/host/file"
chown -R 1234:1234 "$work/project"
out=$(run -v "$work/project:/p" -v "$work/host:/h" -v vol:/v --tmpfs /scratch box sh -c '
	cat /p/file; echo new >/p/made && stat -c %u /p/made; echo x >/h/file; echo kept >/v/f; echo x >/scratch/f && echo scratch; echo x >/etc/passwd && echo disposable' 2>/dev/null)
is "a project is read and written as root of the container, and so are a tmpfs and the root" "$out" $'src\n0\nscratch\ndisposable'
is "what was written belongs to the project's owner" "$(stat -c %u "$work/project/made")" 1234
is "a file of host root is not written" "$(cat "$work/host/file")" root
is "a named volume keeps what was written; the root does not" "$(run -v vol:/v box sh -c 'cat /v/f; wc -l </etc/passwd')" kept$'\n'3
dk volume create --opt type=tmpfs --opt device=tmpfs vtmp >/dev/null
like "a volume that is a tmpfs is refused by name: before Linux 6.3 it cannot have other owners" \
	"$(run -v vtmp:/k box true 2>&1)" 'refused by rule mount\.owner: a named volume on a file system \(tmpfs\) that this kernel cannot idmap'
like "the host's root is refused" "$(run -v /:/h:ro box true 2>&1)" 'refused by rule mount\.[a-z]+'

# --- what tests/escape/docker.sh tries, with the default flags and with the hardest
host_pid=$(cat "$DK_DIR/pid")
. "$here/escape/acts.sh" || { echo "Bail out! no acts"; exit 1; }
acts_root "$work/acts" && tar -C "$work/acts" -c . | dk import - acts >/dev/null || { echo "Bail out! no image for the acts"; exit 1; }
acts_run "default flags" acts
acts_run "hardest flags" acts "${acts_flags[@]}"
acts_on_host acts
out=$(run "${acts_flags[@]}" box sh -c 'grep -E "^(CapBnd|CapEff|NoNewPrivs|Seccomp):" /proc/self/status | tr -s "\t " " "
	tr -s " " </proc/self/uid_map | sed "s/^/uid_map/"
	for n in pid ipc uts net mnt cgroup user; do echo "ns $n $(readlink /proc/self/ns/$n)"; done
	echo "dev" $(ls /dev); echo "net" $(ls /sys/class/net)' 2>&1)
unlike "no capability over the kernel is left" "$(grep ^Cap <<<"$out")" 'ffffff'
like "no_new_privs holds" "$out" '^NoNewPrivs: 1'
like "a seccomp filter holds" "$out" '^Seccomp: 2'
like "uid 0 is not the host's" "$out" '^uid_map ?0 [1-9][0-9]{4,}'
for n in pid ipc uts net mnt cgroup user; do
	unlike "it is not in the host's $n namespace" "$out" "^ns $n $(readlink "/proc/self/ns/$n" | sed 's/[][]/\\&/g')\$"
done
unlike "it has no device of the host's" "$(grep ^dev <<<"$out")" ' (mem|kmsg|vda)( |$)'
is "nothing but lo is in its network" "$(grep ^net <<<"$out")" "net lo"

# --- containers on a network of their own: one of them is the only destination that is allowed
dk network create --subnet 172.29.88.0/24 peers >/dev/null
for name in one two; do dk run -d --name "$name" --network peers --runtime agentrt-oci box sh -c 'echo SERVICE >/index.html; httpd -f -p 80 -h /' >/dev/null; done
two=$(dk inspect -f '{{.NetworkSettings.Networks.peers.IPAddress}}' two)
ask='of() { nslookup $1 2>/dev/null | sed -n "s/^Address: \(198.*\)/\1/p" | head -n 1; }
	get() { printf "GET / HTTP/1.1\r\nHost: $1\r\nConnection: close\r\n\r\n" | nc -w 20 $2 $3 2>&1 | tr -d "\r" | tail -n 1; }
	echo "one $(get one $(of one) 80)"; echo "port $(get one $(of one) 81)"; echo "two $(get two $(of two) 80)"; echo "three $(of three)"
	echo "address $(get two '"$two"' 80)"; echo "gateway $(get x 172.29.88.1 80)"'
out=$(run --network peers --runtime peer box sh -c "$ask" 2>&1)
like "a container is reached by its Docker name, where its network is named" "$out" '^one SERVICE$'
like "on another port it is not" "$out" '^port .*refused'
like "one whose network is not named is not, and the answer says why" "$out" '^two .*egress\.global'
is "another name does not exist" "$(grep '^three' <<<"$out")" "three "
like "nor is an address reached" "$out" '^address .*refused'
like "nor the gateway, which is the host" "$out" '^gateway .*refused'
dk rm -f one two >/dev/null
dk network rm peers >/dev/null

dk volume rm vol vtmp >/dev/null
is "no container is left" "$(dk ps -aq)" ""
is "nothing is left: mounts, cgroups, state, processes" "$(until_is "" dk_left)" ""
tap_done

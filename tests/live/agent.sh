#!/usr/bin/env bash
# agent.sh - the agent profile without an engine: what each rule promises, seen from inside and outside.
# AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-live.XXXXXX)
home=/home/agentrt-live-$$
cleanup() {
	umount -l "$work/bind" 2>/dev/null
	sed -i "/^agentrtlive$$:/d" /etc/passwd
	bundle_cleanup
	rm -rf "$home"
}
trap cleanup EXIT
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
bundle_setup
host_ns() { readlink "/proc/self/ns/$1" | sed 's/[][]/\\&/g'; }

# --- the root
sum() { (cd "$work/rootfs" && find . -printf '%p %m %U %G %l %T@\n' | sort | sha256sum); }
s0=$(sum)
is "the root can be written everywhere" "$(in_box 'for d in / /etc /bin /root; do echo x >$d/new || exit 1; done; echo ok')" ok
is "the bundle's rootfs is not" "$(sum)" "$s0"
is "each start begins clean" "$(in_box 'ls /new 2>/dev/null; echo end')" end
not_ok_cmd "readonly is kept" in_box '.root.readonly = true' 'echo x >/w'
echo '{"name": "tm", "version": 1, "extends": "agent", "root": {"upper": "tmpfs", "sizeBytes": 8388608}}' >"$work/profiles/tm.json"
is "a tmpfs upper is a choice" "$(in_box -p tm 'echo x >/w && cat /w')" x
not_ok_cmd "and ends in no space at its size" in_box -p tm 'head -c 20m /dev/zero >/big'

# --- ids
like "uid 0 is another id outside" "$(in_box 'tr -s " " </proc/self/uid_map')" '^ ?0 [1-9][0-9]{5,} 65536'
is "files of the image keep their owners inside" "$(in_box 'stat -c %u:%g /etc/passwd')" 0:0
is "another user of the image works" "$(in_box '.process.user = {"uid": 1000, "gid": 1000}' 'id -u; touch /tmp/x && stat -c %u /tmp/x' | tr '\n' ' ')" "1000 1000 "

maps() { echo ".linux.namespaces += [{\"type\": \"user\"}] | .linux.uidMappings = [{\"containerID\": 0, \"hostID\": $1, \"size\": 65536}] | .linux.gidMappings = .linux.uidMappings | del(.linux.sysctl)"; }
cp -a "$work/rootfs" "$work/remapped" && chown -hR 300000:300000 "$work/remapped" # as an engine with such maps does
is "the engine's own id maps are kept" "$(BUNDLE_ROOT=$work/remapped in_box "$(maps 300000)" 'tr -s " " </proc/self/uid_map')" " 0 300000 65536"
rm -r "$work/remapped"
for host in 0 1000 65535 1879048192 1879113727; do
	unlike "but not where they reach an account of the host or another container: $host" \
		"$(in_box "$(maps $host)" 'tr -s " " </proc/self/uid_map')" "^ 0 $host 65536"
done

# --- namespaces
for n in pid ipc uts net mnt cgroup user; do
	unlike "the $n namespace is not the host's where the config asks for none" \
		"$(in_box '.linux.namespaces = [{"type": "mount"}] | del(.hostname)' "readlink /proc/self/ns/$n" || host_ns "$n")" "^$(host_ns "$n")\$"
done
unlike "a pid namespace of the host by path is not joined" \
	"$(in_box '(.linux.namespaces[] | select(.type == "pid")).path = "/proc/1/ns/pid"' 'readlink /proc/self/ns/pid')" "$(host_ns pid)"

# --- capabilities, no_new_privs, seccomp
all_caps='.process.capabilities = (["CAP_SYS_ADMIN","CAP_NET_ADMIN","CAP_SYS_MODULE","CAP_SYS_PTRACE","CAP_NET_RAW","CAP_MKNOD","CAP_CHOWN","CAP_BPF","CAP_SYS_RAWIO","CAP_SYS_TIME","CAP_SYSLOG"] | {bounding: ., effective: ., permitted: ., inheritable: ., ambient: .})'
caps=$(in_box "$all_caps" 'grep ^Cap /proc/self/status' | tr -s '\t ' ' ')
is "of the capabilities asked for only chown stays" "$(grep -E 'CapEff|CapBnd' <<<"$caps" | cut -d' ' -f2 | sort -u)" 0000000000000001
is "inheritable is empty" "$(grep CapInh <<<"$caps")" "CapInh: 0000000000000000"
is "ambient is empty" "$(grep CapAmb <<<"$caps")" "CapAmb: 0000000000000000"
like "no_new_privs is set though the config says false" "$(in_box '.process.noNewPrivileges = false' 'grep NoNew /proc/self/status')" '1$'
like "a filter is set though the config has none" "$(in_box 'grep ^Seccomp: /proc/self/status')" '2$'
own_filter='.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdirat", "mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}'
like "two filters are set where the config has one" "$(in_box "$own_filter" 'grep Seccomp_filters /proc/self/status')" '2$'
like "the config's own filter still holds" "$(in_box "$own_filter" 'mkdir /tmp/x 2>&1')" 'No space'
for act in 'mount -t tmpfs none /tmp' 'umount /proc/kcore' 'unshare -U true' 'unshare -n true' \
	'pivot_root / /tmp' 'date -s 2001.01.01-00:00; [ $(date +%Y) = 2001 ]' 'dmesg -c' 'mknod /tmp/x b 8 0' 'chroot /proc/1/root true; false'; do
	unlike "refused: $act" "$(in_box "$all_caps" "($act) >/dev/null 2>&1 && echo DONE; echo end" || echo DONE: it did not run)" DONE
done

is "the kernel counts user namespaces inside: none is left to make" "$(in_box 'cat /proc/sys/user/max_user_namespaces')" 0

# --- what the caller leaves open, and what lets a process rise by itself
bundle door . 'cat /proc/self/fd/0/hostname /proc/self/fd/3/hostname; echo RAN'
door() { rt "$@" --bundle "$work/door" "door-$$" 2>&1; }
for how in 'run </etc' 'run --preserve-fds 1 3</etc' 'run --preserve-fds 1 3</dev/kmsg'; do
	like "refused: $how" "$(eval "door $how")" 'refused by rule process\.descriptors'
done
like "files and streams pass" "$(echo y | door run --preserve-fds 2 3</etc/hostname 4>"$work/out")" '^RAN'
limits=$(in_box '.process.rlimits = [{"type": "RLIMIT_RTPRIO", "soft": 9, "hard": 99}, {"type": "RLIMIT_NICE", "soft": 40, "hard": 40}]' 'cat /proc/self/limits')
like "no real-time priority is to be had" "$limits" '^Max realtime priority +0 +0'
like "nor a negative nice value" "$limits" '^Max nice priority +0 +0'
domain='cat /proc/self/personality'
bundle domain . "$domain"
is "a caller without chance in addresses does not pass that on" "$(setarch -R "$agentrt" --root "$work/state" --profile-dir "$work/profiles" run --bundle "$work/domain" "domain-$$" 2>/dev/null </dev/null)" 00000000
bundle domain . 'sleep 100'
rt run -d --bundle "$work/domain" "domain-$$" >/dev/null 2>&1 </dev/null
is "nor to exec" "$(setarch -R "$agentrt" --root "$work/state" --profile-dir "$work/profiles" exec "domain-$$" sh -c "$domain" 2>/dev/null)" 00000000
rt delete --force "domain-$$"
bundle few '.mounts += [{"destination": "/few", "type": "bind", "source": "/srv", "options": ["bind"]}]'
like "without descriptors to look for what must not be mounted nothing starts" \
	"$( (ulimit -n 9; rt create --bundle "$work/few" "few-$$" 2>&1 </dev/null))" 'look for what must not be mounted: .*too many open files'
listener() { # ANSWERS: the socket of a process that would answer system calls
	perl -e 'use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un($ARGV[0])); listen(S, 1); alarm 30; accept(C, S) and print "ASKED\n"' "$work/listener" >"$work/asked" &
	listener_pid=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do [ -S "$work/listener" ] && break; sleep 0.1; done
}
listener
out=$(in_box '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "'"$work"'/listener", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_NOTIFY"}]}' 'mkdir /tmp/x 2>&1; echo RAN' 2>&1)
kill "$listener_pid" 2>/dev/null
like "a filter whose calls somebody outside would answer holds" "$out" 'mkdir: .*not implemented'
is "and nobody outside is asked" "$(cat "$work/asked")" ""

# --- devices
is "only the default devices are there" \
	"$(in_box '.linux.devices = [{"path": "/dev/mem", "type": "c", "major": 1, "minor": 1, "fileMode": 438, "uid": 0, "gid": 0}]' 'ls /dev | sort | tr "\n" " "')" \
	"core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero "
is "they work" "$(in_box 'echo x >/dev/null && head -c 4 /dev/zero | wc -c && head -c 3 /dev/urandom | wc -c' | tr '\n' ' ')" "4 3 "

# --- masks and read-only paths, also where the config has none
none='.linux.maskedPaths = [] | .linux.readonlyPaths = []'
is "the keys of the kernel are masked" "$(in_box "$none" 'wc -c </proc/keys')" 0
is "/sys/firmware is empty" "$(in_box "$none" 'ls /sys/firmware | wc -l')" 0
not_ok_cmd "/proc/sys is read-only" in_box "$none" 'echo 1 >/proc/sys/kernel/msgmax'
not_ok_cmd "/proc/sysrq-trigger is read-only" in_box "$none" 'echo h >/proc/sysrq-trigger'
is "a path in the config is masked too" "$(in_box '.linux.maskedPaths += ["/etc/passwd"]' 'wc -c </etc/passwd')" 0
not_ok_cmd "a path in the config is read-only too" in_box '.linux.readonlyPaths += ["/etc"]' 'echo x >/etc/w'

# --- sysctl, hostname
is "a sysctl of its own namespaces is set" "$(in_box '.linux.sysctl = {"kernel.msgmax": "4321"}' 'cat /proc/sys/kernel/msgmax')" 4321
is "a net sysctl applies to the network it runs in" "$(in_box '.linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "79"}' 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start')" 79
is "the hostname is set" "$(in_box hostname)" box

# --- mounts
mkdir -p "$home/.ssh" "$work/proj"
echo SECRET >"$home/.ssh/k"
chown -R 4242:4242 "$work/proj"
chown -R 54242:54242 "$home"
echo "agentrtlive$$:x:54242:54242::$home:/bin/sh" >>/etc/passwd
mount_of() { echo ".mounts += [{\"destination\": \"/m\", \"type\": \"bind\", \"source\": \"$1\", \"options\": [\"rbind\"]}]"; }
denied() { # NAME RULE SOURCE
	local out
	out=$(in_box "$(mount_of "$3")" 'cat /m/* /m/.ssh/* 2>/dev/null; echo RAN' 2>&1)
	like "$1 is refused by name" "$out" "refused by rule $2"
	unlike "$1: nothing ran" "$out" '^RAN|SECRET'
}
ln -s "$home/.ssh" "$work/ln"
mkdir "$work/bind" && mount --bind "$home/.ssh" "$work/bind"
denied "a credential directory" 'mount\.credentials' "$home/.ssh"
denied "the same through a symbolic link" 'mount\.credentials' "$work/ln"
denied "the same through a bind mount" 'mount\.credentials' "$work/bind"
denied "a file in it" 'mount\.credentials' "$home/.ssh/k"
denied "a home" 'mount\.[a-z]+' "$home"
for tree in / /etc /root /home /run /tmp /proc /sys /dev /var/lib/agentrt; do
	denied "$tree" 'mount\.[a-z]+' "$tree"
done
perl -e 'use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un($ARGV[0]))' "$work/proj.sock"
denied "a socket" 'mount\.socket' "$work/proj.sock"
umount "$work/bind"
is "a project is written as root of the container" "$(in_box "$(mount_of "$work/proj")" 'echo x >/m/made && stat -c %u /m/made')" 0
is "and what is written belongs to the project's owner" "$(stat -c %u:%g "$work/proj/made")" 4242:4242
like "the mount is nosuid and nodev" "$(in_box "$(mount_of "$work/proj")" 'grep " /m " /proc/self/mountinfo')" 'nosuid,nodev'
mkdir "$work/rootproj" && echo r >"$work/rootproj/f"
not_ok_cmd "a project of host root is not written" in_box "$(mount_of "$work/rootproj")" 'echo x >/m/f'
is "and is as it was" "$(cat "$work/rootproj/f")" r
echo '{"name": "al", "version": 1, "extends": "agent", "mounts": {"allow": ["'"$home/.ssh"'"]}}' >"$work/profiles/al.json"
is "an administrator can allow a mount" "$(in_box -p al "$(mount_of "$home/.ssh")" 'cat /m/k')" SECRET
mkdir -p "$work/sa" && echo SECRET >"$work/sa/token"
is "a service-account mount is dropped" \
	"$(in_box ".mounts += [{\"destination\": \"/var/run/secrets/kubernetes.io/serviceaccount\", \"type\": \"bind\", \"source\": \"$work/sa\", \"options\": [\"rbind\", \"ro\"]}]" 'cat /var/run/secrets/kubernetes.io/serviceaccount/token 2>/dev/null; echo end')" end

# --- environment
env_add() {
	local list
	printf -v list '"%s", ' "$@"
	echo ".process.env += [${list%, }]"
}
out=$(in_box "$(env_add GITHUB_TOKEN=MARKER1 AWS_SECRET_ACCESS_KEY=MARKER2 DB_PASSWORD=MARKER3 PLAIN=yes \
	URL=https://u:MARKER4@h/)" 'env; cat /proc/1/environ')
unlike "secrets are removed by name, and by the shape of a URL" "$out" MARKER
like "the rest stays" "$out" '^PLAIN=yes'
out=$(in_box "$(env_add X=ghp_MARKER5aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)" 'env')
unlike "a token is removed by its shape" "$out" MARKER
echo '{"name": "ev", "version": 1, "extends": "agent", "env": {"allow": ["DB_PASSWORD"]}}' >"$work/profiles/ev.json"
out=$(in_box -p ev "$(env_add DB_PASSWORD=MARKER3 GITHUB_TOKEN=MARKER1)" 'env')
like "env.allow lets its name through" "$out" MARKER3
unlike "and no other" "$out" MARKER1

# --- exec, state
bundle stay '.process.args = ["sleep", "60"] | .process.env += ["GITHUB_TOKEN=MARKER1"]'
rt run -d --bundle "$work/stay" "stay-$$" >/dev/null 2>&1 </dev/null
is "exec works" "$(rt exec "stay-$$" echo in)" in
unlike "exec -e of a secret is removed" "$(rt exec -e NPM_TOKEN=MARKER6 "stay-$$" env 2>/dev/null)" MARKER
is "exec is in init's namespaces" "$(rt exec "stay-$$" sh -c 'for n in net pid mnt uts ipc user cgroup; do [ "$(readlink /proc/1/ns/$n)" = "$(readlink /proc/self/ns/$n)" ] || echo $n; done')" ""
is "exec has no more capabilities than init" "$(rt exec "stay-$$" grep CapBnd /proc/self/status)" "$(rt exec "stay-$$" grep CapBnd /proc/1/status)"
like "exec has the filter" "$(rt exec "stay-$$" grep ^Seccomp: /proc/self/status)" '2$'
is "no state file holds a secret" "$(grep -rl MARKER "$work/state")" ""
is "the state directory is 0700" "$(stat -c %a "$work/state/stay-$$")" 700
is "its files are 0600" "$(find "$work/state/stay-$$" -type f -not -perm 600)" ""
like "the cgroup holds the container" "$(cat "/proc/$(rt state "stay-$$" | jq .pid)/cgroup")" "stay-$$"
rt delete --force "stay-$$"

# --- network: nothing but lo; the proxy answers and refuses
is "nothing but lo is there" "$(in_box 'ls /sys/class/net')" lo
like "the proxy refuses at once and says why" \
	"$(in_box 'printf "CONNECT x.example:443 HTTP/1.1\r\nHost: x.example:443\r\n\r\n" | nc -w 2 127.0.0.1 3128')" '"rule"'
is "hosts and resolver are the runtime's own" "$(in_box 'cat /etc/hosts /etc/resolv.conf' | grep -cx -e '127\.0\.1\.1.box' -e 'nameserver 127\.0\.0\.1')" 2
like "HTTPS_PROXY is set" "$(in_box env)" '^HTTPS_PROXY=http://127.0.0.1:3128'

is "nothing is left" "$(left_of "-$$")" ""
tap_done

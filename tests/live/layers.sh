#!/usr/bin/env bash
# layers.sh - roots of every origin: an engine's overlay of 127 layers with relative names, deleted and
# opaque directories, metacopy and redirects; file systems that cannot be idmapped; and no place of the
# host's as a root. AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-layers.XXXXXX)
cleanup() {
	awk -v d="$work/" 'index($5, d) == 1 {print $5}' /proc/self/mountinfo | sort -r | while read -r m; do umount -l "$m"; done
	bundle_cleanup
}
trap cleanup EXIT
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
bundle_setup
in_root() { # [-p PROFILE] ROOT SCRIPT
	local p=agent
	[ "$1" = -p ] && p=$2 && shift 2
	BUNDLE_ROOT=$1 in_box -p "$p" . "$2" 2>&1 | grep -v '^agentrt: profile .* removed:'
}
# As dockerd does: names relative to its directory, through short links.
store=$work/overlay2
container() { # NAME LOWER OPTIONS: mounts a root as an engine does
	mkdir -p "$store/$1"/{diff,work,merged}
	(cd "$store" && mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/diff,workdir=$1/work$3" "$1/merged")
}
layer() { mkdir -p "$store/l" "$store/$1/diff" && ln -s "../$1/diff" "$store/l/$2"; } # NAME SHORT

# --- as many layers as Docker takes
count=127 lower=
for ((i = 0; i < count; i++)); do
	short=$(printf 'ABCDEFGHIJKLMNOPQRSTU%05d' $i)
	layer "layer$i" "$short"
	echo $i | tee "$store/layer$i/diff/file$i" >"$store/layer$i/diff/same"
	lower+=${lower:+:}l/$short
done
cp -a "$work/rootfs/." "$store/layer$((count - 1))/diff/"
chown 1000:1000 "$store/layer60/diff/file60"
ok "an engine mounts $count layers, with $((${#lower} + 100)) bytes of options" container many "$lower" ""
is "$count layers are all there, the topmost on top, with their owners" \
	"$(in_root "$store/many/merged" 'ls /file* | wc -l; cat /same /file0 /file126; stat -c %u /file60 /file61' | tr '\n' ' ')" "$count 0 0 126 1000 0 "
is "what is written over any of them is thrown away" \
	"$(in_root "$store/many/merged" 'echo x | tee /file0 /file60 /file126 >/new && rm /file1 && cat /file0 /file60 /file126 /new | tr -d "\n"; ls /file1 2>&1 | grep -c No'; cat "$store/layer60/diff/file60"; ls "$store/many/diff" | wc -l)" xxxx1$'\n'60$'\n'0
umount "$store/many/merged"

# --- what a layer says besides files
container plain l/ABCDEFGHIJKLMNOPQRSTU00126 ""
m=$store/plain/merged
mkdir -p "$m/data/old" && rm "$m/same" && rm -r "$m/var" && mkdir "$m/var" && echo x >"$m/var/own"
rm -r "$m/home" && mkdir "$m/home" # opaque: the lower one had nothing, but must not show
umount "$m"
mkdir "$store/layer126/diff/home/below"
container plain2 "plain/diff:l/ABCDEFGHIJKLMNOPQRSTU00126" ""
is "deleted files stay deleted, and opaque directories opaque" \
	"$(in_root "$store/plain2/merged" 'ls /same 2>&1 | grep -c No; ls /var; ls /home' | tr '\n' ' ')" "1 own "
umount "$store/plain2/merged"
if container meta l/ABCDEFGHIJKLMNOPQRSTU00126 ,metacopy=on,redirect_dir=on; then
	m=$store/meta/merged
	chown 1000:1000 "$m/file126" && mv "$m/home" "$m/moved"
	is "a layer of metadata alone shows its file's content, and a renamed directory what is in it" \
		"$(in_root "$m" 'stat -c %u /file126; cat /file126; ls -d /home 2>&1 | grep -c No; ls /moved; echo y >>/file126 && cat /file126' | tr '\n' ' ')" "1000 126 1 below 126 y "
	is "the engine's layer is as it was" "$(cat "$m/file126")" 126
	umount "$m"
else
	skip "a layer of metadata alone shows its file's content" "this kernel's overlay has no metacopy"
fi
container far l/ABCDEFGHIJKLMNOPQRSTU00126 ""
mv "$store/l" "$store/gone"
like "layers that are not where the mount says are refused" "$(in_root "$store/far/merged" 'echo RAN')" 'refused by rule root\.overlay: the layers named in its mount options'
mv "$store/gone" "$store/l"
umount "$store/far/merged"

# --- file systems without idmapped mounts
echo '{"name": "prefer", "version": 1, "extends": "agent", "userns": "prefer", "egress": {"mode": "engine"}}' >"$work/profiles/prefer.json"
echo '{"name": "prefer-net", "version": 1, "extends": "agent", "userns": "prefer"}' >"$work/profiles/prefer-net.json"
mkdir "$work/project" && chown 4242:4242 "$work/project"
cannot() { # WHAT ROOT WHY-REGEX
	like "$1: refused by name, and how to go on" "$(in_root "$2" 'echo RAN')" "refused by rule userns\.private: .*$3.*prefer"
	is "$1: runs without a user namespace where the profile says prefer" \
		"$(in_root -p prefer "$2" 'tr -s " " </proc/self/uid_map; echo x >/new && cat /new' | tr '\n' ' ')" " 0 0 4294967295 x "
	is "$1: nothing of it is written" "$(ls "$2/new" 2>/dev/null)" ""
}
container one l/ABCDEFGHIJKLMNOPQRSTU00126 ""
container two one/merged ""
cannot "a root whose layer is an overlay" "$store/two/merged" 'layer .*/one/merged is on overlay'
umount "$store/two/merged" "$store/one/merged"
mkdir "$work/ram" && mount -t ramfs none "$work/ram" && cp -a "$work/rootfs" "$work/ram/root"
cannot "a root on a file system in memory" "$work/ram/root" 'ramfs'
BUNDLE_ROOT=$work/ram/root
export BUNDLE_ROOT
all='.process.capabilities = (["CAP_SYS_ADMIN","CAP_MKNOD","CAP_NET_ADMIN","CAP_SYS_PTRACE"] | {bounding: ., effective: ., permitted: .})'
out=$(in_box -p prefer "$all | .mounts += [{\"destination\": \"/w\", \"type\": \"bind\", \"source\": \"$work/project\", \"options\": [\"rbind\", \"rw\"]}]" '
	for a in "mount -t tmpfs x /mnt" "mknod /x b 8 0" "unshare -n true" "touch /w/f" "dmesg" "echo x >/proc/sys/kernel/core_pattern"; do (eval "$a") >/dev/null 2>&1 && echo "DONE $a"; done; grep Cap /proc/self/status; echo end' 2>&1)
like "without a user namespace all other rules hold" "$out" '^end$'
unlike "and nothing of the host is reached" "$out" 'DONE|ffffff'
is "nor is a project written as the host's root" "$(ls "$work/project")" ""
like "the proxy's network needs a user namespace, and the message says what to do" "$(in_box -p prefer-net . 'echo RAN' 2>&1)" 'needs a user namespace.*"mode": "engine"'
unset BUNDLE_ROOT
umount "$work/ram"

# --- layers and a project on a mount that is shared, as an engine's are: what is done with them in passing is not seen
mount --bind "$store" "$store" && mount --make-shared "$store"
container shared "plain/diff:l/ABCDEFGHIJKLMNOPQRSTU00126" ""
mkdir "$store/project" && echo mine >"$store/project/file" && chown -R 1000:1000 "$store/project"
echo "{\"name\": \"cow\", \"version\": 1, \"extends\": \"agent\", \"mounts\": {\"projects\": \"cow\", \"allow\": [\"$store/project\"]}}" >"$work/profiles/cow.json"
mounts() { cut -d' ' -f3-5 /proc/self/mountinfo | grep -F " $work/" | sort; }
before=$(mounts)
BUNDLE_ROOT=$store/shared/merged bundle shared ".mounts += [{\"destination\": \"/w\", \"type\": \"bind\", \"source\": \"$store/project\", \"options\": [\"rbind\", \"rw\"]}]" 'sleep 100'
rt --profile cow run -d --bundle "$work/shared" "shared-$$" >/dev/null 2>&1 </dev/null
is "a container runs from layers on a shared mount" "$(rt exec "shared-$$" cat /w/file)" mine
is "and nothing lies on the host's while it does" "$(mounts)" "$before"
is "so that the layers and the project are there for the next one" "$(ls "$store/layer126/diff/bin/busybox" "$store/project")" "$store/layer126/diff/bin/busybox"$'\n\n'"$store/project:"$'\n'file
rt delete --force "shared-$$"
umount "$store/shared/merged" && umount "$store"

# --- places of the host as a root
hosts_root() { # NAME ROOT
	local out
	out=$(in_root "$2" 'echo RAN')
	like "$1 as a root is refused" "$out" 'refused by rule root\.source'
	unlike "$1: nothing ran" "$out" '^RAN'
}
for r in / /etc /root /home /var /usr /var/lib /run /dev; do hosts_root "$r" $r; done
mkdir "$work/slash" && mount --bind / "$work/slash"
hosts_root "a bind mount of /" "$work/slash"
ln -s / "$work/link"
like "a link to / as a root is refused" "$(in_root "$work/link" 'echo RAN')" 'refused by rule root\.source|symbolic link'
mkdir -p "$work/ol"/{u,w,m} && mount -t overlay overlay -o "lowerdir=/,upperdir=$work/ol/u,workdir=$work/ol/w" "$work/ol/m" 2>/dev/null
[ -e "$work/ol/m/etc" ] && hosts_root "an overlay over /" "$work/ol/m"
umount "$work/ol/m" "$work/slash" 2>/dev/null
is "oci takes what it is given" "$(in_root -p oci "$work/rootfs" 'echo RAN')" RAN

is "nothing is left" "$(rt list -q | wc -l) $(find /var/lib/agentrt -maxdepth 1 -name "*-$$.*" | wc -l)" "0 0"
tap_done

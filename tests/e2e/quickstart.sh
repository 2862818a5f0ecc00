#!/usr/bin/env bash
# quickstart.sh - the first command of the README, word for word, on a Debian that has nothing but a base
# system: a tree of its own in mount and pid namespaces. Needs the network for apt.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
top=$(cd "$here/.." && pwd)
work=$(mktemp -d /tmp/agentrt-quickstart.XXXXXX)
. "$here/lib/tap.sh"
. "$here/lib/image.sh"
trap 'rm -rf --one-file-system "$work"' EXIT
tar=$(debian_tar) || { echo "Bail out! no Debian tree"; exit 1; }
tree=$work/tree
mkdir -p "$tree/root/agentrt" "$tree/old" && tar -C "$tree" -xf "$tar" || exit 1
cp -L /etc/resolv.conf "$tree/etc/resolv.conf"
if [ -e "$top/.git" ]; then
	git -C "$top" ls-files -z | (cd "$top" && xargs -0 tar -c) | tar -C "$tree/root/agentrt" -x
else
	tar -C "$top" --exclude=./build -c . | tar -C "$tree/root/agentrt" -x
fi

# A shell command as root of that machine, in the sources; stdin is empty, and what it prints is all.
there() {
	timeout 900 unshare -m -p -f --propagation private bash -c '
		mount --bind "$1" "$1" && mount -t proc proc "$1/proc" && mount --rbind /sys "$1/sys" &&
			mount --rbind /dev "$1/dev" && mount -t tmpfs run "$1/run" && mkdir "$1/run/lock" && cd "$1" &&
			pivot_root . old && umount -l /old && cd /root/agentrt &&
			exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb \
				${3:+http_proxy="$3" https_proxy="$3"} bash -c "$2"' - "$tree" "$1" "${https_proxy:-}" 2>&1 </dev/null
}

out=$(there './quickstart; echo "status $?"')
like "quickstart ends well" "$out" '^status 0$'
like "it has installed what it built" "$out" 'installed: /usr/local/sbin/agentrt, agentrt version [0-9]'
is "the agent could what it should" "$(grep -cE ' yes +ok$' <<<"$out")" 3
is "and could not what it should not" "$(grep -cE ' no +ok$' <<<"$out")" 7
like "a refusal names its rule, and how to allow it" "$out" 'refused by rule mount\.tree: .*; to allow it: add'
like "this machine can enforce the profile" "$(there 'agentrt check; echo "status $?"')" '^status 0$'
out=$(there './quickstart; echo "status $?"')
like "a second time it has little to do" "$out" 'packages: all [0-9]+ are installed'
like "and ends well" "$out" '^status 0$'
like "an unknown word is explained" "$(there './quickstart nonsense; echo "status $?"')" '^status 2$'
like "who is not root is told" "$(there 'chmod -R go+rX /root; setpriv --reuid 65534 --regid 65534 --clear-groups ./quickstart; echo "status $?"')" 'run it as root'
# What the manual's EXAMPLES say, from a directory that has only a root.
out=$(there 'mkdir -p /srv/box/rootfs/bin; cp /usr/bin/busybox /srv/box/rootfs/bin/; ln -s busybox /srv/box/rootfs/bin/sh
	agentrt spec --bundle /srv/box && agentrt explain --bundle /srv/box --short >/dev/null && agentrt run --bundle /srv/box box1; echo "status $?"')
like "a bundle of one's own runs" "$out" '^status 0'
tap_done

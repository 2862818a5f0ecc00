# shellcheck shell=bash
# image.sh - images made from Debian's packages, never pulled; kept in $AGENTRT_TEST_CACHE between tests

cache_dir() {
	local d=${AGENTRT_TEST_CACHE:-${TMPDIR:-/tmp}/agentrt-test-cache}
	mkdir -p "$d"
	echo "$d"
}

# The Debian archive that this machine's own apt uses, or nothing.
debian_mirror() {
	grep -rhoE '(URIs: *|^deb +(\[[^]]*\] +)?)https?://[^ ]+/debian/?( |$)' \
		/etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | grep -oE 'https?://[^ ]+' | head -n 1
}

# A Debian tree as a tar file; prints its path. Made once in a cache.
debian_tar() {
	local d
	d=$(cache_dir)
	if [ ! -s "$d/debian.tar" ]; then
		local mirror
		mirror=$(debian_mirror)
		rm -rf "$d/debian.tree"
		debootstrap --variant=minbase --include=procps,util-linux "$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")" \
			"$d/debian.tree" ${mirror:+"$mirror"} >"$d/debootstrap.log" 2>&1 || return 1
		rm -f "$d"/debian.tree/var/cache/apt/archives/*.deb
		tar -C "$d/debian.tree" -cf "$d/debian.tar.new" . && mv "$d/debian.tar.new" "$d/debian.tar"
		rm -rf "$d/debian.tree"
	fi
	echo "$d/debian.tar"
}

# A busybox root directory at $1.
busybox_root() {
	mkdir -p "$1"/{bin,dev,etc,proc,sys,tmp,root,home,var,run}
	chmod 1777 "$1/tmp"
	cp "$(command -v busybox)" "$1/bin/busybox"
	local app
	for app in $(busybox --list); do
		[ "$app" = busybox ] || ln -sf busybox "$1/bin/$app"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >"$1/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n' >"$1/etc/group"
}

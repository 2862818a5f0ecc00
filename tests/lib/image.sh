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

# image_once PATH FUNCTION: has FUNCTION make PATH where it is not there, prints it; a second caller waits
image_once() {
	local path=$1 lock
	exec {lock}>"$path.lock" && flock "$lock"
	if [ ! -e "$path" ]; then
		rm -rf --one-file-system "$path.new"
		"$2" "$path.new" >"$path.log" 2>&1 {lock}>&- && mv "$path.new" "$path" || {
			echo "$path could not be made; its log ends with:"
			tail -n 5 "$path.log"
		} >&2
	fi
	exec {lock}>&-
	[ -e "$path" ] && echo "$path"
}

# A Debian tree as a tar file; prints its path. Made once in a cache.
debian_tar() {
	local d
	d=$(cache_dir)
	image_once "$d/debian.tar" debian_install
}

debian_install() { # FILE
	local mirror tree=$1.tree
	mirror=$(debian_mirror)
	rm -rf "$tree"
	debootstrap --variant=minbase --include=procps,util-linux "$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")" \
		"$tree" ${mirror:+"$mirror"} || return 1
	rm -f "$tree"/var/cache/apt/archives/*.deb
	tar -C "$tree" -cf "$1" . && rm -rf "$tree"
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

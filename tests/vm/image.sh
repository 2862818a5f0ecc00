# shellcheck shell=bash
# image.sh - what tests/vm/run boots: Debian's cloud kernel, an initramfs that finds the disk, and an
# ext4 disk with the host's own tools. Everything is made without running code as another user and
# is kept in $cache; no step needs more than `apt-get download`.

# Programs of the guest come from these packages of the host (the tests' own needs).
vm_packages=(bash coreutils findutils grep sed mawk tar gzip hostname procps util-linux mount jq iproute2
	perl-base diffutils bsdutils libc-bin login passwd libcap2-bin strace tcpdump iptables crun runc)
# Modules that the initramfs loads, with what they need.
vm_modules=(virtio_pci virtio_blk ext4)

vm_say() { [ -n "${VM_VERBOSE:-}" ] && printf 'vm: %s\n' "$*" >&2; return 0; }

# The kernel's package into directory $1; apt may never have been updated here, or long ago.
vm_kernel_download() {
	local meta=linux-image-cloud-amd64 pkg
	pkg=$(apt-cache depends "$meta" 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[^ ]*\).*/\1/p' | head -n 1)
	[ -n "$pkg" ] || { echo "apt knows no package $meta"; return 1; }
	vm_say "getting $pkg"
	(cd "$1" && apt-get download -q -o APT::Sandbox::User=root "$pkg")
}

# Debian's kernel, unpacked into $cache/kernel; prints its release.
vm_kernel() {
	local dir=$cache/kernel tmp
	if [ ! -e "$dir/release" ]; then
		tmp=$(mktemp -d "$cache/kernel.XXXXXX")
		vm_kernel_download "$tmp" >"$cache/kernel.log" 2>&1 ||
			{ apt-get update -q && vm_kernel_download "$tmp"; } >"$cache/kernel.log" 2>&1 ||
			{ tail -n 3 "$cache/kernel.log" | sed 's/^/vm: /' >&2; return 1; }
		(cd "$tmp" && dpkg -x ./*.deb . && rm ./*.deb) || return 1
		ls "$tmp/lib/modules" >"$tmp/release"
		busybox depmod -b "$tmp" "$(cat "$tmp/release")" || return 1
		rm -rf "$dir" && mv "$tmp" "$dir"
	fi
	cat "$dir/release"
}

# Files of modules in the order in which they can be loaded.
vm_load_order() { # MODULES-DIR MODULE...
	local dir=$1
	shift
	awk -v dir="$dir" -v want="$*" '
		function name(path) { sub(/.*\//, "", path); sub(/\.ko.*/, "", path); gsub(/-/, "_", path); return path }
		function load(m,   n, d, i) {
			if (!(m in file) || m in seen) return
			seen[m] = 1
			n = split(deps[m], d, " ")
			for (i = 1; i <= n; i++) load(name(d[i]))
			print dir "/" file[m]
		}
		{ f = $1; sub(/:$/, "", f); file[name(f)] = f; $1 = ""; deps[name(f)] = $0 }
		END { n = split(want, w, " "); for (i = 1; i <= n; i++) load(w[i]) }' "$dir/modules.dep"
}

# The initramfs: static busybox, the modules above, and an init that changes to the disk.
vm_initramfs() { # RELEASE OUTPUT
	local rel=$1 out=$2 dir f
	dir=$(mktemp -d "$cache/initramfs.XXXXXX")
	mkdir -p "$dir"/{bin,dev,proc,sys,root,lib}
	cp "$(command -v busybox)" "$dir/bin/busybox"
	vm_load_order "$cache/kernel/lib/modules/$rel" "${vm_modules[@]}" >"$dir/order"
	while read -r f; do cp "$f" "$dir/lib/"; done <"$dir/order"
	sed -i 's,.*/,,' "$dir/order"
	cat >"$dir/init" <<-'END'
		#!/bin/busybox sh
		busybox mount -t proc proc /proc
		busybox mount -t devtmpfs dev /dev
		while read -r m; do busybox insmod "/lib/$m"; done </order
		for i in 1 2 3 4 5 6 7 8 9 10; do
			busybox mount -t ext4 /dev/vda /root && break
			busybox sleep 0.2
		done
		busybox umount /proc
		busybox umount /dev
		exec busybox switch_root /root /vm/init
	END
	chmod +x "$dir/init"
	(cd "$dir" && find . | cpio -o -H newc --quiet | gzip -1) >"$out.tmp" && mv "$out.tmp" "$out"
	rm -rf "$dir"
}

# Shared libraries and the loader that programs need, by path.
vm_libs() { # FILE...
	ldd "$@" 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*ld-[^ ]*\).*/\1/p' | sort -u
}

vm_copy_libs() { # ROOT FILE...
	local root=$1 lib real
	shift
	vm_libs "$@" | while read -r lib; do
		real=$(readlink -f "$lib")
		mkdir -p "$root$(dirname "$lib")"
		[ -e "$root$lib" ] || cp "$real" "$root$lib"
	done
}

# A root directory with the packages' programs and libraries, without their documentation.
# Sets $base; one for each set of packages.
vm_base() { # RELEASE
	local root want pkg f bins=()
	want="$1 ${vm_packages[*]} $(sha256sum <"${BASH_SOURCE[0]}")"
	base=$cache/base-$(sha256sum <<<"${vm_packages[*]}" | cut -c1-12)
	root=$base
	[ "$(cat "$root.stamp" 2>/dev/null)" = "$want" ] && return 0
	vm_say "making the disk's base"
	rm -rf "$root"
	mkdir -p "$root"/{dev,proc,sys,run,usr/local/sbin,usr/local/libexec,tmp,root,home,var/lib,var/tmp,var/log,etc,mnt,opt,srv,vm,usr/bin,usr/sbin,usr/lib,usr/lib64,usr/share}
	for f in bin sbin lib lib64; do ln -s "usr/$f" "$root/$f"; done
	chmod 1777 "$root/tmp" "$root/var/tmp"
	for pkg in "${vm_packages[@]}"; do
		dpkg -L "$pkg" 2>/dev/null || vm_say "package $pkg is not on this host: left out"
	done | grep -Ev '^/usr/share/(doc|man|locale|lintian|bash-completion|info)|^/etc/init.d' | sort -u |
		while read -r f; do [ -d "$f" ] && [ ! -L "$f" ] || echo "${f#/}"; done >"$root.list"
	tar -C / -cf - -T "$root.list" 2>/dev/null | tar -C "$root" -xf - --keep-directory-symlink
	cp "$(command -v busybox)" "$root/usr/bin/busybox"
	ln -sf ../bin/busybox "$root/usr/sbin/modprobe" # for the kernel's own requests
	for f in awk:mawk sh:bash; do ln -sf "${f#*:}" "$root/usr/bin/${f%:*}"; done
	for f in iptables ip6tables; do ln -sf xtables-nft-multi "$root/usr/sbin/$f"; done
	mapfile -t bins < <(find "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" -type f \( -perm -100 -o -name '*.so*' \) | sed "s,^$root,,")
	vm_copy_libs "$root" "${bins[@]}"
	mkdir -p "$root/usr/lib/modules"
	cp -a "$cache/kernel/lib/modules/$1" "$root/usr/lib/modules/"
	for f in passwd group shadow; do [ -e "/etc/$f" ] && grep -E '^(root|daemon|nobody|nogroup|tty|sshd):' "/etc/$f" >"$root/etc/$f"; done
	echo "127.0.0.1 localhost vm" >"$root/etc/hosts"
	echo vm >"$root/etc/hostname"
	: >"$root/etc/resolv.conf"
	rm -f "$root.list"
	printf '%s' "$want" >"$root.stamp"
}

# shellcheck shell=bash
# world.sh - what real tools fetch from, all of it ours: a Debian archive that is signed, indexes for pip
# and npm, a git repository by https and ssh, name servers; by TLS of a CA that lives as long as the test.
# Usage: . world.sh; world_make DIR; world_image DIR ROOT; world_start DIR; world_host DIR; world_stop
#
#   apt.test pip.test npm.test git.test	203.0.113.10, and what of them comes first is in DIR/asked
#   other.test				203.0.113.20, the same servers: nobody is allowed to go there
#   more names				a line "name address..." in DIR/names: an answer for each question
#
# The package in each index is agentrt-probe, which prints "probe of TOOL".
world_lib=$(dirname "${BASH_SOURCE[0]}")
WORLD_ADDR=203.0.113.10 WORLD_OTHER=203.0.113.20

# Needs openssl, gpg, dpkg-deb, git, ssh-keygen and python3; neither root nor a network.
world_make() { # DIR
	mkdir -p "$1"/{www/{apt.test/debian,pip.test/simple/agentrt-probe,npm.test,git.test},image} || return 1
	world_tls "$1" && world_apt "$1" "$1/www/apt.test/debian" && world_pip "$1/www/pip.test/simple/agentrt-probe" &&
		world_npm "$1/www/npm.test" && world_git "$1" || return 1
	: >"$1/names"
}

world_tls() { # DIR
	local new=(openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
	"${new[@]}" -x509 -days 7 -subj "/CN=a CA for a test" -keyout "$1/ca.key" -out "$1/image/ca.pem" &&
		"${new[@]}" -subj /CN=world -keyout "$1/tls.key" -out "$1/tls.csr" &&
		openssl x509 -req -days 7 -in "$1/tls.csr" -CA "$1/image/ca.pem" -CAkey "$1/ca.key" -CAcreateserial -out "$1/tls.crt" \
			-extfile <(echo subjectAltName=DNS:pip.test,DNS:npm.test,DNS:git.test,DNS:other.test)
} 2>/dev/null

# An archive with one package, its lists signed by a key of its own.
world_apt() { # DIR ARCHIVE
	local tree=$1/deb deb=pool/agentrt-probe_1.0_all.deb lists=dists/stable/main/binary-amd64
	local gpg=(gpg --homedir "$1/gpg" --batch -q)
	mkdir -p "$tree/DEBIAN" "$tree/usr/bin" "$2/pool" "$2/$lists" && mkdir -m 700 "$1/gpg" || return 1
	printf 'Package: agentrt-probe\nVersion: 1.0\nArchitecture: all\nMaintainer: a test <t@world.test>\nDescription: a probe\n' >"$tree/DEBIAN/control"
	printf '#!/bin/sh\necho probe of apt\n' >"$tree/usr/bin/agentrt-probe" && chmod 755 "$tree/usr/bin/agentrt-probe"
	dpkg-deb --root-owner-group -b "$tree" "$2/$deb" >/dev/null || return 1
	{
		cat "$tree/DEBIAN/control"
		echo "Filename: $deb"
		echo "Size: $(stat -c %s "$2/$deb")"
		echo "SHA256: $(sha256sum <"$2/$deb" | cut -d' ' -f1)"
	} >"$2/$lists/Packages"
	{
		printf 'Origin: world\nSuite: stable\nCodename: stable\nArchitectures: amd64\nComponents: main\n'
		echo "Date: $(LC_ALL=C date -Ru)"
		printf 'SHA256:\n %s %s main/binary-amd64/Packages\n' "$(sha256sum <"$2/$lists/Packages" | cut -d' ' -f1)" "$(stat -c %s "$2/$lists/Packages")"
	} >"$1/Release"
	"${gpg[@]}" --passphrase '' --quick-generate-key world ed25519 sign never &&
		"${gpg[@]}" --clearsign -o "$2/dists/stable/InRelease" "$1/Release" &&
		"${gpg[@]}" --armor --export >"$1/image/apt.asc"
	gpgconf --homedir "$1/gpg" --kill all
} 2>/dev/null

world_pip() { # INDEX
	(cd "$1" && python3 - <<-'END'
		import hashlib, zipfile
		name, info = "agentrt_probe-1.0-py3-none-any.whl", "agentrt_probe-1.0.dist-info/"
		with zipfile.ZipFile(name, "w") as z:
		    z.writestr("agentrt_probe.py", 'print("probe of pip")\n')
		    z.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: agentrt-probe\nVersion: 1.0\n")
		    z.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: world\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
		    z.writestr(info + "RECORD", "".join(f + ",,\n" for f in ("agentrt_probe.py", *(info + x for x in ("METADATA", "WHEEL", "RECORD")))))
		with open("index.html", "w") as f:
		    f.write('<a href="%s#sha256=%s">%s</a>\n' % (name, hashlib.sha256(open(name, "rb").read()).hexdigest(), name))
	END
	)
}

world_npm() { # REGISTRY
	mkdir -p "$1/package" "$1/tar" || return 1
	printf '{"name": "agentrt-probe", "version": "1.0.0"}\n' >"$1/package/package.json"
	printf 'console.log("probe of npm")\n' >"$1/package/index.js"
	tar -C "$1" -czf "$1/tar/agentrt-probe.tgz" package && rm -r "$1/package" || return 1
	jq -n --arg i "sha512-$(openssl dgst -sha512 -binary "$1/tar/agentrt-probe.tgz" | base64 -w 0)" \
		'{name: "agentrt-probe", "dist-tags": {latest: "1.0.0"}, versions: {"1.0.0": {name: "agentrt-probe", version: "1.0.0",
		  dist: {tarball: "https://npm.test/tar/agentrt-probe.tgz", integrity: $i}}}}' >"$1/agentrt-probe"
}

# Whoever pushes by ssh can be cloned from by https: git's plain files.
world_git() { # DIR
	local repo=$1/www/git.test/repo.git
	git init -q --bare -b main "$repo" && printf '#!/bin/sh\nexec git update-server-info\n' >"$repo/hooks/post-update" &&
		chmod 755 "$repo/hooks/post-update" && ssh-keygen -q -t ed25519 -N '' -f "$1/sshd.key" &&
		ssh-keygen -q -t ed25519 -N '' -f "$1/image/ssh.key"
}

# What the tools of an image must know to fetch from here, in their own files.
world_image() { # DIR ROOT
	local etc=$2/etc
	mkdir -p "$etc/apt/keyrings" "$etc/world" && rm -f "$etc"/apt/sources.list.d/* &&
		cp "$1"/image/{ca.pem,apt.asc,ssh.key} "$etc/world/" && chmod 600 "$etc/world/ssh.key" || return 1
	echo "deb [signed-by=/etc/world/apt.asc] http://apt.test/debian stable main" >"$etc/apt/sources.list"
	printf '[global]\nindex-url = https://pip.test/simple/\ncert = /etc/world/ca.pem\n' >"$etc/pip.conf"
	printf 'registry=https://npm.test/\ncafile=/etc/world/ca.pem\n' >"$etc/npmrc"
	printf '[http]\n\tsslCAInfo = /etc/world/ca.pem\n[user]\n\tname = a\n\temail = a@b\n' >"$etc/gitconfig"
	printf 'git.test %s\n' "$(cut -d' ' -f1,2 "$1/sshd.key.pub")" >"$etc/world/known_hosts"
	mkdir -p "$etc/ssh" && printf 'IdentityFile /etc/world/ssh.key\nUserKnownHostsFile /etc/world/known_hosts\nConnectTimeout 10\nBatchMode yes\n' >"$etc/ssh/ssh_config"
}

in_world() { nsenter --net="$world_dir/netns" "$@"; }

# The servers, in a network namespace behind interface h0, which has 203.0.113.2 in this one. Needs root,
# python3 and sshd.
world_start() { # DIR
	local i
	world_dir=$1 world_pids=()
	touch "$1/netns" && unshare --net="$1/netns" true || return 1
	ip link add h0 type veth peer name u0 && ip link set u0 netns "$1/netns" && ip addr add 203.0.113.2/24 dev h0 && ip link set h0 up &&
		in_world ip link set lo up && in_world ip addr add $WORLD_ADDR/24 dev u0 && in_world ip addr add $WORLD_OTHER/24 dev u0 &&
		in_world ip link set u0 up || return 1
	mkdir -p /run/sshd
	printf '%s\n' "HostKey $1/sshd.key" "AuthorizedKeysFile $1/image/ssh.key.pub" "StrictModes no" "UsePAM no" \
		"PermitRootLogin yes" "PidFile none" >"$1/sshd_config"
	: >"$1/asked"
	# not in_world: of a function in the background the shell would be known, and not what it runs
	nsenter --net="$1/netns" setsid /usr/sbin/sshd -D -e -f "$1/sshd_config" >"$1/sshd.log" 2>&1 </dev/null &
	world_pids+=($!)
	nsenter --net="$1/netns" python3 "$world_lib/world_servers.py" "$1" >"$1/servers.log" 2>&1 </dev/null &
	world_pids+=($!)
	for ((i = 0; i < 300; i++)); do [ ! -e "$1/ready" ] || return 0; sleep 0.1; done
	return 1
}

# What this side has that nobody may reach: a page on port 80 of each address, and an abstract socket (exfil.pl).
world_host() { # DIR
	mkdir -p "$1/host" && echo HOST-SERVICE >"$1/host/index.html"
	busybox httpd -f -p 80 -h "$1/host" &
	world_pids+=($!)
	perl -e 'use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, pack("S a*", 1, "\0agentrt-exfil")) or die; listen(S, 5); 1 while accept(C, S)' &
	world_pids+=($!)
}

world_stop() {
	[ -n "${world_dir:-}" ] || return 0
	[ ${#world_pids[@]} -eq 0 ] || { kill "${world_pids[@]}" && wait "${world_pids[@]}"; } 2>/dev/null
	umount -l "$world_dir/netns" 2>/dev/null
	world_dir=
}

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Collects the "#syscalls:" lines of the functions' comments into rows for jail.c. A system call
# that this machine does not have (poll on arm64) leaves no row.
# Usage: syscalls.sh SOURCE... >syscalls_list.h
set -eu
echo "/* made by syscalls.sh from the #syscalls: lines of the sources; not to be edited */"
cat "$@" | sed -n 's/^[ \t\/*]*#syscalls:\([a-z0-9_ ]*\).*/\1/p' | tr -s ' ' '\n' | grep . | LC_ALL=C sort -u |
	while read -r name; do
		printf '#ifdef __NR_%s\n\t__NR_%s,\n#endif\n' "$name" "$name"
	done

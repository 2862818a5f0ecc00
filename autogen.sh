#!/bin/sh
# Makes ./configure from configure.ac; needs autoconf, automake and pkg-config.
set -e
cd "$(dirname "$0")"
mkdir -p m4 build-aux
exec autoreconf --force --install --warnings=all,no-obsolete

#!/usr/bin/env bash
# docker-newer.sh - docker.sh beside this file, with the Docker of a newer Debian suite (28 and
# containerd 2): no prestart hook, a namespace configured between create and start, a new shim.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/lib/image.sh"
. "$here/lib/newer.sh"
debian_tar >/dev/null && newer_exec "$here/e2e/docker.sh"
echo "Bail out! no newer Debian tree"
exit 1

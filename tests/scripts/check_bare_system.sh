#!/usr/bin/env bash
# Runs the README's two commands, `make run` and `make test`, like a new user: on a bare Debian or Ubuntu, with
# only debootstrap's packages and make, on a copy of the last commit.
#
# usage: tests/scripts/check_bare_system.sh [SUITE [FOLDER]]
#
# SUITE is bookworm (Debian 12, the default) or noble (Ubuntu 24.04). FOLDER is the new root file system, by
# default out/SUITE, which git ignores. It must not exist. Needs root, debootstrap, the network, and about 4 GB.
# MIRROR is another mirror than the system's own, JOBS the number of compilers at the same time. The exit code
# is 0 only if both commands succeed; 2: they could not be started.
set -euo pipefail
cd "$(dirname "$0")/../.."
suite=${1:-bookworm}
root=${2:-out/$suite}

refuse() {
  echo "check_bare_system.sh: $1" >&2
  exit 2
}
case $suite in  # debootstrap's script by name: Debian 12's debootstrap is older than noble
  bookworm) mirror=http://deb.debian.org/debian parts=main script=sid ;;
  noble) mirror=http://archive.ubuntu.com/ubuntu parts=main,universe script=gutsy ;;
  *) refuse "SUITE: found '$suite', expected bookworm or noble" ;;
esac
[ "$(id -u)" = 0 ] || refuse "debootstrap and chroot need root; hint: sudo $0"
command -v debootstrap > /dev/null || refuse "there is no debootstrap; hint: apt-get install debootstrap"
command -v git > /dev/null || refuse "there is no git to copy the last commit; hint: apt-get install git"
[ ! -e "$root" ] || refuse "$root exists, and may not be bare; hint: rm -rf $root"
unshare --mount true || refuse "file systems cannot be mounted here; hint: a container may need --privileged"

mkdir -p "$root"
root=$(realpath "$root")
echo "$suite in $root"
debootstrap --variant=minbase --include=make --components="$parts" "$suite" "$root" "${MIRROR:-$mirror}" "$script"
[ ! -e /etc/resolv.conf ] || cp --dereference /etc/resolv.conf "$root/etc/resolv.conf"
mkdir "$root/root/p2rec"
git archive HEAD | tar --extract --directory "$root/root/p2rec"

# The mounts are visible only here and disappear at the end. The environment has only the settings of the
# network.
export root
unshare --mount --propagation private bash -euo pipefail -c '
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  for command in run test; do
    echo "make $command"
    SECONDS=0
    env --ignore-environment HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
      ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
      ${JOBS:+JOBS="$JOBS"} chroot "$root" make -C /root/p2rec "$command"
    echo "make $command took $((SECONDS / 60)) min $((SECONDS % 60)) s"
  done'
echo "both commands succeed on a bare $(sed -n 's/^PRETTY_NAME=//p' "$root/etc/os-release")"

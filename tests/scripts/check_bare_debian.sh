#!/usr/bin/env bash
# The README's two commands as a new user has them: `make run` and `make test` on a bare Debian 12, with nothing on it but
# what debootstrap puts there and make, from a copy of the last commit.
#
# usage: tests/scripts/check_bare_debian.sh [FOLDER]
#
# FOLDER is where the root file system is made: out/debian, which git ignores. It must not be there yet. Needs root,
# debootstrap, the network, and some 4 GB. MIRROR names another mirror than deb.debian.org, JOBS how many compilers run at
# once. Ends with code 0 only where both commands do; 2 says that it could not begin.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=${1:-out/debian}
mirror=${MIRROR:-http://deb.debian.org/debian}

refuse() {
  echo "check_bare_debian.sh: $1" >&2
  exit 2
}
[ "$(id -u)" = 0 ] || refuse "debootstrap and chroot need root; hint: sudo $0"
command -v debootstrap > /dev/null || refuse "there is no debootstrap; hint: apt-get install debootstrap"
command -v git > /dev/null || refuse "there is no git, which copies the last commit"
[ ! -e "$root" ] || refuse "$root is there already, and may not be bare any more; hint: rm -rf $root"
unshare --mount true || refuse "no file systems can be mounted here; hint: a container may need --privileged"

mkdir -p "$root"
root=$(realpath "$root")
echo "Debian 12 in $root"
debootstrap --variant=minbase --include=make bookworm "$root" "$mirror"
[ ! -e /etc/resolv.conf ] || cp --dereference /etc/resolv.conf "$root/etc/resolv.conf"
mkdir "$root/root/p2rec"
git archive HEAD | tar --extract --directory "$root/root/p2rec"

# What is mounted is seen from here only and gone at the end. The environment is empty but for how the network is reached.
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
echo "both commands end well on a bare Debian $(cat "$root/etc/debian_version")"

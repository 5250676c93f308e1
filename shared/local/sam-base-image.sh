#!/usr/bin/env bash
# Makes a container image that `sam local` can run a function's binary in, from this host's own Debian or Ubuntu packages: 15 MB,
# no container registry. It stands in for Amazon's image for provided.al2023, which it is not: same libraries by name, no more.
#
#   sam-base-image.sh NAME:TAG     does nothing when the image is there
#
# Needs a Docker daemon, apt-get and dpkg-deb.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/debian.sh"
image=${1:?usage: sam-base-image.sh NAME:TAG}
! docker image inspect "$image" >/dev/null 2>&1 || exit 0
for tool in apt-get dpkg-deb; do command -v $tool >/dev/null || die "needs $tool to make $image"; done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$work/deb" "$root"/{bin,tmp,etc/ssl/certs,var/task,var/runtime,var/rapid,opt,proc,sys,dev,root}
chmod 1777 "$root/tmp"
# The host's own release: the binaries were built against its C library.
(cd "$work/deb" && apt-get download -qq libc6 libgcc-s1 busybox-static ca-certificates >&2) || die "cannot fetch the packages of $image"
for deb in "$work"/deb/*.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --keep-directory-symlink --no-same-owner
done
rm -rf "$root"/usr/share/{doc,man,lintian}
[ -x "$root/bin/busybox" ] || mv "$root/usr/bin/busybox" "$root/bin/"
for applet in sh mv chmod cp rm mkdir ls cat env sleep id; do ln -sf busybox "$root/bin/$applet"; done
cat "$root"/usr/share/ca-certificates/mozilla/*.crt > "$root/etc/ssl/certs/ca-certificates.crt"
echo 'root:x:0:0:root:/root:/bin/sh' > "$root/etc/passwd"
echo 'root:x:0:' > "$root/etc/group"
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
tar -C "$root" -c . | docker import \
  -c 'ENV PATH=/usr/local/bin:/usr/bin:/bin:/opt/bin' -c 'ENV LAMBDA_TASK_ROOT=/var/task' -c 'ENV LAMBDA_RUNTIME_DIR=/var/runtime' \
  -c 'ENV LANG=C.UTF-8' -c 'ENV TZ=:/etc/localtime' -c 'WORKDIR /var/task' - "$image" >&2

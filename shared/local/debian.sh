# Packages of Debian, unpacked into a folder of ours: no root, nothing installed on the host. Sourced, not run.
#
# fetch_debs DIR SUITE PACKAGE...   downloads the packages and what they depend on (signatures checked by apt, in a
#                                   private apt state) and unpacks them into DIR
#
# Env: DEBIAN_MIRROR   the mirror to use (default: the first one in this host's own apt sources)

die() { echo "$(basename "$0"): $*" >&2; exit 1; }

debian_mirror() {
  [ -n "${DEBIAN_MIRROR:-}" ] && { echo "$DEBIAN_MIRROR"; return; }
  { cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true; } | awk '
    /^(deb |URIs:)/ { for (i = 1; i <= NF; i++) if (!seen && $i ~ /^http/) { print $i; seen = 1 } }'
}

fetch_debs() {
  local into=$1 suite=$2 tool mirror arch deb apt=$1.apt
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  shift 2
  for tool in apt-get dpkg dpkg-deb; do
    command -v $tool >/dev/null || die "needs $tool (a Debian host) to fetch $*"
  done
  [ -r $keyring ] || die "needs the package debian-archive-keyring to check what it downloads"
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || die "no mirror in this host's apt sources: set DEBIAN_MIRROR"
  arch=$(dpkg --print-architecture)

  rm -rf "$apt"
  mkdir -p "$apt"/{lists/partial,cache/archives/partial} "$into/usr"/{bin,sbin,lib,lib64}
  for tool in bin sbin lib lib64; do ln -sfn usr/$tool "$into/$tool"; done
  echo "deb [arch=$arch signed-by=$keyring] $mirror $suite main" > "$apt/sources.list"
  # The machine apt resolves for is empty but for perl, which no program we run uses.
  printf 'Package: %s\nStatus: install ok installed\nMaintainer: none\nArchitecture: '"$arch"'\nMulti-Arch: allowed\nVersion: 99\nDescription: none\n\n' \
    perl perl-base > "$apt/status"
  cat > "$apt/apt.conf" <<CONF
Dir::State "$apt"; Dir::State::status "$apt/status"; Dir::State::lists "$apt/lists";
Dir::Cache "$apt/cache"; Dir::Log "$apt"; Dir::Etc "$apt"; Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null"; Dir::Etc::parts "/dev/null"; Dir::Etc::main "/dev/null";
Dir::Etc::preferences "/dev/null"; Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "$arch"; APT::Architectures { "$arch"; }; APT::Install-Recommends "false"; APT::Sandbox::User "";
Acquire::Languages "none"; Acquire::Retries "3"; Acquire::Check-Valid-Until "false"; Debug::NoLocking "true";
CONF
  APT_CONFIG=$apt/apt.conf apt-get -qq update >&2 || die "cannot read the package lists of $suite from $mirror"
  APT_CONFIG=$apt/apt.conf apt-get -qq -y --download-only install "$@" >/dev/null || die "cannot fetch $* from $suite"
  for deb in "$apt"/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$into" --keep-directory-symlink --no-same-owner
  done
  du -cb "$apt"/cache/archives/*.deb | awk -v what="$*" 'END { printf "downloaded %.1f MB: %s\n", $1 / 1e6, what }' >&2
  rm -rf "$apt"
}

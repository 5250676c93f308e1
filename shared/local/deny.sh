#!/usr/bin/env bash
# Checks licences, bans, sources and advisories of what is linked (deny.toml), with a cargo-deny of this checkout's own in
# .local/deny: built once, some minutes. Where the advisories' database cannot be reached, the other checks run all the same,
# and that they were not looked at is said aloud (CI sets ADVISORIES=required).
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
version=0.20.2 root=.local/deny
deny=$root/bin/cargo-deny
if [ "$("$deny" --version 2>/dev/null)" != "cargo-deny $version" ]; then
  echo "building cargo-deny $version into $root (once)"
  env -u CARGO_TARGET_DIR cargo install --quiet --locked --root "$root" --version "$version" cargo-deny
fi
"$deny" --locked check bans licenses sources
log=$root/advisories.log
if "$deny" --locked check advisories 2> >(tee "$log" >&2); then exit 0; fi
if [ "${ADVISORIES:-}" != required ] && grep -q 'failed to fetch advisory database' "$log"; then
  echo "SKIPPED: advisories were NOT checked: their database (github.com/RustSec/advisory-db) cannot be reached from here" >&2
  exit 0
fi
exit 1

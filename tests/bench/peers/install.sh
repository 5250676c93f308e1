#!/usr/bin/env bash
# Installs the peers that `PEERS=1 make bench` measures, pinned, below .local/peers: Celery, BullMQ, apalis, and Redis from Debian's
# packages. Does nothing for a peer that is there already. Names each peer that cannot be had on standard error and goes on.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../../..")
. "$root/shared/local/debian.sh"
peers=$root/.local/peers
mkdir -p "$peers"

skip() { echo "SKIPPED: $*" >&2; }

redis() {
  [ ! -e "$peers/redis/.ok" ] || return 0
  rm -rf "$peers/redis"
  mkdir -p "$peers/redis"
  fetch_debs "$peers/redis" bookworm redis-server
  touch "$peers/redis/.ok"
}

bullmq() {
  cmp -s "$here/bullmq/package-lock.json" "$peers/bullmq/node_modules/.installed" || {
    rm -rf "$peers/bullmq"
    mkdir -p "$peers/bullmq"
    cp "$here"/bullmq/{package.json,package-lock.json,.npmrc} "$peers/bullmq"
    (cd "$peers/bullmq" && npm ci --silent --no-audit --no-fund)
    cp "$here/bullmq/package-lock.json" "$peers/bullmq/node_modules/.installed"
  }
  cp "$here"/bullmq/*.js "$peers/bullmq"
}

# Each as a process of its own: behind `||`, `set -e` would be off inside, and half an installation would be taken for done.
case ${1:-} in redis | bullmq) "$1"; exit ;; esac

"$0" redis || skip "Celery and BullMQ: no Redis"
"$root/shared/local/tools.sh" peers/celery "$here/celery/requirements.txt" || skip "Celery"
if command -v node > /dev/null && command -v npm > /dev/null; then
  "$0" bullmq || skip "BullMQ"
else
  skip "BullMQ: Node.js is not installed"
fi
# Its macros would ask the server of an empty DATABASE_URL, which make exports.
env -u DATABASE_URL cargo build --release --quiet --locked --manifest-path "$here/apalis/Cargo.toml" --target-dir "$peers/apalis" || skip "apalis"

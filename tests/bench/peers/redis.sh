#!/usr/bin/env bash
# Runs the private Redis on a loopback port until it is ended: redis.sh PORT. Its data is below .local/peers and is not kept.
set -euo pipefail
peers=$(readlink -f "$(dirname "$(readlink -f "$0")")/../../../.local/peers")
prefix=$peers/redis data=$peers/redis-data
rm -rf "$data"
mkdir -p "$data"
libraries=$(echo "$prefix"/usr/lib/*-linux-gnu)
exec env -u LD_PRELOAD -u LD_LIBRARY_PATH "$(compgen -G "$libraries/ld-linux-*.so.*" | head -1)" --library-path "$libraries" \
  "$prefix/usr/bin/redis-server" --bind 127.0.0.1 --port "$1" --dir "$data" --save '' --appendonly yes --appendfsync everysec

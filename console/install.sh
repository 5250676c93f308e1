#!/usr/bin/env bash
# Installs what the page is built and tested with, as package-lock.json pins it, unless it is there. Runs no install scripts.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
cmp -s package-lock.json node_modules/.installed && exit 0
for _ in 1 2 3; do # a fetch that hangs is soon asked for again
  timeout 200 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.installed && exit 0
done
echo "error: npm cannot install, within ten minutes, what console/package-lock.json names" >&2
exit 1

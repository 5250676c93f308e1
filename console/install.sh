#!/usr/bin/env bash
# Installs what the page is built and tested with, as package-lock.json pins it, unless it is there. Runs no install scripts.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
cmp -s package-lock.json node_modules/.installed && exit 0
timeout 600 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error ||
  { echo "error: npm cannot install, within ten minutes, what console/package-lock.json names" >&2; exit 1; }
cp package-lock.json node_modules/.installed

#!/usr/bin/env bash
# Fetches fonts of Debian's that hold Chinese, for the screenshots, into .local/console/fonts. The tests need none.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
. shared/local/debian.sh
[ -d .local/console/fonts ] || fetch_debs "$PWD/.local/console/fonts" bookworm fonts-wqy-microhei fonts-roboto-unhinted

#!/usr/bin/env bash
# Fetches fonts of Debian's that hold Chinese, for the screenshots, into .local/console/fonts. The tests need none.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
. shared/local/debian.sh
fonts=$PWD/.local/console/fonts
[ ! -e "$fonts/.ok" ] || exit 0
rm -rf "$fonts"
fetch_debs "$fonts" bookworm fonts-wqy-microhei fonts-roboto-unhinted
touch "$fonts/.ok"

#!/usr/bin/env bash
# Lints docs/openapi.yaml, generates two clients from it (openapi-python-client; openapi-typescript, compiled as strict as the
# compiler can be) and takes a batch from submit to result with each. A warning of a generator is a failure.
#
#   run.sh BASE_URL   of a running stack with its demo station. Without Node.js (20 or later) the second half is skipped, loudly.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../../..")
cd "$root"
export BASE_URL=${1:?BASE_URL is missing}
DAY=$(TZ=Asia/Shanghai date -d tomorrow +%F)
export DAY
run=$(date +%s)
out=.local/clients/out
shared/local/tools.sh clients "$here/requirements.txt"
rm -rf "$out"
mkdir -p "$out/node"

PATH=$root/.local/clients/bin:$PATH .local/clients/bin/openapi-python-client generate --fail-on-warning \
  --path docs/openapi.yaml --meta none --output-path "$out/generated"
PYTHONPATH=$out TASK_ID=client-python-$run .local/clients/bin/python "$here/round_trip.py"
echo "a generated Python client went from submit to result"

if ! command -v npm >/dev/null; then
  echo "SKIPPED: the TypeScript client and the linter, because Node.js is missing" >&2
  exit 0
fi
cp "$here"/{package.json,tsconfig.json,round_trip.ts} "$out/node"
if ! cmp -s "$here/package.json" .local/clients-node/package.json; then
  mkdir -p .local/clients-node
  cp "$here/package.json" .local/clients-node
  installed=
  for _ in 1 2 3; do # a fetch that hangs is soon asked for again
    timeout 100 npm --prefix .local/clients-node install --silent --fetch-timeout=30000 --fetch-retries=4 --no-audit --no-fund --ignore-scripts --no-package-lock &&
      installed=yes && break
  done
  [ -n "$installed" ] ||
    { rm .local/clients-node/package.json; echo "error: npm cannot install, within five minutes, what tests/contract/clients/package.json names" >&2; exit 1; }
fi
ln -s "$root/.local/clients-node/node_modules" "$out/node/node_modules"
node=$out/node/node_modules/.bin
REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true "$node/redocly" lint --extends recommended-strict docs/openapi.yaml
"$node/openapi-typescript" docs/openapi.yaml --output "$out/node/api.d.ts"
"$node/tsc" --project "$out/node"
TASK_ID=client-typescript-$run node "$out/node/out/round_trip.js"
echo "a generated TypeScript client went from submit to result"

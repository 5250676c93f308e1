#!/usr/bin/env bash
# Tests the page: types, unit tests, that the committed files are those a build makes, and the story in a real Chromium against a
# local stack of its own.
#
#   test.sh            everything;  BASE_URL=http://127.0.0.1:9000 takes that stack instead (its demo station is used)
#   test.sh quick      without the browser
#
# Needs Node 20 or later and the npm registry; without Node it says so and succeeds.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
root=$PWD
if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2> /dev/null; then
  printf '\n*** SKIPPED: console: no Node 20 or later; nothing of the page was tested ***\n\n' >&2
  exit 0
fi
console/install.sh
cd console
node_modules/.bin/tsc --noEmit
node tests/unit.mjs
node tests/rebuild.mjs
[ "${1:-}" != quick ] || exit 0
if [ -z "${BASE_URL:-}" ]; then
  cd ..
  export STACK=console-$$ PORT=0 DETACH=1
  BASE_URL=$(target/local/task-local run | sed -n 's/^ready //p')
  trap 'cd "$root"; target/local/task-local stop; MYSQL_PROFILE=dev-$STACK shared/local/mysql.sh purge' EXIT
  [ -n "$BASE_URL" ]
  cd console
fi
export BASE_URL
node --test --test-reporter=spec tests/story.mjs

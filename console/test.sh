#!/usr/bin/env bash
# Tests the page: types, unit tests, that the committed files are those a build makes, and the story in a real Chromium against a
# local stack of its own.
#
#   test.sh            everything;  BASE_URL=http://127.0.0.1:9000 takes that stack instead (its demo station is used, and its
#                      private database server, of the profile MYSQL_PROFILE)
#   test.sh quick      without the browser
#
# Needs Node 20 or later and the npm registry; without Node it says so and succeeds.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2> /dev/null; then
  printf '\n*** SKIPPED: console: no Node 20 or later; nothing of the page was tested ***\n\n' >&2
  exit 0
fi
console/install.sh

pages() {
  cd console
  node_modules/.bin/tsc --noEmit
  node tests/unit.mjs
  node tests/rebuild.mjs
}
if [ "${1:-}" = quick ]; then
  pages
  exit
fi
if [ -n "${BASE_URL:-}" ]; then
  export MYSQL_PROFILE=${MYSQL_PROFILE:-durable}
  (pages)
else
  # Messages come back after 4 s, when a claim is over: the story waits for a message that was given up.
  export STACK=console-$$ PORT=0 DETACH=1 VISIBILITY_SECONDS=4 LEASE_SECONDS=3 MYSQL_PROFILE=dev-console-$$
  trap 'target/local/task-local stop; shared/local/mysql.sh purge' EXIT
  # The stack starts while the rest is tested.
  exec 3< <(target/local/task-local run | sed -n 's/^ready //p')
  (pages)
  read -r BASE_URL <&3
fi
export BASE_URL
node --test --test-reporter=spec console/tests/story.mjs

#!/usr/bin/env bash
# Runs the tests whose name holds the text T (empty: all), on a private server of the kind MYSQL_FLAVOR, or on the one that
# TEST_DATABASE_URL names. The functions must be built.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.."
. "$here/server.sh"
. "$here/group.sh"
export CARGO_TARGET_DIR=$PWD/target
[ -n "${T+set}" ] || { echo "test-one: T is missing: make test-one T=a_finished_task" >&2; exit 1; }
export MYSQL_PROFILE=dev-test MYSQL_FLAVOR=${MYSQL_FLAVOR:-mysql}
group=()
finish() {
  trap '' INT TERM
  end_groups "${group[@]}"
  leave_servers
}
trap finish EXIT
trap 'exit 130' INT TERM
if [ -z "${TEST_DATABASE_URL:-}" ]; then
  use_server "$MYSQL_FLAVOR" $MYSQL_PROFILE
  TEST_DATABASE_URL=$("$here/mysql.sh" url)
  export TEST_DATABASE_URL
fi
tests() {
  cargo test --profile local --locked --workspace "$T" 2>&1 | grep -v -e '^$' -e 'running 0 tests' -e '0 passed; 0 failed' -e '^ *Running'
}
grouped tests
group=($!)
wait "${group[0]}"

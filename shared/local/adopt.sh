#!/usr/bin/env bash
# `make adopt`: the test that adopts a table of the original service beside eight writers, with ROWS rows (default 1000000), on a
# private server of the kind MYSQL_FLAVOR with durable settings. Prints seconds and the longest time that a writer took.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.."
. "$here/server.sh"
. "$here/group.sh"
export CARGO_TARGET_DIR=$PWD/target
export MYSQL_PROFILE=durable-adopt MYSQL_FLAVOR=${MYSQL_FLAVOR:-mysql} ADOPT_ROWS=${ROWS:-1000000}
group=()
trap 'trap "" INT TERM; end_groups "${group[@]}"; leave_servers' EXIT
trap 'exit 130' INT TERM
use_server "$MYSQL_FLAVOR" $MYSQL_PROFILE
TEST_DATABASE_URL=$("$here/mysql.sh" url)
export TEST_DATABASE_URL
grouped cargo test --quiet --profile local --locked --workspace --test store a_large_table_is_adopted -- --nocapture
group=($!)
wait "${group[0]}"

#!/usr/bin/env bash
# `make memory`: sends the worst accepted requests of each kind to the real functions, and prints the peak memory of each
# function beside its MemorySize in template.yaml. Fails when a function took more, or when a request was not answered as it should be.
#
# Env: MYSQL_FLAVOR   mysql (default) | mariadb
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.."
. "$here/server.sh"
. "$here/group.sh"
export CARGO_TARGET_DIR=$PWD/target
export MYSQL_PROFILE=dev-test MYSQL_FLAVOR=${MYSQL_FLAVOR:-mysql}
group=()
trap 'trap "" INT TERM; end_groups "${group[@]}"; leave_servers' EXIT
trap 'exit 130' INT TERM
use_server "$MYSQL_FLAVOR" $MYSQL_PROFILE
TEST_DATABASE_URL=$("$here/mysql.sh" url)
export TEST_DATABASE_URL
grouped cargo test --quiet --profile local --locked --workspace --test api -- --nocapture memory::
group=($!)
wait "${group[0]}"

#!/usr/bin/env bash
# `make soak`: a steady load on the release binaries and a private MySQL with durable settings, both of which it has alone.
#
# Env: MINUTES  how long (default 10)
#      RATE     orders a second (default 10000)
#      KILLS    1: a worker is killed every minute
#      PURGE    so many old tasks are purged beside the second half of the run (some 0.5 GB of disk a million)
#      WORKERS  worker processes (default 2)
#      SEED     replays the sizes and faults of a run (default: a random one, printed)
#      BUILD    release (default) or local: a build of a minute instead of many, for a try
#      MYSQL_FLAVOR  mysql (default) | mariadb
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
export CARGO_TARGET_DIR=$PWD/target
build=${BUILD:-release}
case $build in release | local) ;; *) echo "error: BUILD must be release or local, not '$build'" >&2; exit 1 ;; esac
# The functions of src/stage.rs and no other: a release links each for a minute.
functions="order-batch-submit order-batch-worker batch-sweeper housekeeper batch-dead-letter sku-price-worker task-get"
# shellcheck disable=SC2046,SC2086 # one word each
cargo build --profile "$build" --quiet --locked --workspace --bin soak $(printf -- '--bin %s ' $functions)
exec "target/$build/soak"

#!/usr/bin/env bash
# `make bench`: builds release binaries and measures them on a private MySQL with durable settings.
#
# Env: PART   what to measure: batch, functions, starts, cost, dispatched, claims, growth, large; several with commas (default: batch,functions)
#      ROUNDS how often compared batches are run in turns (default 5)
#      ROWS   how many tasks `growth` goes to (default 10000000), and have ended beside the claims of `claims` (1000000)
#      PEERS  1: compare with Celery, BullMQ and apalis instead (PART: dispatched or batch, else both)
#      DATABASE_URL  measure on this server instead; the user must be allowed to create databases
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
export CARGO_TARGET_DIR=$PWD/target
export MYSQL_PROFILE=durable-bench BINARIES=$PWD/target/release
cargo build --release --quiet --locked --workspace --bins
if [ -n "${PEERS:-}" ]; then tests/bench/peers/install.sh; fi
if [ -z "${DATABASE_URL:-}" ]; then
  . shared/local/server.sh
  trap leave_servers EXIT
  use_server "${MYSQL_FLAVOR:-mysql}" $MYSQL_PROFILE
  DATABASE_URL=$(shared/local/mysql.sh url)
  export DATABASE_URL
fi
"$BINARIES/bench"

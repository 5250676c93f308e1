#!/usr/bin/env bash
# `make bench`: builds release binaries and measures them on a private MySQL with durable settings.
#
# Env: PART   what to measure: batch, functions, growth; several with commas (default: batch,functions)
#      ROUNDS how often compared batches are run in turns (default 5)
#      ROWS   how many tasks `growth` goes to (default 10000000)
#      PEERS  1: compare with Celery, BullMQ and apalis instead
#      DATABASE_URL  measure on this server instead; the user must be allowed to create databases
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
export MYSQL_PROFILE=durable BINARIES=$PWD/target/release
cargo build --release --quiet --locked --workspace --bins
if [ -n "${PEERS:-}" ]; then tests/bench/peers/install.sh; fi
if [ -z "${DATABASE_URL:-}" ]; then
  if ! shared/local/mysql.sh status > /dev/null 2>&1; then
    shared/local/mysql.sh start
    trap 'shared/local/mysql.sh stop' EXIT
  fi
  DATABASE_URL=$(shared/local/mysql.sh url)
  export DATABASE_URL
fi
"$BINARIES/bench"

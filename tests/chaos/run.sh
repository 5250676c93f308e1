#!/usr/bin/env bash
# The chaos suite: one run of it on the functions that `make build` builds.
#
#   run.sh          builds, then plays
#   run.sh play     plays on what was built
#
# Env: MINUTES        how long faults happen (default 3)
#      SEED           replays a run's choices (default: a random one, printed)
#      PART           of the load: all (default), clashes, prices, tasks, dispatched, targets
#      MYSQL_FLAVOR   mysql (default) | mariadb
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
export CARGO_TARGET_DIR=$PWD/target

[ "${1:-}" = play ] || cargo build --quiet --profile local --locked --workspace --exclude bench --bins
exec target/local/chaos

#!/usr/bin/env bash
# The chaos suite: builds the functions with failpoints, apart from the others, and plays one run on them.
#
#   run.sh          builds, then plays
#   run.sh build    builds only
#   run.sh play     plays on what was built
#
# Env: MINUTES        how long faults happen (default 3)
#      SEED           replays a run's choices (default: a random one, printed)
#      PART           of the load: all (default), clashes, prices, tasks, dispatched
#      MYSQL_FLAVOR   mysql (default) | mariadb
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

functions=target/failpoints
names="async-task-close async-task-get batch-dead-letter batch-sweeper order-batch-amend order-batch-result order-batch-submit
  order-batch-worker sku-batch-price sku-price-worker task-add task-claim task-fail task-finish task-get task-heartbeat task-list
  task-queue-set task-start task-update"
build() { cargo build --quiet --profile local --locked --workspace "$@"; }

if [ "${1:-}" != play ]; then
  # The same profile and folder, so that nothing of others is compiled again; then the functions without failpoints are put back.
  build --features long-tasks/failpoints $(printf -- '--bin %s ' $names)
  mkdir -p $functions
  for name in $names; do cp -f "target/local/$name" $functions/; done
  build --exclude bench --bins
fi
[ "${1:-}" = build ] || FUNCTIONS=$PWD/$functions exec target/local/chaos

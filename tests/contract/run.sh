#!/usr/bin/env bash
# Fuzzes every operation of docs/openapi.yaml against the running local stack, links between operations included: JSON and
# forms, right and wrong values. Fails on any 5xx and on any answer that the description does not allow. Before that, the description
# is linted, and clients generated from it are used (clients/run.sh).
#
#   ONLY=clients      leaves the fuzzing out
#   run.sh            starts a stack of its own, or takes BASE_URL=http://127.0.0.1:PORT
#   EXAMPLES=80       test cases a property, at least; SEED=n replays a run
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
cd "$root"
venv=.local/contract
if [ -z "${BASE_URL:-}" ]; then
  export STACK=contract-$$ PORT=0 DETACH=1
  BASE_URL=$(target/local/task-local run | sed -n 's/^ready //p')
  trap 'target/local/task-local stop; MYSQL_PROFILE=dev-$STACK shared/local/mysql.sh purge' EXIT
  [ -n "$BASE_URL" ]
fi
tests/contract/clients/run.sh "$BASE_URL"
[ "${ONLY:-}" != clients ] || exit 0
shared/local/tools.sh contract "$here/requirements.txt"
SCHEMATHESIS_HOOKS=tests/contract/hooks.py "$venv/bin/schemathesis" run docs/openapi.yaml --url "$BASE_URL" \
  --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
  --max-examples "${EXAMPLES:-80}" --request-timeout 10 --no-color ${SEED:+--seed "$SEED"}

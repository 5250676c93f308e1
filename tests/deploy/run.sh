#!/usr/bin/env bash
# Deploys template.yaml into an emulator of AWS (ministack: CloudFormation, HTTP API, Lambda, SQS, IAM), on the private MySQL,
# with the binaries of target/local, and uses it through its routes and queues.
#
#   run.sh [PYTEST-ARGUMENTS]
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.."
shared/local/tools.sh deploy tests/deploy/requirements.txt
export MYSQL_FLAVOR=mysql MYSQL_PROFILE=dev
running=$(shared/local/mysql.sh status > /dev/null && echo yes || true)
shared/local/mysql.sh start
[ -n "$running" ] || trap 'shared/local/mysql.sh stop' EXIT
mkdir -p .local/log
DATABASE_URL=$(shared/local/mysql.sh url)
export DATABASE_URL DEPLOY_LOG=.local/log/deploy.log PYTHONDONTWRITEBYTECODE=1
.local/deploy/bin/python -m pytest -q -p no:cacheprovider --rootdir "$here" "$here" "$@"

#!/usr/bin/env bash
# Deploys template.yaml into an emulator of AWS (ministack: CloudFormation, HTTP API, Lambda, SQS, IAM), on the private MySQL,
# with the binaries of target/local, and uses it through its routes and queues.
#
#   run.sh [PYTEST-ARGUMENTS]
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.."
. shared/local/server.sh
shared/local/tools.sh deploy tests/deploy/requirements.txt
# Where Node is, the deployed page is opened in a real browser.
if node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2> /dev/null; then console/install.sh; fi
export MYSQL_FLAVOR=mysql MYSQL_PROFILE=dev-deploy
mkdir -p .local
exec 7> ".local/$MYSQL_PROFILE.lock"
flock 7 # one run at a time
trap leave_servers EXIT
use_server mysql $MYSQL_PROFILE
mkdir -p .local/log
DATABASE_URL=$(shared/local/mysql.sh url)
export DATABASE_URL DEPLOY_LOG=.local/log/deploy.log PYTHONDONTWRITEBYTECODE=1
.local/deploy/bin/python -m pytest -q -p no:cacheprovider --rootdir "$here" "$here" "$@"

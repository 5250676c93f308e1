#!/usr/bin/env bash
# Runs functions as the SAM CLI does: `sam local invoke` and `sam local start-api`, each in a container, with the events of
# tests/events, against the private MySQL.
#
#   run.sh [PYTEST-ARGUMENTS]    SAM_IMAGE=name:tag takes another image than the stand-in
#
# Needs a Docker daemon; without one it says so and succeeds.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.."
. shared/local/server.sh
if ! docker info > /dev/null 2>&1; then
  printf '\n*** SKIPPED: sam-local: no Docker daemon answers; nothing of it was tested ***\n\n' >&2
  exit 0
fi
shared/local/tools.sh deploy tests/deploy/requirements.txt
export SAM_IMAGE=${SAM_IMAGE:-long-tasks/provided:local}
[ "$SAM_IMAGE" != long-tasks/provided:local ] || shared/local/sam-base-image.sh "$SAM_IMAGE"
export MYSQL_FLAVOR=mysql MYSQL_PROFILE=dev-sam SAM_CLI_TELEMETRY=0 PYTHONDONTWRITEBYTECODE=1
mkdir -p .local
exec 7> ".local/$MYSQL_PROFILE.lock"
flock 7 # one run at a time
trap leave_servers EXIT
use_server mysql $MYSQL_PROFILE
mkdir -p .local/log
DATABASE_URL=$(shared/local/mysql.sh url)
export DATABASE_URL
.local/deploy/bin/python -m pytest -q -p no:cacheprovider --rootdir "$here" "$here" "$@"

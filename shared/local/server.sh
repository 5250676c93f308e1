# A private database server for as long as a script runs. Sourced, not run.
#
# use_server FLAVOR PROFILE   starts it unless it runs, and holds it; its last user stops it
# leave_servers               lets go of all of them; call it in a trap on EXIT
#
# Tests that run on it may leave databases for the next ones (shared/store/src/testing/shelf.rs).
# See mysql.sh. Who uses a server holds a lock, which ends with its holder: nobody stops what another one uses.

servers=()

use_server() {
  local here flavor=$1 profile=$2 root lock entry closed
  here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
  root=$(readlink -f "$here/../..")
  mkdir -p "$root/.local/$flavor/$profile"
  export KEEP_TEST_DATABASES=1
  exec {lock}>> "$root/.local/$flavor/$profile/users"
  flock -s "$lock"
  servers+=("$lock $flavor $profile")
  # A daemon must hold no lock, not that of a server started before it either.
  closed=
  for entry in "${servers[@]}"; do closed+=" ${entry%% *}>&-"; done
  eval "MYSQL_FLAVOR=$flavor MYSQL_PROFILE=$profile \"\$here/mysql.sh\" start $closed"
}

leave_servers() {
  local here lock flavor profile entry
  here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
  for entry in "${servers[@]}"; do
    read -r lock flavor profile <<< "$entry"
    exec {lock}>&-
    MYSQL_FLAVOR=$flavor MYSQL_PROFILE=$profile "$here/mysql.sh" leave || true
  done
  servers=()
}

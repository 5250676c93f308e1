#!/usr/bin/env bash
# A private MySQL or MariaDB server for this checkout: no root, no Docker, nothing installed on the host.
#
#   mysql.sh install   fetch the server from Debian's packages (once; 56 MB)
#   mysql.sh init      make an empty data folder (once)
#   mysql.sh start     install and init if need be, then start; does nothing when it runs
#   mysql.sh stop      stop it; does nothing when it does not run
#   mysql.sh leave     stop it unless a program uses it: one that does holds a shared lock on PROFILE/users (see server.sh)
#   mysql.sh status    say where it is; exit code 3 when it is down
#   mysql.sh url       print its DATABASE_URL
#   mysql.sh sql ...   its command-line client (mysql or mariadb) with these arguments
#   mysql.sh purge     stop it and delete its data, unless a program uses it
#
# Env: MYSQL_FLAVOR    mysql (default) | mariadb (10.11) | mariadb118 (11.8); each has a folder of its own
#      MYSQL_PROFILE   dev (default: loses the last second when the machine dies) | durable (every commit on disk) |
#                      chaos (as durable; a server that the chaos suite kills), or one of these and a use: dev-test.
#                      Each profile has its own data and server: `make run` has durable, every suite one of its own.
#      MYSQL_PORT      a fixed port (default: a random free one from 20000 to 30000)
#      MYSQL_SUITE     the Debian suite to take it from (default: sid for MySQL, bookworm and trixie for MariaDB)
#      MYSQL_OPTS      more server options
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
. "$here/debian.sh"

flavor=${MYSQL_FLAVOR:-mysql} profile=${MYSQL_PROFILE:-dev}
case $flavor in
  mysql) suite=${MYSQL_SUITE:-sid} server=mysqld client=mysql packages="mysql-server-core mysql-client-core" ;;
  mariadb) suite=${MYSQL_SUITE:-bookworm} server=mariadbd client=mariadb packages="mariadb-server-core mariadb-client-core" ;;
  mariadb118) suite=${MYSQL_SUITE:-trixie} server=mariadbd client=mariadb packages="mariadb-server-core mariadb-client-core" ;;
  *) die "MYSQL_FLAVOR must be mysql, mariadb or mariadb118, not '$flavor'" ;;
esac
kin=${flavor%118} # whose options and scripts it has
kind=${profile%%-*}
case $kind in dev | durable | chaos) ;; *) die "MYSQL_PROFILE must be dev, durable or chaos, or dev-USE, not '$profile'" ;; esac
case $profile in *[!a-z0-9-]*) die "MYSQL_PROFILE may hold a-z, 0-9 and -, not '$profile'" ;; esac

home=$(readlink -f -m "$here/../../.local/$flavor")
prefix=$home/prefix data=$home/$profile/data run=$home/$profile/run
share=$prefix/usr/share/mysql
[ "$flavor" != mariadb118 ] || share=$prefix/usr/share/mariadb
socket=$run/s
[ ${#socket} -lt 104 ] || socket=/tmp/mysql.$(id -u).$(printf %s "$run" | cksum | cut -d' ' -f1).sock # a socket's path is 108 bytes at most

# Runs a program of the prefix with the prefix's own loader and libraries: the host's glibc may be older.
prefix_run() {
  local program=$prefix/$1 libraries
  shift
  libraries=$(echo "$prefix"/usr/lib/*-linux-gnu)
  exec env -u LD_PRELOAD -u LD_LIBRARY_PATH "$(compgen -G "$libraries/ld-linux-*.so.*" | head -1)" \
    --library-path "$libraries" --argv0 "$program" "$program" "$@"
}

folders() {
  [ "$(id -u)" != 0 ] || echo --user=root
  printf '%s\n' --basedir="$prefix/usr" --datadir="$data" --plugin-dir="$prefix/usr/lib/mysql/plugin" \
    --tmpdir="$run" --secure-file-priv="$run" \
    --lc-messages-dir="$share" --character-sets-dir="$share/charsets"
}

install() {
  [ ! -e "$prefix/.ok" ] || return 0
  local new=$prefix.new
  rm -rf "$new" "$prefix"
  mkdir -p "$new"
  # shellcheck disable=SC2086 # several packages
  fetch_debs "$new" "$suite" $packages
  [ -x "$new/usr/sbin/$server" ] || die "the packages of $suite hold no $server"
  rm -rf "$new"/usr/share/{doc,man,locale,lintian,bug} "$new"/usr/lib/*/gconv "$new"/{var,etc}
  find "$new/usr/bin" -type f ! -name mysql ! -name mariadb ! -name mysqldump ! -name my_print_defaults -delete
  mv "$new" "$prefix"
  touch "$prefix/.ok"
}

init() {
  install
  [ ! -e "$data/.ok" ] || return 0
  [ -z "$(pid)" ] || die "a server runs on $data, which was never finished: stop it first"
  local options
  mapfile -t options < <(folders)
  rm -rf "$data"
  mkdir -p "$run"
  "init_$kin" || { tail -20 "$run/init.err" >&2; die "cannot make a data folder in $data"; }
  touch "$data/.ok"
}

init_mysql() {
  (prefix_run usr/sbin/mysqld --no-defaults "${options[@]}" --initialize-insecure \
    --innodb-redo-log-capacity=8M --log-error="$run/init.err")
}

init_mariadb() {
  local name
  mkdir -p "$data/mysql"
  {
    echo "USE mysql;"
    for name in system_tables performance_tables system_tables_data; do cat "$share"/{mysql,mariadb}_$name.sql 2>/dev/null || true; done
    cat "$share/maria_add_gis_sp_bootstrap.sql"
    cat "$share"/{mysql,mariadb}_sys_schema.sql 2>/dev/null || true
  } | (prefix_run usr/sbin/mariadbd --no-defaults "${options[@]}" --bootstrap \
    --loose-innodb-log-file-size=8M --log-error="$run/init.err")
}

# The server's process id, if the one we started still runs (another process may have been given its number).
pid() {
  local id
  id=$(cat "$run/pid" 2>/dev/null) || return 0
  [ -n "$id" ] || return 0
  tr '\0' ' ' 2>/dev/null < "/proc/$id/cmdline" | grep -qF -- "--datadir=$data " && echo "$id" || true
}

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

choose_port() {
  local port
  # Random, so that two servers that start at once do not choose the same; and away from where programs are given ports, so that
  # a server that is killed and started again finds its own free.
  port=${MYSQL_PORT:-$((20000 + RANDOM % 10000))}
  while is_taken "$port"; do
    [ -z "${MYSQL_PORT:-}" ] || die "port $port is taken by another program: set MYSQL_PORT"
    port=$((port + 1))
  done
  echo "$port"
}

settings() {
  printf '%s\n' --bind-address=127.0.0.1 --port="$1" --socket="$socket" --pid-file="$run/pid" \
    --log-error="$run/server.err" --init-file="$run/init.sql" --skip-name-resolve \
    --character-set-server=utf8mb4 --max-allowed-packet=64M --max-connections=600 --performance-schema=OFF \
    --innodb-buffer-pool-dump-at-shutdown=OFF --innodb-buffer-pool-load-at-startup=OFF
  case $kin.$kind in
    mysql.dev) printf '%s\n' --innodb-flush-method=nosync --innodb-redo-log-capacity=64M ;;
    mysql.durable | mysql.chaos) printf '%s\n' --innodb-redo-log-capacity=512M ;;
    mariadb.durable | mariadb.chaos) printf '%s\n' --innodb-log-file-size=256M ;;
  esac
  case $kind in
    dev) printf '%s\n' --skip-log-bin --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=OFF --innodb-buffer-pool-size=256M ;;
    durable | chaos) printf '%s\n' --innodb-flush-log-at-trx-commit=1 --log-bin=binlog --sync-binlog=1 --server-id=1 \
      --binlog-expire-logs-seconds=3600 --innodb-buffer-pool-size=512M ;;
  esac
  case $kin in
    mysql) echo --mysqlx=OFF ;;
    mariadb) echo --collation-server=utf8mb4_unicode_ci ;;
  esac
}

start() {
  init
  [ -z "$(pid)" ] || return 0
  local port options more host child
  port=$(choose_port)
  mapfile -t options < <(folders)
  mapfile -t more < <(settings "$port")
  rm -f "$run/pid" "$socket"
  : > "$run/server.err"
  {
    echo "CREATE DATABASE IF NOT EXISTS app CHARACTER SET utf8mb4;"
    for host in localhost 127.0.0.1; do
      echo "CREATE USER IF NOT EXISTS 'app'@'$host' IDENTIFIED BY 'app';"
      echo "GRANT ALL ON *.* TO 'app'@'$host' WITH GRANT OPTION;"
      [ "$kind" = chaos ] || continue
      # With rights on the server itself, neither read_only nor max_connections would keep the functions out.
      echo "CREATE USER IF NOT EXISTS 'function'@'$host' IDENTIFIED BY 'function';"
      echo "GRANT ALL ON chaos.* TO 'function'@'$host';"
    done
  } > "$run/init.sql"
  # shellcheck disable=SC2086 # several options
  (prefix_run "usr/sbin/$server" --no-defaults "${options[@]}" "${more[@]}" ${MYSQL_OPTS:-}) 7>&- 8>&- 9>&- >/dev/null 2>&1 </dev/null &
  child=$!
  await_ready $child
  echo "$port" > "$run/port"
  disown $child
}

await_ready() {
  local child=$1 turn
  for turn in $(seq 1200); do
    [ -s "$run/pid" ] && [ -S "$socket" ] && grep -qs 'ready for connections' "$run/server.err" && return 0
    kill -0 "$child" 2>/dev/null || { tail -20 "$run/server.err" >&2; die "the server stopped at its start, see $run/server.err"; }
    sleep 0.05
  done
  kill -KILL "$child"
  die "the server did not come up in 60 s, see $run/server.err"
}

stop() {
  local id turn
  id=$(pid)
  [ -n "$id" ] || return 0
  kill -TERM "$id"
  for turn in $(seq 600); do
    grep -qs '^State:[[:space:]]*[^Z]' "/proc/$id/status" || return 0 # gone, or a zombie
    sleep 0.05
  done
  kill -KILL "$id"
}

leave() {
  exec 8>> "$home/$profile/users"
  flock -x -w 0.3 8 || return 0 # somebody uses it
  stop
}

status() {
  local id
  id=$(pid)
  [ -n "$id" ] || { echo down; exit 3; }
  echo "up pid $id port $(cat "$run/port") socket $socket"
}

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; exit 2; }

case ${1:-} in install | init | start | stop | leave | status | url | sql | purge) ;; *) usage ;; esac
mkdir -p "$run"
chmod 700 "$home"
exec 9> "$home/.lock"
flock 9 # one caller at a time
case $1 in
  install | init | start | stop | leave | status) "$1" ;;
  url)
    [ -n "$(pid)" ] || die "no $flavor of profile $profile runs: start it first ($0 start)"
    echo "mysql://app:app@127.0.0.1:$(cat "$run/port")/app?ssl-mode=disabled"
    ;;
  sql)
    shift
    exec 9>&-
    prefix_run usr/bin/$client --no-defaults -uapp -papp -S "$socket" "$@" 2> >(grep -v 'Using a password' >&2)
    ;;
  purge)
    leave
    [ -z "$(pid)" ] || die "a program uses the server of $profile: end it first"
    rm -rf "${home:?}/$profile"
    ;;
esac

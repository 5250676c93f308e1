#!/usr/bin/env bash
# Runs every check of the project and sums the tests up: what `make test` and CI run.
#
#   test.sh        formatting, clippy, the templates; all tests on MySQL, those of statements and rules on MariaDB 10.11 at
#                  the same time; the deployed form (in an emulator, and under `sam local` where Docker is); clients
#                  generated from openapi.yaml; the page in a browser; the statements on MariaDB 11.8; half a minute of chaos
#   test.sh full   the same with all tests on both MariaDBs, too, MINUTES (default 3) of chaos on each server, and the API
#                  fuzzed (EXAMPLES, default 80)
#
# Needs Rust, a C compiler and python3; everything else installs itself under .local/. The database servers are
# private ones that run for this only, so it can run beside `make run` and beside any other suite.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.."
. "$here/server.sh"
. "$here/group.sh"
export CARGO_TARGET_DIR=$PWD/target
full=${1:-}
profile=dev-test
log=.local/log/test.$$
mkdir -p "$log"
# What old runs left; another one may be going on.
find .local/log -mindepth 1 -maxdepth 1 -type d \( -name 'stack-*' -o -name 'test.*' \) -mmin +300 -exec rm -rf {} +
failed=() names=() pids=()

finish() {
  local code=$?
  trap '' INT TERM
  end_groups "${pids[@]}"
  leave_servers
  echo "total time: $SECONDS s"
  cat "$log"/*.log 2>/dev/null | awk '/^test result:/ { passed += $4; failed += $6 }
       END { printf "%d passed, %d failed\n", passed, failed }'
  if [ ${#failed[@]} != 0 ]; then
    echo "FAILED: ${failed[*]}"
    # Once more what each failed test said, because the end of a long output is what is read first.
    for name in "${failed[@]}"; do grep -h -A 12 '^---- .* stdout ----$' "$log/$name.log" 2>/dev/null || true; done | head -n 150
  fi
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

step() { printf '\n== %s (at %s s)\n' "$1" "$SECONDS"; }

# Steps that run side by side: each writes its own log, which is shown when it has ended.
beside() { # NAME COMMAND...
  grouped logged "$@"
  names+=("$1") pids+=($!)
}

logged() { # NAME COMMAND...
  local name=$1 begin=$SECONDS code=0
  shift
  "$@" > "$log/$name.log" 2>&1 || code=$?
  echo "$((SECONDS - begin))" > "$log/$name.seconds"
  return $code
}

await() { # [NAME...]: those steps, or all that go on
  local at code
  for at in "${!names[@]}"; do
    case " ${*:-${names[$at]}} " in *" ${names[$at]} "*) ;; *) continue ;; esac
    code=0
    wait "${pids[$at]}" || code=$?
    step "${names[$at]}: took $(cat "$log/${names[$at]}.seconds" 2>/dev/null) s"
    if [ $code = 0 ]; then
      grep -v -e '^test .* ok$' -e '^$' -e '^running' "$log/${names[$at]}.log" || true
    else
      cat "$log/${names[$at]}.log"
      failed+=("${names[$at]}")
    fi
    unset "names[$at]" "pids[$at]"
  done
}

on_server() { # FLAVOR CARGO-ARGUMENTS...: cargo test with TEST_DATABASE_URL on a private server
  local flavor=$1
  shift
  # Tests wait for processes, leases and locks more than they compute.
  TEST_DATABASE_URL=$(MYSQL_FLAVOR=$flavor MYSQL_PROFILE=$profile "$here/mysql.sh" url) RUST_TEST_THREADS=${RUST_TEST_THREADS:-3} \
    cargo test --profile local --no-fail-fast --locked --workspace "$@"
}

step "tools and servers"
"$here/tools.sh"
use_server mysql $profile
use_server mariadb $profile
use_server mariadb118 $profile
step "format"
cargo fmt --all --check
# Two profiles build in folders of their own, so neither waits for the other. What is tested is built first; clippy and the
# templates go on beside the tests, which leave a core idle now and then.
step "build, templates, clippy"
beside clippy nice -n 19 cargo clippy --quiet --workspace --all-targets --locked -- --deny warnings
beside templates nice -n 19 tests/template/lint.sh
beside build sh -c 'cargo build --quiet --profile local --locked --workspace --exclude bench --exclude soak --bins && cargo test --quiet --profile local --locked --workspace --no-run'
await build
[ ${#failed[@]} = 0 ] || exit 1
step "tests on mysql and on mariadb, deployed into an emulator"
beside deployed tests/deploy/run.sh
beside api on_server mysql --test api
beside mysql on_server mysql --exclude api-tests
beside mariadb on_server mariadb --test store --test service
# What comes next begins when one of them has ended: the black-box tests leave much of the machine idle towards their end.
await mariadb
beside mariadb118 on_server mariadb118 --test store
await mysql
step "under sam local, by generated clients, in a browser, on MariaDB 11.8"
beside sam-local tests/sam/run.sh
beside clients env ONLY=clients tests/contract/run.sh
beside console console/test.sh
await
if [ "$full" = full ]; then
  beside api-mariadb on_server mariadb --test api
  await
  beside api-mariadb118 on_server mariadb118 --test api --test service
  await
fi
step "chaos"
if [ "$full" = full ]; then
  # One after the other, each as a step: a command in the foreground would keep a signal waiting.
  beside chaos env MINUTES="${MINUTES:-3}" MYSQL_FLAVOR=mysql tests/chaos/run.sh play
  await
  beside chaos-mariadb env MINUTES="${MINUTES:-3}" MYSQL_FLAVOR=mariadb tests/chaos/run.sh play
  await
  beside contract tests/contract/run.sh
  await
else
  beside chaos env MINUTES="${MINUTES:-0.5}" tests/chaos/run.sh play
  await
fi
[ ${#failed[@]} = 0 ]

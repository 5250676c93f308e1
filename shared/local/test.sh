#!/usr/bin/env bash
# Runs every check of the project, first to last, and sums the tests up: what `make test` and CI run.
#
#   formatting, clippy, the templates, all tests on MySQL, the deployed form (in an emulator, and under `sam local` where Docker is),
#   the tests that need a database on MariaDB too, then three minutes of chaos
#
# Needs Rust, a C compiler and python3; everything else installs itself under .local/. The database servers are
# private ones that run for this only.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.."
export MYSQL_PROFILE=dev
log=.local/log/test.log
mkdir -p .local/log
: > "$log"
rm -rf .local/log/stack-*
flavors=()

finish() {
  local code=$? flavor
  for flavor in "${flavors[@]}"; do MYSQL_FLAVOR=$flavor "$here/mysql.sh" stop || true; done
  echo "total time: $SECONDS s"
  awk '/^test result:/ { passed += $4; failed += $6 }
       END { printf "%d passed, %d failed\n", passed, failed }' "$log"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

step() { printf '\n== %s (at %s s)\n' "$1" "$SECONDS"; }

on_server() { # FLAVOR CARGO-ARGUMENTS...: cargo test with TEST_DATABASE_URL on a private server
  local flavor=$1
  shift
  step "tests on $flavor"
  flavors+=("$flavor")
  MYSQL_FLAVOR=$flavor "$here/mysql.sh" start || return
  TEST_DATABASE_URL=$(MYSQL_FLAVOR=$flavor "$here/mysql.sh" url) \
    cargo test --profile local --no-fail-fast --locked "$@" 2>&1 | tee -a "$log"
}

step "tools"
"$here/tools.sh"
step "format"
cargo fmt --all --check
step "clippy"
cargo clippy --workspace --all-targets --locked -- --deny warnings
step "templates"
tests/template/lint.sh
failed=0
on_server mysql --workspace || failed=1
step "deployed into an emulator"
make --no-print-directory build
tests/deploy/run.sh || failed=1
step "under sam local"
tests/sam/run.sh || failed=1
# What does not use a database has been tested.
on_server mariadb --package task-store --package task-service --package long-tasks || failed=1
step "chaos"
MINUTES=3 tests/chaos/run.sh || failed=1
exit $failed

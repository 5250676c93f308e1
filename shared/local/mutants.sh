#!/usr/bin/env bash
# Breaks the rules of orders and prices and the engine in one small way at a time, and names each way that no unit test notices.
#
#   FILES="shared/service/src/orders/validate.rs ..."   what to break (default: the rules and the engine)
#   MINUTES=30                                          when to stop at the latest
#
# cargo-mutants is installed on demand, pinned, into .local/mutants; it works on a copy of the checkout. What it found is in
# .local/mutants/mutants.out.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
version=27.1.0
home=$PWD/.local/mutants
[ -x "$home/bin/cargo-mutants" ] && grep -q "cargo-mutants $version" "$home/.crates.toml" ||
  env -u CARGO_TARGET_DIR cargo install --quiet --locked --root "$home" "cargo-mutants@$version"
files=()
for file in ${FILES:-'shared/service/src/orders/**/*.rs' 'shared/service/src/prices/**/*.rs' 'shared/engine/src/**/*.rs'}; do
  files+=(--file "$file")
done
export CARGO_TARGET_DIR=$home/target
# 0: all noticed, 2: some not, 3: some hung; timeout's own is 124.
status=0
timeout --signal=INT "${MINUTES:-30}m" "$home/bin/cargo-mutants" mutants --package task-service --package task-engine "${files[@]}" \
  --output "$home" --timeout 60 --no-times --colors never -- --lib || status=$?
if [ "$status" = 124 ]; then echo "stopped after ${MINUTES:-30} minutes: mutants.out tells how far it came"; fi
exit "$status"

#!/usr/bin/env bash
# `make versions BASE=commit`: the chaos suite on two versions at once. Each process of a function that is started is, by chance, one of
# this tree or one of the commit BASE; a function that BASE does not have is always this tree's.
#
# Env: BASE  the older commit: one whose migrations are a beginning of this tree's
#      and those of run.sh
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
export CARGO_TARGET_DIR=$PWD/target
[ -n "${BASE:-}" ] || { echo "error: make versions needs BASE=commit, the older of the two versions" >&2; exit 1; }
base=$(git rev-parse --verify --quiet --short "$BASE^{commit}") || { echo "error: no commit '$BASE'" >&2; exit 1; }
home=$PWD/.local/versions
older=$home/$base mixed=$home/mixed

cargo build --quiet --profile local --locked --workspace --exclude bench --bins
mkdir -p "$older" && git archive "$base" | tar -x -C "$older"
(cd "$older" && CARGO_TARGET_DIR=$home/target cargo build --quiet --profile local --locked --workspace --exclude bench --bins)

rm -rf "$mixed" && mkdir "$mixed" && cp target/local/chaos "$mixed"
for file in functions/*.rs; do
  name=$(basename "$file" .rs)
  new=$PWD/target/local/$name old=$new
  if [ -f "$older/$file" ]; then old=$home/target/local/$name; fi
  cat > "$mixed/$name" << EOF
#!/bin/sh
case \$\$ in *[02468]) version=$base program=$old ;; *) version=this program=$new ;; esac
echo "$name \$version" >> "$mixed/started"
exec "\$program" "\$@"
EOF
  chmod +x "$mixed/$name"
done
"$mixed/chaos"
echo "processes started, of the commit $base and of this tree:"
sort "$mixed/started" | uniq -c
for name in order-batch-submit order-batch-worker batch-sweeper task-claim; do
  for version in "$base" this; do
    grep -q "^$name $version$" "$mixed/started" || { echo "error: no $name of version $version ever ran" >&2; exit 1; }
  done
done

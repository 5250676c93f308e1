#!/usr/bin/env bash
# What is known in a minute, without a database: formatting, clippy, unit tests, documentation. `make test` says the rest.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
export CARGO_TARGET_DIR=$PWD/target
cargo fmt --all --check
cargo clippy --quiet --workspace --all-targets --locked -- --deny warnings
RUSTDOCFLAGS="--deny warnings --allow rustdoc::private_intra_doc_links" cargo doc --quiet --workspace --no-deps --document-private-items --locked
cargo test --quiet --profile local --workspace --lib --locked

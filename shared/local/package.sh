#!/usr/bin/env bash
# Makes what `sam deploy` uploads: the release binaries, the database's CA certificates, .aws-sam/build.
#
#   ARCH=x86_64 | arm64   what Lambda runs it on, the template's parameter Architecture (arm64: see docs/OPERATIONS.md)
#   DATABASE_CA=file.pem  the certificates that the database's must come from (default: Amazon's for RDS, see database-ca.sh)
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
. "$here/debian.sh"
cd "$here/../.."
export CARGO_TARGET_DIR=$PWD/target
arch=${ARCH:-x86_64}
case $arch in
  x86_64) flags=() ; export CARGO_LAMBDA_COMPILER=cargo ;;
  # A linker for the other architecture comes with zig.
  arm64) flags=(--arm64) ;;
  *) die "ARCH must be x86_64 or arm64, not '$arch'" ;;
esac
"$here/tools.sh" package "$here/package-requirements.txt"
"$here/tools.sh" deploy tests/deploy/requirements.txt
# `sam build` calls cargo-lambda too: what was built is there already if it builds in the same way.
export SAM_CLI_TELEMETRY=0 PATH=$PWD/.local/package/bin:$PATH
"$here/database-ca.sh" target/lambda/database-ca/database-ca.pem

# Not the toolchain's glibc decides whether it starts on Amazon Linux 2023, but the highest version it asks for.
cargo-lambda lambda build --release --locked "${flags[@]}"

mkdir -p .local/log
begin=$SECONDS
mkdir -p .local/template
.local/deploy/bin/python "$here/expand.py" template.yaml > .local/template/template.json
.local/deploy/bin/sam build --beta-features --language-extensions --template .local/template/template.json --base-dir . --parameter-overrides "Architecture=$arch" > .local/log/sam-build.log 2>&1 ||
  { tail -20 .local/log/sam-build.log; die "sam build failed"; }
echo "sam build: $((SECONDS - begin)) s"
.local/deploy/bin/python "$here/sizes.py" .aws-sam/build "$arch"

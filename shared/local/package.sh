#!/usr/bin/env bash
# Makes what `sam deploy` uploads: the release binaries, the database's CA certificates, .aws-sam/build.
#
#   ARCH=x86_64 | arm64   what Lambda runs it on, the template's parameter Architecture (arm64: see docs/OPERATIONS.md)
#   DATABASE_CA=file.pem  the certificates that the database's must come from (default: Amazon's bundle for RDS)
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
. "$here/debian.sh"
cd "$here/../.."
arch=${ARCH:-x86_64}
out=target/lambda
ca=target/lambda/database-ca
bundle=https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem
# `sam build` calls cargo-lambda too: what was built is there already if it builds in the same way.
export SAM_CLI_TELEMETRY=0 PATH=$PWD/.local/tools/bin:$PATH

case $arch in
  x86_64) flags=() ; export CARGO_LAMBDA_COMPILER=cargo ;;
  # A linker for the other architecture comes with zig.
  arm64) flags=(--arm64) ;;
  *) die "ARCH must be x86_64 or arm64, not '$arch'" ;;
esac
"$here/tools.sh" deploy tests/deploy/requirements.txt

# Not the toolchain's glibc decides whether it starts on Amazon Linux 2023, but the highest version it asks for.
cargo-lambda lambda build --release --locked "${flags[@]}"

mkdir -p $ca
if [ -n "${DATABASE_CA:-}" ]; then
  cp "$DATABASE_CA" $ca/database-ca.pem
elif [ ! -s $ca/database-ca.pem ]; then
  curl -fsS --max-time 60 -o $ca/database-ca.pem $bundle || die "cannot fetch $bundle: name a file with DATABASE_CA="
fi
grep -q 'BEGIN CERTIFICATE' $ca/database-ca.pem || die "$ca/database-ca.pem holds no certificate"

.local/deploy/bin/sam build --beta-features --template template.yaml --parameter-overrides "Architecture=$arch" > .local/log/sam-build.log 2>&1 ||
  { tail -20 .local/log/sam-build.log; die "sam build failed"; }
.local/deploy/bin/python - $out $arch <<'PYTHON'
"""Prints what is deployed of each function: the zip's size, as Lambda counts it, and the binary's."""
import io, pathlib, sys, zipfile

for binary in sorted(pathlib.Path(sys.argv[1]).glob("*/bootstrap")):
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(binary, "bootstrap")
    print(f"{binary.parent.name:22} {sys.argv[2]}  zip {len(zipped.getvalue()) / 1e6:5.2f} MB  binary {binary.stat().st_size / 1e6:5.2f} MB")
PYTHON

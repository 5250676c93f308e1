#!/usr/bin/env bash
# Shows what a change of template.yaml changes in a deployment: its resources at the commit BASE against those of the working tree.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
base=${BASE:-HEAD}
shared/local/tools.sh deploy tests/deploy/requirements.txt
python=.local/deploy/bin/python out=.local/template
mkdir -p $out
git show "$base:template.yaml" > $out/base.yaml
$python shared/local/expand.py $out/base.yaml TaskQueues=report > $out/base.json
$python shared/local/expand.py template.yaml TaskQueues=report > $out/template.json
$python tests/template/compare.py $out/base.json $out/template.json 2> /dev/null

#!/usr/bin/env bash
# Checks template.yaml and database.yaml as AWS's tools see them: `sam validate --lint`, cfn-lint on what the
# SAM translator makes of the template (as deployed at once, and gradually), checkov on the same.
#
# Needs the tools of tests/deploy/requirements.txt; they are installed into .local/deploy.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.."
shared/local/tools.sh deploy tests/deploy/requirements.txt
tools=.local/deploy/bin out=.local/template
export AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0
mkdir -p $out

for template in template.yaml database.yaml; do
  $tools/sam validate --lint --template $template
done
for gradual in false true; do
  translated=$out/translated-$gradual.json
  $tools/python tests/template/translate.py template.yaml GradualDeployment=$gradual > $translated
  # W2001: the translator itself uses up some parameters.
  $tools/cfn-lint --ignore-checks W2001 -- $translated
  echo "cfn-lint: GradualDeployment=$gradual ok, $(grep -c '"Type": "AWS::' $translated) resources"
done
$tools/checkov --config-file tests/template/checkov.yaml --framework cloudformation --skip-download --compact \
  --file $out/translated-false.json --file $out/translated-true.json --file database.yaml > $out/checkov.txt || true
grep -m1 '^Passed checks' $out/checkov.txt
grep -q 'Failed checks: 0,' $out/checkov.txt || { grep -B1 -A1 FAILED $out/checkov.txt; exit 1; }

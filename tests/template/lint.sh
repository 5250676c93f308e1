#!/usr/bin/env bash
# Checks template.yaml (its loops written out) and database.yaml as AWS's tools see them: `sam validate --lint`, cfn-lint on the
# SAM translator's output (as deployed at once, and gradually), checkov on the same.
#
# Needs the tools of tests/deploy/requirements.txt; they are installed into .local/deploy.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.."
shared/local/tools.sh deploy tests/deploy/requirements.txt
tools=.local/deploy/bin out=.local/template
export AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0
mkdir -p $out
# The tools take minutes: what has passed is not checked again until it changes, or a check does.
passed=$(cat template.yaml database.yaml tests/deploy/requirements.txt shared/local/expand.py tests/template/*.* | sha256sum)
if [ "$(cat $out/passed 2> /dev/null)" = "$passed" ]; then
  echo "the templates are as they were when they passed (or else: rm $out/passed)"
  exit
fi
rm -f $out/passed

expanded=$out/template.json
$tools/python shared/local/expand.py template.yaml TaskQueues=report,stocktake > $expanded
# As it is deployed: a loop over a parameter is CloudFormation's.
$tools/python shared/local/expand.py template.yaml > $out/deployed.json
$tools/sam validate --language-extensions --template $out/deployed.json
for template in $expanded database.yaml; do
  $tools/sam validate --lint --template $template
done
for gradual in false true; do
  translated=$out/translated-$gradual.json
  $tools/python tests/template/translate.py $expanded GradualDeployment=$gradual > $translated
  # W2001: the translator itself uses up some parameters.
  $tools/cfn-lint --ignore-checks W2001 -- $translated
  resources=$(grep -c '"Type": "\(AWS\|Custom\)::' $translated)
  echo "cfn-lint: GradualDeployment=$gradual ok, $resources resources"
  # CloudFormation takes 500.
  ((resources <= 450)) || { echo "error: more than 450 resources" >&2; exit 1; }
done
$tools/checkov --config-file tests/template/checkov.yaml --framework cloudformation --skip-download --compact \
  --file $out/translated-false.json --file $out/translated-true.json --file database.yaml > $out/checkov.txt || true
grep -m1 '^Passed checks' $out/checkov.txt
grep -q 'Failed checks: 0,' $out/checkov.txt || { grep -B1 -A1 FAILED $out/checkov.txt; exit 1; }
echo "$passed" > $out/passed

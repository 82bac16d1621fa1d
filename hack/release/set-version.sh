#!/usr/bin/env bash
# Makes another version the next release: VERSION is where it is written, everything that repeats it follows.
#
#   hack/release/set-version.sh 0.2.0
set -euo pipefail
cd "$(dirname "$0")/../.."

new=${1:-}
[[ $new =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || { echo "usage: hack/release/set-version.sh VERSION, e.g. 0.2.0" >&2; exit 2; }
old=$(<VERSION)
# Only where the version is the operator's own: an image's tag, the chart's version, and what the documentation installs.
escaped=${old//./\\.}
sed -i -E "s,((ghcr\.io/authserver-dev|registry\.example\.com)/[a-z-]+:)$escaped([\"' ]|\$),\1$new\3,g
  s,^((appV|v)ersion: )$escaped\$,\1$new,
  s,(authserver-operator\.v|ref=v|checkout v|authserver-operator_)$escaped,\1$new,g" \
  charts/authserver-operator/Chart.yaml config/manager/manager.yaml docs/*.md
echo "$new" >VERSION
make --no-print-directory chart-readme bundle
git --no-pager diff --stat

#!/usr/bin/env bash
# Brings up what the end-to-end tests need and runs them: all, or those that LABELS, a Ginkgo label filter, picks.
set -euo pipefail
cd "$(dirname "$0")/.."

bin/cluster up
bin/cluster load bin/images/operator.tar bin/images/server.tar
# What an upgrade starts from: the images as another version.
bin/cluster images --tag 0.0.1 --version v0.0.1 --output bin/images/previous
bin/cluster load bin/images/previous/operator.tar bin/images/previous/server.tar
KUBECONFIG=$(bin/cluster kubeconfig); export KUBECONFIG
kubectl=bin/kubernetes/kubectl
$kubectl apply --server-side -k config/default >/dev/null
# The tag stays the same when the images are built anew: what runs must start again.
$kubectl -n authserver-system rollout restart deployment/authserver-operator >/dev/null
$kubectl -n authserver-system rollout status deployment/authserver-operator --timeout=120s
status=0
go test ./test/e2e/... -ginkgo.label-filter="${LABELS:-}" -timeout 30m -ginkgo.timeout 28m "$@" || status=$?
if [[ ${KEEP_CLUSTER:-} != 1 ]]; then bin/cluster down; fi
exit $status

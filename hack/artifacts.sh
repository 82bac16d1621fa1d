#!/usr/bin/env bash
# Keeps what helps to understand a failed end-to-end run, and prints the end of it.
#
#   hack/artifacts.sh FOLDER
#
# Secrets are not collected. What cannot be collected is said and left out: the run has failed already.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

folder=${1:?usage: hack/artifacts.sh FOLDER}
lines=${ARTIFACT_LINES:-60}
rm -rf "$folder"
mkdir -p "$folder"

KUBECONFIG=$(bin/cluster kubeconfig) || { echo "hack/artifacts.sh: no cluster to ask" >&2; exit 0; }
export KUBECONFIG
state=$(dirname "$KUBECONFIG")

# keep NAME COMMAND...: the output of the command as a file.
keep() {
  local name=$1; shift
  timeout 30 "$@" >"$folder/$name" 2>&1 || echo "hack/artifacts.sh: '$*' failed, see $folder/$name" >&2
}

kubectl=bin/kubernetes/kubectl
bin/cluster status >"$folder/status.txt" 2>&1
keep pods.txt $kubectl get pods -A -o wide
keep pods.describe.txt $kubectl describe pods -A
keep events.txt $kubectl get events -A --sort-by=.lastTimestamp
keep resources.yaml $kubectl get authserver -A -o yaml
keep objects.yaml $kubectl get deployments,replicasets,services,poddisruptionbudgets,configmaps,persistentvolumeclaims -A -o yaml
keep operator.log $kubectl -n authserver-system logs deployment/authserver-operator --all-containers --tail=-1
for logs in logs pod-logs; do
  [[ ! -d $state/$logs ]] || cp -RL "$state/$logs" "$folder/" 2>/dev/null
done

for name in status.txt pods.txt events.txt operator.log; do
  printf -- '--- the end of %s\n' "$folder/$name"
  tail -n "$lines" "$folder/$name"
done
echo "--- the rest is in $folder"

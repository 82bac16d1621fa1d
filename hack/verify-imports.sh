#!/usr/bin/env bash
# Fails when a binary links what it must not (docs/architecture.md, "Who may import whom"). depguard sees direct imports
# only; this sees what they bring along.
set -euo pipefail
cd "$(dirname "$0")/.."

module=github.com/authserver-dev/operator

# check COMMAND PATTERN WHY
check() {
  local deps found
  deps=$(go list -deps "./cmd/$1") || return 1
  if found=$(grep -E "$2" <<<"$deps"); then
    printf 'cmd/%s must not depend on these packages: %s\n%s\n' "$1" "$3" "$found" >&2
    return 1
  fi
  echo "imports: cmd/$1: $3"
}

status=0
check authserver "^(k8s\.io/(api|client-go)(/|$)|sigs\.k8s\.io/controller-runtime|$module/(controllers|api/v1alpha1))" \
  "the server links no Kubernetes client and no custom resources" || status=1
check operator "^$module/server(/|$)" "the operator links no part of the server" || status=1
for command in authserver operator; do
  check "$command" "^(testing$|github\.com/(onsi|google/go-cmp)/|$module/test(/|$))" "no tests in the product" || status=1
done
exit $status

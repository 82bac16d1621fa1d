#!/usr/bin/env bash
# Fails when the server binary links a Kubernetes client (docs/architecture.md, "Who may import whom").
set -euo pipefail

deps=$(go list -deps ./cmd/authserver)
if found=$(grep -E '^(k8s\.io/client-go|k8s\.io/api/|sigs\.k8s\.io/controller-runtime)' <<<"$deps"); then
  echo "cmd/authserver must not link a Kubernetes client, but depends on:" >&2
  echo "$found" >&2
  exit 1
fi
echo "cmd/authserver links no Kubernetes client"

#!/usr/bin/env bash
# The demo: a cluster, the operator, an authorization server, two people, an application, and a login.
#
#   hack/demo/demo.sh up|down
#
# CLUSTER=local    a real single-node cluster on this machine, built from source (default; needs root)
# CLUSTER=kind     a kind cluster named authserver-demo (needs Docker and kind)
# CLUSTER=current  the cluster of the current kubeconfig, which must be able to pull
#                  OPERATOR_IMAGE and SERVER_IMAGE
set -euo pipefail
cd "$(dirname "$0")/../.."

cluster=${CLUSTER:-local}
namespace=authserver-demo
port=${DEMO_PORT:-8080}
state=bin/demo
version=$(<VERSION)
operator_image=${OPERATOR_IMAGE:-ghcr.io/authserver-dev/operator:$version}
server_image=${SERVER_IMAGE:-ghcr.io/authserver-dev/server:$version}
kubectl=kubectl

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
fail() { echo "demo: $*" >&2; exit 1; }

choose_cluster() {
  case $cluster in
    local)
      [[ $(id -u) -eq 0 ]] || fail "CLUSTER=local needs root (sudo make demo); or use CLUSTER=kind or CLUSTER=current"
      (cd hack/cluster && go build -o ../../bin/cluster .)
      KUBECONFIG=$(bin/cluster kubeconfig); export KUBECONFIG
      kubectl=bin/kubernetes/kubectl ;;
    kind)
      command -v kind >/dev/null || fail "CLUSTER=kind needs kind (https://kind.sigs.k8s.io)"
      docker info >/dev/null 2>&1 || fail "CLUSTER=kind needs a running Docker engine"
      mkdir -p "$state"; export KUBECONFIG=$PWD/$state/kind.kubeconfig ;;
    current)
      command -v kubectl >/dev/null || fail "CLUSTER=current needs kubectl" ;;
    *) fail "CLUSTER must be local, kind or current, not '$cluster'" ;;
  esac
}

start_cluster() {
  case $cluster in
    local)
      say "A real Kubernetes node on this machine (the first time builds Kubernetes from source: about 10 minutes)"
      bin/cluster up
      say "Images of the operator and the server"
      bin/cluster images
      for image in operator server; do # loading again what has not changed would only take time
        sum=$(sha256sum "bin/images/$image.tar" | cut -d' ' -f1)
        [[ -f $state/$image.$sum && $(bin/cluster status | grep -c 'runs') -gt 0 && -f $state/loaded.$(stat -c %Y "$KUBECONFIG").$image.$sum ]] && continue
        bin/cluster load "bin/images/$image.tar"
        mkdir -p "$state"; touch "$state/$image.$sum" "$state/loaded.$(stat -c %Y "$KUBECONFIG").$image.$sum"
      done ;;
    kind)
      say "A kind cluster"
      kind get clusters 2>/dev/null | grep -qx authserver-demo || kind create cluster --name authserver-demo --kubeconfig "$KUBECONFIG"
      kind export kubeconfig --name authserver-demo --kubeconfig "$KUBECONFIG"
      say "Images of the operator and the server"
      docker build --target operator -t "$operator_image" .
      docker build --target server -t "$server_image" .
      kind load docker-image --name authserver-demo "$operator_image" "$server_image" ;;
    current)
      say "The cluster of the current context: $($kubectl config current-context)" ;;
  esac
}

# Renders the installation with the images of this run.
installation() {
  $kubectl kustomize config/default |
    sed -e "s|ghcr.io/authserver-dev/operator:$version|$operator_image|" -e "s|ghcr.io/authserver-dev/server:$version|$server_image|"
}

forward() {
  mkdir -p "$state"
  if [[ -f $state/forward.pid ]] && kill -0 "$(cat "$state/forward.pid")" 2>/dev/null && curl -fsS -o /dev/null "http://127.0.0.1:$port/healthz" 2>/dev/null; then return; fi
  stop_forward
  setsid bash -c "while true; do $kubectl -n $namespace port-forward --address 127.0.0.1 service/demo $port:80; sleep 1; done" >"$state/forward.log" 2>&1 </dev/null &
  echo $! >"$state/forward.pid"
  for _ in $(seq 100); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
    sleep 0.1
  done
  cat "$state/forward.log" >&2
  fail "port $port on 127.0.0.1 could not be forwarded; set DEMO_PORT to a free one"
}

stop_forward() {
  [[ -f $state/forward.pid ]] || return 0
  kill -- "-$(cat "$state/forward.pid")" 2>/dev/null || true
  rm -f "$state/forward.pid"
}

up() {
  local began=$SECONDS
  choose_cluster
  start_cluster
  say "The operator"
  installation | $kubectl apply --server-side -f - | grep -v 'serverside-applied$' || true
  # The tag stays the same when the image is built anew: a changed image needs a new pod.
  if [[ $cluster == local ]]; then
    $kubectl -n authserver-system patch deployment authserver-operator --type merge \
      -p "{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"authserver.dev/image\":\"$(sha256sum bin/images/operator.tar | cut -c1-16)\"}}}}}" >/dev/null
  fi
  $kubectl -n authserver-system rollout status deployment/authserver-operator --timeout=120s
  say "An authorization server, two users and a client (config/samples/demo.yaml)"
  $kubectl create namespace $namespace --dry-run=client -o yaml | $kubectl apply --server-side -f - >/dev/null
  sed "s|http://127.0.0.1:8080|http://127.0.0.1:$port|" config/samples/demo.yaml | $kubectl -n $namespace apply --server-side -f -
  $kubectl -n $namespace wait --for=condition=Ready --timeout=120s authorizationserver/demo oauthuser/alice oauthuser/bob oauthclient/demo-app
  $kubectl get authserver -A
  say "A login: authorization code with PKCE, as an application does it"
  forward
  mkdir -p "$state"
  ( umask 077; $kubectl -n $namespace get secret alice-password -o jsonpath='{.data.password}' | base64 -d >"$state/password" )
  $kubectl -n $namespace get secret demo-app-oauth -o json | go run ./hack/demo/login --username alice --password-file "$state/password"
  rm -f "$state/password"
  next "$((SECONDS - began))"
}

next() {
  say "Ready after $1 s. What to try next"
  local k=$kubectl
  [[ $cluster == current ]] || echo "  export KUBECONFIG=$KUBECONFIG"
  cat <<TEXT
  $k get authserver -A
  $k -n $namespace describe authorizationserver demo
  # Log in with a browser as alice / demo-password-of-alice (it ends at an address where nothing listens, with the code in it):
  http://127.0.0.1:$port/api/authorization?client_id=demo-app&response_type=code&scope=openid+profile+email&redirect_uri=http://127.0.0.1:8400/callback&state=xyz&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256
  # Lock bob out, and see him refused within seconds:
  $k -n $namespace patch oauthuser bob --type merge -p '{"spec":{"active":false}}'
  # Everything the application needs:
  $k -n $namespace get secret demo-app-oauth -o yaml
  # Remove every trace:
  make demo-down
TEXT
}

down() {
  stop_forward
  case $cluster in
    local)
      choose_cluster
      bin/cluster down ;;
    kind)
      choose_cluster
      kind delete cluster --name authserver-demo --kubeconfig "$KUBECONFIG" ;;
    current)
      choose_cluster
      $kubectl delete namespace $namespace --ignore-not-found
      installation | $kubectl delete --ignore-not-found -f - ;;
  esac
  rm -rf "$state"
  echo "The demo is gone."
}

case ${1:-} in
  up) up ;;
  down) down ;;
  *) echo "usage: hack/demo/demo.sh up|down" >&2; exit 2 ;;
esac

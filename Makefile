# authserver-operator. `make` alone prints what there is.

SHELL := /bin/bash -o pipefail
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
IMAGE_TAG ?= dev
CLUSTER ?= local
FUZZTIME ?= 20s
BIN := $(CURDIR)/bin
KUBEBUILDER_ASSETS ?= $(BIN)/kubernetes
export KUBEBUILDER_ASSETS
export CLUSTER IMAGE_TAG

MODULE := github.com/authserver-dev/operator
LDFLAGS := -s -w -X $(MODULE)/internal/version.version=$(VERSION)
GO_BUILD := CGO_ENABLED=0 go build -trimpath -ldflags "$(LDFLAGS)"
NESTED_MODULES := hack/cluster
ENVTEST_PACKAGES := ./api/v1alpha1/... ./controllers/... ./test/cel/...

##@ General

.PHONY: help
help: ## Print this help.
	@awk 'BEGIN {FS = ":.*##"; printf "Usage: make <target>\n"} \
	  /^##@/ {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)} \
	  /^[a-zA-Z0-9_-]+:.*?##/ {printf "  \033[36m%-16s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Demo

.PHONY: demo
demo: ## Bring up a cluster, the operator, a server, users and a client, and log in. CLUSTER=local|kind|current.
	@./hack/demo/demo.sh up

.PHONY: demo-down
demo-down: ## Remove every trace of the demo.
	@./hack/demo/demo.sh down

##@ Develop

.PHONY: generate
generate: $(BIN)/controller-gen ## Generate deep-copy code, CRDs and RBAC from the markers.
	$(BIN)/controller-gen object:headerFile=hack/boilerplate.go.txt paths=./api/...
	$(BIN)/controller-gen crd paths=./api/v1alpha1/... output:crd:artifacts:config=config/crd/bases
	$(BIN)/controller-gen rbac:roleName=authserver-operator paths=./controllers/... output:rbac:artifacts:config=config/rbac

.PHONY: fmt
fmt: $(BIN)/golangci-lint ## Format the code.
	$(BIN)/golangci-lint fmt ./...

.PHONY: lint
lint: $(BIN)/golangci-lint ## Lint every module.
	$(BIN)/golangci-lint run --allow-parallel-runners ./...
	@set -e; for module in $(NESTED_MODULES); do echo "lint $$module"; (cd $$module && $(BIN)/golangci-lint run --allow-parallel-runners -c $(CURDIR)/.golangci.yml ./...); done

.PHONY: verify
verify: generate lint ## Generated files up to date, lint clean, imports as allowed, modules tidy.
	go mod tidy
	@set -e; for module in $(NESTED_MODULES) hack/tools; do (cd $$module && go mod tidy); done
	./hack/verify-imports.sh
	@dirty=$$(git status --porcelain -- api config go.mod go.sum hack); \
	if [[ -n "$$dirty" ]]; then echo "These files are not as generated (or not committed); run 'make generate' and commit:"; echo "$$dirty"; git --no-pager diff --stat; exit 1; fi
	@echo "verify: generated files up to date, lint clean, modules tidy"

##@ Test

.PHONY: test
test: test-unit test-envtest ## Unit, contract, handler and fuzz-seed tests, then the suites on a real API server. Race detector on.

.PHONY: test-unit
test-unit: test-deps ## Pure, contract (memory, SQLite, PostgreSQL), handler and fuzz-seed tests.
	@echo "== unit, contract, handler and fuzz-seed tests (race detector on)"
	go test -race -timeout 20m $$(go list ./... | grep -vE '/(test/e2e|test/browser|controllers|api/v1alpha1|test/cel)(/|$$)')

.PHONY: test-envtest
test-envtest: $(BIN)/kubernetes/.assets ## The suites that run on a real kube-apiserver and etcd.
	@echo "== envtest: controllers and CEL rules on a real API server (race detector on)"
	go test -race -timeout 30m $$(go list -e $(ENVTEST_PACKAGES) 2>/dev/null)

.PHONY: test-browser
test-browser: e2e-deps ## The pages in headless Chromium, by keyboard; screenshots in artifacts/screenshots.
	go test -timeout 10m ./test/browser/...

.PHONY: e2e
e2e: e2e-deps build-test-images ## End-to-end tests on a real node, browser included.
	./hack/e2e.sh

.PHONY: bench
bench: ## Throughput, CPU, memory and sizes of the server beside a floor measured in the same run.
	go run ./test/bench

.PHONY: fuzz
fuzz: ## Fuzz every parser for FUZZTIME each.
	@./hack/fuzz.sh $(FUZZTIME)

.PHONY: test-deps
test-deps:
	@./hack/deps.sh test

.PHONY: e2e-deps
e2e-deps:
	@./hack/deps.sh e2e

##@ Build

.PHONY: build
build: ## Build bin/operator and bin/authserver.
	$(GO_BUILD) -o $(BIN)/operator ./cmd/operator
	$(GO_BUILD) -o $(BIN)/authserver ./cmd/authserver

.PHONY: images
images: build-test-images ## Build both images as archives in bin/images, without a Docker engine.

.PHONY: build-test-images
build-test-images: $(BIN)/cluster
	$(BIN)/cluster images --tag $(IMAGE_TAG) --version $(VERSION) --output $(BIN)/images

##@ Cluster

.PHONY: cluster-up
cluster-up: $(BIN)/cluster ## Start a real single-node Kubernetes cluster on this machine (needs root).
	$(BIN)/cluster up

.PHONY: cluster-down
cluster-down: $(BIN)/cluster ## Stop it and remove every trace.
	$(BIN)/cluster down

.PHONY: cluster-status
cluster-status: $(BIN)/cluster ## Say what runs.
	$(BIN)/cluster status

# Tools, each built from a module with pinned versions.

$(BIN)/controller-gen: hack/tools/go.mod
	cd hack/tools && go build -o $@ sigs.k8s.io/controller-tools/cmd/controller-gen

$(BIN)/golangci-lint: hack/tools/go.mod
	cd hack/tools && go build -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(BIN)/cluster: $(shell find hack/cluster -name '*.go' -o -name 'go.mod' 2>/dev/null)
	cd hack/cluster && go build -o $@ .

$(BIN)/kubernetes/.assets: $(BIN)/cluster hack/kubernetes/go.mod
	@if [[ "$(KUBEBUILDER_ASSETS)" == "$(BIN)/kubernetes" ]]; then $(BIN)/cluster assets; fi
	@mkdir -p $(dir $@) && touch $@

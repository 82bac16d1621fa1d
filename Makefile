# authserver-operator. `make` alone prints what there is.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The next release, and the tag of the images. What the binaries say of themselves is closer, unless they are a release's.
VERSION := $(shell cat VERSION)
BUILD_VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
CLUSTER ?= local
FUZZTIME ?= 20s
DIST ?= dist
BIN := $(CURDIR)/bin
# The API server of envtest: built into bin/kubernetes unless the environment names another folder.
KUBEBUILDER_ASSETS ?= $(BIN)/kubernetes
export KUBEBUILDER_ASSETS CLUSTER

MODULE := github.com/authserver-dev/operator
NESTED_MODULES := hack/cluster hack/coredns hack/helm hack/helm/kubescore hack/kubernetes hack/olm hack/olm/opm hack/release hack/tools test/clients/go
LDFLAGS := -s -w -X $(MODULE)/internal/version.version=$(BUILD_VERSION)
GO_BUILD := CGO_ENABLED=0 go build -trimpath -ldflags "$(LDFLAGS)"
GENERATED := ':(glob)api/**/zz_generated.*.go' config/crd/bases config/rbac/role.yaml charts/authserver-operator/files internal/admission/crds

KUBECTL := $(KUBEBUILDER_ASSETS)/kubectl

# Packages whose tests need an API server, a node or a browser; all others are unit tests.
ENVTEST_PACKAGES := ./api/v1alpha1/... ./controllers/... ./test/cel/...
NOT_UNIT := ^$(MODULE)/(api/v1alpha1|controllers|test/(browser|cel|chart|clients|e2e|release))(/|$$)

##@ General

.PHONY: help
help: ## Print this help.
	@awk 'BEGIN {FS = ":.*##"; printf "Usage: make <target>\n"} \
	  /^##@/ {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)} \
	  /^[a-zA-Z0-9_-]+:.*##/ {printf "  \033[36m%-18s\033[0m %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

##@ Demo

.PHONY: demo
demo: ## Bring up a cluster, the operator, a server, users and a client, and log in. CLUSTER=local|kind|current.
	@./hack/demo/demo.sh up

.PHONY: demo-down
demo-down: ## Remove every trace of the demo.
	@./hack/demo/demo.sh down

##@ Develop

.PHONY: generate
generate: deepcopy manifests chart-files ## Generate everything that is generated from the markers, and copy it into the chart.

.PHONY: deepcopy
deepcopy: $(BIN)/controller-gen ## Generate the deep-copy code of the API types.
	$(BIN)/controller-gen object:headerFile=hack/boilerplate.go.txt paths=./api/...

.PHONY: manifests
manifests: $(BIN)/controller-gen ## Generate CRDs into config/crd/bases and RBAC into config/rbac.
	$(BIN)/controller-gen crd paths=./api/v1alpha1/... output:crd:artifacts:config=config/crd/bases
	$(BIN)/controller-gen rbac:roleName=authserver-operator paths=./controllers/... output:rbac:artifacts:config=config/rbac
	@mkdir -p internal/admission/crds && cp config/crd/bases/authserver.dev_oauth*.yaml internal/admission/crds/

.PHONY: fmt
fmt: $(BIN)/golangci-lint ## Format the code of every module.
	$(BIN)/golangci-lint fmt

.PHONY: lint
lint: $(BIN)/golangci-lint $(BIN)/actionlint ## Lint every module and the workflows.
	$(BIN)/golangci-lint run ./...
	$(BIN)/actionlint
	@for module in $(NESTED_MODULES); do echo "lint $$module"; (cd $$module && $(BIN)/golangci-lint run -c $(CURDIR)/.golangci.yml ./...); done

.PHONY: verify
verify: verify-generated verify-modules verify-imports lint ## What CI checks before tests: generated files, modules, imports, lint.
	@echo "verify: generated files are current, modules tidy, imports as allowed, lint clean"

.PHONY: verify-generated
verify-generated: generate
	@changed=$$(git status --porcelain -- $(GENERATED)); \
	if [[ -n "$$changed" ]]; then \
	  printf 'These files are not as generated, or not committed; run "make generate" and commit them:\n%s\n' "$$changed" >&2; \
	  git --no-pager diff -- $(GENERATED) | head -60; exit 1; fi

.PHONY: verify-modules
verify-modules:
	@for module in . $(NESTED_MODULES); do \
	  (cd $$module && go mod tidy -diff) || { echo "$$module/go.mod is not tidy; run: (cd $$module && go mod tidy)" >&2; exit 1; }; done

.PHONY: verify-imports
verify-imports:
	@./hack/verify-imports.sh

##@ Test

.PHONY: test
test: test-unit test-hack test-envtest test-chart test-bundle test-release ## Unit, contract, handler and fuzz-seed tests, then the suites on a real API server. Race detector on.
	@echo "== test: unit, contract, handler, fuzz seeds, tools, controllers, CEL rules, chart, bundle and release passed"

.PHONY: test-unit
test-unit: test-deps ## Pure, contract (memory, SQLite, PostgreSQL), handler and fuzz-seed tests.
	@echo "== unit, contract (memory, SQLite, PostgreSQL), handler and fuzz-seed tests, race detector on"
	@packages=$$(go list ./... | grep -vE '$(NOT_UNIT)'); go test -race -timeout 20m $$packages

.PHONY: test-hack
test-hack: test-deps ## The tests of the tool that runs the local cluster.
	@echo "== tests of hack/cluster, race detector on"
	@cd hack/cluster && go test -race -timeout 10m ./...

.PHONY: test-envtest
test-envtest: test-deps assets ## The suites that run on a real kube-apiserver and etcd.
	@echo "== envtest: API types, controllers and CEL rules on a real API server, race detector on"
	@go test -race -timeout 30m $(ENVTEST_PACKAGES)

.PHONY: test-browser
test-browser: browser-deps ## The pages in headless Chromium, by keyboard; screenshots in artifacts/screenshots.
	@echo "== pages in headless Chromium"
	@go test -timeout 10m ./test/browser/...

.PHONY: test-clients
test-clients: clients-deps ## Clients that this project did not write (npm, PyPI, Go), with their defaults, against the server.
	@echo "== foreign clients: openid-client, oidc-client-ts, Auth.js, Authlib, social-auth-core, zitadel/oidc, go-oidc"
	@./test/clients/install.sh
	@go test -count=1 -timeout 10m -v ./test/clients/... | grep -vE '^(=== |    --- PASS)'

.PHONY: e2e
e2e: test-deps test-browser test-clients images $(BIN)/helm ## End-to-end tests: the pages in a browser, foreign clients, then user stories on a real node (needs root). KEEP_CLUSTER=1 leaves it running.
	@echo "== end-to-end tests on a real node"
	@status=0; KEEP_CLUSTER=1 ./hack/e2e.sh || { status=$$?; ./hack/artifacts.sh artifacts/e2e; }; \
	if [[ "$${KEEP_CLUSTER:-}" != 1 ]]; then $(BIN)/cluster down; fi; \
	exit $$status

.PHONY: e2e-install
e2e-install: test-deps images $(BIN)/helm ## Of these only the ways to install: Helm, one YAML, kustomize; login, upgrade under load, uninstall.
	@LABELS=install ./hack/e2e.sh

.PHONY: bench
bench: test-deps ## Throughput, CPU, memory and sizes of the server beside a floor measured in the same run.
	@go run ./test/bench

.PHONY: fuzz
fuzz: ## Fuzz every parser for FUZZTIME each.
	@./hack/fuzz.sh $(FUZZTIME)

.PHONY: cover
cover: test-deps assets ## Coverage of all tests that need no node, as artifacts/coverage.html.
	@mkdir -p artifacts
	@packages=$$(go list ./... | grep -vE '^$(MODULE)/test/(browser|clients|e2e|release)(/|$$)'); \
	go test -timeout 30m -coverpkg=./api/...,./cmd/...,./controllers/...,./internal/...,./server/... -coverprofile=artifacts/coverage.out $$packages
	@go tool cover -html=artifacts/coverage.out -o artifacts/coverage.html
	@go tool cover -func=artifacts/coverage.out | tail -1

.PHONY: test-deps
test-deps:
	@./hack/deps.sh test

.PHONY: browser-deps
browser-deps:
	@./hack/deps.sh browser

.PHONY: clients-deps
clients-deps:
	@./hack/deps.sh clients

.PHONY: assets
assets: $(BIN)/cluster
	@if [[ "$(KUBEBUILDER_ASSETS)" == "$(BIN)/kubernetes" ]]; then $(BIN)/cluster assets >/dev/null; \
	else echo "Using the API server in $(KUBEBUILDER_ASSETS)"; fi

##@ Chart

CHART := charts/authserver-operator
CHART_TOOLS := $(addprefix $(BIN)/,ct helm helm-unittest kubeconform kube-score)

.PHONY: chart-files
chart-files: ## Copy into the chart what it takes from config/: CRDs and permissions.
	@mkdir -p $(CHART)/files/crds && rm -f $(CHART)/files/crds/*
	@cp config/crd/bases/*.yaml $(CHART)/files/crds/ && cp config/rbac/role.yaml $(CHART)/files/role.yaml && cp LICENSE $(CHART)/LICENSE

.PHONY: chart-readme
chart-readme: ## Write the chart's README from the comments of its values.
	@go test ./test/chart -run TestReadme -update

.PHONY: test-chart
test-chart: $(CHART_TOOLS) assets ## The chart: lint, unit tests, schemas, scores, Pod Security, and installations on a real API server.
	@echo "== the Helm chart: lint, unit tests, schemas, scores, Pod Security, installations on a real API server"
	@go test -count=1 -timeout 10m ./test/chart/...

##@ Bundle

OPM_TAGS := containers_image_openpgp,exclude_graphdriver_btrfs,exclude_graphdriver_devicemapper

.PHONY: bundle
bundle: $(BIN)/opm ## Write the bundle and the catalog for OLM from config/ and VERSION.
	@cd hack/olm && go run . -root=$(CURDIR) -output=$(CURDIR) -opm=$(BIN)/opm

.PHONY: test-bundle
test-bundle: $(BIN)/opm ## The bundle: current, accepted by every validator and the scorecard's checks, restricted; the catalog is valid.
	@echo "== the OLM bundle: generated files, validators, scorecard, Pod Security, catalog"
	@cd hack/olm && go test -race -count=1 -timeout 10m ./...

$(BIN)/opm: hack/olm/opm/go.mod
	@echo "Building opm (about three minutes on two cores, once)"
	cd hack/olm/opm && go build -tags $(OPM_TAGS) -o $@ github.com/operator-framework/operator-registry/cmd/opm

##@ Build

.PHONY: build
build: ## Build bin/operator and bin/authserver.
	$(GO_BUILD) -o $(BIN)/operator ./cmd/operator
	$(GO_BUILD) -o $(BIN)/authserver ./cmd/authserver

.PHONY: images
images: $(BIN)/cluster ## Build both images as archives in bin/images, without a Docker engine.
	$(BIN)/cluster images --version $(BUILD_VERSION)

.PHONY: build-installer
build-installer: assets ## Write dist/install.yaml and dist/install-namespaced.yaml; DIST is another folder.
	@mkdir -p $(DIST)
	@$(KUBECTL) kustomize config/default > $(DIST)/install.yaml
	@{ $(KUBECTL) kustomize config/crd; echo ---; $(KUBECTL) kustomize config/namespaced; } > $(DIST)/install-namespaced.yaml
	@ls -l $(DIST)/install*.yaml

##@ Release

RELEASE_TOOLS := $(addprefix $(BIN)/,cluster cyclonedx-gomod helm)

.PHONY: release-dry-run
release-dry-run: $(RELEASE_TOOLS) assets ## Write everything that a release holds into dist: images, binaries, chart, YAML, bundle, bills of materials, notes, checksums.
	@./hack/release/release.sh $(DIST)

.PHONY: release
release: $(RELEASE_TOOLS) assets ## The same, but only from a clean, tagged commit with a section in CHANGELOG.md.
	@./hack/release/release.sh --final $(DIST)

.PHONY: test-release
test-release: $(RELEASE_TOOLS) assets ## A release: everything in it, the same bytes from another folder, one version everywhere.
	@echo "== a release: twice, from two folders, with the same bytes"
	@go test -count=1 -timeout 30m ./test/release/...

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

bin/%: $(BIN)/% ;

$(BIN)/controller-gen: hack/tools/go.mod
	cd hack/tools && go build -o $@ sigs.k8s.io/controller-tools/cmd/controller-gen

$(BIN)/golangci-lint: hack/tools/go.mod
	@echo "Building golangci-lint (about five minutes on two cores, once)"
	cd hack/tools && go build -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(BIN)/cluster: $(shell find hack/cluster -name '*.go' -o -name 'go.*' 2>/dev/null)
	cd hack/cluster && go build -o $@ .

$(BIN)/actionlint: hack/release/go.mod
	cd hack/release && go build -o $@ github.com/rhysd/actionlint/cmd/actionlint

# Bills of materials tell the checksum of the program that wrote them.
$(BIN)/cyclonedx-gomod: hack/release/go.mod
	cd hack/release && go build -trimpath -buildvcs=false -o $@ github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod

$(BIN)/ct: hack/helm/go.mod
	cd hack/helm && go build -o $@ github.com/helm/chart-testing/v3/ct

$(BIN)/helm: hack/helm/go.mod
	cd hack/helm && go build -o $@ helm.sh/helm/v3/cmd/helm

$(BIN)/helm-unittest: hack/helm/go.mod
	cd hack/helm && go build -o $@ github.com/helm-unittest/helm-unittest/cmd/helm-unittest

$(BIN)/kubeconform: hack/helm/go.mod
	cd hack/helm && go build -o $@ github.com/yannh/kubeconform/cmd/kubeconform

$(BIN)/kube-score: hack/helm/kubescore/go.mod
	cd hack/helm/kubescore && go build -o $@ github.com/zegl/kube-score/cmd/kube-score

# gantry: two commands do all the set-up on a machine that has Go and make:
#   make quickstart   build, start the embedded cluster, deploy examples/wordpress
#   make test         everything that CI checks
SHELL := bash
.SHELLFLAGS := -o pipefail -ec
.DEFAULT_GOAL := help

VERSION    ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GO         ?= go
BIN        := $(CURDIR)/bin
GO_SOURCES  = $(shell find cmd internal pkg -name '*.go' -not -name '*_test.go' 2>/dev/null) go.mod go.sum
K8S_VERSION := v1.36.3
# The linters that need no whole-program analysis: that of Kubernetes takes 9 GB.
LOCAL_LINTERS := errcheck,forbidigo,funlen,ineffassign,misspell,nakedret,revive,usetesting
export CGO_ENABLED ?= 0

# step prints what happens and since when, so that a long build is seen to work.
step = @printf '\n== %s (%s)\n' "$(1)" "$$(date +%H:%M:%S)"
# counted prints a line for every 200 packages of a verbose build.
counted = 2>&1 | awk 'NR % 200 == 0 {printf "   %d packages compiled\n", NR; fflush()} /\.go:[0-9]+|error|cannot|^make/ {print; fflush()}'

.PHONY: help build quickstart stop test lint tidy unit local-test e2e e2e-simulated e2e-containers conformance conformance-docs chaos docs bench fuzz clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: $(BIN)/gantry $(BIN)/gantry-local ## build both programs into bin/

$(BIN)/gantry: $(GO_SOURCES)
	$(call step,building gantry)
	@$(GO) build -v -ldflags '-s -w -X github.com/gantry-dev/gantry/internal/cli.version=$(VERSION)' -o $@ ./cmd/gantry $(counted)

$(BIN)/gantry-local: $(shell find local -name '*.go' -not -name '*_test.go' 2>/dev/null) local/go.mod local/go.sum
	$(call step,building gantry-local: a first build compiles Kubernetes and takes 7 to 10 minutes on two cores)
	@cd local && $(GO) build -v -trimpath -ldflags '-s -w -X k8s.io/component-base/version.gitVersion=$(K8S_VERSION)' -o $@ ./cmd/gantry-local $(counted)

quickstart: build ## build, start the embedded cluster, deploy WordPress, show it
	$(call step,starting the embedded cluster)
	@$(BIN)/gantry local up --wait
	$(call step,deploying examples/wordpress)
	@cd examples/wordpress && $(BIN)/gantry --context gantry-default compose service up
	$(call step,what runs)
	@cd examples/wordpress && $(BIN)/gantry --context gantry-default compose service ps
	@printf '\nThe nodes are simulated: everything but the containers is real, so nothing answers at the address.\nNext: bin/gantry compose -f examples/wordpress/docker-compose.yml logs\n      make stop removes the cluster again.\n'

stop: ## remove the embedded cluster that quickstart started
	@$(BIN)/gantry local down

test: lint tidy unit local-test e2e ## everything that CI checks
	$(call step,all checks passed)

lint: $(BIN)/golangci-lint ## gofmt, vet and golangci-lint
	$(call step,linting)
	@$(BIN)/golangci-lint run ./...
	@cd local && GOFLAGS='$(GOFLAGS) -trimpath' $(BIN)/golangci-lint run --config ../.golangci.yml --enable-only $(LOCAL_LINTERS) ./...

$(BIN)/golangci-lint: tools/go.mod tools/go.sum
	$(call step,building golangci-lint)
	@cd tools && $(GO) build -v -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint $(counted)

tidy: ## go.mod and go.sum say what the code needs
	$(call step,checking go.mod)
	@$(GO) mod tidy -diff
	@cd local && $(GO) mod tidy -diff

unit: ## unit, golden, property and script tests of the main module
	$(call step,unit tests)
	@CGO_ENABLED=1 $(GO) test -race -shuffle=on ./bench/... ./cmd/... ./examples/... ./internal/... ./pkg/...

local-test: $(BIN)/gantry-local ## tests of the embedded cluster
	$(call step,tests of gantry-local)
	@cd local && GANTRY_LOCAL_BINARY=$(BIN)/gantry-local $(GO) test -trimpath -shuffle=on -timeout 20m ./...

e2e: e2e-simulated e2e-containers ## scenarios on a real API server and in real containers

# Chaos kills the API server, which no other test may meet: a cluster of its own.
e2e-simulated: build
	$(call step,scenarios on simulated nodes)
	@GANTRY_E2E_REPORT=$(BIN)/corpus.txt hack/with-cluster simulated $(GO) test -count=1 -shuffle=on -timeout 25m ./e2e ./e2e/conformance/... ./pkg/apply/... ./pkg/cluster/...
	@cat $(BIN)/corpus.txt 2>/dev/null || true
	$(call step,a few runs of chaos)
	@hack/with-cluster simulated $(GO) test -count=1 -shuffle=on -timeout 25m ./e2e/chaos

# Containers need Linux and root; CI installs the Debian packages itself.
e2e-containers: build
	@if [ "$$(uname -s)" != Linux ] || [ "$$(id -u)" != 0 ]; then echo "== skipping real containers: they need Linux and root"; exit 0; fi; \
	if [ -n "$$CI" ]; then hack/install-container-tools; fi; \
	printf '\n== scenarios in real containers (%s)\n' "$$(date +%H:%M:%S)"; \
	GANTRY_CONFORMANCE_REPORT=$(BIN)/conformance.txt hack/with-cluster containers $(GO) test -count=1 -timeout 25m -parallel 4 ./e2e/...; \
	cat $(BIN)/conformance.txt

CONFORMANCE = hack/with-cluster containers $(GO) test -count=1 -timeout 25m -parallel 4 -v ./e2e/conformance

conformance: build ## what containers observe against what Docker does; needs Linux and root
	$(call step,observing real containers)
	@GANTRY_CONFORMANCE_REPORT=$(BIN)/conformance.txt $(CONFORMANCE) | grep -v '^=== '
	@cat $(BIN)/conformance.txt

conformance-docs: build ## write docs/conformance.md from what is observed
	$(call step,observing real containers)
	@$(CONFORMANCE) -update | grep -v '^=== '

bench: build ## measure gantry beside the kompose, kubectl and kapp on PATH (most of an hour with all of them)
	@$(GO) run ./bench/cmd/render -gantry $(BIN)/gantry
	@hack/with-cluster simulated $(GO) run ./bench/cmd/apply -gantry $(BIN)/gantry

# CHAOS_RUNS of each test, from the seed CHAOS_SEED on; a failure names its seed.
CHAOS_RUNS    ?= 200
CHAOS_SEED    ?= 1
CHAOS_WORKERS ?= 6
chaos: build ## 200 runs each of broken connections, kills and random neighbours
	$(call step,chaos)
	@cd e2e/chaos && GANTRY_CHAOS_RUNS=$(CHAOS_RUNS) GANTRY_CHAOS_SEED=$(CHAOS_SEED) GANTRY_CHAOS_WORKERS=$(CHAOS_WORKERS) \
		../../hack/with-cluster simulated $(GO) test -count=1 -v -timeout 4h .

# The seeds run with the unit tests; this is the search for what they miss. An
# input that fails is written to testdata/fuzz of its package: mend, then commit it.
FUZZTIME ?= 10m
fuzz: ## search for inputs that break a parser, FUZZTIME (10m) for each target
	@grep -roE --include='*_test.go' '^func Fuzz[A-Za-z]+' pkg | sed 's|^\(.*\)/[^/]*:func |./\1 |' | sort | while read -r package target; do \
		printf '\n== fuzzing %s of %s (%s)\n' "$$target" "$$package" "$$(date +%H:%M:%S)"; \
		$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$package"; \
	done

docs: ## write the generated parts of docs/
	@$(GO) generate ./internal/docgen

clean: ## remove what was built
	rm -rf $(BIN)

STEAMPIPE_INSTALL_DIR ?= $(HOME)/.steampipe
PREFIX ?= $(HOME)/.local

BINARY     := steampipe-plugin-bitbucket
PLUGIN_DIR := $(STEAMPIPE_INSTALL_DIR)/plugins/local/bitbucket
CONFIG     := $(STEAMPIPE_INSTALL_DIR)/config/bitbucket.spc
PROGRAM    := $(PREFIX)/bin/$(BINARY)
PACKAGE    := github.com/kindor/steampipe-plugin-bitbucket

# The Steampipe SDK is not free of data races itself, so the race detector watches the packages that don't import it.
RACE_FREE := $(addprefix $(PACKAGE)/internal/,api auth bbql cache fakebitbucket jsontree signal sqlvalue streams)

# That of the release, if this is one, and else the one that is in the code.
VERSION := $(or $(patsubst v%,%,$(shell git describe --tags --exact-match --match 'v*' 2>/dev/null)),$(shell \
	sed -n 's/^.Version *= "\(.*\)"$$/\1/p' bitbucket/plugin.go))
COMMIT := $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
DATE   := $(shell git log -1 --format=%cI 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X $(PACKAGE)/bitbucket.Version=$(VERSION) -X $(PACKAGE)/bitbucket.Commit=$(COMMIT) -X $(PACKAGE)/bitbucket.Date=$(DATE)

# The library of Google Cloud Storage has a second way to speak with it, which takes 13 MB and is not used.
TAGS := -tags disable_grpc_modules

# Those that .goreleaser.yml releases.
TARGETS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

# Those that Steampipe runs on.
PLATFORMS := $(filter linux/% darwin/%,$(TARGETS))

.PHONY: build install demo test test-short powerpipe nfpm duckdb s3 program mcp fuzz soak lint prose windows bench moved sdk6 cross image push-image container completions release release-check clean

build:
	CGO_ENABLED=0 go build $(TAGS) -trimpath -ldflags "$(LDFLAGS)" -o $(BINARY) .

# A connection that is there already is somebody's: it is left alone. The program is a link, so that there is one to replace.
install: build
	mkdir -p "$(PLUGIN_DIR)" "$(dir $(CONFIG))" "$(dir $(PROGRAM))"
	cp $(BINARY) "$(PLUGIN_DIR)/.bitbucket.plugin.new"
	mv "$(PLUGIN_DIR)/.bitbucket.plugin.new" "$(PLUGIN_DIR)/bitbucket.plugin"
	test -e "$(CONFIG)" || install -m 600 config/bitbucket.spc "$(CONFIG)"
	ln -sf "$(PLUGIN_DIR)/bitbucket.plugin" "$(PROGRAM)"
	@test "$$(command -v $(BINARY))" = "$(PROGRAM)" || echo "$(PREFIX)/bin is not on the PATH, or another $(BINARY) comes first: put it there, and at its beginning" >&2

demo:
	@echo "Building the program, which takes some minutes the first time, and then seconds."
	@$(MAKE) --no-print-directory build
	./$(BINARY) demo

# The command that builds a program of tools/, if Go's cache does not have it, and prints its path. Some of them need cgo.
tool = CGO_ENABLED=1 go -C tools/$(1) tool -n $(2)

# Go's cache keeps them, so that the tests that run them need not wait minutes among others that want the processors.
powerpipe:
	$(call tool,powerpipe,powerpipe) >/dev/null

nfpm:
	$(call tool,release,nfpm) >/dev/null

duckdb:
	$(call tool,duckdb,duckdb) >/dev/null

s3:
	$(call tool,s3,versitygw) >/dev/null

# The same for the program that the tests run.
built = CGO_ENABLED=0 go tool -n $(PACKAGE)

program:
	$(built) >/dev/null

# The official conformance suite and inspector of the protocol for assistants. They need Node 22, which npm brings on Linux.
mcp: program
	npm ci --prefix tools/mcp --no-audit --no-fund
	PATH="$(CURDIR)/tools/mcp/node_modules/.bin:$$PATH" node tools/mcp/check.mjs "$$($(built))"

# make lint vets all packages, so go test need not vet them again. Without what debuggers need, linking takes a third less time.
TESTFLAGS := -vet off -ldflags=-w

# Go runs the tests of two packages at a time on two cores, in this order. The long ones come first, so that none is left alone at the end.
LONGEST := $(addprefix $(PACKAGE)/,bitbucket internal/command powerpipe internal/replica/postgres)

test: powerpipe nfpm duckdb s3 program
	@test -d ../shared/bitbucket/recordings || echo "Skipped: the tests that serve recorded responses, which are not in ../shared/bitbucket/recordings"
	CGO_ENABLED=1 go test $(TESTFLAGS) -timeout 30m -race $(addsuffix /...,$(RACE_FREE))
	go test $(TESTFLAGS) -timeout 30m $(LONGEST) $$(go list ./... | grep -v $(foreach package,$(RACE_FREE),-e '^$(package)\(/\|$$\)'))
	go -C tools/image test $(TESTFLAGS) -timeout 30m ./...

# Those that take long are left out.
test-short:
	go test $(TESTFLAGS) -short ./...

FUZZTIME ?= 20s

# What breaks a target is written to testdata/fuzz, and is run by the tests from then on.
fuzz:
	@set -e; for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$target in $$package"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package; \
		done; \
	done

# What the tests do in short, at length: an hour.
soak:
	go test -timeout 3h -v -run 'TestEveryFault|TestNotFound|TestLoad$$' ./bitbucket -soak
	go test -timeout 3h -v -run TestLivesOfChains ./internal/auth -soak
	go test -timeout 3h -v -run TestNightCostsATenth ./internal/replica -soak

lint: windows prose
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "not formatted, run gofmt -w:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go -C tools/image vet ./...
	go tool staticcheck ./...
	staticcheck=$$(go tool -n staticcheck) && cd tools/image && $$staticcheck ./...
	$$($(call tool,lint,revive)) -config revive.toml -set_exit_status -formatter default ./...
	$$($(call tool,lint,actionlint)) .github/workflows/*.yml

# Spelling and style of the docs, by the rules in .vale.
prose:
	$$($(call tool,lint,vale)) --output=line *.md docs/*.md docs/tables/*.md powerpipe/*.md powerpipe/docs/*.md powerpipe/docs/controls/*.md .github/*.md

# The one package with code of its own for Windows, and its tests. The workflow builds and vets all of them there: here, that would
# compile every dependency a second time, which takes minutes where Go's cache is empty.
windows:
	GOOS=windows go vet ./internal/auth

# The tables of docs/performance.md. The benchmarks of the parts are run by go test -bench.
bench:
	go test -count 1 -timeout 30m -v -run '^TestPerformance$$' ./bitbucket -measure
	go test -count 1 -timeout 30m -v -run '^TestPluginProcessAnswersLookups$$' . -measure
	go test -count 1 -timeout 30m -v -run '^TestFootprint$$' . -measure
	go test -count 1 -timeout 30m -v -run '^TestMemory$$' ./internal/replica/parquetfiles -measure
	go test -count 1 -timeout 30m -run '^$$' -bench '^BenchmarkMillion$$' -benchtime 1x ./internal/replica/postgres
	go test -count 1 -timeout 30m -run '^$$' -bench '^BenchmarkSync$$' -benchtime 1x ./internal/command

SDK6  := v6.0.0
MOVED := .sdk6

# Steampipe takes plugins of version 5 of its SDK, and the later of the other hosts want version 6. This copy of what is committed
# is moved there.
moved:
	rm -rf $(MOVED) && mkdir -p $(MOVED)
	git ls-files -z | xargs -0 cp --parents -t $(MOVED)
	cd $(MOVED) && grep -rl --include='*.go' steampipe-plugin-sdk/v5 . | xargs sed -i -e 's#steampipe-plugin-sdk/v5#steampipe-plugin-sdk/v6#g' -e 's#\.Config\.(#.GetConfig().(#'
	cd $(MOVED) && go mod edit -droprequire github.com/turbot/steampipe-plugin-sdk/v5 -require github.com/turbot/steampipe-plugin-sdk/v6@$(SDK6) && go mod tidy

# The tests are some that go through the SDK and take little time.
sdk6: moved
	cd $(MOVED) && go build ./... && go vet ./...
	cd $(MOVED) && go test -timeout 30m -run '^(TestExecute|TestKept|TestLimiters|TestFirst|TestAggregat|TestLinkedPluginStops)' ./bitbucket
	cd $(MOVED) && go test -timeout 30m ./internal/sqlhost
	rm -rf $(MOVED)

cross:
	for target in $(TARGETS); do \
		case $$target in windows/*) suffix=.exe ;; *) suffix= ;; esac; \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} go build $(TAGS) -trimpath -ldflags "$(LDFLAGS)" -o "dist/$(BINARY)_$${target%/*}_$${target#*/}$$suffix" . || exit 1; \
	done

# What `steampipe plugin install` takes, as an OCI layout.
image: cross
	rm -rf dist/image
	go -C tools/image run . write "$(VERSION)" "$(CURDIR)/dist" "$(CURDIR)/dist/image" $(PLATFORMS)

# Needs a "docker login ghcr.io", with the right to write packages.
push-image:
	go -C tools/image run . push "$(CURDIR)/dist/image"

# The command line in a container: see docs/schedule.md.
container:
	docker build --tag $(BINARY) --build-arg VERSION="$(VERSION)" --build-arg COMMIT="$(COMMIT)" --build-arg DATE="$(DATE)" .

COMPLETIONS := completions

completions:
	mkdir -p "$(COMPLETIONS)"
	program="$$($(built))" && for shell in bash fish zsh; do \
		"$$program" completion $$shell >"$(COMPLETIONS)/$(BINARY).$$shell" || exit 1; \
	done

# GoReleaser finds what lists the parts of a binary on the PATH.
GORELEASER = PATH="$$(dirname "$$(go -C tools/release tool -n cyclonedx-gomod)"):$$PATH" "$$(go -C tools/release tool -n goreleaser)"

# The workflow of a tag runs this. It publishes, and takes the credentials for that from the environment.
release:
	$(GORELEASER) release --clean

# All that a release has, in dist, and nothing is published. It takes minutes, and is no part of the tests.
release-check:
	$(GORELEASER) check
	$(GORELEASER) release --clean --snapshot

clean:
	rm -rf $(BINARY) completions dist $(MOVED)

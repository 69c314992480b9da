# elbo4j. `make help` lists the targets; scripts/mvn.sh finds JDK 25 whatever the default java is.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
MVN := scripts/mvn.sh
RUN ?= runs/embedded-$(shell date +%Y%m%d-%H%M%S)
TRAIN ?= --data embedded --epochs 120
# The tests of CUDA run too, on memory without slack, so that sanitizers see each access beyond a block; and without
# the machine's cuBLAS, which is for GPUs.
EMULATED := -DexcludedTags=verify,allocation -Delbo4j.cuda.exact=true -Delbo4j.cuda.cublas=none
.PHONY: help build test verify lint format coverage reproducible consumer dist bundle gpu-check train bench bench-smoke bench-step ptx emu-test emu-asan emu-ubsan emu-tsan emu-bugs clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | \
	  while IFS='|' read -r name text; do printf '  make %-14s%s\n' "$$name" "$$text"; done

build: ## compile everything and make the jars, without tests
	@$(MVN) -q -DskipTests package
	@ls target/elbo4j-*.jar

test: ## the test suite (minutes)
	@$(MVN) test

verify: ## the test suite with its long tests, the jars and the formatting check
	@$(MVN) spotless:check verify -DexcludedTags=cuda -DskipAllocation=true

lint: ## formatting, and compilation with every warning an error
	@$(MVN) -q spotless:check test-compile
	@for script in scripts/*.sh bench/*.sh bench/gpu/gpu-check src/main/launcher/elbo4j .ci/run; do bash -n $$script || exit 1; done

format: ## format the sources
	@$(MVN) -q spotless:apply

coverage: ## line coverage of kernel, autodiff and vi, which must be 90 % each, emu-test included; target/site/jacoco
	@scripts/with-emulator.sh $(MVN) -Pcoverage verify $(EMULATED); status=$$?; scripts/coverage-summary.sh; exit $$status

reproducible: ## build twice in two places and compare the jars byte by byte
	@scripts/check-reproducible.sh

consumer: ## build and run the project in consumer/ against our jar; no other jar may come with it
	@scripts/check-consumer.sh

dist: ## target/dist/bin/elbo4j, which runs on a machine without Java
	@scripts/dist.sh

bundle: ## target/elbo4j-gpu-check.tar.xz: check and measure a machine with a GPU, without Java or a network
	@scripts/bundle.sh

gpu-check: ## check and measure this machine's GPU into bench/results, 8 minutes (ARGS=--quick, BUNDLE=unpacked folder)
	@scripts/gpu-check.sh $(ARGS)

train: dist ## train a VAE on the embedded images, about a minute (RUN=folder TRAIN="options")
	@target/dist/bin/elbo4j train $(TRAIN) --out $(RUN)

bench: ## JMH benchmarks of the kernels (ARGS="regular expression and JMH options", THREADS=1)
	@bench/run.sh $(ARGS)

bench-smoke: ## each benchmark once, its answer compared with the reference
	@bench/run.sh --smoke $(ARGS)

bench-step: ## one training step of the classic VAE beside libtorch's, about 6 minutes (ARGS="options")
	@bench/step.sh $(ARGS)

ptx: ## rebuild the PTX in the jar from cuda/*.cu; needs nvcc
	@scripts/ptx.sh

emu-test: ## the CUDA backend on an emulated device; needs g++ and no GPU
	@scripts/with-emulator.sh $(MVN) test -Dgroups=cuda $(EMULATED) -DskipAllocation=true

emu-asan: ## the launches of emu-test again, under AddressSanitizer
	@scripts/emu-sanitize.sh asan

emu-ubsan: ## the same under UndefinedBehaviorSanitizer
	@scripts/emu-sanitize.sh ubsan

emu-tsan: ## the same under ThreadSanitizer, which finds races between CUDA threads
	@scripts/emu-sanitize.sh tsan

emu-bugs: ## planted mistakes in kernels, each of which the emulator must find
	@cuda/emulator/check-bugs.sh

clean: ## remove what was built
	@rm -rf target bench/target consumer/target cuda/emulator/build

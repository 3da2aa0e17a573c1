# SPDX-License-Identifier: GPL-2.0
# The user's targets. The kernel's build system reads Kbuild instead.

# Headers of the running kernel, or else the newest installed headers
KDIR ?= $(or $(wildcard /lib/modules/$(shell uname -r)/build),$(newest_headers))
KERNELS ?= $(or $(strip $(foreach goal,$(MAKECMDGOALS),$(kernels-$(goal)))),6.12)
TESTS ?=
SEED ?=
MINUTES ?=
COUNT ?=
CPUS ?=
LIMIT ?=
VMS ?=
FULL ?=
RECORD ?=

kernels-bench-gate := 6.1 7.2
kernels-faults := debug
kernels-fuzz := debug
kernels-net-selftests := 7.2
kernels-test-vm := debug
kernels-testvm := debug
kernels-torture := debug

newest_headers = $(shell printf '%s\n' $(patsubst %/Module.symvers,%, \
	$(wildcard /usr/src/linux-headers-*/Module.symvers)) | sort -V | tail -n 1)

define no_headers
Cannot find kernel headers in KDIR='$(KDIR)'. Install those of the running kernel:
    apt-get install linux-headers-$(shell uname -r)
or, if Debian does not have this package, those of Debian's newest kernel:
    apt-get install linux-headers-$(shell dpkg --print-architecture)
endef

# for tools/test and tools/bench
export KERNELS TESTS SEED MINUTES COUNT CPUS LIMIT VMS FULL RECORD

##@ Build and install

all: module tools ## build lbx.ko for KDIR, and the tools

module: ## build only lbx.ko
	$(if $(wildcard $(KDIR)/.config),,$(error $(no_headers)))
	@$(MAKE) -C "$(KDIR)" M="$(CURDIR)" modules

tools: ## build build/bin/lbx, the programs of "lbx bench", and link_lbx.so for ip
	@$(MAKE) -s -C tools/lbx
	@$(MAKE) -s -C tools/bench exec OUTPUT=../../build/libexec/lbx
	@$(MAKE) -s -C tools/iproute2

install: ## install lbx.ko for the kernel that it was built for, and the tools
	@tools/install

uninstall: ## remove what "make install" has installed, for all kernels
	@tools/install --remove

##@ Try and test

setup: ## install the Debian packages that demo, test and check need
	@tools/setup

demo: ## demonstrate lbx in a VM (1 minute; the first time 5, to make the VM image)
	@tools/demo/run

test: ## run the selftests TESTS in VMs, on each of KERNELS
	@tools/test/run

test-long: ## run the selftests of sizes and races, which "make test" leaves out
	@TESTS="$$(. tools/common.sh; long_programs)" tools/test/run

##@ Measure

bench: ## count instructions over lo, lbx and others, on KERNELS; FULL=1 measures all
	@tools/bench/run

bench-gate: ## check tools/bench/limits, on KERNELS; RECORD=1 writes the baseline
	@tools/bench/gate

bench-profile: ## print the instructions of lo and lbx by function, on KERNELS
	@tools/bench/profile

##@ Test the tests

test-vm: ## test tools/vm itself, and that debug KERNELS report planted bugs
	@tools/setup
	@mkdir -p build/test
	@tools/vm/selftest | tee build/test/vm.log
	@tools/test/results build/test/vm.log

# The former name of test-vm. Remove it after version 0.2.0.
testvm: test-vm

##@ Long tests

faults: ## make each allocation of each operation fail once, on a debug kernel
	@TESTS="faults.sh tool_faults.sh" LIMIT=$(or $(LIMIT),7200) tools/test/run

fuzz: ## send COUNT (20000) invalid requests and packets, on a debug kernel
	@TESTS=fuzz.sh LIMIT=$(or $(LIMIT),14400) tools/test/run

fuzz-tool: ## fuzz the parsers of the tool, each for MINUTES (10)
	@tools/test/fuzz-tool

torture: ## change everything under all kinds of traffic, for MINUTES (10)
	@CPUS=$(or $(CPUS),4) TESTS=torture.sh \
		LIMIT=$(or $(LIMIT),$(shell expr $(or $(MINUTES),10) \* 120 + 1800)) tools/test/run

net-selftests: ## run the kernel's network selftests over lo and lbx, on KERNELS
	@tools/test/net-selftests

coverage: ## print the lines of the driver that TESTS do not reach, on a debug kernel
	@tools/test/coverage

##@ Check and document

docs: ## build the documentation as HTML, in build/docs
	@tools/docs

check: ## run the static checks
	@tools/check/run

clean: ## remove everything that was built, except for the VM images
	@rm -rf build
	@find . -path ./.git -prune -o -type f \( -name '*.ko' -o -name '*.o' \
		-o -name '*.mod' -o -name '*.mod.c' -o -name '.*.cmd' -o -name '.*.d' \
		-o -name Module.symvers -o -name modules.order \) -exec rm -f {} +

help: ## list targets and variables
	@awk -F ':.*## ' '/^##@ / { printf "\n%s:\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo 'Variables, with their values:'
	@echo '  KERNELS   kernels for tests and benchmarks: 6.1 6.12 7.2; for tests only:'
	@echo '            debug debug-6.1 kcsan ($(KERNELS); 7.2 for net-selftests, 6.1 and 7.2'
	@echo '            for bench-gate, debug for test-vm and the long tests)'
	@echo '  TESTS     test programs to run ($(or $(TESTS),all))'
	@echo '  NET_TESTS tests of "make net-selftests" ($(or $(NET_TESTS),all that fit))'
	@echo '  CPUS      CPUs of a VM ($(or $(CPUS),2; 4 for torture))'
	@echo '  LIMIT     seconds for a test program ($(or $(LIMIT),600; 3600 on a debug kernel))'
	@echo '  VMS       VMs at a time of "make test" ($(or $(VMS),one for each CPU of the host))'
	@echo '  COUNT     requests and packets of "make fuzz" ($(or $(COUNT),20000))'
	@echo '  MINUTES   duration of "make torture" and of each fuzzer ($(or $(MINUTES),10))'
	@echo '  SEED      repeats a run of torture, fuzz and fuzz-tool ($(or $(SEED),random; 1 for fuzz-tool))'
	@echo '  FULL=1    "make bench" measures everything'
	@echo '  RECORD=1  "make bench-gate" writes the baseline, "make test" the expected times'
	@echo '  KDIR      kernel headers to build lbx.ko with ($(or $(KDIR),none found))'

.PHONY: all module tools install uninstall setup demo test test-long bench bench-gate test-vm
.PHONY: testvm
.PHONY: bench-profile faults fuzz fuzz-tool torture net-selftests coverage docs check clean
.PHONY: help

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
FULL ?=
RECORD ?=

kernels-bench-gate := 6.1 7.2
kernels-faults := debug
kernels-fuzz := debug
kernels-net-selftests := 7.2
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
export KERNELS TESTS SEED MINUTES COUNT CPUS LIMIT FULL RECORD

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

setup: ## install the Debian packages that demo, test and check need
	@tools/setup

demo: ## demonstrate lbx in a VM (1 minute; the first time 5, to make the VM image)
	@tools/demo/run

test: ## run the selftests TESTS in VMs, on each of KERNELS
	@tools/test

bench: ## count instructions over lo, lbx and others, on KERNELS; FULL=1 measures all
	@tools/bench/run

bench-gate: ## check the limits (tools/bench/bars), on KERNELS; RECORD=1 writes the baseline
	@tools/bench/gate

bench-profile: ## print the instructions of lo and lbx by function, on KERNELS
	@tools/bench/profile

testvm: ## test tools/vm itself, and that debug KERNELS report planted bugs
	@tools/setup
	@mkdir -p build/test
	@tools/vm/test | tee build/test/vm.log
	@tools/results build/test/vm.log

faults: ## make each allocation of each operation fail once, on a debug kernel
	@TESTS="faults.sh tool_faults.sh" LIMIT=$(or $(LIMIT),7200) tools/test

fuzz: ## send COUNT (20000) invalid requests and packets, on a debug kernel
	@TESTS=fuzz.sh LIMIT=$(or $(LIMIT),14400) tools/test

fuzz-tool: ## fuzz the parsers of the tool, each for MINUTES (10)
	@tools/fuzz-tool

torture: ## change everything under all kinds of traffic, for MINUTES (10)
	@CPUS=$(or $(CPUS),4) TESTS=torture.sh \
		LIMIT=$(or $(LIMIT),$(shell expr $(or $(MINUTES),10) \* 120 + 1800)) tools/test

net-selftests: ## run the kernel's network selftests over lo and lbx, on KERNELS
	@tools/net-selftests

coverage: ## print the lines of the driver that TESTS do not reach, on a debug kernel
	@tools/coverage

docs: ## build the documentation as HTML, in build/docs
	@tools/setup
	@sphinx-build -q -W --keep-going -d build/doctrees -b html Documentation build/docs

check: ## run the static checks
	@tools/check

clean: ## remove everything that was built, except for the VM images
	@rm -rf build
	@find . -path ./.git -prune -o -type f \( -name '*.ko' -o -name '*.o' \
		-o -name '*.mod' -o -name '*.mod.c' -o -name '.*.cmd' -o -name '.*.d' \
		-o -name Module.symvers -o -name modules.order \) -exec rm -f {} +

help: ## list targets and variables
	@echo 'Targets:'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo 'Variables, with their values:'
	@echo '  KERNELS   kernels for tests and benchmarks: 6.1 6.12 7.2; for tests only:'
	@echo '            debug debug-6.1 kcsan ($(KERNELS))'
	@echo '  TESTS     test programs to run ($(or $(TESTS),all))'
	@echo '  MINUTES, SEED  of "make torture": duration (10), and seed to repeat a run (random)'
	@echo '  KDIR      kernel headers to build lbx.ko with ($(or $(KDIR),none found))'

.PHONY: all module tools install uninstall setup demo test bench bench-gate testvm docs check
.PHONY: bench-profile faults fuzz fuzz-tool torture net-selftests coverage clean help

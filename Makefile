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
no kernel headers in KDIR='$(KDIR)'. Of the running kernel, they are installed with
    apt-get install linux-headers-$(shell uname -r)
and if Debian has none by this name, those of Debian's newest kernel with
    apt-get install linux-headers-$(shell dpkg --print-architecture)
endef

# for tools/test and tools/bench
export KERNELS TESTS SEED MINUTES COUNT CPUS LIMIT FULL RECORD

all: module tools ## build lbx.ko for KDIR, and the tools

module: ## build lbx.ko alone
	$(if $(wildcard $(KDIR)/.config),,$(error $(no_headers)))
	@$(MAKE) -C "$(KDIR)" M="$(CURDIR)" modules

tools: ## build build/bin/lbx with what "lbx bench" calls, and link_lbx.so for ip
	@$(MAKE) -s -C tools/lbx
	@$(MAKE) -s -C tools/bench exec OUTPUT=../../build/libexec/lbx
	@$(MAKE) -s -C tools/iproute2

install: ## install lbx.ko for the kernel that it was built for, and the tools
	@tools/install

uninstall: ## remove what "make install" has installed, for every kernel
	@tools/install --remove

setup: ## install the Debian packages that demo, test and check need
	@tools/setup

demo: ## see lbx at work in a VM, explained (a minute, once with the VM image five)
	@tools/demo/run

test: ## run the selftests TESTS in VMs, on each of KERNELS
	@tools/test

bench: ## count instructions over lo, lbx and others, on KERNELS, FULL=1 for all there is
	@tools/bench/run

bench-gate: ## hold lbx to its bars (tools/bench/bars), on KERNELS; RECORD=1 records
	@tools/bench/gate

bench-profile: ## share the instructions of lo and lbx out by function, on KERNELS
	@tools/bench/profile

testvm: ## test tools/vm itself: streams, statuses, and what is planted in debug KERNELS
	@tools/setup
	@mkdir -p build/test
	@tools/vm/test | tee build/test/vm.log
	@tools/results build/test/vm.log

faults: ## let each allocation of each operation fail in turn, on a debug kernel
	@TESTS="faults.sh tool_faults.sh" LIMIT=$(or $(LIMIT),7200) tools/test

fuzz: ## send COUNT (20000) requests and packets that are wrong, on a debug kernel
	@TESTS=fuzz.sh LIMIT=$(or $(LIMIT),14400) tools/test

fuzz-tool: ## fuzz the parsers of the tool, each for MINUTES (10)
	@tools/fuzz-tool

torture: ## change all there is under traffic of every kind, for MINUTES (10)
	@CPUS=$(or $(CPUS),4) TESTS=torture.sh \
		LIMIT=$(or $(LIMIT),$(shell expr $(or $(MINUTES),10) \* 120 + 1800)) tools/test

net-selftests: ## run the kernel's own tests of networking over lo and lbx, on KERNELS
	@tools/net-selftests

coverage: ## run TESTS on a debug kernel, and print which lines of the driver they miss
	@tools/coverage

docs: ## build the documentation as HTML, in build/docs
	@tools/setup
	@sphinx-build -q -W --keep-going -d build/doctrees -b html Documentation build/docs

check: ## run the static checks: nothing may be found
	@tools/check

clean: ## remove everything that was built; the images of the VM stay
	@rm -rf build
	@find . -path ./.git -prune -o -type f \( -name '*.ko' -o -name '*.o' \
		-o -name '*.mod' -o -name '*.mod.c' -o -name '.*.cmd' -o -name '.*.d' \
		-o -name Module.symvers -o -name modules.order \) -exec rm -f {} +

help: ## list targets and variables
	@echo 'Targets:'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo 'Variables, and what they are now:'
	@echo '  KERNELS   kernels to test and measure on, any of 6.1 6.12 7.2, and to test on'
	@echo '            debug debug-6.1 kcsan ($(KERNELS))'
	@echo '  TESTS     programs of selftests/ to run ($(or $(TESTS),all))'
	@echo '  MINUTES, SEED  of "make torture": how long (10), and what repeats a run (random)'
	@echo '  KDIR      kernel headers to build lbx.ko with ($(or $(KDIR),none found))'

.PHONY: all module tools install uninstall setup demo test bench bench-gate testvm docs check
.PHONY: bench-profile faults fuzz fuzz-tool torture net-selftests coverage clean help

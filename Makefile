# make help lists the goals. Settings, as in `make CC=clang BLAS=0 test`:
#   CC=cc          the compiler             V=release    or debug, asan, tsan (sanitizers), fuzz
#   BLAS=cblas     or onednn, or 0 (none)   ARCH=native  or the oldest CPU to run on: x86-64-v3
#   OPENMP=0       one thread               WERROR=1     warnings are errors
#   SDL2=0         no window
# Set with =, not ?=: the command line changes them, environment variables of the same names do not.
V      = release
ARCH   = native
BLAS   =
OPENMP =
WERROR = 0
FUZZ_SECONDS = 20

.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:
.DEFAULT_GOAL := all
.PHONY: FORCE all info help deps deps-checks deps-visualizer deps-course clean
.PHONY: sanitize races fuzz
.PHONY: format format-check format-version

include reference/probe.mk
deps: ## install what is missing, with the system's package manager
	@CC='$(CC)' sh .ci/deps.sh $(MISSING) $(LEFT_OUT) $(if $(HAVE_CXX),,cxx)
deps-checks: $(filter deps,$(MAKECMDGOALS)) ## the same for .ci/run, make races and make fuzz
	@sh .ci/deps.sh checks
deps-visualizer: $(filter deps deps-checks,$(MAKECMDGOALS)) ## SDL2, for the window
	@CC='$(CC)' sh .ci/deps.sh $(if $(call builds,sdl2),,sdl2)
deps-course: $(filter deps deps-checks deps-visualizer,$(MAKECMDGOALS)) ## md4c, for `make course`
	@CC='$(CC)' sh .ci/deps.sh $(if $(call builds,md4c),,md4c)
clean: ## remove every build
	rm -rf build

# deps… and clean change what the other goals find, so those wait and run in a make of their own.
FIRST := $(filter deps deps-checks deps-visualizer deps-course clean,$(MAKECMDGOALS))
LATER := $(filter-out $(FIRST),$(MAKECMDGOALS))
ifneq ($(FIRST),)
.PHONY: $(LATER) later
$(LATER): later ; @:
later: $(FIRST)
	+@$(MAKE) --no-print-directory $(LATER)
else

# ---- how things are built: every configuration in a folder of its own, so nothing is stale
B := build/$(notdir $(CC))-$(V)-$(or $(ARCH),any)-$(SGEMM)-omp$(HAVE_OPENMP)
MACHINE := $(if $(ARCH),$(if $(filter arm64 aarch64,$(shell uname -m)),-mcpu,-march)=$(ARCH))
SANITIZE := -O2 $(MACHINE) -fno-omit-frame-pointer -fsanitize=address,undefined \
  -fno-sanitize-recover=all
FLAGS_release := -O3 $(MACHINE)
FLAGS_debug   := -O0
FLAGS_asan    := $(SANITIZE)
FLAGS_tsan    := -O1 $(MACHINE) -fno-omit-frame-pointer -fsanitize=thread
FLAGS_fuzz    := $(SANITIZE) -fsanitize=fuzzer-no-link
FLAGS += -I. -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes $(if $(filter 1,$(WERROR)),-Werror) \
  $(or $(FLAGS_$(V)),$(error V=$(V) is not one of: release debug asan tsan fuzz)) \
  $(CPPFLAGS) $(CFLAGS)
LIBS := $(LDFLAGS) $(if $(filter 1,$(HAVE_OPENMP)),$(lib_openmp)) \
  $(lib_$(SGEMM)) \
  $(foreach n,$(NEEDED),$(lib_$n)) -lm
THREADS := $(if $(filter 1,$(HAVE_OPENMP)),$(use_openmp))
# The reference may fuse a multiplication and an addition; what it is checked against rounds after
# each. No errno and no traps, and in one file sums in any order, change nothing about NaN and
# infinity (that would be -ffast-math).
EXACT := -ffp-contract=off
FAST  := -ffp-contract=fast -fno-math-errno -fno-trapping-math -Wno-pass-failed
ANY_ORDER := -fassociative-math -fno-signed-zeros
SPEED := -fopenmp-simd $(THREADS) $(use_$(SGEMM))

objects = $(patsubst %.c,$(B)/%.o,$(wildcard $1))
link    = @echo '$(CC) -o $@'; mkdir -p $(@D); \
  $(CC) $(FLAGS) $(THREADS) $(filter %.o,$^) $(filter %.a,$^) -o $@
archive = @rm -f $@ && ar rcs $@ $(filter %.o,$^)
# Writes what the commands $1 print to the target, which only gets a new date when that has changed.
if_changed = @mkdir -p $(@D); { $1; } >$@.new 2>&1; \
  if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# The command line, with what -march=native means here: a change of it rebuilds everything.
$(B)/flags: FORCE
	@! $(CC) $(FLAGS) -dM -E -x c /dev/null | grep -q '__SIZEOF_SIZE_T__ 4' || { echo \
	  'This compiler makes 32-bit programs, but sgatlin needs 64 bits: its files may be larger than' \
	  '4 GiB; leave out -m32, or use a 64-bit system' >&2; exit 1; }
	@! $(CC) $(FLAGS) -dM -E -x c /dev/null | grep -q '__FINITE_MATH_ONLY__ 1' || { echo \
	  'CFLAGS turn on -ffinite-math-only (-ffast-math, -Ofast), which removes the checks for NaN:' \
	  'use -O3, or add -fno-finite-math-only' >&2; exit 1; }
	$(if $(MISSING),@echo 'Not found with CC=$(CC): $(MISSING). Run `$(DEPS)`' >&2; exit 1)
	@echo '$(INFO)'
	$(call if_changed,$(CC) $(FLAGS) -$H$H$H -E -x c /dev/null; \
	  echo '$(SPEED) $(EXACT) $(FAST) $(ANY_ORDER) $(use_check)')
# The sources that are there, and what is linked: a change of it links again.
$(B)/sources: FORCE
	$(call if_changed,echo '$(LIBS) $(lib_check)' \
	  $(sort $(wildcard chapters/*/*.c reference/*/*.c visualizer/*.c gpu/*/*/*.cpp gpu/*/*.cu \
    tests/*/*.c)))
$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	@echo '$(CC) $<'
	@$(CC) $(FLAGS) $(KIND_FLAGS) -MMD -MP -c $< -o $@
FRAGMENTS := reference/reference.mk chapters/chapters.mk chapters/pages/pages.mk \
  visualizer/visualizer.mk gpu/gpu.mk tests/tests.mk
%.a: $(B)/sources Makefile reference/probe.mk $(FRAGMENTS)
	$(archive)

include $(FRAGMENTS)
-include $(shell find $(B) -name '*.d' 2>/dev/null)

all: $(PROGRAMS) ## build/sgatlin, build/golden and the demo of each chapter
# build/NAME is a link to the program that was built last.
.PHONY: $(PROGRAMS)
$(PROGRAMS): build/%: $(B)/%
	@ln -s $(<:build/%=%) $@.$$$$ && mv -f $@.$$$$ $@
info: $(B)/flags ## what was found, and what is left out and why
CLANG := $(if $(findstring clang,$(CC)),$(CC),clang)
sanitize: ## every test under AddressSanitizer and UndefinedBehaviorSanitizer
	+@$(MAKE) --no-print-directory V=asan run-tests
races: ## the tests that set numbers of threads under ThreadSanitizer; needs clang and its libomp
	+@$(MAKE) --no-print-directory CC=$(CLANG) V=tsan BLAS=0 OPENMP=1 run-races
fuzz: ## hostile files, FUZZ_SECONDS for each tests/fuzz/fuzz_NAME.c; needs clang
	+@$(MAKE) --no-print-directory CC=$(CLANG) V=fuzz BLAS=0 OPENMP=0 run-fuzz
help: ## this list
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' \
	  $(filter %Makefile %.mk,$(MAKEFILE_LIST))
	@echo 'Settings: CC= V=release|debug|asan|tsan ARCH= BLAS= OPENMP=0 WERROR=1 SDL2=0 FUZZ_SECONDS='
	@echo '(explained in the first lines of the Makefile)'

CLANG_FORMAT := $(or $(shell command -v clang-format-14),clang-format)
SOURCES = git ls-files --cached --others --exclude-standard '*.c' '*.h' '*.cpp' '*.cu' '*.cuh' \
  '*.js'
format: format-version ## clang-format every source in place
	$(SOURCES) | xargs $(CLANG_FORMAT) -i
format-check: format-version ## what clang-format would change, and longer lines elsewhere
	$(SOURCES) | xargs $(CLANG_FORMAT) --dry-run -Werror
	! git ls-files '*.[ch]' '*.cpp' '*.cu' '*.cuh' '*.js' '*.css' '*.sh' '*.mk' '*.awk' Makefile \
	  .ci | LC_ALL=C.UTF-8 xargs grep -nE '^.{101,}'
format-version:
	@$(CLANG_FORMAT) --version | grep -q 'version 14\.' || { \
	  echo 'Formatting needs clang-format 14 (other versions break some lines differently);' \
	  "found: $$($(CLANG_FORMAT) --version 2>&1)" >&2; exit 1; }
endif

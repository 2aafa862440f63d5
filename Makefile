# make help lists the targets. Settings, as in `make CC=clang BLAS=0 test`; what stands on the command line always wins:
#   CC=…      the compiler                          V=release|debug|asan
#   BLAS=0    without CBLAS: a plain loop           ARCH=native, or what binaries that travel may ask of a machine: x86-64-v3
#   OPENMP=0  without threads                       WERROR=1  warnings are errors
# Each has a build folder of its own, so that nothing in it is stale; build/sgatlin points to the one built last.
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
# Set with =, not ?=, so that a variable of that name in the environment changes nothing.
V      = release
ARCH   = native
BLAS   =
OPENMP =
WERROR = 0
FUZZ_SECONDS = 20

# ---- what this machine has: found out by building a real program that uses it
H := \#
pkg = $(or $(shell pkg-config $1 $2 2>/dev/null),$3)
FLAGS := -std=c11 -g -D_POSIX_C_SOURCE=200809L
ifneq ($(shell uname -s),Darwin)
use_openmp := -fopenmp
use_blas   := -DWITH_BLAS $(call pkg,--cflags,openblas)
lib_blas   := $(call pkg,--libs,openblas,-lopenblas)
else # from the manuals, not tried
BREW       := $(shell brew --prefix)
ACCELERATE := $(shell xcrun --show-sdk-path)/System/Library/Frameworks/Accelerate.framework
FLAGS      += -D_DARWIN_C_SOURCE -I$(BREW)/include -I$(BREW)/opt/libomp/include
LDFLAGS    += -L$(BREW)/lib -L$(BREW)/opt/libomp/lib
use_openmp := -Xpreprocessor -fopenmp
lib_openmp := -lomp
use_blas   := -DWITH_BLAS -DACCELERATE_NEW_LAPACK -I$(ACCELERATE)/Frameworks/vecLib.framework/Headers
lib_blas   := -framework Accelerate
lib_argp   := -largp
endif
lib_jansson  := -ljansson
lib_utf8proc := -lutf8proc
lib_xxhash   := -lxxhash
use_check    := $(call pkg,--cflags,check)
lib_check    := $(call pkg,--libs,check,-lcheck -lsubunit -lrt -lm -pthread)
lib_fuzzer   := -fsanitize=fuzzer,address,undefined
try_jansson  := $Hinclude <jansson.h>\nvoid *try_jansson(void) { return json_object(); }\n
try_utf8proc := $Hinclude <utf8proc.h>\nconst char *try_utf8proc(void) { return utf8proc_version(); }\n
try_xxhash   := $Hinclude <xxhash.h>\nunsigned long try_xxhash(void) { return XXH3_64bits("", 0); }\n
try_stb      := $Hinclude <stb/stb_image_write.h>\n
try_argp     := $Hinclude <argp.h>\nint try_argp(void) { return argp_parse(0, 0, 0, 0, 0, 0); }\n
try_blas     := $Hinclude <cblas.h>\nfloat try_blas(void) { return cblas_sasum(0, 0, 1); }\n
try_openmp   := $Hinclude <omp.h>\nint try_openmp(void) { return omp_get_max_threads(); }\n
try_check    := $Hinclude <check.h>\nvoid *try_check(void) { return suite_create(""); }\n
try_fuzzer   := int LLVMFuzzerTestOneInput(void) { return 0; }\n$Hdefine main not_main\n

NEEDED   := compiler jansson utf8proc xxhash stb argp
OPTIONAL := $(if $(filter 0,$(BLAS)),,blas) $(if $(filter 0,$(OPENMP)),,openmp) check $(if $(filter fuzz,$(V)),fuzzer)
builds = $(shell printf '%b' '$(foreach n,$1,$(try_$n))int main(void) { return 0; }\n' | $(CC) $(FLAGS) $(CPPFLAGS) \
  $(CFLAGS) $(foreach n,$1,$(use_$n)) -x c - -o /dev/null $(LDFLAGS) $(foreach n,$1,$(lib_$n)) 2>/dev/null && echo yes)
# All at once is quick; one by one only where something is missing, every time: nothing is remembered, nothing is stale.
FOUND = $(or $(if $(call builds,$(NEEDED) $(OPTIONAL)),$(NEEDED) $(OPTIONAL)),\
  $(foreach n,$(NEEDED) $(OPTIONAL),$(if $(call builds,$n),$n)))

# ---- deps and clean change what every other goal finds: the others wait, then look around in a make of their own
FIRST := $(filter deps deps-checks clean,$(MAKECMDGOALS))
OTHER := $(filter-out $(FIRST),$(MAKECMDGOALS))
.PHONY: help deps deps-checks clean
deps: ## install what is missing, with the system's package manager
	@CC='$(CC)' sh .ci/deps.sh $(filter-out $(FOUND),$(NEEDED) $(OPTIONAL))
deps-checks: ## the same for what only .ci/run and make fuzz use: clang, its runtimes, clang-format, shellcheck
	@sh .ci/deps.sh checks
deps-checks: $(filter deps,$(MAKECMDGOALS))
clean: ## remove every build
	rm -rf build
ifneq ($(FIRST),)
.PHONY: then $(OTHER)
$(OTHER): then
	@:
then: $(FIRST)
	+@$(MAKE) --no-print-directory $(OTHER)
else

# ---- goals that need nothing of it, or ask a make of their own with other settings
.PHONY: help sanitize fuzz format format-check format-version
help: ## this list
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile
	@echo 'Settings: CC= V=release|debug|asan ARCH= BLAS=0 OPENMP=0 WERROR=1 FUZZ_SECONDS= (the first lines of the Makefile)'
sanitize: ## every test under AddressSanitizer and UndefinedBehaviorSanitizer
	+@$(MAKE) --no-print-directory V=asan run-tests
fuzz: ## hostile files, FUZZ_SECONDS for each tests/fuzz/fuzz_NAME.c (seeds: tests/fuzz/fuzz_NAME/); needs clang
	+@$(MAKE) --no-print-directory CC=$(if $(findstring clang,$(CC)),$(CC),clang) V=fuzz BLAS=0 OPENMP=0 run-fuzz
CLANG_FORMAT := $(or $(shell command -v clang-format-14),clang-format)
FORMAT = git ls-files --cached --others --exclude-standard '*.c' '*.h' | xargs $(CLANG_FORMAT)
format: format-version ## clang-format every source in place
	$(FORMAT) -i
format-check: format-version ## name what clang-format would change
	$(FORMAT) --dry-run -Werror
format-version:
	@$(CLANG_FORMAT) --version | grep -q 'version 14\.' || \
	  { echo 'Formatting wants clang-format 14 (other versions lay out some lines in other ways), found:' \
	  "$$($(CLANG_FORMAT) --version 2>&1)" >&2; exit 1; }
ifneq ($(filter-out help sanitize fuzz format format-check format-version,$(or $(MAKECMDGOALS),all)),)

# ---- what is built here, and how
DEPS  := make $(if $(filter fuzz,$(V)),deps-checks,$(if $(filter cc,$(CC)),,CC=$(CC) )deps)
FOUND := $(FOUND)
ifeq ($(filter compiler,$(FOUND)),)
$(error No C compiler: `$(CC)` builds no program here. Run `$(DEPS)`, or name another with CC=)
endif
ifneq ($(filter-out $(FOUND),$(NEEDED)),)
$(error Not found: $(filter-out $(FOUND),$(NEEDED)). Run `$(DEPS)`)
endif
ASKED := $(if $(filter 1,$(BLAS)),blas) $(if $(filter 1,$(OPENMP)),openmp) $(if $(filter fuzz,$(V)),fuzzer)
ifneq ($(filter-out $(FOUND),$(ASKED)),)
$(error Asked for, but not found with $(CC): $(filter-out $(FOUND),$(ASKED)). Run `$(DEPS)`)
endif
HAVE_BLAS   := $(if $(filter blas,$(FOUND)),1,0)
HAVE_OPENMP := $(if $(filter openmp,$(FOUND)),1,0)
EMPTY    :=
CLOSE    := )
without  = $(if $(filter $1,$(FOUND)),,$2 ($(if $(filter $1,$(OPTIONAL)),no $3 found: $(DEPS),as asked for)))
LEFT_OUT := $(call without,blas,fast matrix products,CBLAS) $(call without,openmp,threads,OpenMP) $(call without,check,tests,Check)
$(info cc="$(shell $(CC) --version | head -n 1)" arch=$(ARCH) blas=$(if $(filter 1,$(HAVE_BLAS)),$(patsubst -l%,%,$(lastword \
  $(lib_blas))),no) openmp=$(if $(filter 1,$(HAVE_OPENMP)),yes,no) check=$(if $(filter check,$(FOUND)),yes,no) V=$(V) | \
  left out: $(or $(subst $(CLOSE) ,$(CLOSE); ,$(strip $(LEFT_OUT))),nothing))

B := build/$(subst $(EMPTY) ,-,$(notdir $(CC)))-$(V)-$(ARCH)-blas$(HAVE_BLAS)-omp$(HAVE_OPENMP)
MACHINE := $(if $(ARCH),$(if $(filter arm64 aarch64,$(shell uname -m)),-mcpu,-march)=$(ARCH))
SANITIZE := -O1 $(MACHINE) -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
FLAGS_release := -O3 $(MACHINE)
FLAGS_debug   := -O0
FLAGS_asan    := $(SANITIZE)
FLAGS_fuzz    := $(SANITIZE) -fsanitize=fuzzer-no-link
ifeq ($(FLAGS_$(V)),)
$(error V=$(V) is not one of: release debug asan fuzz)
endif
FLAGS += -I. -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes $(if $(filter 1,$(WERROR)),-Werror) $(FLAGS_$(V)) \
  $(CPPFLAGS) $(CFLAGS)
THREADS := $(if $(filter 1,$(HAVE_OPENMP)),$(use_openmp))
SPEED   := -fopenmp-simd $(THREADS) $(if $(filter 1,$(HAVE_BLAS)),$(use_blas))
LIBS := $(LDFLAGS) $(if $(filter 1,$(HAVE_OPENMP)),$(lib_openmp)) $(if $(filter 1,$(HAVE_BLAS)),$(lib_blas)) \
  $(foreach n,$(NEEDED),$(lib_$n)) -lm

objects = $(patsubst %.c,$(B)/%.o,$(wildcard $1))
LIBRARY := $(filter-out $(B)/reference/cli/%,$(call objects,reference/*/*.c)) $(call objects,datasets/storyworld/*.c)
COMMANDS := $(call objects,reference/cli/*.c)
# Without libcheck, build/golden still takes what does not need it.
PARTS    := $(wildcard tests/harness/*.c tests/golden/golden_*.c tests/chain/ch*.c)
SUPPORT  := $(patsubst %.c,$(B)/%.o,$(if $(filter check,$(FOUND)),$(PARTS),$(shell grep -L '<check.h>' $(PARTS))))
# A chapter is a folder NN_name: its code, test_….c, demo.c (which becomes build/chapter-NN), exercises/M_what.c and
# exercises/test_M_what.c.
CHAPTERS  := $(sort $(notdir $(wildcard chapters/[0-9][0-9]_*)))
number    = $(firstword $(subst _, ,$1))
as_demo   = $(foreach c,$(patsubst chapters/%/demo.c,%,$1),$(B)/chapter-$(call number,$c))
DEMOS     := $(call as_demo,$(wildcard chapters/[0-9][0-9]_*/demo.c))
EXERCISES := $(sort $(patsubst tests/course/solutions/%.c,%,$(wildcard tests/course/solutions/*/*.c)) \
  $(subst /exercises/,/,$(patsubst chapters/%.c,%,$(wildcard chapters/*/exercises/[0-9]*.c))))
PROGRAMS := $(if $(COMMANDS),$(B)/sgatlin) $(if $(wildcard tests/golden/golden.c),$(B)/golden) $(DEMOS)
CHAPTER_TESTS := $(patsubst %.c,$(B)/%,$(wildcard chapters/[0-9][0-9]_*/test_*.c))
SOLVED   := $(EXERCISES:%=$(B)/solutions/%)
UNSOLVED := $(EXERCISES:%=$(B)/exercises/%)
TESTS   := $(CHAPTER_TESTS) $(patsubst %.c,$(B)/%,$(wildcard tests/*/test_*.c)) $(wildcard tests/*/test_*.sh)
HELPERS := $(patsubst %.c,$(B)/%,$(wildcard tests/commands/server.c))
FUZZERS := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))

.PHONY: FORCE all info demo bench test build-tests run-tests chapters lessons solutions run-fuzz
.PHONY: $(PROGRAMS:$(B)/%=build/%)
.SECONDARY:
all: $(PROGRAMS:$(B)/%=build/%) ## what this machine can build: build/sgatlin, build/golden, the demo of each chapter
info: ## what was found, and what is left out and why
	@:
$(PROGRAMS:$(B)/%=build/%): build/%: $(B)/%
	@ln -s $(<:build/%=%) $@.$$$$ && mv -f $@.$$$$ $@
# Chapters need a compiler and libm. Only the fast rung fuses multiply and add; what checks it rounds after each. No
# errno from sqrtf and no traps change nothing about NaN and infinity (that would be -ffast-math). Clang warns of loops
# it leaves as they are: no error.
EXACT := -ffp-contract=off
FAST  := -ffp-contract=fast -fno-math-errno -fno-trapping-math -Wno-pass-failed
# The whole command line, with what -march=native means here, and what is linked: a change of either builds anew.
$(B)/flags:   tell = $(CC) $(FLAGS) -$H$H$H -E -x c /dev/null; echo '$(SPEED) $(EXACT) $(FAST) $(use_check)'
$(B)/objects: tell = echo '$(LIBS) $(lib_check) $(LIBRARY) $(COMMANDS) $(SUPPORT)' $(wildcard chapters/*/*.c)
$(B)/flags $(B)/objects: FORCE
	@mkdir -p $(@D)
	@{ $(tell); } >$@.new 2>&1; if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
$(B)/%.o: MANNER := $(SPEED) $(EXACT)
$(B)/chapters/%.o: MANNER := $(EXACT) $(use_check)
$(B)/reference/%.o: MANNER := $(SPEED) $(FAST)
$(B)/tests/%.o: MANNER := $(SPEED) $(EXACT) $(use_check)
$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	@echo '$(CC) $<'
	@$(CC) $(FLAGS) $(MANNER) -MMD -MP -c $< -o $@
link = @echo '$(CC) -o $@'; $(CC) $(FLAGS) $(THREADS) $(filter %.o %.a,$^) -o $@
archive = @rm -f $@ && ar rcs $@ $(filter %.o,$^)
$(B)/sgatlin: $(COMMANDS) $(LIBRARY) $(B)/objects
	$(link) $(LIBS)
# An archive, so that each takes only what it uses: build/golden needs no libcheck.
$(B)/tests/harness.a: $(SUPPORT) $(B)/objects
	$(archive)
# Behind the fast rung stands the plain one, all chapters, for what holds the two together.
PLAIN := $(patsubst %,$(B)/chapters/%.a,$(lastword $(CHAPTERS)))
$(B)/golden: $(B)/tests/golden/golden.o $(B)/tests/harness.a $(PLAIN) $(LIBRARY) $(B)/objects
	$(link) $(LIBS)
$(filter $(B)/tests/%,$(TESTS)): %: %.o $(B)/tests/harness.a $(PLAIN) $(LIBRARY) $(B)/objects
	$(link) $(lib_check) $(LIBS)
$(HELPERS): $(B)/tests/%: $(B)/tests/%.o
	$(link) $(LDFLAGS)
$(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(LIBRARY) $(B)/objects
	$(link) $(lib_fuzzer) $(LIBS)
-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ---- run it
demo: build/sgatlin ## two minutes: make a corpus, train a small model on it, let it tell stories
	SGATLIN=build/sgatlin reference/demo.sh
bench: build/sgatlin ## half a minute, on an idle machine: layers and training steps beside what the machine can do
	@unset OPENBLAS_CORETYPE; build/sgatlin bench

# $(call run,TESTS,ARGUMENTS) runs them all, one after the other, and ends with `N passed, N failed`. Check allows a
# test 4 seconds unless told otherwise, too few for a slow build; LLVM's libomp forgets its memory when Check forks;
# and threads that spin between so many small loops would take the processor from the ones that work.
run = @passed=0; failed=0; mkdir -p build/tmp; echo leak:libomp.so >$(B)/leaks; \
  export B='$(B)' EXERCISES='$(EXERCISES)'; \
  export SGATLIN='$(CURDIR)/$(B)/sgatlin' GOLDEN='$(CURDIR)/$(B)/golden' \
    SERVER='$(CURDIR)/$(B)/tests/commands/server' UBSAN_OPTIONS=print_stacktrace=1 \
    LSAN_OPTIONS='suppressions=$(CURDIR)/$(B)/leaks:print_suppressions=0' \
    OMP_WAIT_POLICY=passive CK_DEFAULT_TIMEOUT=60 CK_TIMEOUT_MULTIPLIER=$(if $(filter release,$(V)),1,10); \
  for t in $1; do \
    echo "-- $$t"; start=$$(date +%s); \
    if $$t $2 </dev/null; then passed=$$((passed + 1)); else echo "FAILED $$t: exit $$?"; failed=$$((failed + 1)); fi; \
    echo "   $$(($$(date +%s) - start)) s"; \
  done; \
  echo "$$passed passed, $$failed failed"; [ $$failed = 0 ] && [ $$passed != 0 ]

test: all run-tests ## every test; ends with a line `N passed, N failed`
build-tests: $(PROGRAMS) $(HELPERS) $(TESTS) $(SOLVED) $(UNSOLVED)
run-tests: build-tests
	$(call run,$(TESTS) tests/course/lessons.sh tests/course/solutions.sh)
chapters: $(DEMOS:$(B)/%=build/%) $(CHAPTER_TESTS) ## every chapter: its code, its demo, its tests
	$(call run,$(CHAPTER_TESTS))
lessons: $(PROGRAMS) ## what the lessons quote is the code, what they show is what comes out, what they link is there
	$(call run,tests/course/lessons.sh)
solutions: $(SOLVED) $(UNSOLVED) ## every exercise: its test fails as the reader finds it and passes when solved
	$(call run,tests/course/solutions.sh)
.SECONDEXPANSION:
named = $(filter %/test_$1 %/test_$1.sh,$(filter-out $(CHAPTER_TESTS),$(TESTS)))
test-%: $$(call named,$$*) $$(if $$(filter %.sh,$$(call named,$$*)),$(PROGRAMS) $(HELPERS)) ## one of them: tests/*/test_NAME.c, .sh or both
	@[ -n '$(call named,$*)' ] || { echo 'There is neither tests/*/test_$*.c nor tests/*/test_$*.sh' >&2; exit 1; }
	$(call run,$(call named,$*))

# ---- a chapter alone: its code and that of the chapters before it; beside it what demos and tests may use
up_to   = $(foreach c,$(CHAPTERS),$(if $(filter $c,$(firstword $(sort $c $1))),$c))
is_code = $(if $(filter test_% demo.c,$(notdir $1)),,$1)
code    = $(call objects,$(foreach c,$(foreach d,$(call up_to,$1),$(wildcard chapters/$d/*.c)),$(call is_code,$c)))
BESIDE := $(B)/chapters/support.a
$(BESIDE): $(call objects,reference/numbers/*.c reference/io/*.c reference/draw/*.c reference/support/*.c) $(filter %/compare.o %/expect.o %/scratch.o %/suite.o,$(SUPPORT)) $(B)/objects
	$(archive)
$(CHAPTERS:%=$(B)/chapters/%.a): $(B)/chapters/%.a: $$(call code,$$*) $(B)/objects
	$(archive)
chapter = $(filter $1_%,$(CHAPTERS))
$(DEMOS): $(B)/chapter-%: $(B)/chapters/$$(call chapter,$$*)/demo.o $(B)/chapters/$$(call chapter,$$*).a $(BESIDE)
	$(link) $(LIBS)
beside_it = $(patsubst %/,%.a,$(dir $1))
$(CHAPTER_TESTS): %: %.o $$(call beside_it,$$*) $(BESIDE)
	$(link) $(lib_check) $(LIBS)
# exercises/NN_name/M_what is the starting file with its test, solutions/NN_name/M_what the solution with the same test.
in_exercises = $(subst /,/exercises/$2,$1)
exercise_test = $(B)/chapters/$(call in_exercises,$1,test_).o $(B)/chapters/$(call beside_it,$1) $(BESIDE)
$(UNSOLVED): $(B)/exercises/%: $(B)/chapters/$$(call in_exercises,$$*).o $$(call exercise_test,$$*)
	@mkdir -p $(@D)
	$(link) $(lib_check) $(LIBS)
$(SOLVED): $(B)/solutions/%: $(B)/tests/course/solutions/%.o $$(call exercise_test,$$*)
	@mkdir -p $(@D)
	$(link) $(lib_check) $(LIBS)
tests_of = $(filter $(B)/chapters/$1_%,$(CHAPTER_TESTS))
demo_of  = $(filter build/chapter-$1,$(DEMOS:$(B)/%=build/%))
chapter-%: $$(call demo_of,$$*) $$(call tests_of,$$*) ## one of them, as in make chapter-04
	@[ -n '$(call chapter,$*)' ] || { echo 'There is no chapters/$*_…; there are: $(CHAPTERS)' >&2; exit 1; }
	$(call run,$(call tests_of,$*))
# 04-2: of 04_…, what is named 2_…
exercise_named = $(strip $(foreach e,$(filter $(firstword $(subst -, ,$1))_%,$(EXERCISES)),$(if \
  $(filter $(lastword $(subst -, ,$1))_%,$(notdir $e)),$e)))
wanted   = $(if $(filter 1,$(SOLUTION)),solutions,exercises)
exercise-%: $$(addprefix $(B)/$(wanted)/,$$(call exercise_named,$$*)) ## as in make exercise-04-2; SOLUTION=1: ours
	@[ -n '$(call exercise_named,$*)' ] || { echo 'There is no exercise $*; there are: $(EXERCISES)' >&2; exit 1; }
	@mkdir -p build/tmp; export CK_DEFAULT_TIMEOUT=60; CK_VERBOSITY=verbose $< && echo 'Solved: $*' || \
	  { echo 'Not yet solved: chapters/$(call in_exercises,$(strip $(call exercise_named,$*))).c'; exit 1; }

# ---- hostile files
run-fuzz: $(FUZZERS)
	@[ -n '$(FUZZERS)' ] || { echo 'There is no tests/fuzz/fuzz_*.c' >&2; exit 1; }
	@mkdir -p $(FUZZERS:$(B)/tests/%=$(B)/found/%)
	$(call run,$(FUZZERS),-max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_funcs=0 -artifact_prefix=$(B)/ \
	  $(B)/found/fuzz/$${t##*/} $$(ls -d tests/fuzz/$${t##*/}/ 2>/dev/null))
ifeq ($(filter check,$(FOUND)),)
.PHONY: no-check
no-check:
	@echo 'Tests need the library Check, which was not found. Run `$(DEPS)`' >&2; exit 1
$(call objects,tests/*/test_*.c chapters/*/test_*.c chapters/*/exercises/test_*.c): no-check
endif
endif
endif

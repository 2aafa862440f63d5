# The tests: tests/*/test_NAME.c and test_NAME.sh, the chapters' own, the lessons and the exercises.
TESTS   := $(CHAPTER_TESTS) $(patsubst %.c,$(B)/%,$(wildcard tests/*/test_*.c)) \
  $(filter-out tests/gpu/%,$(wildcard tests/*/test_*.sh))
GPU_TESTS := $(wildcard tests/gpu/test_*.sh)
FUZZERS := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
SERVER  := $(B)/tests/commands/server
BROWSER := $(B)/tests/course/browser
# Lets calls fail: for glibc, and not under a sanitizer, which replaces malloc itself.
SHIM := $(if $(filter Linux-x86_64 Linux-aarch64,$(shell uname -sm | tr ' ' -)),\
  $(if $(filter release debug,$(V)),$(B)/tests/faults/shim.so))
$(B)/tests/%.o: KIND_FLAGS = $(SPEED) $(EXACT) $(use_check)

# The code that tests share; without libcheck, the part that build/golden needs.
SHARED  := $(wildcard tests/harness/*.c tests/golden/golden_*.c tests/chain/ch*.c)
HARNESS := $(B)/tests/harness.a
WITHOUT_CHECK := $(if $(filter check,$(FOUND)),$(SHARED),$(shell grep -L '<check.h>' $(SHARED)))
$(HARNESS): $(WITHOUT_CHECK:%.c=$(B)/%.o)
# All chapters: the plain implementation that the reference is compared with.
PLAIN := $(patsubst %,$(B)/chapters/%.a,$(lastword $(CHAPTERS)))
PROGRAMS += build/golden
$(B)/golden: $(B)/tests/golden/golden.o $(HARNESS) $(PLAIN) $(REFERENCE)
	$(link) $(LIBS)
# The same for whole models in the emulator, for tests/gpu/test_trainer.sh.
$(G)/golden: $(B)/tests/gpu/golden.o $(TRAINER_OBJECTS) $(HARNESS) $(PLAIN) $(REFERENCE) $(EMULATOR)
	$(link_trainer)
$(filter-out $(CHAPTER_TESTS) %.sh,$(TESTS)): %: %.o $(HARNESS) $(PLAIN) $(VISUALIZER) $(REFERENCE)
	$(link) $(lib_check) $(LIBS)
$(SERVER): %: %.o
	$(link) $(LDFLAGS)
$(BROWSER): %: %.o
	$(link) $(LDFLAGS) $(lib_jansson)
$(SHIM): tests/faults/shim.c $(B)/flags
	@echo '$(CC) -o $@'; mkdir -p $(@D); \
	$(CC) $(FLAGS) -O1 -fno-builtin -fPIC -shared $< -o $@
# the commands, whose options it parses
$(B)/tests/fuzz/fuzz_options: $(filter-out %/main.o,$(call objects,reference/cli/*.c))
$(FUZZERS): %: %.o $(REFERENCE)
	$(link) $(lib_fuzzer) $(LIBS)

# $(call run,TESTS,ARGUMENTS) runs them, JOBS at once, and ends with `N passed, N failed`. Check
# allows a test 4 seconds by default, too few for a slow build; LLVM's libomp leaks when Check
# forks, and D-Bus, which SDL2 uses, leaks once; and threads that spin between so many small loops
# would take the processor from the ones that work.
JOBS := $(shell getconf _NPROCESSORS_ONLN)
run = @mkdir -p $(B); printf 'leak:%s\n' libomp.so libdbus-1.so >$(B)/leaks; \
  export B='$(B)' EXERCISES='$(EXERCISES)' GPU_EXERCISES='$(GPU_EXERCISES)' \
    CHEATS='$(CHEATS)' \
    SGATLIN="$$PWD/$(B)/sgatlin" VIEWER="$$PWD/$(VIEWER)" GOLDEN="$$PWD/$(B)/golden" \
    SERVER="$$PWD/$(SERVER)" COURSE_PAGES="$$PWD/$(PAGES)" BROWSER="$$PWD/$(BROWSER)" \
    SHIM="$(SHIM:%=$$PWD/%)" CXX='$(CXX)' HAVE_CXX='$(HAVE_CXX)' \
    UBSAN_OPTIONS=print_stacktrace=1 \
    TSAN_OPTIONS='ignore_noninstrumented_modules=1 die_after_fork=0' \
    LSAN_OPTIONS="suppressions=\"$$PWD/$(B)/leaks\":print_suppressions=0" \
    OMP_WAIT_POLICY=passive \
    CK_DEFAULT_TIMEOUT=60 CK_TIMEOUT_MULTIPLIER=$(if $(filter release,$(V)),1,10); \
  JOBS=$(JOBS) ARGUMENTS='$2' tests/run.sh $1

.PHONY: test build-tests run-tests faults lessons solutions run-races run-fuzz no-check
test: all run-tests ## every test; ends with a line `N passed, N failed`
# COURSE=0 leaves out the lessons and exercises, which use no OpenMP, no BLAS and little of a
# compiler.
COURSE = 1
IN_COURSE := $(if $(filter 1,$(COURSE)),tests/course/lessons.sh tests/course/solutions.sh)
# Nor is the emulator another one for another CC or V.
WITH_GPU := $(if $(filter 1_release,$(COURSE)_$(V)),$(GPU_TESTS))
build-tests: $(PROGRAMS:build/%=$(B)/%) $(VIEWER) $(SERVER) $(BROWSER) $(SHIM) $(TESTS) \
  $$(if $$(filter 1,$$(MD4C)),$(PAGES)) \
  $(if $(WITH_GPU),$(if $(HAVE_CXX),$(GPU_NEEDS))) \
  $(if $(IN_COURSE),$(SOLVED) $(UNSOLVED) $(CHEATED))
# A test that hangs is ended and named; the slowest take minutes, and more on a slow machine.
run-tests run-races: export SECONDS_EACH = 1200
# the longest come first
run-tests: build-tests
	$(call run,$(IN_COURSE) $(WITH_GPU) $(TESTS))
faults: $(PROGRAMS) $(SHIM) ## commands while each call for memory or files fails: about an hour
	$(call run,tests/faults/sweep.sh,1 1)
lessons: $(if $(WITH_GPU),$(if $(HAVE_CXX),$(GPU_NEEDS)))
lessons: $(PROGRAMS) ## the code, the output and the links of the lessons are right
	$(call run,tests/course/lessons.sh)
solutions: $(SOLVED) $(UNSOLVED) $(CHEATED) ## the tests of exercises accept ours and no wrong ones
	$(call run,tests/course/solutions.sh)
named = $(filter %/test_$1 %/test_$1.sh,$(filter-out $(CHAPTER_TESTS),$(TESTS) $(GPU_TESTS)))
needed_by = $(if $(filter tests/gpu/%,$1),$(if $(HAVE_CXX),$(GPU_NEEDS)),$(if $(filter \
  %.sh,$1),$(PROGRAMS) $(VIEWER) $(SERVER) $(BROWSER) $(SHIM) $(if $(filter 1,$(MD4C)),$(PAGES))))
test-%: $$(call named,$$*) $$(call needed_by,$$(call named,$$*)) ## one: test_%.c, test_%.sh or both
	@[ -n '$(call named,$*)' ] || { \
	  echo 'There is neither tests/*/test_$*.c nor tests/*/test_$*.sh' >&2; exit 1; }
	$(call run,$(call named,$*))

# LLVM's libomp reports its barriers to ThreadSanitizer, through the library archer, which does not
# survive a fork of Check; gcc's libgomp has nothing like it.
RACES := $(patsubst %.c,$(B)/%,$(shell grep -l '_THREADS }' tests/*/test_*.c))
run-races: export CK_FORK = no
run-races: export CK_INCLUDE_TAGS = threads
run-races: $(RACES)
	$(call run,$(RACES))

run-fuzz: $(FUZZERS)
	@mkdir -p $(FUZZERS:$(B)/tests/%=$(B)/found/%)
	$(call run,$(FUZZERS),-max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_funcs=0 \
	  -artifact_prefix=$(B)/ \
	  $(B)/found/fuzz/$${t##*/} tests/fuzz/$${t##*/}/)

$(call objects,tests/*/test_*.c chapters/*/test_*.c chapters/*/exercises/test_*.c): \
  | $(if $(filter check,$(FOUND)),,no-check)
no-check:
	@echo 'The tests need the library Check, which was not found. Run `$(DEPS)`' >&2; exit 1

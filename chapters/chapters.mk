# The course. A chapter is a folder NN_name: its code, test_NAME.c, demo.c (build/chapter-NN), and
# exercises/M_name.c with exercises/test_M_name.c; the solutions are in
# tests/course/solutions/NN_name/M_name.c. Chapters need a compiler and libm.
CHAPTERS      := $(sort $(notdir $(wildcard chapters/[0-9][0-9]_*)))
CHAPTER_TESTS := $(patsubst %.c,$(B)/%,$(wildcard chapters/[0-9][0-9]_*/test_*.c))
DEMOS         := $(foreach c,$(CHAPTERS),\
  $(if $(wildcard chapters/$c/demo.c),build/chapter-$(firstword $(subst _, ,$c))))
PROGRAMS      += $(DEMOS)
$(B)/chapters/%.o: KIND_FLAGS = $(EXACT) $(use_check)

# NN_name.a: the code of the chapter and of those before it.
up_to = $(foreach c,$(CHAPTERS),$(if $(filter $c,$(firstword $(sort $c $1))),$c))
sources = $(foreach c,$(call up_to,$1),$(wildcard chapters/$c/*.c))
code    = $(foreach f,$(sources),$(if $(filter test_% demo.c,$(notdir $f)),,$f))
$(CHAPTERS:%=$(B)/chapters/%.a): $(B)/chapters/%.a: $$(call objects,$$(call code,$$*))
# What demos and tests may use besides: pictures, files, random numbers, the toy corpus, the
# scoreboard (which trains with chapter 07's AdamW), and the tests' common code.
CHAPTER_SUPPORT := $(B)/chapters/support.a
WITH_CHECK := chapters/token_results.c $(patsubst %,tests/harness/%.c,expect scratch suite)
$(CHAPTER_SUPPORT): \
  $(call objects,chapters/demo.c chapters/diagram.c chapters/scoreboard.c chapters/tasks.c \
    chapters/07_language_model/adamw.c datasets/storyworld/*.c reference/numbers/*.c \
    reference/io/*.c reference/draw/*.c) \
  $(B)/reference/check/compare.o $(if $(filter check,$(FOUND)),$(call objects,$(WITH_CHECK)))

chapter  = $(filter $1_%,$(CHAPTERS))
of_chapter = $(patsubst %/,%.a,$(dir $1))
$(DEMOS:build/%=$(B)/%): $(B)/chapter-%: $(B)/chapters/$$(call chapter,$$*)/demo.o \
  $(B)/chapters/$$(call chapter,$$*).a $(CHAPTER_SUPPORT)
	$(link) $(LIBS)
$(CHAPTER_TESTS): %: %.o $$(call of_chapter,$$*) $(CHAPTER_SUPPORT)
	$(link) $(lib_check) $(LIBS)

.PHONY: chapters
chapters: $(DEMOS) $(CHAPTER_TESTS) ## every chapter: its code, its demo, its tests
	$(call run,$(CHAPTER_TESTS))
tests_of = $(filter $(B)/chapters/$1_%,$(CHAPTER_TESTS))
chapter-%: $$(filter build/chapter-$$*,$(DEMOS)) $$(call tests_of,$$*) ## one, as in make chapter-04
	@[ -n '$(call chapter,$*)' ] || { \
	  echo 'There is no chapters/$*_…; there are: $(CHAPTERS)' >&2; exit 1; }
	$(call run,$(call tests_of,$*))

# ---- exercises: programs of a test with the starting file, $(B)/exercises/NN_name/M_name, and with
# the solution, $(B)/solutions/NN_name/M_name
EXERCISES := $(sort \
  $(patsubst tests/course/solutions/%.c,%,$(wildcard tests/course/solutions/*/*.c)) \
  $(subst /exercises/,/,$(patsubst chapters/%.c,%,$(wildcard chapters/*/exercises/[0-9]*.c))))
UNSOLVED  := $(EXERCISES:%=$(B)/exercises/%)
SOLVED    := $(EXERCISES:%=$(B)/solutions/%)
in_exercises  = $(subst /,/exercises/$2,$1)
exercise_test = $(B)/chapters/$(call in_exercises,$1,test_).o \
  $(B)/chapters/$(call of_chapter,$1) $(CHAPTER_SUPPORT)
$(UNSOLVED): $(B)/exercises/%: $(B)/chapters/$$(call in_exercises,$$*).o $$(call exercise_test,$$*)
	$(link) $(lib_check) $(LIBS)
$(SOLVED): $(B)/solutions/%: $(B)/tests/course/solutions/%.o $$(call exercise_test,$$*)
	$(link) $(lib_check) $(LIBS)
# Wrong solutions, which the test must refuse: tests/course/cheats/NN_name/M_name.WHAT.c.
CHEATS  := $(patsubst tests/course/cheats/%.c,%,$(sort $(wildcard tests/course/cheats/*/*.c)))
CHEATED := $(CHEATS:%=$(B)/cheats/%)
$(CHEATED): $(B)/cheats/%: $(B)/tests/course/cheats/%.o $$(call exercise_test,$$(basename $$*))
	$(link) $(lib_check) $(LIBS)
# 04-2: of 04_…, what is named 2_…
exercise = $(strip $(foreach e,$(filter $(firstword $(subst -, ,$1))_%,$(EXERCISES)),$(if \
  $(filter $(lastword $(subst -, ,$1))_%,$(notdir $e)),$e)))
exercise_program = $(B)/$(if $(filter 1,$(SOLUTION)),solutions,exercises)/$(call exercise,$1)
# The program is built by a make of its own, and this one runs under -q: then a command marked +
# that ends with status 1 ends make with status 1 as well, and without the line
# `make: *** [...] Error 1` (which GNU make 3.81 prints all the same).
ifeq ($(filter-out exercise-%,$(or $(MAKECMDGOALS),all)),)
MAKEFLAGS += -q
endif
exercise-%: ## one; SOLUTION=1: ours
	+@[ -n '$(call exercise,$*)' ] || { \
	  echo 'There is no exercise $*; there are: $(EXERCISES)' >&2; exit 1; }
	+@MAKEFLAGS= $(MAKE) --no-print-directory $(MAKEOVERRIDES) $(call exercise_program,$*)
	+@EXERCISES='$(EXERCISES)' tests/course/exercise.sh \
	  $(call exercise,$*) $(call exercise_program,$*)

# make help lists the targets.
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
CC   ?= cc
V    ?= release
ARCH ?= native

CFLAGS_release := -O3 -march=$(ARCH)
CFLAGS_debug   := -O0
CFLAGS_asan    := -O1 -march=$(ARCH) -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
WARN   := -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes
CFLAGS += -std=c11 -g -D_POSIX_C_SOURCE=200809L $(WARN) $(WERROR) -I. -MMD -MP $(CFLAGS_$(V))

H := \#
probe = $(shell printf '%b' '$(1)' | $(CC) $(2) -x c - -o /dev/null $(3) 2>/dev/null && echo 1 || echo 0)
BLAS   ?= $(call probe,$(H)include <cblas.h>\nint main(void){return (int)cblas_sasum(0,0,1);}\n,,-lopenblas)
OPENMP ?= $(call probe,$(H)include <omp.h>\nint main(void){return omp_get_max_threads()<1;}\n,-fopenmp,)
BLAS := $(BLAS)
OPENMP := $(OPENMP)
B := build/$(notdir $(CC))-$(V)-$(ARCH)-blas$(BLAS)-omp$(OPENMP)

# Contraction, no errno from sqrtf, no traps: none changes what a NaN or an infinity does (that would be -ffast-math).
REFERENCE_CFLAGS := -ffp-contract=fast -fno-math-errno -fno-trapping-math -fopenmp-simd -Wno-pass-failed $(if $(filter 1,$(BLAS)),-DWITH_BLAS) $(if $(filter 1,$(OPENMP)),-fopenmp)
LIBS := $(if $(filter 1,$(BLAS)),-lopenblas) $(if $(filter 1,$(OPENMP)),-fopenmp) -ljansson -lutf8proc -lxxhash -lm
CHECK_LIBS := $(shell pkg-config --libs check 2>/dev/null || echo -lcheck -lsubunit -lrt -pthread)

LIBRARY_SOURCES := $(filter-out reference/cli/%,$(wildcard reference/*/*.c)) $(wildcard datasets/storyworld/*.c)
LIBRARY := $(patsubst %.c,$(B)/%.o,$(LIBRARY_SOURCES))
CLI     := $(patsubst %.c,$(B)/%.o,$(wildcard reference/cli/*.c))
TESTS   := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/test_*.c))
TEST_SUPPORT := $(patsubst %.c,$(B)/%.o,$(wildcard tests/support/*.c))

.PHONY: all test clean format
all: build/sgatlin

build/sgatlin: $(B)/sgatlin
	ln -sfn $(B:build/%=%)/sgatlin $@
$(B)/sgatlin: $(CLI) $(LIBRARY)
	$(CC) $(CFLAGS) $^ -o $@ $(LIBS)
$(B)/tests/test_%: $(B)/tests/test_%.o $(TEST_SUPPORT) $(LIBRARY)
	$(CC) $(CFLAGS) $^ -o $@ $(CHECK_LIBS) $(LIBS)
$(B)/reference/%.o: CFLAGS += $(REFERENCE_CFLAGS)
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c $< -o $@

test: $(TESTS)
	@for t in $(TESTS); do echo "-- $$t"; $$t || exit 1; done
test-%: $(B)/tests/test_%
	$<

format:
	clang-format -i $$(git ls-files '*.c' '*.h')
clean:
	rm -rf build
-include $(shell find build -name '*.d' 2>/dev/null)

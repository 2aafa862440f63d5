# CUDA on the CPU, with every memory access checked. Needs g++, which make looks for only where
# the emulator is built: nothing else needs it. Its objects depend neither on V nor on CC.
G := $(B)/gpu
EMULATOR := $(G)/emulator.a
ENGINE_FLAGS := -std=gnu++17 -O2 -g -fopenmp -Wall -Wextra -Wshadow -Igpu/emulator -I. \
  $(if $(filter 1,$(WERROR)),-Werror)
$(EMULATOR): $(patsubst gpu/%.cpp,$(G)/%.o,$(wildcard gpu/emulator/engine/*.cpp))
$(G)/%.o: gpu/%.cpp gpu/gpu.mk $(B)/flags
	$(if $(HAVE_CXX),,@echo 'No g++ for the emulator. Run `make deps`' >&2; exit 1)
	@mkdir -p $(@D)
	@echo '$(CXX) $<'
	@$(CXX) $(ENGINE_FLAGS) -MMD -MP -c $< -o $@
$(G)/rewrite: $(B)/gpu/emulator/rewrite.o
	$(link)

# What a person needs to run gpu/emulator/emulate.sh.
EMULATE := $(EMULATOR) $(G)/rewrite gpu/emulator/emulate.sh
FILE =
ARGS =
.PHONY: emulate
emulate: $(EMULATE) ## compile and run FILE=kernel.cu with ARGS="..." on the CPU, checked
	@B='$(B)' CXX='$(CXX)' gpu/emulator/emulate.sh '$(or $(FILE),$(error make emulate FILE=x.cu))' \
	  $(ARGS)

# ---- lessons: a lesson is a folder gpu/NN_name with lesson.cu, its kernels, and exercises
GPU_LESSONS   := $(sort $(notdir $(patsubst %/lesson.cu,%,$(wildcard gpu/[0-9][0-9]_*/lesson.cu))))
GPU_PROGRAMS  := build/gpu-test build/gpu-profile
KERNEL_FLAGS  := $(shell cat gpu/emulator/flags) -DEMULATOR_PROFILE \
  $(filter -W% -I%,$(ENGINE_FLAGS))
define compile_kernels
	$(if $(HAVE_CXX),,@echo 'No g++ for the emulator. Run `make deps`' >&2; exit 1)
	@mkdir -p $(@D)
	@echo '$(CXX) $<'
	@$(CXX) $(KERNEL_FLAGS) -MMD -MP -x c++ -c $< -o $@
endef
$(G)/%.o: gpu/%.cu gpu/emulator/flags gpu/gpu.mk $(B)/flags
	$(compile_kernels)
$(G)/solutions/%.o: tests/gpu/solutions/%.cu gpu/emulator/flags gpu/gpu.mk $(B)/flags
	$(compile_kernels)
# The one part of the reference that is used, without threads: they would be those of CC.
$(G)/random.o: reference/numbers/random.c $(B)/flags
	@mkdir -p $(@D)
	@$(CC) $(FLAGS) $(EXACT) -Wno-unknown-pragmas -MMD -MP -c $< -o $@
link_emulated = @echo '$(CXX) -o $@'; mkdir -p $(@D); \
  $(CXX) -fopenmp $(filter %.o,$^) $(filter %.a,$^) -lm -o $@
# What the programs share, and the chapters: the oracle.
GPU_COMMON := $(patsubst %,$(G)/%.o,lesson trial $(GPU_LESSONS:%=%/lesson)) $(G)/random.o \
  $(B)/chapters/$(lastword $(CHAPTERS)).a $(EMULATOR)
$(B)/gpu-profile: $(G)/profile_report.o
$(GPU_PROGRAMS:build/%=$(B)/%): $(B)/gpu-%: $(G)/%.o $(GPU_COMMON) $(B)/sources
	$(link_emulated)
.PHONY: $(GPU_PROGRAMS)
$(GPU_PROGRAMS): build/%: $(B)/%
	@ln -s $(<:build/%=%) $@.$$$$ && mv -f $@.$$$$ $@
# $(B)/gpu-test in place of build/gpu-test: another build may have been the last.
gpu_lesson = $(filter $1_%,$(GPU_LESSONS))
gpu-%: $(B)/gpu-test build/gpu-profile ## the tests of one GPU lesson, as in make gpu-01
	@[ -n '$(call gpu_lesson,$*)' ] || { \
	  echo 'There is no gpu/$*_…; there are: $(GPU_LESSONS)' >&2; exit 1; }
	$(call run,$(B)/gpu-test,$*)

# ---- the same for a GPU: needs NVIDIA's toolkit. CUDA_ARCH: compute capabilities, as in
# make CUDA_ARCH='89 90' gpu; by default this machine's, or without a GPU those since Turing.
NVCC      := $(or $(shell command -v nvcc),$(wildcard /usr/local/cuda/bin/nvcc))
CUDA_ARCH  =
ALL_ARCHS := 75 80 86 89 90 100 120
HAVE_GPU  := $(wildcard /dev/nvidia0 /usr/lib/wsl/lib/libcuda.so.1)
ARCHS     := $(or $(CUDA_ARCH),$(if $(HAVE_GPU),native,$(ALL_ARCHS)))
GENCODE   := $(if $(filter native,$(ARCHS)),-arch=native,\
  $(foreach a,$(ARCHS),-gencode arch=compute_$a,code=sm_$a) \
  -gencode arch=compute_$(lastword $(ARCHS)),code=compute_$(lastword $(ARCHS)))
comma     := ,
NVCCFLAGS := -std=c++20 -O3 -I. -lineinfo -Xcompiler -Wall,-Wextra$(if $(filter 1,$(WERROR)),$\
  $(comma)-Werror -Werror all-warnings)
N := $(B)/nvcc-$(subst $(eval) ,-,$(strip $(ARCHS)))
$(N)/%.o: %.cu gpu/gpu.mk $(B)/flags
	$(compile_nvcc)
$(N)/%.o: %.cpp gpu/gpu.mk $(B)/flags
	$(compile_nvcc)
no_nvcc = $(if $(NVCC),,@echo 'No nvcc: install the CUDA toolkit, or name it: make NVCC=...' >&2; \
  exit 1)
define compile_nvcc
	$(no_nvcc)
	@mkdir -p $(@D)
	@echo 'nvcc $<'
	@$(NVCC) $(NVCCFLAGS) $(GENCODE) -MMD -MP -c $< -o $@
endef
# Shared libraries in lib/ beside a program come first: see gpu-portable.
BESIDE := -Xlinker '-rpath=$$ORIGIN/lib'
CUDA_PROGRAMS := $(N)/gpu-test $(N)/gpu-bench
$(CUDA_PROGRAMS): $(N)/gpu-%: $(N)/gpu/%.o \
  $(patsubst %,$(N)/gpu/%.o,lesson trial cublas $(GPU_LESSONS:%=%/lesson)) $(G)/random.o \
  $(B)/chapters/$(lastword $(CHAPTERS)).a $(B)/sources
	@echo 'nvcc -o $@'
	@$(NVCC) $(GENCODE) $(filter %.o,$^) $(filter %.a,$^) $(BESIDE) -lm -ldl -o $@
.PHONY: gpu gpu-test gpu-bench build/gpu-bench
build/gpu-bench: build/%: $(N)/%
	@ln -s $(<:build/%=%) $@.$$$$ && mv -f $@.$$$$ $@
gpu: $(CUDA_PROGRAMS) build/gpu-bench ## the GPU lessons for a GPU, with nvcc
gpu-test: $(N)/gpu-test ## every kernel version on this machine's GPU
	$<
gpu-bench: $(N)/gpu-bench ## the time of each version on this machine's GPU
	$<
.PHONY: gpu-registers
gpu-registers: ## registers, shared memory and spills of the kernels of lessons and trainer
	$(no_nvcc)
	@$(NVCC) --version | grep release
	@$(foreach f,$(GPU_LESSONS:%=gpu/%/lesson.cu) $(TRAINER),$(NVCC) $(NVCCFLAGS) -w $(GENCODE) \
	  -Xptxas -v -c $f -o /dev/null 2>&1 | c++filt | awk -f gpu/registers.awk;)

# Exercises: gpu/NN_name/exercises/M_name.cu, a program that includes its test test_M_name.cuh; the
# solutions are in tests/gpu/solutions/NN_name/M_name.cu.
GPU_EXERCISES := $(sort \
  $(patsubst tests/gpu/solutions/%.cu,%,$(wildcard tests/gpu/solutions/*/*.cu)) \
  $(subst /exercises/,/,$(patsubst gpu/%.cu,%,$(wildcard gpu/*/exercises/[0-9]*.cu))))
GPU_UNSOLVED  := $(GPU_EXERCISES:%=$(G)/exercises/%)
GPU_SOLVED    := $(GPU_EXERCISES:%=$(G)/solutions/%)
$(GPU_UNSOLVED): $(G)/exercises/%: $(G)/$$(subst /,/exercises/,$$*).o $(EMULATOR)
	$(link_emulated)
$(GPU_SOLVED): $(G)/solutions/%: $(G)/solutions/%.o $(EMULATOR)
	$(link_emulated)
# 01-2: of 01_..., what is named 2_...
gpu_exercise = $(strip $(foreach e,$(filter $(firstword $(subst -, ,$1))_%,$(GPU_EXERCISES)),$(if \
  $(filter $(lastword $(subst -, ,$1))_%,$(notdir $e)),$e)))
gpu_exercise_program = $(addprefix \
  $(G)/$(if $(filter 1,$(SOLUTION)),solutions,exercises)/,$(call gpu_exercise,$1))
gpu-exercise-%: $$(call gpu_exercise_program,$$*) ## one; SOLUTION=1
	@[ -n '$(call gpu_exercise,$*)' ] || { \
	  echo 'There is no exercise $*; there are: $(GPU_EXERCISES)' >&2; exit 1; }
	@$< && echo 'Solved: $*' || { echo 'Not yet solved:' \
	  'gpu/$(subst /,/exercises/,$(call gpu_exercise,$*)).cu'; exit 1; }
# gpu-test with versions that it has to reject.
$(G)/lessons/%.o: tests/gpu/lessons/%.cu gpu/emulator/flags gpu/gpu.mk $(B)/flags
	$(compile_kernels)
$(G)/test-planted: $(G)/lessons/planted.o \
  $(patsubst %,$(G)/%.o,test lesson trial random) $(EMULATOR)
	$(link_emulated)
# What the tests of this track need.
GPU_NEEDS := $(EMULATE) $(GPU_PROGRAMS:build/%=$(B)/%) $(GPU_UNSOLVED) $(GPU_SOLVED) \
  $(G)/test-planted
# ---- sgatlin with one more device: the trainer, compiled for the emulator. A program of its own,
# since it needs g++.
TRAINER := $(wildcard gpu/trainer/*.cu)
# Of the files of a lesson it uses one version each.
$(G)/trainer/%.o: KERNEL_FLAGS += -Wno-unused-function
$(N)/gpu/trainer/%.o: NVCCFLAGS += -diag-suppress=177 -Xcompiler -Wno-unused-function
link_trainer = @echo '$(CXX) -o $@'; \
  $(CXX) -fopenmp $(filter %.o,$^) $(filter %.a,$^) -o $@ $(LIBS)
WITH_TRAINER := $(filter-out %/devices.o,$(call objects,reference/cli/*.c)) $(REFERENCE)
TRAINER_OBJECTS := $(TRAINER:gpu/%.cu=$(G)/%.o) $(B)/gpu/trainer/emulator_devices.o
$(B)/sgatlin-emulator: $(TRAINER_OBJECTS) $(WITH_TRAINER) $(EMULATOR)
	$(link_trainer)
.PHONY: build/sgatlin-emulator
build/sgatlin-emulator: $(B)/sgatlin-emulator ## sgatlin with --device emulator
	@ln -s $(<:build/%=%) $@.$$$$ && mv -f $@.$$$$ $@
# A test of its insides, for tests/gpu/test_trainer.sh.
$(G)/test-trainer.o: tests/gpu/trainer.cu gpu/emulator/flags gpu/gpu.mk $(B)/flags
	$(compile_kernels)
$(G)/test-trainer: $(G)/test-trainer.o $(TRAINER_OBJECTS) $(REFERENCE) $(EMULATOR)
	$(link_trainer)
GPU_NEEDS += $(B)/sgatlin-emulator $(B)/sgatlin $(G)/test-trainer $(G)/golden

# And for a GPU.
$(N)/sgatlin-gpu: $(TRAINER:%.cu=$(N)/%.o) $(N)/gpu/cublas.o \
  $(B)/gpu/trainer/gpu_devices.o $(WITH_TRAINER)
	@echo 'nvcc -o $@'
	@$(NVCC) $(GENCODE) $(filter %.o,$^) $(filter %.a,$^) -Xcompiler '$(THREADS)' $(BESIDE) $(LIBS) \
	  -ldl -o $@
gpu: build/sgatlin-gpu
.PHONY: build/sgatlin-gpu
build/sgatlin-gpu: $(N)/sgatlin-gpu ## sgatlin with --device gpu, which is its default
	@ln -s $(<:build/%=%) $@.$$$$ && mv -f $@.$$$$ $@

# ---- results, and programs for a GPU in another machine
.PHONY: gpu-results gpu-portable portable
gpu-results: build/gpu-profile $(if $(HAVE_GPU),gpu) ## update gpu/RESULTS.md on this machine
	$(if $(NVCC),@$(MAKE) -s CUDA_ARCH='75 80 90 120' gpu-registers >$(G)/registers)
	gpu/results.sh build $(if $(NVCC),$(G)/registers)
# Without a BLAS, which may be built for this CPU alone.
gpu-portable: ## programs for a GPU in another machine: make ARCH=x86-64-v3 gpu-portable
	$(no_nvcc)
	$(if $(filter native,$(ARCH)),@echo 'Name the CPU: make ARCH=x86-64-v3 gpu-portable' >&2; exit 1)
	+@$(MAKE) --no-print-directory BLAS=0 CUDA_ARCH='$(or $(CUDA_ARCH),$(ALL_ARCHS))' portable
PORTABLE := build/gpu-portable
# The libraries of a program but for those of glibc and the C++ library, which every machine has: a
# copy of the latter would need the glibc of this machine.
bundled = ldd $1 | \
  awk '/=> \// && $$1 !~ /^lib(c|m|dl|pthread|rt|stdc[+][+]|gcc_s)[.]so/ { print $$3 }' | sort -u
newest = objdump -T $1 | grep -o '$2_[0-9.]*' | sort -Vu | tail -n 1
portable: $(CUDA_PROGRAMS) $(N)/sgatlin-gpu
	@rm -rf $(PORTABLE) $(PORTABLE).tar.gz && mkdir -p $(PORTABLE)/lib
	@cp $^ gpu/results.sh gpu/RESULTS.md gpu/RUN.md $(PORTABLE)
	@$(call bundled,$^) | xargs cp -Lt $(PORTABLE)/lib
	@! $(call bundled,$(^F:%=$(PORTABLE)/%)) | grep -v '/$(PORTABLE)/lib/' >&2
	@printf '\n%s\n%s %s %s\n' 'For CPUs since $(ARCH) and GPUs of compute capability $(ARCHS).' \
	  "Needs $$($(call newest,$(PORTABLE)/*gpu* $(PORTABLE)/lib/*,GLIBC)) and" \
	  "$$($(call newest,$(PORTABLE)/*gpu*,GLIBCXX)); built with" \
	  "$$($(NVCC) --version | sed -n 's/.*\(release [^,]*\),.*/CUDA \1./p')" >>$(PORTABLE)/RUN.md
	@tar -C build -czf $(PORTABLE).tar.gz gpu-portable
	@echo '$(PORTABLE) $(PORTABLE).tar.gz'

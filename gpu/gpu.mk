# CUDA on the CPU, with every memory access checked. Needs g++, which make looks for only where
# the emulator is built: nothing else needs it. Its objects depend neither on V nor on CC.
G := $(B)/gpu
EMULATOR := $(G)/emulator.a
ENGINE_FLAGS := -std=gnu++17 -O2 -g -fopenmp -Wall -Wextra -Wshadow -Igpu/emulator \
  $(if $(filter 1,$(WERROR)),-Werror)
$(EMULATOR): $(patsubst gpu/%.cpp,$(G)/%.o,$(wildcard gpu/emulator/engine/*.cpp))
$(G)/%.o: gpu/%.cpp gpu/gpu.mk $(B)/flags
	$(if $(HAVE_CXX),,@echo 'No g++ for the emulator. Run `make deps`' >&2; exit 1)
	@mkdir -p $(@D)
	@echo '$(CXX) $<'
	@$(CXX) $(ENGINE_FLAGS) -MMD -MP -c $< -o $@
$(G)/rewrite: $(B)/gpu/emulator/rewrite.o
	$(link)

# What a test or a person needs to run gpu/emulator/emulate.sh.
EMULATE := $(EMULATOR) $(G)/rewrite gpu/emulator/emulate.sh
FILE =
ARGS =
.PHONY: emulate
emulate: $(EMULATE) ## compile and run FILE=kernel.cu with ARGS="..." on the CPU, checked
	@B='$(B)' CXX='$(CXX)' gpu/emulator/emulate.sh '$(or $(FILE),$(error make emulate FILE=x.cu))' \
	  $(ARGS)

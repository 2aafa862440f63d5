# The reference: its library, the program sgatlin, and what runs it.
REFERENCE := $(B)/reference.a
$(REFERENCE): $(filter-out $(B)/reference/cli/%,$(call objects,reference/*/*.c)) \
  $(call objects,datasets/storyworld/*.c)
$(B)/reference/%.o: KIND_FLAGS = $(SPEED) $(FAST)
$(B)/reference/numbers/dot.o: KIND_FLAGS = $(SPEED) $(FAST) $(ANY_ORDER)
# What compares rounds exactly, as the tests do; pictures are the same from every compiler.
$(B)/reference/check/%.o: KIND_FLAGS = $(SPEED) $(EXACT)
$(B)/reference/draw/%.o $(B)/reference/circuits/map_picture.o: KIND_FLAGS = $(SPEED) $(EXACT)
$(B)/datasets/%.o: KIND_FLAGS = $(EXACT)
PROGRAMS += build/sgatlin
$(B)/sgatlin: $(call objects,reference/cli/*.c) $(REFERENCE)
	$(link) $(LIBS)

.PHONY: demo bench front-page
demo: build/sgatlin ## some minutes: make a corpus, train a small model on it, let it tell stories
	$(if $(filter 1,$(SDL2)),+@$(MAKE) --no-print-directory build/visualizer)
	SGATLIN=build/sgatlin reference/demo.sh
bench: build/sgatlin ## on an idle machine: layers, training steps and circuits beside its ceilings
	build/sgatlin bench
	build/sgatlin bench circuits
front-page: build/sgatlin ## after make demo: its story and the benchmark's table into README.md
	SGATLIN=build/sgatlin sh reference/results/front_page.sh

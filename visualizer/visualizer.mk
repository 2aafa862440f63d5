# The window. All of it but window.c works without SDL2: pictures of its panels are painted into
# PNG files.
VISUALIZER := $(B)/visualizer.a
$(VISUALIZER): $(filter-out %/main.o %/window.o,$(call objects,visualizer/*.c))
# with OpenMP, so that its threads use as many threads as the one that made the model
$(B)/visualizer/%.o: KIND_FLAGS = $(EXACT) $(THREADS)

# SDL2 is looked for only where the program is built: nothing else needs it. SDL2=0 leaves it out.
SDL2 = $(eval SDL2 := $(if $(call builds,sdl2),1,0))$(SDL2)
with_sdl2 = $(if $(filter 1,$(SDL2)),$1)
$(B)/sdl2: FORCE
	$(call if_changed,echo '$(call with_sdl2,$(use_sdl2) $(lib_sdl2))')
$(B)/visualizer/window.o: KIND_FLAGS = $(EXACT) $(THREADS) $(call with_sdl2,$(use_sdl2))
$(B)/visualizer/window.o: $(B)/sdl2

# Its objects are in a folder of its name, so the program is inside.
VIEWER := $(B)/visualizer/visualizer
$(VIEWER): $(B)/visualizer/main.o $(B)/visualizer/window.o \
  $(filter-out %/main.o,$(call objects,reference/cli/*.c)) $(VISUALIZER) $(REFERENCE)
	$(if $(filter 1,$(SDL2)),,@echo 'No SDL2: the visualizer has no window (make deps-visualizer)')
	$(link) -pthread $(call with_sdl2,$(lib_sdl2)) $(LIBS)
.PHONY: build/visualizer
build/visualizer: $(VIEWER) ## the window: a model tells a story while you watch its neurons
	@ln -s $(<:build/%=%) $@.$$$$ && mv -f $@.$$$$ $@
all: build/visualizer

# The demo's run; or make view RUN=runs/mine
RUN = out/demo/run
.PHONY: view tour tour-picture
view: build/visualizer ## open the window on the demo's model (after make demo), or on RUN=...
	build/visualizer --checkpoint '$(RUN)'
tour: build/visualizer ## two minutes in the window: what a word does in the demo's model
	build/visualizer --checkpoint '$(RUN)' --tour
tour-picture: build/visualizer ## the tour as an animated picture, visualizer/tour.png
	build/visualizer --checkpoint '$(RUN)' --prompt 'The dog' --tour --headless --fps 2 \
	  --size 960x540 --scale 0.75 --animation visualizer/tour.png

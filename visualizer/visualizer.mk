# The window. All of it but window.c works without SDL2: pictures of its panels are painted into
# PNG files.
VISUALIZER := $(B)/visualizer.a
$(VISUALIZER): $(filter-out %/main.o %/window.o,$(call objects,visualizer/*.c))
$(B)/visualizer/%.o: KIND_FLAGS = $(EXACT)
# Its objects are in a folder of its name, so the program is inside.
VIEWER := $(B)/visualizer/visualizer
$(VIEWER): $(B)/visualizer/main.o $(filter-out %/main.o,$(call objects,reference/cli/*.c)) \
  $(VISUALIZER) $(REFERENCE)
	$(link) -pthread $(LIBS)
.PHONY: build/visualizer
build/visualizer: $(VIEWER) ## the window: a model tells a story while you watch its neurons
	@ln -s $(<:build/%=%) $@.$$$$ && mv -f $@.$$$$ $@
all: build/visualizer

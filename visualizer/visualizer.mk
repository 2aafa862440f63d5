# The window. All of it but window.c works without SDL2: pictures of its panels are painted into
# PNG files.
VISUALIZER := $(B)/visualizer.a
$(VISUALIZER): $(filter-out %/main.o %/window.o,$(call objects,visualizer/*.c))
$(B)/visualizer/%.o: KIND_FLAGS = $(EXACT)

# The course as HTML: `make course`. The library md4c is looked for only where it is needed.
PAGES   := $(B)/course
MD4C     = $(eval MD4C := $(if $(call builds,md4c),1,0))$(MD4C)
$(B)/chapters/pages/%.o: KIND_FLAGS = $(EXACT) $(use_md4c)
$(PAGES): $(call objects,chapters/pages/*.c) $(B)/chapters/$(lastword $(CHAPTERS)).a \
  $(CHAPTER_SUPPORT)
	$(link) $(lib_md4c) $(LIBS)

.PHONY: course no-md4c build/course
course: $$(if $$(filter 1,$$(MD4C)),build/course,no-md4c) ## the lessons as HTML: out/course
	build/course out/course ../..
build/course: $(PAGES)
	@ln -s $(<:build/%=%) $@.$$$$ && mv -f $@.$$$$ $@
no-md4c:
	@echo 'The pages need the library md4c, which was not found. Run `make deps-course`' >&2; exit 1

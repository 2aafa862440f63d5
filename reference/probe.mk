# What this machine has, found by building a real program that uses it. Sets
#   FOUND      of NEEDED and OPTIONAL, what works here   MISSING   needed or asked for, not found
#   LEFT_OUT   optional, and not found                      INFO      one line that says all this
#   SGEMM      the library for matrix products: onednn, cblas, or plain (our own loops)
#   HAVE_OPENMP (0 or 1); use_X and lib_X, the flags to compile and to link with X
H   := \#
pkg = $(or $(shell pkg-config $1 $2 2>/dev/null),$3)
FLAGS := -std=c11 -g -D_POSIX_C_SOURCE=200809L
ifneq ($(shell uname -s),Darwin)
use_openmp := -fopenmp
use_cblas  := -DWITH_CBLAS $(call pkg,--cflags,openblas)
lib_cblas  := $(call pkg,--libs,openblas,-lopenblas)
else # from the manuals, not tried
BREW       := $(shell brew --prefix)
ACCELERATE := $(shell xcrun --show-sdk-path)/System/Library/Frameworks/Accelerate.framework
FLAGS      += -D_DARWIN_C_SOURCE -I$(BREW)/include -I$(BREW)/opt/libomp/include
LDFLAGS    += -L$(BREW)/lib -L$(BREW)/opt/libomp/lib
use_openmp := -Xpreprocessor -fopenmp
lib_openmp := -lomp
use_cblas  := -DWITH_CBLAS -DACCELERATE_NEW_LAPACK \
  -I$(ACCELERATE)/Frameworks/vecLib.framework/Headers
lib_cblas  := -framework Accelerate
lib_argp   := -largp
endif
use_onednn   := -DWITH_ONEDNN $(use_openmp) # it takes its number of threads from OpenMP
lib_onednn   := $(lib_openmp) -ldnnl
lib_jansson  := -ljansson
lib_utf8proc := -lutf8proc
lib_xxhash   := -lxxhash
lib_zlib     := -lz
lib_stb      := -lm
# For the window alone (visualizer.mk looks for it): not in NEEDED, nor in OPTIONAL.
use_sdl2      = -DWITH_SDL2 $(call pkg,--cflags,sdl2,-I/usr/include/SDL2)
lib_sdl2      = $(call pkg,--libs,sdl2,-lSDL2)
# For the course's pages alone (pages.mk looks for it).
use_md4c      = $(call pkg,--cflags,md4c)
lib_md4c      = $(call pkg,--libs,md4c,-lmd4c)
use_check    := $(call pkg,--cflags,check)
lib_check    := $(call pkg,--libs,check,-lcheck -lsubunit -lrt -lm -pthread)
lib_fuzzer   := -fsanitize=fuzzer,address,undefined
try_jansson  := $Hinclude <jansson.h>\nvoid *try_jansson(void) { return json_object(); }\n
try_utf8proc := $Hinclude <utf8proc.h>\nconst char *try_utf8(void) { return utf8proc_version(); }\n
try_xxhash   := $Hinclude <xxhash.h>\nunsigned long try_xxh3(void) { return XXH3_64bits("", 0); }\n
try_zlib     := $Hinclude <zlib.h>\nconst char *try_zlib(void) { return zlibVersion(); }\n
try_stb      := $(foreach h,image_write truetype easy_font,$Hinclude <stb/stb_$h.h>\n)
try_argp     := $Hinclude <argp.h>\nint try_argp(void) { return argp_parse(0, 0, 0, 0, 0, 0); }\n
try_onednn   := $Hinclude <dnnl.h>\n$Hif DNNL_CPU_RUNTIME != DNNL_RUNTIME_OMP\n$Herror threads\n\
$Hendif\nint try_onednn(void) { return dnnl_sgemm(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); }\n
try_cblas    := $Hinclude <cblas.h>\nfloat try_cblas(void) { return cblas_sasum(0, 0, 1); }\n
try_sdl2     := $Hdefine SDL_MAIN_HANDLED\n$Hinclude <SDL.h>\n\
float try_sdl2(SDL_MouseWheelEvent *e) { return SDL_Init(0) == 0 ? e->preciseY : 0; }\n
try_md4c     := $Hinclude <md4c.h>\nint try_md4c(void) { return md_parse("", 0, 0, 0); }\n
try_openmp   := $Hinclude <omp.h>\nint try_openmp(void) { return omp_get_max_threads(); }\n
try_check    := $Hinclude <check.h>\nvoid *try_check(void) { return suite_create(""); }\n
# A C++ compiler, for the emulator alone: only `make deps` and what builds it look for one.
HAVE_CXX = $(eval HAVE_CXX := $(shell echo 'int main(void) { return 0; }' | $(CXX) $(shell cat \
  gpu/emulator/flags) -fopenmp -x c++ -c - -o /dev/null 2>/dev/null && echo 1))$(HAVE_CXX)
# A font for pictures, at one of the places that reference/draw/font.c looks at.
FONTS        := $(shell sed -n 's|^ *"\(/.*[.][ot]t[cf]\)",.*|\1|p' reference/draw/font.c)
try_font     := $(if $(wildcard $(FONTS)),,$Herror no font\n)
try_fuzzer   := int LLVMFuzzerTestOneInput(void) { return 0; }\n$Hdefine main not_main\n

NEEDED   := compiler jansson utf8proc xxhash zlib stb argp $(if $(filter fuzz,$(V)),fuzzer)
# oneDNN has fast kernels for x86-64 only, and takes its number of threads from OpenMP.
ONEDNN   := $(if $(filter 0,$(OPENMP)),,$(if $(filter Linux_x86_64,$(shell uname -s)_$(shell \
  uname -m)),onednn))
LIBRARY  := $(if $(BLAS),$(filter-out 0,$(BLAS)),$(or $(ONEDNN),cblas))
$(if $(filter-out onednn cblas 0,$(BLAS)),$(error BLAS=$(BLAS) is not one of: onednn cblas 0))
$(if $(filter onednn_0,$(BLAS)_$(OPENMP)),$(error oneDNN needs OpenMP: BLAS=cblas OPENMP=0))
OPTIONAL := $(LIBRARY) $(if $(filter 0,$(OPENMP)),,openmp) check font
builds = $(shell printf '%b' '$(foreach n,$1,$(try_$n))int main(void) { return 0; }\n' | \
  $(CC) $(FLAGS) $(CPPFLAGS) $(CFLAGS) $(foreach n,$1,$(use_$n)) -x c - -o /dev/null \
  $(LDFLAGS) $(foreach n,$1,$(lib_$n)) 2>/dev/null && echo yes)
# All at once is quick; one by one only where something is missing. Nothing is remembered from the
# last time.
FOUND := $(or $(if $(call builds,$(NEEDED) $(OPTIONAL)),$(NEEDED) $(OPTIONAL)),\
  $(foreach n,$(NEEDED) $(OPTIONAL),$(if $(call builds,$n),$n)))
ASKED_FOR := $(filter-out 0,$(BLAS)) $(if $(filter 1,$(OPENMP)),openmp)
MISSING   := $(strip $(filter-out $(FOUND),$(NEEDED) $(ASKED_FOR)))
LEFT_OUT  := $(filter-out $(FOUND) $(MISSING),$(OPTIONAL))
SGEMM       := $(or $(filter $(LIBRARY),$(FOUND)),$(if $(BLAS),,$(if $(call \
  builds,cblas),cblas)),plain)
HAVE_OPENMP := $(if $(filter openmp,$(FOUND)),1,0)

SETTINGS = $(foreach s,CC BLAS OPENMP,$(if $(filter command,$(origin $s)),$s=$($s)))
DEPS    := $(strip make $(if $(filter fuzz,$(V)),deps-checks,$(SETTINGS) deps))
yes_no   = $(if $(filter $1,$(FOUND)),yes,no)
why_not  = $(if $(filter $1,$(OPTIONAL)),no $1: $(DEPS),as asked for)
left_out = $(if $(filter $1,$(FOUND)),,no $2 ($(call why_not,$1));)
products = $(if $(filter plain,$(SGEMM)),fast,faster) matrix products
LEFT     = $(strip $(call left_out,$(or $(LIBRARY),blas),$(products)) \
  $(call left_out,openmp,threads) \
  $(call left_out,check,tests) $(call left_out,font,text beyond ASCII in pictures))
BLAS_LIB = $(or $(patsubst -l%,%,$(lastword $(lib_$(SGEMM)))),no)
INFO     = cc="$(shell $(CC) --version 2>&1 | head -n 1)" arch=$(ARCH) \
  blas=$(BLAS_LIB) openmp=$(call yes_no,openmp) check=$(call yes_no,check) \
  V=$(V) | left out: $(or $(LEFT),nothing)

#include "reference/numbers/blas_core.h"
#include "reference/numbers/sgemm.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#if defined __x86_64__ || defined __i386__
Vectors processor_vectors(void) {
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (avx2) return avx512 ? VECTORS_AVX512 : VECTORS_AVX2;
    return __builtin_cpu_supports("avx") ? VECTORS_AVX : VECTORS_SSE;
}
#else
Vectors processor_vectors(void) { return VECTORS_ANY; }
#endif

BlasCore blas_core_found(void) {
    return (BlasCore){ .library = sgemm_library(),
                       .core = sgemm_core(),
                       .processor = processor_vectors(),
                       .set = getenv("OPENBLAS_CORETYPE"),
                       .replaced = getenv(BLAS_CORE_REPLACED) };
}

// OpenBLAS's cores for x86 (its driver/others/dynamic.c), with what their kernels use. Those of AMD
// from Piledriver to Excavator multiply and add in one instruction, as Haswell's.
static const struct {
    const char *core;
    Vectors vectors;
} cores[] = {
    { "Katmai", VECTORS_SSE },        { "Coppermine", VECTORS_SSE },
    { "Northwood", VECTORS_SSE },     { "Prescott", VECTORS_SSE },
    { "Banias", VECTORS_SSE },        { "Core2", VECTORS_SSE },
    { "Penryn", VECTORS_SSE },        { "Dunnington", VECTORS_SSE },
    { "Nehalem", VECTORS_SSE },       { "Atom", VECTORS_SSE },
    { "Nano", VECTORS_SSE },          { "Athlon", VECTORS_SSE },
    { "Opteron", VECTORS_SSE },       { "Opteron_SSE3", VECTORS_SSE },
    { "Barcelona", VECTORS_SSE },     { "Bobcat", VECTORS_SSE },
    { "Sandybridge", VECTORS_AVX },   { "Bulldozer", VECTORS_AVX },
    { "Piledriver", VECTORS_AVX2 },   { "Steamroller", VECTORS_AVX2 },
    { "Excavator", VECTORS_AVX2 },    { "Haswell", VECTORS_AVX2 },
    { "Zen", VECTORS_AVX2 },          { "SkylakeX", VECTORS_AVX512 },
    { "Cooperlake", VECTORS_AVX512 }, { "Sapphirerapids", VECTORS_AVX512 },
};
enum { CORES = sizeof cores / sizeof cores[0] };

static const char *const vectors_names[] = { "SSE", "AVX", "AVX2", "AVX-512" };
enum { NAMES = sizeof vectors_names / sizeof vectors_names[0] };

// A core that is not in the table is newer than it, and so made for the processor.
static Vectors core_vectors(const char *core) {
    for (int i = 0; i < CORES; i++) {
        if (strcasecmp(cores[i].core, core) == 0) return cores[i].vectors;
    }
    for (int i = 0; i < NAMES; i++) { // oneDNN's
        if (strcmp(vectors_names[i], core) == 0) return (Vectors)i;
    }
    return VECTORS_ANY;
}

static const char *general_core(Vectors vectors) {
    static const char *const names[] = { "Prescott", "Sandybridge", "Haswell", "SkylakeX" };
    return names[vectors];
}

static bool is_onednn(const BlasCore *found) { return strncmp(found->library, "oneDNN", 6) == 0; }

static bool is_set(const char *value) { return value != NULL && *value != '\0'; }

// Whether the processor can do more, or less, than the kernels use.
static int compare(const BlasCore *found) {
    Vectors used = core_vectors(found->core);
    if (used == VECTORS_ANY || found->processor == VECTORS_ANY) return 0;
    return (found->processor > used) - (found->processor < used);
}

const char *blas_core_to_set(const BlasCore *found) {
    if (compare(found) <= 0 || is_onednn(found)) return NULL;
    if (!is_set(found->set)) return general_core(found->processor);
    // some libraries are built without the kernels for AVX-512
    bool without = found->replaced != NULL && strcasecmp(found->set, "SkylakeX") == 0 &&
                   core_vectors(found->core) < VECTORS_AVX2;
    return without ? general_core(VECTORS_AVX2) : NULL;
}

static const char *slowdown(Vectors used) {
    return used < VECTORS_AVX2 ? "about four times" : "up to twice";
}

static int write_difference(const BlasCore *found, char *text, size_t size) {
    const char *used = vectors_names[core_vectors(found->core)];
    const char *has = vectors_names[found->processor];
    if (compare(found) < 0) {
        return snprintf(text, size,
                        "OpenBLAS runs its %s kernels, which use %s: this processor has no more "
                        "than %s and will stop at an illegal instruction",
                        found->core, used, has);
    }
    return snprintf(text, size,
                    "OpenBLAS runs its %s kernels, which use %s where this processor has %s: "
                    "matrix products may be %s slower",
                    found->core, used, has, slowdown(core_vectors(found->core)));
}

bool blas_core_warning(const BlasCore *found, char *text, size_t size) {
    text[0] = '\0';
    if (strcmp(found->library, "plain loops") == 0) {
        snprintf(text, size,
                 "this build has no BLAS, so matrix products take several times as "
                 "long; run `make deps`, then make again");
    } else if (*found->core == '\0') {
        snprintf(text, size,
                 "this BLAS does not say which kernels it runs, and a reference BLAS is many times "
                 "slower than others; `sgatlin bench machine` measures it, and with OpenBLAS "
                 "(`make deps`) the program finds the right ones");
    } else if (is_onednn(found)) {
        if (compare(found) == 0) return false;
        snprintf(text, size,
                 "oneDNN uses %s where this processor has %s: matrix products may be %s slower; "
                 "unset ONEDNN_MAX_CPU_ISA (or DNNL_MAX_CPU_ISA)",
                 found->core, vectors_names[found->processor], slowdown(core_vectors(found->core)));
    } else if (compare(found) != 0) {
        int used = write_difference(found, text, size);
        if (used < 0 || (size_t)used >= size) return true;
        text += used;
        size -= (size_t)used;
        const char *core = general_core(found->processor);
        if (found->replaced != NULL) {
            snprintf(text, size, "; it has none for %s: install a newer OpenBLAS", core);
        } else if (is_set(found->set)) {
            snprintf(text, size, "; OPENBLAS_CORETYPE=%s chose them: unset it, or set it to %s",
                     found->set, core);
        } else {
            snprintf(text, size, "; set OPENBLAS_CORETYPE=%s", core);
        }
    } else {
        return false;
    }
    return true;
}

#ifndef REFERENCE_NUMBERS_BLAS_CORE_H
#define REFERENCE_NUMBERS_BLAS_CORE_H
#include <stdbool.h>
#include <stddef.h>

// Which kernels OpenBLAS runs. It has one set for each "core" and chooses by the processor's model.
// One that is newer than the library gets a set that runs anywhere: on a Xeon of 2023, version
// 0.3.21 chooses Prescott, whose kernels of 2004 make training four times slower than SkylakeX.

// The vector instructions that matter to matrix products. Only x86 has cores that leave out most of
// the processor's speed: on ARM, the most general one uses NEON.
typedef enum { VECTORS_SSE, VECTORS_AVX, VECTORS_AVX2, VECTORS_AVX512, VECTORS_ANY } Vectors;

// Of this processor; AVX2 with FMA. VECTORS_ANY where it is not an x86.
Vectors processor_vectors(void);

typedef struct {
    const char *library;  // as sgemm_library
    const char *core;     // as sgemm_core
    Vectors processor;    // what this machine has
    const char *set;      // the environment's OPENBLAS_CORETYPE; NULL or "" if it is not set
    const char *replaced; // the core that OpenBLAS chose before the program set OPENBLAS_CORETYPE,
                          // NULL if it did not
} BlasCore;

// The core that OPENBLAS_CORETYPE should name when the program restarts, or NULL: nothing to gain,
// the user has set it, or it was tried before. It is the most general one that uses the
// processor's instructions (not Sapphirerapids, which computes wrong results in version 0.3.21).
const char *blas_core_to_set(const BlasCore *found);

// This program's: what the library and the processor say, and the environment.
BlasCore blas_core_found(void);

// The environment variable that holds `replaced`.
#define BLAS_CORE_REPLACED "SGATLIN_REPLACED_CORE"

// Writes a line that says why products will be slow (or crash) and what to do about it. Returns
// false, with an empty text, if there is nothing to say.
bool blas_core_warning(const BlasCore *found, char *text, size_t size);
#endif

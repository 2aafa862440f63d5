#ifndef REFERENCE_NUMBERS_PARALLEL_H
#define REFERENCE_NUMBERS_PARALLEL_H

// OpenMP where the build has it, one thread where not. Every parallel loop of this project gives
// each output row one owner and splits the work in blocks of a fixed size, so the number of threads
// never changes a bit of the result.
#ifdef _OPENMP
#include <omp.h>
static inline int parallel_processors(void) { return omp_get_num_procs(); }
static inline int parallel_threads(void) { return omp_get_max_threads(); }
static inline int parallel_thread(void) { return omp_get_thread_num(); }
static inline void parallel_set_threads(int threads) { omp_set_num_threads(threads); }
// inside a team of several threads
static inline int parallel_running(void) { return omp_in_parallel(); }
#else
static inline int parallel_processors(void) { return 1; }
static inline int parallel_threads(void) { return 1; }
static inline int parallel_thread(void) { return 0; }
static inline void parallel_set_threads(int threads) { (void)threads; }
static inline int parallel_running(void) { return 0; }
#endif
#endif

// Which of OpenBLAS's kernels the program asks for, and what it says of them, on processors and
// with libraries that are not here.
#include "reference/numbers/blas_core.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <stddef.h>
#include <string.h>

#define OPENBLAS "OpenBLAS 0.3.21 DYNAMIC_ARCH"
static const struct {
    BlasCore found;
    const char *core, *warning; // NULL: none
} findings[] = {
    // a processor that the library knows
    { { OPENBLAS, "Zen", VECTORS_AVX2, NULL, NULL }, NULL, NULL },
    { { OPENBLAS, "SkylakeX", VECTORS_AVX512, "", NULL }, NULL, NULL },
    { { OPENBLAS, "SapphireRapids", VECTORS_AVX512, NULL, NULL }, NULL, NULL },
    { { OPENBLAS, "Nehalem", VECTORS_SSE, NULL, NULL }, NULL, NULL },
    { { OPENBLAS, "Zen7", VECTORS_AVX512, NULL, NULL }, NULL, NULL },
    { { OPENBLAS, "neoversen1", VECTORS_ANY, NULL, NULL }, NULL, NULL },
    // one that it does not: the program restarts, and only if it cannot is there a warning
    { { OPENBLAS, "Prescott", VECTORS_AVX512, NULL, NULL },
      "SkylakeX",
      "OPENBLAS_CORETYPE=SkylakeX" },
    { { OPENBLAS, "prescott", VECTORS_AVX2, "", NULL }, "Haswell", "about four times slower" },
    { { OPENBLAS, "Haswell", VECTORS_AVX512, NULL, NULL }, "SkylakeX", "up to twice slower" },
    { { OPENBLAS, "Barcelona", VECTORS_AVX, NULL, NULL }, "Sandybridge", "use SSE where" },
    // then the new core runs ...
    { { OPENBLAS, "SkylakeX", VECTORS_AVX512, "SkylakeX", "Prescott" }, NULL, NULL },
    { { OPENBLAS, "Haswell", VECTORS_AVX2, "Haswell", "Prescott" }, NULL, NULL },
    // ... or the library is built without it, perhaps only without AVX-512
    { { OPENBLAS, "Prescott", VECTORS_AVX512, "SkylakeX", "Prescott" },
      "Haswell",
      "a newer OpenBLAS" },
    { { OPENBLAS, "Haswell", VECTORS_AVX512, "Haswell", "Prescott" }, NULL, "none for SkylakeX" },
    { { OPENBLAS, "Prescott", VECTORS_AVX512, "Haswell", "Prescott" }, NULL, "a newer OpenBLAS" },
    { { OPENBLAS, "Prescott", VECTORS_AVX2, "Haswell", "Prescott" }, NULL, "a newer OpenBLAS" },
    // what the user has set stays
    { { OPENBLAS, "Prescott", VECTORS_AVX512, "prescott", NULL }, NULL, "unset it" },
    { { OPENBLAS, "Haswell", VECTORS_AVX512, "Haswell", NULL }, NULL, "=Haswell chose them" },
    { { OPENBLAS, "Haswell", VECTORS_AVX2, "Haswell", NULL }, NULL, NULL },
    { { OPENBLAS, "SkylakeX", VECTORS_AVX2, "SkylakeX", NULL }, NULL, "illegal instruction" },
    // other libraries
    { { "oneDNN 2.6.3", "AVX-512", VECTORS_AVX512, NULL, NULL }, NULL, NULL },
    { { "oneDNN 2.6.3", "AVX2", VECTORS_AVX512, NULL, NULL }, NULL, "up to twice slower; unset" },
    { { "oneDNN 2.6.3", "SSE", VECTORS_AVX2, NULL, NULL }, NULL, "about four times slower; unset" },
    { { "cblas", "", VECTORS_AVX2, NULL, NULL }, NULL, "does not say which kernels" },
    { { "plain loops", "", VECTORS_AVX2, NULL, NULL }, NULL, "no BLAS" },
};

START_TEST(slow_kernels_are_replaced_or_named)
{
    char text[512];
    const char *core = blas_core_to_set(&findings[_i].found), *expected = findings[_i].core;
    ck_assert_str_eq(core == NULL ? "none" : core, expected == NULL ? "none" : expected);
    bool warned = blas_core_warning(&findings[_i].found, text, sizeof text);
    expected = findings[_i].warning;
    ck_assert_int_eq(warned, expected != NULL);
    ck_assert_msg(strstr(text, warned ? expected : "") != NULL, "%s", text);
    ck_assert_uint_lt(strlen(text), sizeof text - 1);
    // never for ever
    BlasCore next = findings[_i].found;
    for (int starts = 0; (core = blas_core_to_set(&next)) != NULL; starts++) {
        ck_assert_int_lt(starts, 2);
        if (next.replaced == NULL) next.replaced = next.core;
        next.set = core;
    }
}
END_TEST

// No core is taken that uses less than half of what the processor has without a line about it.
START_TEST(no_slow_combination_is_silent)
{
    static const char *const slow[] = { "Prescott", "Nehalem", "Core2", "Barcelona", "Bobcat" };
    static const Vectors processors[] = { VECTORS_AVX, VECTORS_AVX2, VECTORS_AVX512 };
    static const char *const set[] = { NULL, "", "Prescott", "Haswell", "SkylakeX", "Nonsense" };
    static const char *const replaced[] = { NULL, "Prescott" };
    char text[512];
    for (size_t i = 0; i < COUNT_OF(slow) * COUNT_OF(processors) * COUNT_OF(set) * 2; i++) {
        size_t rest = i / COUNT_OF(slow);
        BlasCore found = { OPENBLAS, slow[i % COUNT_OF(slow)],
                           processors[rest % COUNT_OF(processors)],
                           set[rest / COUNT_OF(processors) % COUNT_OF(set)], replaced[i % 2] };
        ck_assert(blas_core_warning(&found, text, sizeof text));
        ck_assert_msg(strstr(text, "OPENBLAS_CORETYPE") || strstr(text, "newer OpenBLAS"), "%s",
                      text);
    }
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { slow_kernels_are_replaced_or_named, COUNT_OF(findings) },
        { no_slow_combination_is_silent },
    };
    return run_tests("blas_core", tests, COUNT_OF(tests));
}

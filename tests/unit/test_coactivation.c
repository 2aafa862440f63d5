#include "reference/circuits/coactivation.h"
#include "tests/harness/random_circuits.h"
#include "tests/harness/suite.h"
#include <math.h>
#include <stdlib.h>

static Error error;

START_TEST(pairs_by_hand)
{
    int32_t index[] = { 0, 1, 3, /**/ 1, 0, NO_EXPERT, /**/ 2, NO_EXPERT, NO_EXPERT };
    float score[9] = { 0 };
    Circuits circuits = { 3, 3, 5, index, score };
    Coactivation value;
    ck_assert(coactivation_new(&value, &circuits, &error));
    const uint32_t pairs[25] = { 0, 2, 0,      1, 0, /**/ 2, 0, 0,      1, 0, /**/ 0, 0, 0,
                                 0, 0, /**/ 1, 1, 0, 0,      0, /**/ 0, 0, 0, 0,      0 };
    ck_assert_mem_eq(value.pairs, pairs, sizeof pairs);
    ck_assert_double_eq(coactivation_share(&value, 0, 1), 2.0 / 3);
    ck_assert_double_eq(coactivation_share(&value, 3, 0), 1.0 / 2);
    ck_assert_double_eq(coactivation_share(&value, 2, 0), 0); // fires alone
    ck_assert_double_eq(coactivation_share(&value, 4, 0), 0); // never fires
    coactivation_free(&value);
}
END_TEST

START_TEST(the_matrix_is_symmetric_and_its_rows_add_up)
{
    Circuits circuits = random_circuits(97, 7, 31, 1);
    Coactivation value;
    ck_assert(coactivation_new(&value, &circuits, &error));
    for (int i = 0; i < 31; i++) {
        double sum = 0;
        for (int j = 0; j < 31; j++) {
            ck_assert_uint_eq(value.pairs[i * 31 + j], value.pairs[j * 31 + i]);
            sum += coactivation_share(&value, i, j);
        }
        ck_assert_double_eq_tol(sum, 1, 1e-12);
    }
    coactivation_free(&value);
    circuits_free(&circuits);
}
END_TEST

// Circuits whose neurons are of one row of 7 by 7 all share a sub-key; shuffled, two neurons do in
// 12 of 48 places.
START_TEST(shared_subkeys_are_found_and_the_control_does_not_share_them)
{
    enum { N = 200, K = 3, n = 7 };
    int32_t index[N * K];
    float score[N * K] = { 0 };
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < K; k++) index[i * K + k] = i % n * n + (i / n + 2 * k) % n;
    }
    Circuits circuits = { N, K, n * n, index, score };
    Coactivation value;
    SubkeyShare share, again;
    ck_assert(coactivation_new(&value, &circuits, &error));
    ck_assert(coactivation_subkeys(&share, &value, n, 1, &error));
    ck_assert_double_eq(share.shared, 1);
    ck_assert_double_eq_tol(share.shuffled, 12.0 / 48, 0.05);
    ck_assert(share.deviation > 0 && share.deviation < 0.2);
    ck_assert(coactivation_subkeys(&again, &value, n, 2, &error));
    ck_assert_double_eq(again.shared, 1);
    ck_assert(again.shuffled != share.shuffled);
    coactivation_free(&value);
}
END_TEST

START_TEST(without_pairs_there_is_no_share)
{
    int32_t index[] = { 3, 0, NO_EXPERT };
    float score[3] = { 0 };
    Circuits circuits = { 3, 1, 4, index, score };
    Coactivation value;
    SubkeyShare share;
    ck_assert(coactivation_new(&value, &circuits, &error));
    ck_assert(coactivation_subkeys(&share, &value, 2, 1, &error));
    ck_assert(isnan(share.shared) && isnan(share.shuffled));
    coactivation_free(&value);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { pairs_by_hand },
        { the_matrix_is_symmetric_and_its_rows_add_up },
        { shared_subkeys_are_found_and_the_control_does_not_share_them },
        { without_pairs_there_is_no_share },
    };
    return run_tests("coactivation", tests, COUNT_OF(tests));
}

#include "reference/circuits/layout_measures.h"
#include "reference/numbers/random.h"
#include "tests/harness/random_circuits.h"
#include "tests/harness/suite.h"
#include <math.h>
#include <stdlib.h>

static Error error;

START_TEST(silhouette_by_hand)
{
    // on a line: label 0 at 0 and 1, label 1 at 4, label 2 at 10 and 12; 99 has none
    const float xy[] = { 0, 0, 1, 0, 4, 0, 10, 0, 12, 0, 99, 0 };
    const int32_t label[] = { 0, 0, 1, 2, 2, -1 };
    double value;
    ck_assert(layout_silhouette(&value, xy, label, 6, 4, &error));
    // (4-1)/4, (3-1)/3, 0 as the only one, (6-2)/6, (8-2)/8
    ck_assert_double_eq_tol(value, (0.75 + 2.0 / 3 + 0 + 2.0 / 3 + 0.75) / 5, 1e-12);
}
END_TEST

START_TEST(one_label_has_no_silhouette)
{
    const float xy[] = { 0, 0, 1, 0, 4, 0 };
    const int32_t label[] = { 1, 1, -1 };
    double value;
    ck_assert(layout_silhouette(&value, xy, label, 3, 2, &error));
    ck_assert(isnan(value));
    ck_assert(layout_silhouette(&value, xy, label, 0, 2, &error));
    ck_assert(isnan(value));
}
END_TEST

START_TEST(points_at_one_place_have_no_width)
{
    const float xy[8] = { 0 };
    const int32_t label[] = { 0, 0, 1, 1 };
    double value;
    ck_assert(layout_silhouette(&value, xy, label, 4, 2, &error));
    ck_assert_double_eq(value, 0);
}
END_TEST

// Circuit i has neuron 0 and, the larger i, the more of neuron 1: neighbours along an arc.
static Circuits arc(int N, int32_t *index, float *score) {
    for (int i = 0; i < N; i++) {
        double angle = 1.5 * (i + 0.1 * random_uniform(3, (uint64_t)i)) / N;
        index[2 * i] = 0;
        index[2 * i + 1] = 1;
        score[2 * i] = (float)cos(angle);
        score[2 * i + 1] = (float)sin(angle);
    }
    return (Circuits){ N, 2, 2, index, score };
}

START_TEST(trust_is_one_in_order_and_half_at_random)
{
    enum { N = 200 };
    static int32_t index[2 * N];
    static float score[2 * N], line[2 * N], noise[2 * N];
    Circuits circuits = arc(N, index, score);
    NeighbourIndex neighbours;
    ck_assert(neighbour_index_new(&neighbours, &circuits, &error));
    for (int i = 0; i < N; i++) {
        line[2 * i] = score[2 * i]; // the same arc
        line[2 * i + 1] = score[2 * i + 1];
    }
    for (int i = 0; i < 2 * N; i++) noise[i] = (float)random_normal(5, (uint64_t)i);
    double value;
    ck_assert(layout_trustworthiness(&value, line, &neighbours, &circuits, &error));
    ck_assert_double_eq(value, 1);
    ck_assert(layout_trustworthiness(&value, noise, &neighbours, &circuits, &error));
    ck_assert_double_eq_tol(value, 0.5, 0.05);
    neighbour_index_free(&neighbours);
}
END_TEST

// By hand: 4 circuits, one neighbour each. In the layout 0 1 2 3 are in order on a line that grows;
// as circuits 2 is nearest to 0, then 1, then 3.
START_TEST(trust_by_hand)
{
    int32_t index[8];
    float score[8];
    const double angles[] = { 0, 0.3, 0.2, 1.2 };
    for (int i = 0; i < 4; i++) {
        index[2 * i] = 0;
        index[2 * i + 1] = 1;
        score[2 * i] = (float)cos(angles[i]);
        score[2 * i + 1] = (float)sin(angles[i]);
    }
    Circuits circuits = { 4, 2, 2, index, score };
    NeighbourIndex neighbours;
    ck_assert(neighbour_index_new(&neighbours, &circuits, &error));
    const float xy[] = { 0, 0, 1, 0, 2.5f, 0, 5, 0 };
    // nearest in the layout: 1 for 0 (rank 2), 0 for 1 (rank 2: 2 is nearer), 1 for 2 (rank 1),
    // 2 for 3 (rank 2: 1 is nearer); 3 ranks too far, of 4 · 1 · (8 - 3 - 1) / 2
    double value;
    ck_assert(layout_trustworthiness(&value, xy, &neighbours, &circuits, &error));
    ck_assert_double_eq_tol(value, 1 - 3.0 / 8, 1e-12);
    circuits.N = 3;
    ck_assert(layout_trustworthiness(&value, xy, &neighbours, &circuits, &error));
    ck_assert(isnan(value));
    neighbour_index_free(&neighbours);
}
END_TEST

START_TEST(purity_by_hand)
{
    const Neighbour nearest[] = { { 1, 0 },      { 2, 0 },          /**/ { 0, 0 }, { 3, 0 },
                                  /**/ { 0, 0 }, { NO_CIRCUIT, 0 }, /**/ { 0, 0 }, { 1, 0 } };
    const int32_t label[] = { 4, 4, 7, -1 };
    // 0: 1 yes, 2 no; 1: 0 yes, 3 has none; 2: 0 no
    ck_assert_double_eq(neighbour_purity(nearest, label, 4, 2), 2.0 / 4);
    const int32_t none[] = { -1, -1, -1, -1 };
    ck_assert(isnan(neighbour_purity(nearest, none, 4, 2)));
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { silhouette_by_hand },
        { one_label_has_no_silhouette },
        { points_at_one_place_have_no_width },
        { trust_is_one_in_order_and_half_at_random },
        { trust_by_hand },
        { purity_by_hand },
    };
    return run_tests("layout_measures", tests, COUNT_OF(tests));
}

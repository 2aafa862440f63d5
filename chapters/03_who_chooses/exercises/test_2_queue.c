#include "chapters/02_mixture_of_experts/top_k.h"
#include "reference/support/random.h"
#include "tests/support/suite.h"
#include <string.h>

int queue(bool *chosen, int *room, const double *score, int K, int places, int N, int E);

enum { N = 12, E = 5 };

static void draw_scores(double *score, uint64_t seed) {
    for (uint64_t i = 0; i < N * E; i++) score[i] = random_uniform(random_key(seed, "score"), i);
}

// Two places each. All four tokens like expert 0 best: one wish each, and the last two get nobody; two wishes each, and
// they get expert 2.
START_TEST(on_paper)
{
    const double score[] = { 9, 5, 1, 8, 7, 1, 9, 1, 5, 7, 1, 2 };
    bool chosen[12];
    int room[3 + 2];
    ck_assert_int_eq(queue(chosen, room, score, 1, 2, 4, 3), 2);
    ck_assert(memcmp(chosen, (bool[12]){ 1, 0, 0, 1 }, sizeof chosen) == 0);
    ck_assert_int_eq(queue(chosen, room, score, 2, 2, 4, 3), 2);
    ck_assert(memcmp(chosen, (bool[12]){ 1, 1, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1 }, sizeof chosen) == 0);
}
END_TEST

START_TEST(room_for_all_is_token_choice)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        double score[N * E];
        bool chosen[N * E];
        int room[2 * E], K = 1 + (int)(seed % E), best[E];
        draw_scores(score, seed);
        ck_assert_int_eq(queue(chosen, room, score, K, N, N, E), 0);
        for (int t = 0; t < N; t++) {
            int own = 0;
            top_k(best, score + t * E, E, K);
            for (int e = 0; e < E; e++) own += chosen[t * E + e];
            ck_assert_int_eq(own, K);
            for (int k = 0; k < K; k++) ck_assert(chosen[t * E + best[k]]);
        }
    }
}
END_TEST

// Nobody has more than its places, every wish is either granted or counted, and who comes later changes nothing.
START_TEST(full_is_full_and_nobody_waits_for_the_future)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        enum { K = 2, PLACES = 4, SHORT = 7 };
        double score[N * E];
        bool chosen[N * E], beginning[SHORT * E];
        int room[E + K], granted = 0;
        draw_scores(score, seed);
        int dropped = queue(chosen, room, score, K, PLACES, N, E);
        for (int e = 0; e < E; e++) {
            int load = 0;
            for (int t = 0; t < N; t++) load += chosen[t * E + e];
            ck_assert_int_le(load, PLACES);
            granted += load;
        }
        ck_assert_int_eq(granted + dropped, N * K);
        ck_assert_int_ge(dropped, N * K - E * PLACES);
        queue(beginning, room, score, K, PLACES, SHORT, E);
        ck_assert(memcmp(beginning, chosen, sizeof beginning) == 0);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("03-2 queue");
    TCase *tests = tcase_create("queue");
    tcase_add_test(tests, on_paper);
    tcase_add_test(tests, room_for_all_is_token_choice);
    tcase_add_test(tests, full_is_full_and_nobody_waits_for_the_future);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}

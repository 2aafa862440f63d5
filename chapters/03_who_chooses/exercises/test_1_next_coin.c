#include "chapters/03_who_chooses/routing.h"
#include "reference/numbers/random.h"
#include "tests/harness/suite.h"

int next_coin(int first, int experts);

static int experts_of_first(const int coins[2]) {
    const RoutingRule rule = { EXPERT_CHOICE, 1.0, 0.0 };
    double score[4], scratch[4], weight[4];
    int ints[12], start[3], index[4];
    MoeGating gating = { .start = start, .index = index, .weight = weight };
    for (int i = 0; i < 4; i++) score[i] = coins[i / 2] == i % 2 ? 0.7 : 0.3;
    const RoutingTable table = { 1, 2, 2, score, NULL };
    route_tokens(&gating, scratch, ints, &table, &rule);
    return start[1];
}

START_TEST(a_thousand_coins)
{
    int right = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        const int coins[2] = { (int)random_below(1, 2 * i, 2), (int)random_below(1, 2 * i + 1, 2) };
        right += next_coin(coins[0], experts_of_first(coins)) == coins[1];
    }
    ck_assert_msg(right == 1000, "%d of 1000 coins were predicted; all of them can be", right);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { a_thousand_coins },
    };
    return run_tests("03-1 next coin", tests, COUNT_OF(tests));
}

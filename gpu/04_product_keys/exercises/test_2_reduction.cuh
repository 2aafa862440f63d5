#include "gpu/exercise.h"

static void test(int T, int n) {
    const std::vector<float> scores = exercise::small_numbers((size_t)T * n);
    exercise::Device<float> dscores(scores);
    exercise::Device<int> dbest((size_t)T);
    exercise::start_profile();
    LAUNCH(best_key, (unsigned)ceil_div(T, 4), 128, 0, nullptr, dbest.data, dscores.data, T, n);
    const std::vector<int> best = dbest.values();
    for (int t = 0; t < T; t++) {
        int expected = 0;
        for (int i = 1; i < n; i++) {
            if (scores[t * n + i] > scores[t * n + expected]) expected = i;
        }
        EXPECT(best[t] == expected, "T=%d n=%d: best[%d] is %d, expected %d", T, n, t, best[t],
               expected);
    }
    const exercise::Cost read = exercise::cost(exercise::Memory::GLOBAL, "read");
    EXPECT(read.requests == T * ceil_div(n, 32), "%.0f requests to read, expected %d",
           read.requests, T * ceil_div(n, 32));
    EXPECT(exercise::cost(exercise::Memory::SHARED, "read").requests == 0, "shared memory is read");
}

int main() {
    exercise::in_all_orders([] {
        test(1, 1);
        test(5, 33);
        test(7, 100);
    });
    puts("best_key: correct, ties too, by shuffles alone");
}

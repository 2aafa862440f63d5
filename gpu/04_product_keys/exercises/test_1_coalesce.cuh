#include "gpu/exercise.h"

static void test(int T, int n) {
    const std::vector<float> scores = exercise::small_numbers((size_t)T * n);
    exercise::Device<float> dscores(scores);
    exercise::Device<int> dbest((size_t)T);
    LAUNCH(best_key, (unsigned)ceil_div(T, 4), 128, 0, nullptr, dbest.data, dscores.data, T, n);
    const std::vector<int> best = dbest.values();
    for (int t = 0; t < T; t++) {
        int expected = 0;
        for (int i = 1; i < n; i++) {
            if (scores[i * T + t] > scores[expected * T + t]) expected = i;
        }
        EXPECT(best[t] == expected, "T=%d n=%d: best[%d] is %d, expected %d", T, n, t, best[t],
               expected);
    }
}

int main() {
    exercise::in_all_orders([] {
        test(1, 1);
        test(37, 5);
    });
    exercise::start_profile();
    test(64, 32);
    const exercise::Cost read = exercise::cost(exercise::Memory::GLOBAL, "read");
    EXPECT(read.per_request() <= 4, "a request to read moves %.2f sectors; 4 are enough",
           read.per_request());
    EXPECT(read.requests <= 2 * 2 * 32, "%.0f requests to read; %d are enough", read.requests,
           2 * 2 * 32);
    puts("best_key: correct, and every request is coalesced");
}

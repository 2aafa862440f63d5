#include "gpu/exercise.h"

static void test(int N) {
    const std::vector<float> score = exercise::small_numbers((size_t)(N * E), 2);
    exercise::Device<float> from(score);
    exercise::Device<int> counts(std::vector<int>(E, 0));
    exercise::start_profile();
    LAUNCH(count_columns, 1, 32 * E, 0, nullptr, counts.data, from.data, N);
    const std::vector<int> actual = counts.values();
    for (int e = 0; e < E; e++) {
        int expected = 0;
        for (int t = 0; t < N; t++) expected += score[(size_t)(t * E + e)] >= 0.0f;
        EXPECT(actual[(size_t)e] == expected, "N=%d: counts[%d] is %d, expected %d", N, e,
               actual[(size_t)e], expected);
    }
}

int main() {
    exercise::in_all_orders([] {
        test(1);
        test(53);
        test(128);
    });
    const exercise::Cost read = exercise::cost(exercise::Memory::GLOBAL, "read");
    EXPECT(read.requests == 32, "%.0f requests to read 1024 scores; 32 are enough", read.requests);
    EXPECT(read.per_request() == 4, "a request to read moves %.2f sectors; 4 are enough",
           read.per_request());
    puts("count_columns: correct, and every read is coalesced");
}

#include "gpu/exercise.h"

static void test(int entries, int E) {
    std::vector<int> index((size_t)entries), expected((size_t)E);
    for (int i = 0; i < entries; i++) index[i] = i * i % 7 * E / 7;
    for (int e : index) expected[e]++;
    exercise::Device<int> from(index), counts(std::vector<int>((size_t)E, 0));
    exercise::start_profile();
    LAUNCH(histogram, (unsigned)ceil_div(entries, 128), 128, 0, nullptr, counts.data, from.data,
           entries, E);
    const std::vector<int> actual = counts.values();
    for (int e = 0; e < E; e++) {
        EXPECT(actual[e] == expected[e], "%d entries, E=%d: counts[%d] is %d, expected %d", entries,
               E, e, actual[e], expected[e]);
    }
    const double added = exercise::cost(exercise::Memory::GLOBAL, "atomic").requests;
    const double most = 2.0 * ceil_div(entries, 128); // warps that have an expert, at E <= 64
    EXPECT(added <= most, "%.0f requests add to global memory; %.0f are enough", added, most);
}

int main() {
    exercise::in_all_orders([] {
        test(1, 1);
        test(129, 5);
        test(1000, 64);
    });
    puts("histogram: correct in all orders of the threads");
}

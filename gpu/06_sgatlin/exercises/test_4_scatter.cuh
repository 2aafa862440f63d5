#include "gpu/exercise.h"

static void test(int n, int F) {
    std::vector<int> index((size_t)n), expected, place;
    for (int i = 0; i < n; i++) index[i] = i * i / 3 % F;
    for (int f = 0; f < F; f++) {
        place.push_back((int)expected.size());
        for (int i = 0; i < n; i++) {
            if (index[i] == f) expected.push_back(i);
        }
    }
    exercise::Device<int> dindex(index), dplace(place), dorder((size_t)n);
    LAUNCH(scatter, 1, 32, 0, nullptr, dorder.data, dplace.data, dindex.data, n);
    const std::vector<int> order = dorder.values();
    for (int i = 0; i < n; i++)
        EXPECT(order[i] == expected[i], "n=%d F=%d: order[%d] is %d, expected %d", n, F, i,
               order[i], expected[i]);
}

int main() {
    exercise::start_profile();
    exercise::in_all_orders([] {
        test(1, 1);
        test(32, 3);
        test(1000, 7);
    });
    EXPECT(exercise::cost(exercise::Memory::GLOBAL, "atomic").requests == 0, "there are atomics");
    puts("scatter: stable in all orders of the threads");
}

#include "gpu/exercise.h"

static void test(const std::vector<int> &count, int K) {
    exercise::Device<int> from(count), bin(std::vector<int>{ -1 }), rank(std::vector<int>{ -1 });
    exercise::start_profile();
    LAUNCH(pick, 1, 32, 0, nullptr, bin.data, rank.data, from.data, K);
    int expected = 31, left = K;
    while (left > count[(size_t)expected]) left -= count[(size_t)expected--];
    EXPECT(bin.values()[0] == expected, "K=%d: the bin is %d, expected %d", K, bin.values()[0],
           expected);
    EXPECT(rank.values()[0] == left, "K=%d: the rank is %d, expected %d", K, rank.values()[0],
           left);
    EXPECT(exercise::cost(exercise::Memory::GLOBAL, "read").requests == 1,
           "each count is to be read once");
    EXPECT(exercise::cost(exercise::Memory::SHARED, "read").requests == 0, "shared memory is read");
}

int main() {
    exercise::in_all_orders([] {
        std::vector<int> count(32);
        for (int i = 0; i < 32; i++) count[(size_t)i] = i * i % 7; // some are 0
        for (int K = 1; K <= 60; K++) test(count, K);
    });
    puts("pick: correct, by shuffles alone");
}

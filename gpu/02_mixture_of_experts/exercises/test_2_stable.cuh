#include "gpu/exercise.h"

static void test(int entries, int E) {
    std::vector<int> index((size_t)entries), first((size_t)E + 1);
    for (int i = 0; i < entries; i++) index[i] = i * i % 11 * E / 11;
    for (int e : index) first[(size_t)e + 1]++;
    for (int e = 0; e < E; e++) first[(size_t)e + 1] += first[(size_t)e];
    exercise::Device<int> from(index), begin(first), row((size_t)entries);
    exercise::start_profile();
    LAUNCH(sort, 1, 32, 0, nullptr, row.data, begin.data, from.data, entries, E);
    const std::vector<int> actual = row.values();
    for (int i = 0; i < entries; i++) {
        int expected = first[index[i]]++;
        EXPECT(actual[i] == expected, "%d entries, E=%d: row[%d] is %d, expected %d", entries, E, i,
               actual[i], expected);
    }
    const exercise::Cost atomic = exercise::cost(exercise::Memory::SHARED, "atomic");
    EXPECT(atomic.requests == 0, "there are atomics");
    const exercise::Cost read = exercise::cost(exercise::Memory::GLOBAL, "read");
    EXPECT(read.requests <= ceil_div(entries, 32) + ceil_div(E, 32),
           "%.0f requests to read index and first: each entry is to be read once", read.requests);
}

int main() {
    exercise::in_all_orders([] {
        test(1, 1);
        test(33, 5);
        test(300, 64);
    });
    puts("sort: correct, and the same in all orders of the threads");
}

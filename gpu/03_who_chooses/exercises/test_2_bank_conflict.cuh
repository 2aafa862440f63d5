#include "gpu/exercise.h"

static void test(int rows) {
    std::vector<int> digit((size_t)(rows * COLUMNS)), expected(COLUMNS * BINS);
    for (int i = 0; i < rows * COLUMNS; i++) { // the same in all columns of a row
        digit[(size_t)i] = i / COLUMNS * 5 % BINS;
        expected[(size_t)(i % COLUMNS * BINS + digit[(size_t)i])]++;
    }
    exercise::Device<int> from(digit), counts(std::vector<int>(COLUMNS * BINS, 0));
    exercise::start_profile();
    LAUNCH(histograms, 1, 256, 0, nullptr, counts.data, from.data, rows);
    const std::vector<int> actual = counts.values();
    for (int i = 0; i < COLUMNS * BINS; i++) {
        EXPECT(actual[(size_t)i] == expected[(size_t)i],
               "%d rows: column %d has %d of digit %d, expected %d", rows, i / BINS,
               actual[(size_t)i], i % BINS, expected[(size_t)i]);
    }
}

int main() {
    exercise::in_all_orders([] {
        test(1);
        test(37);
        test(200);
    });
    const exercise::Cost atomic = exercise::cost(exercise::Memory::SHARED, "atomic");
    EXPECT(atomic.requests > 0, "the bins in shared memory are no longer used");
    EXPECT(atomic.per_request() == 1, "a request to add to the bins takes %.2f wavefronts",
           atomic.per_request());
    puts("histograms: correct, without bank conflicts");
}

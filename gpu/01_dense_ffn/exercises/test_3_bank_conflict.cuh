#include "gpu/01_dense_ffn/exercises/product_test.cuh"

int main() {
    exercise::in_all_orders([] {
        test_product(33, 31, 65, dim3(32, 32), 32, 32, true);
        test_product(64, 64, 64, dim3(32, 32), 32, 32, true);
    });
    const exercise::Cost read = exercise::cost(exercise::Memory::SHARED, "read");
    const exercise::Cost write = exercise::cost(exercise::Memory::SHARED, "write");
    EXPECT(read.requests > 0, "the tiles in shared memory are no longer read");
    EXPECT(read.per_request() == 1, "a request to read shared memory takes %.2f wavefronts",
           read.per_request());
    EXPECT(write.per_request() == 1, "a request to write shared memory takes %.2f wavefronts",
           write.per_request());
    const exercise::Cost global = exercise::cost(exercise::Memory::GLOBAL, "read");
    EXPECT(global.per_request() == 4,
           "a request to read global memory moves %.2f sectors; 4 are "
           "enough",
           global.per_request());
    puts("product: correct, without bank conflicts");
}

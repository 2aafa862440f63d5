// fault: cudaMemcpy: the source
#include "../check.h"

int main(int count, char **arguments) {
    Buffer<int> x(100, 1);
    std::vector<int> y(100);
    size_t first = planted(count, arguments) ? 51 : 50;
    cudaError_t error = cudaMemcpy(y.data(), x.device + first, 50 * sizeof(int), // planted
                                   cudaMemcpyDeviceToHost);
    CHECK(error == (planted(count, arguments) ? cudaErrorInvalidValue : cudaSuccess));
}

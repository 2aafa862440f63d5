// fault: cudaMemcpy: the destination
#include "../check.h"

int main(int count, char **arguments) {
    Buffer<int> x(10, 1);
    std::vector<int> y(10);
    bool fault = planted(count, arguments);
    cudaError_t error = cudaMemcpy(y.data(), x.device, 10 * sizeof(int), // planted
                                   fault ? cudaMemcpyHostToDevice : cudaMemcpyDeviceToHost);
    CHECK(error == (fault ? cudaErrorInvalidValue : cudaSuccess));
}

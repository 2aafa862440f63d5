// fault: host code reads device memory
#include "../check.h"

int main(int count, char **arguments) {
    int *managed;
    OK(cudaMallocManaged(&managed, 4 * sizeof *managed));
    managed[2] = 5;
    Buffer<int> device(4, 5);
    int *x = planted(count, arguments) ? device.device : managed;
    CHECK(x[2] == 5); // planted
}

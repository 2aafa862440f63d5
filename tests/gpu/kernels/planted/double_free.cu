// fault: cudaFree of a pointer that is not allocated
#include "../check.h"

int main(int count, char **arguments) {
    int *x;
    OK(cudaMalloc(&x, 4));
    OK(cudaFree(x));
    if (!planted(count, arguments)) x = nullptr; // which may be freed
    cudaFree(x);                                 // planted
}

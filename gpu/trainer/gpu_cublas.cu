// cuBLAS of the version whose header this was compiled with, loaded when the program runs, so that
// it also starts where only a driver is installed.
#include "cublas.cuh"
#include <dlfcn.h>
#include <stdio.h>

template <class Function> static bool find(Function *out, void *library, const char *name) {
    *out = (Function)dlsym(library, name);
    return *out != NULL;
}

static bool load(Cublas *out) {
    char name[32];
    snprintf(name, sizeof name, "libcublas.so.%d", CUBLAS_VER_MAJOR);
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    return library != NULL && find(&out->create, library, "cublasCreate_v2") &&
           find(&out->destroy, library, "cublasDestroy_v2") &&
           find(&out->set_stream, library, "cublasSetStream_v2") &&
           find(&out->sgemm, library, "cublasSgemm_v2") &&
           find(&out->status_string, library, "cublasGetStatusString");
}

const Cublas *cublas_find() {
    static Cublas loaded;
    static const bool found = load(&loaded);
    return found ? &loaded : NULL;
}

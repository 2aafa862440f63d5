#include "gpu/trial.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
extern "C" {
#include "reference/numbers/random.h"
}

namespace lesson {

void check_cuda(cudaError_t error, const char *call, const char *file, int line) {
    if (error == cudaSuccess) return;
    fprintf(stderr, "%s:%d: %s: %s\n", file, line, call, cudaGetErrorString(error));
    exit(1);
}

void check_cublas(cublasStatus_t status, const char *call, const char *file, int line) {
    if (status == CUBLAS_STATUS_SUCCESS) return;
    fprintf(stderr, "%s:%d: %s: %s\n", file, line, call, cublasGetStatusString(status));
    exit(1);
}

void need_gpu(const char *program) {
    int devices = 0;
    cudaError_t error = cudaGetDeviceCount(&devices);
    if (error == cudaSuccess && devices > 0) return;
    fprintf(stderr,
            "%s: no GPU: %s. In the emulator: make gpu-01; build/gpu-profile counts the costs\n",
            program, error == cudaSuccess ? "none found" : cudaGetErrorString(error));
    exit(1);
}

bool has_cublas() {
    static const bool found = [] {
        cublasHandle_t handle;
        cublasStatus_t status = cublasCreate(&handle);
        if (status == CUBLAS_STATUS_NOT_SUPPORTED) return false;
        check_cublas(status, "cublasCreate", __FILE__, __LINE__);
        CUBLAS(cublasDestroy(handle));
        return true;
    }();
    return found;
}

namespace {

template <class T> std::vector<T> converted(const std::vector<double> &values) {
    std::vector<T> out(values.size());
    for (size_t i = 0; i < values.size(); i++) out[i] = static_cast<T>((float)values[i]);
    return out;
}
template <> std::vector<int> converted(const std::vector<double> &values) {
    return std::vector<int>(values.begin(), values.end());
}

template <class T> void upload(void *to, const std::vector<double> &values) {
    std::vector<T> host = converted<T>(values);
    CUDA(cudaMemcpy(to, host.data(), host.size() * sizeof(T), cudaMemcpyHostToDevice));
}

template <class T> std::vector<double> download(const void *from, size_t count) {
    std::vector<T> host(count);
    CUDA(cudaMemcpy(host.data(), from, count * sizeof(T), cudaMemcpyDeviceToHost));
    std::vector<double> values(count);
    for (size_t i = 0; i < count; i++) values[i] = (double)host[i];
    return values;
}

bool has_value(const Tensor &t) { return t.role == Role::INPUT || t.role == Role::INOUT; }
bool is_result(const Tensor &t) { return t.role == Role::OUTPUT || t.role == Role::INOUT; }
bool is_bf16(const Tensor &t, Precision p) { return element_bytes(t, p) == 2; }

std::vector<double *> pointers(std::vector<std::vector<double>> *arrays) {
    std::vector<double *> out;
    for (std::vector<double> &a : *arrays) out.push_back(a.data());
    return out;
}

// The oracle gets the numbers that the kernels get.
void round_to(std::vector<double> *values, bool bf16) {
    for (double &v : *values) {
        v = bf16 ? (double)(float)__nv_bfloat16((float)v) : (double)(float)v;
    }
}

double tensor_error(const Tensor &t, const std::vector<double> &actual,
                    const std::vector<double> &expected) {
    if (t.type == Type::INT) return actual == expected ? 0 : INFINITY;
    double largest = 0, difference = 0;
    for (size_t i = 0; i < expected.size(); i++) {
        if (!std::isfinite(actual[i]) || !std::isfinite(expected[i])) return INFINITY;
        largest = std::max(largest, std::fabs(expected[i]));
        difference = std::max(difference, std::fabs(actual[i] - expected[i]));
    }
    return difference == 0 ? 0 : difference / (largest == 0 ? 1 : largest);
}

} // namespace

DeviceTensors::DeviceTensors(const Task &task, const Size &size, Precision precision,
                             const std::vector<std::vector<double>> &values)
    : task_(task), size_(size), precision_(precision), memory_(values.size()) {
    for (size_t i = 0; i < values.size(); i++) {
        const Tensor &t = task.tensors[i];
        size_t bytes = values[i].size() * element_bytes(t, precision);
        CUDA(cudaMalloc(&memory_[i], bytes));
#ifndef EMULATOR // which knows what was never written, and reports reads of it
        CUDA(cudaMemset(memory_[i], 0xff, bytes)); // NaN
#endif
        if (!has_value(t)) continue;
        if (t.type == Type::INT)
            upload<int>(memory_[i], values[i]);
        else if (is_bf16(t, precision))
            upload<__nv_bfloat16>(memory_[i], values[i]);
        else
            upload<float>(memory_[i], values[i]);
    }
    if (has_cublas()) CUBLAS(cublasCreate(&cublas_));
}

DeviceTensors::~DeviceTensors() {
    for (void *memory : memory_) CUDA(cudaFree(memory));
    if (cublas_) CUBLAS(cublasDestroy(cublas_));
}

std::vector<double> DeviceTensors::values(size_t tensor) const {
    const Tensor &t = task_.tensors[tensor];
    size_t n = count(task_, t, size_);
    if (t.type == Type::INT) return download<int>(memory_[tensor], n);
    if (is_bf16(t, precision_)) return download<__nv_bfloat16>(memory_[tensor], n);
    return download<float>(memory_[tensor], n);
}

Trial::Trial(const Task &task, const Size &size, Precision precision, bool ask_oracle)
    : task_(task), size_(size), precision_(precision) {
    for (const Tensor &t : task.tensors) {
        std::vector<double> values(count(task, t, size));
        if (has_value(t) && t.type != Type::INT) {
            uint64_t key = random_key(1, t.name);
            for (size_t i = 0; i < values.size(); i++) values[i] = random_normal(key, i);
        }
        inputs_.push_back(values);
    }
    if (task.prepare) task.prepare(size.data(), pointers(&inputs_).data());
    for (size_t i = 0; i < inputs_.size(); i++) {
        const Tensor &t = task.tensors[i];
        if (t.type != Type::INT) round_to(&inputs_[i], is_bf16(t, precision));
    }
    expected_ = inputs_;
    if (ask_oracle) task.oracle(size.data(), pointers(&expected_).data());
}

void Trial::expect(const DeviceTensors &device) {
    for (size_t i = 0; i < expected_.size(); i++) {
        if (is_result(task_.tensors[i])) expected_[i] = device.values(i);
    }
}

std::unique_ptr<DeviceTensors> Trial::device() const {
    return std::make_unique<DeviceTensors>(task_, size_, precision_, inputs_);
}

double Trial::error(const DeviceTensors &device) const {
    std::vector<std::vector<double>> actual = inputs_, expected = expected_;
    double worst = 0;
    for (size_t i = 0; i < actual.size(); i++) {
        const Tensor &t = task_.tensors[i];
        if (t.role == Role::SCRATCH) continue;
        actual[i] = device.values(i);
        if (t.role == Role::INPUT && actual[i] != inputs_[i]) return INFINITY; // was changed
        if (is_result(t)) worst = std::max(worst, tensor_error(t, actual[i], expected[i]));
    }
    if (!task_.error) return worst;
    return task_.error(size_.data(), pointers(&actual).data(), pointers(&expected).data());
}

} // namespace lesson

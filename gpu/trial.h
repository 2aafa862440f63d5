// One task at one size in one precision: its inputs, what the oracle says, and runs of versions.
#pragma once
#include "gpu/lesson.h"
#include <memory>

namespace lesson {

// Prints the call and its place, and ends the program.
#define CUDA(call)   lesson::check_cuda(call, #call, __FILE__, __LINE__)
#define CUBLAS(call) lesson::check_cublas(call, #call, __FILE__, __LINE__)
void check_cuda(cudaError_t error, const char *call, const char *file, int line);
void check_cublas(cublasStatus_t status, const char *call, const char *file, int line);

// Ends the program with a message where there is no GPU. The emulator is one.
void need_gpu(const char *program);

// Whether cuBLAS is where the program runs: gpu/cublas.cpp loads it.
bool has_cublas();

// The task's tensors in device memory, with the inputs set and the rest unwritten.
class DeviceTensors {
  public:
    DeviceTensors(const Task &task, const Size &size, Precision precision,
                  const std::vector<std::vector<double>> &values);
    ~DeviceTensors();
    DeviceTensors(const DeviceTensors &) = delete;
    Arguments arguments() const { return { size_.data(), memory_.data(), nullptr, cublas_ }; }
    std::vector<double> values(size_t tensor) const;

  private:
    const Task &task_;
    Size size_;
    Precision precision_;
    std::vector<void *> memory_;
    cublasHandle_t cublas_ = nullptr;
};

class Trial {
  public:
    // Without the oracle, which takes minutes at large sizes, expect() says what is right.
    Trial(const Task &task, const Size &size, Precision precision, bool ask_oracle = true);
    std::unique_ptr<DeviceTensors> device() const;
    void expect(const DeviceTensors &device);
    // The largest error of all outputs, relative to the largest value of each tensor; infinity if
    // a value is not finite, an INT is not equal, or an input was changed. Or what the task says.
    double error(const DeviceTensors &device) const;

  private:
    const Task &task_;
    Size size_;
    Precision precision_;
    std::vector<std::vector<double>> inputs_, expected_; // of each tensor
};

} // namespace lesson

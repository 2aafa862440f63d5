// The table that gpu-test, gpu-profile and gpu-bench work with. A lesson is a folder gpu/NN_name;
// its lesson.cu includes the kernels and has one static Lesson, which adds itself to the table.
//
// A task is what a group of kernel versions computes: its sizes, its tensors, the plain C of the
// chapter as the oracle, and the versions in increasing order. The programs allocate the tensors,
// fill the inputs, call a version's launcher, and compare the outputs with the oracle's.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include <cublas_v2.h>
#include <cuda_bf16.h>
#include <cuda_runtime.h>

namespace lesson {

enum class Precision { FP32, BF16 };
enum class Role {
    INPUT,
    OUTPUT,  // every element is written
    INOUT,   // has a value, and is added to: a gradient of parameters
    SCRATCH, // working memory; contains nothing at first
};
enum class Type {
    REAL,  // float or __nv_bfloat16: the precision that the version runs in
    FLOAT, // always float: sums, scores
    INT,
};

// Values of the sizes, in the order of the task's size_names.
typedef std::vector<int> Size;

struct Tensor {
    const char *name;
    Role role;
    Type type;
    // Lengths, separated by spaces: size names, numbers, or a name plus a number: "2 C F D", "E+1".
    const char *shape;
    // In place of the shape, of scratch memory whose size is computed: its elements.
    size_t (*elements)(const int *size) = nullptr;
};

// What a version gets: device memory for each tensor of the task, in its order.
struct Arguments {
    const int *size;
    void *const *tensor;
    cudaStream_t stream;
    cublasHandle_t cublas; // its stream is `stream`; null where there is no cuBLAS
    template <class T> T *get(int i) const { return static_cast<T *>(tensor[i]); }
};
// Launches on the stream and returns null, or why it cannot, without having launched anything.
typedef const char *(*Run)(const Arguments &);

struct Version {
    const char *name, *file;
    Run fp32, bf16 = nullptr; // null: it has no such precision
    // Sizes that it refuses. All other test sizes of the task work.
    std::vector<Size> refuses = {};
    // The bits of the outputs depend on the order in which threads run (atomics on floats).
    bool varies = false;
    bool tensor_cores = false; // its products are theirs: another roof, and bf16 from sm_80 on
    bool library = false;      // cuBLAS does the work: there is no kernel to profile
};

// Arrays of a task on the host, in the order of its tensors: whole numbers where they are INT.
typedef double *const *Arrays;

struct Task {
    const char *name;
    const char *summary;    // one line: y = x w
    const char *size_names; // "T D F"
    std::vector<Tensor> tensors;
    // Inputs are drawn from the standard normal distribution; this, if any, changes them (scales
    // weights, makes indices valid) and sets INT tensors, which are 0.
    void (*prepare)(const int *size, Arrays t) = nullptr;
    // Sets OUTPUT and INOUT tensors from the others, as the chapter computes them.
    void (*oracle)(const int *size, Arrays t);
    // The largest difference of an output tensor, relative to its largest value, that is accepted.
    double tolerance_fp32, tolerance_bf16 = 0;
    // In place of that difference, where it is no measure: of a list whose order is free, say.
    // Infinity: wrong. INT outputs have to be equal otherwise.
    double (*error)(const int *size, Arrays actual, Arrays expected) = nullptr;
    double (*flops)(const int *size);
    // Bytes that any version has to move to and from DRAM; `real` is the size of a REAL. Null:
    // every input and output once.
    double (*floor_bytes)(const int *size, int real) = nullptr;
    std::vector<Size> test_sizes; // odd ones first: 1, primes, around the tile
    Size profile_size, bench_size;
    std::vector<Version> versions;
};

struct Lesson {
    std::string name; // of its folder
    std::vector<Task> tasks;
    Lesson(const char *name, std::vector<Task> tasks);
    Lesson(const Lesson &) = delete;
};

// All lessons of the program, by name.
std::vector<const Lesson *> lessons();
// "01", "dense_ffn" or "01_dense_ffn". Null: there is none.
const Lesson *find_lesson(const std::string &name);
const Task *find_task(const Lesson &lesson, const std::string &name);
const Version *find_version(const Task &task, const std::string &name);

// "T=5,D=7,F=9"
std::string describe(const Task &task, const Size &size);
// Changes the sizes named in such a text. False: `error` says what is wrong with it.
bool parse_size(Size *size, const Task &task, const std::string &text, std::string *error);
// The number of elements.
size_t count(const Task &task, const Tensor &tensor, const Size &size);
size_t element_bytes(const Tensor &tensor, Precision precision);
double floor_bytes(const Task &task, const Size &size, Precision precision);
const char *name_of(Precision precision);
Run run_of(const Version &version, Precision precision);

} // namespace lesson

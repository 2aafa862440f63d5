// What the trainer promises and cannot be seen from outside: that memory is predicted and what the
// paper's models need; that a step makes few calls; that its graph does what its kernels do.
#include "gpu/trainer/backend.h"
#include "gpu/trainer/device.cuh"
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
extern "C" {
#include "reference/config/presets.h"
}

static int failed;

#define EXPECT(condition, ...)            \
    do {                                  \
        if (!(condition)) {               \
            fprintf(stderr, __VA_ARGS__); \
            failed = 1;                   \
        }                                 \
    } while (0)

static Config config_of(const char *preset, const char *kind, const char *settings) {
    Error error;
    Config config;
    const FfnKind *ffn = ffn_named(kind, &error);
    if (ffn == NULL || !preset_config(&config, preset_find(preset, &error), ffn, &error) ||
        !words_each(settings, config_word, &config, &error)) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    return config;
}

static size_t bytes_in_use() {
    size_t available = 0, total = 0;
    cudaMemGetInfo(&available, &total);
    return total - available;
}

// A device with a model of small size; ends the program if it cannot be opened.
static Device *open_device(const Config *config, int B, int micro_batch, DeviceUse use,
                           const Backend *backend = &gpu_backend) {
    Error error = { "" };
    Model model;
    bool made = model_new(&model, config, &error);
    if (made) tensors_init(&model.tensors, model.parameters, 1);
    Device *device = made ? backend->open(&model, NULL, B, micro_batch, use, &error) : NULL;
    if (device != NULL) return device;
    fprintf(stderr, "%s: %s\n", config->ffn->name, error.text);
    exit(1);
}

// The memory that a device takes is the memory that was predicted, to the byte. The emulator
// counts pinned memory too.
static void open_takes_what_is_predicted(const char *kind, int B, int micro_batch, DeviceUse use,
                                         const Backend *backend) {
    Config config = config_of("tiny", kind, "T=5 L=2 V=33");
    size_t before = bytes_in_use();
    Device *device = open_device(&config, B, micro_batch, use, backend);
    BatchInputs unused;
    MemoryPlan plan = memory_plan(device);
    size_t pinned = numbers_bytes(device) + 4 * inputs_layout(&unused, NULL, plan),
           taken = bytes_in_use() - before - pinned;
    EXPECT((double)taken == device_bytes(plan, micro_batch),
           "%s, %d of %d rows: %zu bytes were taken, %.0f predicted\n", kind, micro_batch, B, taken,
           device_bytes(plan, micro_batch));
    gpu_backend.close(device);
    EXPECT(bytes_in_use() == before, "%s: memory is not freed\n", kind);
}

// More rows at a time than the emulator's 8 GiB hold.
static void too_many_rows_are_refused(const char *kind, const char *settings, const char *advice) {
    Config config = config_of("tiny", kind, settings);
    Error error = { "" };
    Model model;
    const int B = 1 << 16;
    if (!model_new(&model, &config, &error)) exit(1);
    Device *device = gpu_backend.open(&model, NULL, B, B, DEVICE_TRAINS, &error);
    EXPECT(device == NULL && strstr(error.text, "out of GPU memory: B=65536") != NULL &&
               strstr(error.text, advice) != NULL,
           "%s: expected '%s': %s\n", kind, advice, error.text);
    gpu_backend.close(device);
}

// The paper's models of 256 rows of 1024 tokens on a GPU of 8 GB.
static void the_papers_models_fit(const char *kind, Precision precision) {
    const double GPU = 8e9;
    const int B = 256;
    Config config = config_of("tinystories", kind, "");
    Error error = { "" };
    Tensors tensors = {};
    std::vector<int> layers((size_t)config.L);
    layout_declare(&tensors, layers.data(), &config);
    MemoryPlan plan = { &config,  device_ffn(&config, &error), &tensors, B, B, DEVICE_TRAINS,
                        precision };
    int rows = rows_that_fit(plan, B, 0.9 * GPU);
    EXPECT(rows >= 32 && device_bytes(plan, rows) <= 0.9 * GPU,
           "%s: %d rows at a time take %.0f bytes\n", kind, rows, device_bytes(plan, rows));
    printf("%-8s %s %5.1f M parameters: %4.1f GB for %d rows, %4.1f GB for %d rows at a time\n",
           kind, precision == PRECISION_BF16 ? "bf16" : "fp32", 1e-6 * (double)tensors.floats,
           1e-9 * device_bytes(plan, B), B, 1e-9 * device_bytes(plan, rows), rows);
    tensors_free(&tensors);
}

// ---- steps

enum { ROWS = 3, LENGTH = 5, VOCABULARY = 33, TOKENS = ROWS * LENGTH };

// Each step with other tokens, other padding at the end and another learning rate.
static StepResult run_step(Device *device, int step) {
    int32_t inputs[TOKENS], targets[TOKENS];
    const AdamwSettings settings = { 1e-3 * (1 + step), 5e-3, 0.1, step % 2 == 0 ? 0.5 : 0.0 };
    StepResult result;
    for (int i = 0; i < TOKENS; i++) {
        inputs[i] = 1 + (i * 7 + step * 11) % (VOCABULARY - 1);
        targets[i] = i < TOKENS - step ? 1 + (i * 5 + step * 3) % (VOCABULARY - 1) : TOKEN_PAD;
    }
    EXPECT(gpu_backend.step(device, &result, inputs, targets, &settings, step),
           "step %d is not finite\n", step);
    return result;
}

// A step: one copy to the device, one launch of a graph, one copy back, for which the host waits.
// The first one launches its kernels one by one, and the second one captures.
static void expect_few_calls(const char *kind, int step, const EmulatorCalls &before) {
    EmulatorCalls after = emulator_calls();
    long copies = after.copies - before.copies, waits = after.waits - before.waits,
         launches = after.launches - before.launches;
    EXPECT(after.allocations == before.allocations && after.frees == before.frees,
           "%s: step %d allocates\n", kind, step);
    EXPECT(waits == 1 && copies == 2, "%s: step %d has %ld copies and waits %ld times\n", kind,
           step, copies, waits);
    EXPECT(step < 2 || launches == 1, "%s: step %d has %ld launches\n", kind, step, launches);
}

static void nothing(void *, const GatingEvent *) {}

// With a hook every kernel is launched by itself; without one the same kernels are in a graph.
static void the_graph_computes_the_same(const char *kind, const char *settings, int micro_batch,
                                        const Backend *backend = &gpu_backend) {
    Config config = config_of("tiny", kind, settings);
    const HookList hooks = one_hook(nothing, NULL);
    Device *direct = open_device(&config, ROWS, micro_batch, DEVICE_TRAINS, backend),
           *graph = open_device(&config, ROWS, micro_batch, DEVICE_TRAINS, backend);
    gpu_backend.hooks(direct, &hooks);
    for (int step = 0; step < 4; step++) {
        StepResult a = run_step(direct, step);
        EmulatorCalls before = emulator_calls();
        StepResult b = run_step(graph, step);
        expect_few_calls(kind, step, before);
        EXPECT(a.loss == b.loss && a.gradient_norm == b.gradient_norm &&
                   a.balance_loss == b.balance_loss && a.tokens == b.tokens,
               "%s, step %d: loss %.9g, in a graph %.9g\n", kind, step, a.loss, b.loss);
        for (double seconds : b.seconds) EXPECT(seconds > 0, "%s: a phase has no time\n", kind);
    }
    EXPECT(direct->graph == NULL && graph->graph != NULL, "%s: no graph was captured\n", kind);
    size_t bytes = direct->model.tensors.floats * sizeof(float);
    Error error;
    const float *direct_moments, *graph_moments;
    const Model *a = gpu_backend.read(direct, &direct_moments, &error),
                *b = gpu_backend.read(graph, &graph_moments, &error);
    EXPECT(memcmp(a->parameters, b->parameters, bytes) == 0, "%s: other parameters\n", kind);
    EXPECT(memcmp(direct_moments, graph_moments, 2 * bytes) == 0, "%s: other moments\n", kind);
    gpu_backend.close(direct);
    gpu_backend.close(graph);
}

// Products in bf16 change a loss, but not by much.
static void a_step_in_bf16_is_another(const char *kind) {
    Config config = config_of("tiny", kind, "T=5 L=1 V=33");
    Device *fp32 = open_device(&config, ROWS, ROWS, DEVICE_TRAINS),
           *bf16 = open_device(&config, ROWS, ROWS, DEVICE_TRAINS, gpu_backend.bf16);
    for (int step = 0; step < 3; step++) {
        double a = run_step(fp32, step).loss, b = run_step(bf16, step).loss;
        EXPECT(a != b && std::fabs(a - b) < 0.002 * a, "%s: loss %.9g in fp32, %.9g in bf16\n",
               kind, a, b);
    }
    gpu_backend.close(fp32);
    gpu_backend.close(bf16);
}

int main() {
    for (const char *kind : { "mlp", "glu", "moe", "peer", "sgatlin" }) {
        for (const Backend *backend : { &gpu_backend, gpu_backend.bf16 }) {
            open_takes_what_is_predicted(kind, 3, 3, DEVICE_TRAINS, backend);
            open_takes_what_is_predicted(kind, 5, 2, DEVICE_TRAINS, backend);
            open_takes_what_is_predicted(kind, 5, 2, DEVICE_EVALUATES, backend);
            the_papers_models_fit(kind, backend->precision);
        }
    }
    too_many_rows_are_refused("mlp", "T=64 L=4", "16384 at a time fit (micro_batch=16384)");
    too_many_rows_are_refused("moe", "T=64 L=4 routing=expert", "reduce B");
    the_graph_computes_the_same("mlp", "T=5 L=1 V=33", 3);
    the_graph_computes_the_same("moe", "T=5 L=1 V=33 switch=0.01 z=0.001 bias=0.01", 2);
    the_graph_computes_the_same("moe", "T=5 L=1 V=33 routing=unified", 3);
    the_graph_computes_the_same("peer", "T=5 L=1 V=33", 2);
    the_graph_computes_the_same("sgatlin", "T=5 L=1 V=33", 2);
    for (const char *kind : { "mlp", "glu", "moe", "peer", "sgatlin" }) {
        the_graph_computes_the_same(kind, "T=5 L=1 V=33", 2, gpu_backend.bf16);
        a_step_in_bf16_is_another(kind);
    }
    return failed;
}

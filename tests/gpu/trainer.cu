// What the trainer promises of the device's memory: that it is predicted, and what the paper's
// models need.
#include "gpu/trainer/backend.h"
#include "gpu/trainer/device.cuh"
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

// The memory that a device takes is the memory that was predicted, to the byte. The emulator
// counts pinned memory too.
static void open_takes_what_is_predicted(const char *kind, int B, int micro_batch, DeviceUse use) {
    Config config = config_of("tiny", kind, "T=5 L=2 V=33");
    Error error = { "" };
    Model model;
    size_t before = bytes_in_use();
    bool made = model_new(&model, &config, &error);
    if (made) tensors_init(&model.tensors, model.parameters, 1);
    Device *device = made ? gpu_backend.open(&model, NULL, B, micro_batch, use, &error) : NULL;
    EXPECT(device != NULL, "%s: %s\n", kind, error.text);
    if (device == NULL) return;
    BatchTokens unused;
    MemoryPlan plan = memory_plan(device);
    size_t pinned = numbers_bytes(device) + 4 * tokens_layout(&unused, NULL, plan),
           taken = bytes_in_use() - before - pinned;
    EXPECT((double)taken == device_bytes(plan, micro_batch),
           "%s, %d of %d rows: %zu bytes were taken, %.0f predicted\n", kind, micro_batch, B, taken,
           device_bytes(plan, micro_batch));
    gpu_backend.close(device);
    EXPECT(bytes_in_use() == before, "%s: memory is not freed\n", kind);
}

// The paper's models of 256 rows of 1024 tokens on a GPU of 8 GB.
static void the_papers_models_fit(const char *kind) {
    const double GPU = 8e9;
    const int B = 256;
    Config config = config_of("tinystories", kind, "");
    Error error = { "" };
    Tensors tensors = {};
    std::vector<int> layers((size_t)config.L);
    layout_declare(&tensors, layers.data(), &config);
    MemoryPlan plan = { &config, device_ffn(&config, &error), &tensors, B, B, DEVICE_TRAINS };
    int rows = rows_that_fit(plan, B, 0.9 * GPU);
    EXPECT(rows >= 32 && device_bytes(plan, rows) <= 0.9 * GPU,
           "%s: %d rows at a time take %.0f bytes\n", kind, rows, device_bytes(plan, rows));
    printf("%-8s %5.1f M parameters: %4.1f GB for %d rows, %4.1f GB for %d rows at a time\n", kind,
           1e-6 * (double)tensors.floats, 1e-9 * device_bytes(plan, B), B,
           1e-9 * device_bytes(plan, rows), rows);
    tensors_free(&tensors);
}

int main() {
    for (const char *kind : { "mlp", "glu", "moe", "peer", "sgatlin" }) {
        open_takes_what_is_predicted(kind, 3, 3, DEVICE_TRAINS);
        open_takes_what_is_predicted(kind, 5, 2, DEVICE_TRAINS);
        open_takes_what_is_predicted(kind, 5, 2, DEVICE_EVALUATES);
        the_papers_models_fit(kind);
    }
    return failed;
}

#include "reference/bench/machine.h"
#include "reference/ffn/ffn.h"
#include "reference/io/progress.h"
#include "reference/numbers/dot.h"
#include "reference/numbers/matmul.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/random.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIDE = 1024,          // of the matrices
    GATHERS = 1 << 18,    // rows per run
    PIECE = 1 << 16,      // floats that one thread reads or copies at a time
    MIN_FLOATS = 1 << 26, // 256 MiB: larger than the caches of a processor
};

static void work_matmul(Machine *machine, int rows) {
    (void)rows;
    float *a = machine->block, *b = a + SIDE * SIDE, *c = b + SIDE * SIDE;
    matmul(c, SIDE, matrix(a, SIDE, SIDE), matrix(b, SIDE, SIDE), 1.0f, false);
}

static void work_read(Machine *machine, int rows) {
    (void)rows;
#pragma omp parallel for
    for (int piece = 0; piece < MIN_FLOATS / PIECE; piece++) {
        const float *from = machine->block + (size_t)piece * PIECE;
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int i = 0; i < PIECE; i++) sum += from[i];
        machine->sums[piece] = sum;
    }
}

static void work_copy(Machine *machine, int rows) {
    (void)rows;
    float *to = machine->block + MIN_FLOATS / 2;
#pragma omp parallel for
    for (int piece = 0; piece < MIN_FLOATS / 2 / PIECE; piece++) {
        memcpy(to + (size_t)piece * PIECE, machine->block + (size_t)piece * PIECE,
               PIECE * sizeof *to);
    }
}

static const float *random_row(const Machine *machine, int gather, int rows) {
    uint64_t row = (uint64_t)machine->draw[gather] * (uint64_t)rows >> 32;
    return machine->block + (size_t)row * (size_t)machine->D;
}

static void work_gather(Machine *machine, int rows) {
#pragma omp parallel for
    for (int i = 0; i < GATHERS; i += 4) {
        dot4(machine->sums + i, machine->x, random_row(machine, i, rows),
             random_row(machine, i + 1, rows), random_row(machine, i + 2, rows),
             random_row(machine, i + 3, rows), machine->D);
    }
}

static void run_ceiling(void *context, double seconds[BENCH_PARTS]) {
    Ceiling *ceiling = context;
    double start = clock_seconds();
    ceiling->work(ceiling->machine, ceiling->rows);
    seconds[0] = clock_seconds() - start;
}

double ceiling_rate(const Ceiling *ceiling, double seconds) {
    return 1e-9 * ceiling->amount / seconds;
}

static Ceiling gather_ceiling(const char *field, int rows, int D) {
    double row = 4.0 * D;
    Ceiling out = { .field = field, .unit = "GB/s", .amount = row * GATHERS, .rows = rows };
    out.work = work_gather;
    snprintf(out.name, sizeof out.name, "gather %s rows from %s", short_bytes((uint64_t)row).text,
             short_bytes((uint64_t)(row * rows)).text);
    return out;
}

static void set_up_ceilings(Machine *machine, const Config *config) {
    int D = config->D, F = config->F;
    Ceiling *ceilings = machine->ceilings;
    ceilings[CEILING_MATMUL] = (Ceiling){ .name = "matrix product",
                                          .field = "matmul_gflops",
                                          .unit = "GFLOP/s",
                                          .amount = 2.0 * SIDE * SIDE * SIDE,
                                          .work = work_matmul };
    ceilings[CEILING_READ] = (Ceiling){ .name = "memory, read",
                                        .field = "read_gbs",
                                        .unit = "GB/s",
                                        .amount = 4.0 * MIN_FLOATS,
                                        .work = work_read };
    ceilings[CEILING_COPY] = (Ceiling){ .name = "memory, copy",
                                        .field = "copy_gbs",
                                        .unit = "GB/s",
                                        .amount = 4.0 * MIN_FLOATS,
                                        .work = work_copy };
    ceilings[CEILING_CHANNEL] = gather_ceiling("gather_channel_gbs", F, D);
    ceilings[CEILING_LAYER] = gather_ceiling("gather_layer_gbs", ffn_pools(config) * F, D);
    ceilings[CEILING_MEMORY] = gather_ceiling("gather_memory_gbs", MIN_FLOATS / D, D);
    for (int i = 0; i < CEILINGS; i++) {
        // too large for any cache, so a cold one does not matter
        bool from_memory = i == CEILING_READ || i == CEILING_COPY || i == CEILING_MEMORY;
        ceilings[i].machine = machine;
        ceilings[i].bench =
            (Bench){ .run = run_ceiling, .context = &ceilings[i], .brief = !from_memory };
    }
}

static void fill(Machine *machine) {
    // Writes every page: pages that were never written all map to one page of zeros, which stays
    // in the cache.
#pragma omp parallel for
    for (size_t i = 0; i < machine->floats; i++) machine->block[i] = (float)(i % 251) / 251.0f;
    for (int d = 0; d < machine->D; d++) machine->x[d] = (float)(d % 7);
    uint64_t key = random_key(1, "gather");
    for (int i = 0; i < GATHERS; i++) machine->draw[i] = (uint32_t)random_bits(key, (uint64_t)i);
}

bool machine_new(Machine *out, const Config *config, Error *error) {
    size_t table = (size_t)ffn_pools(config) * (size_t)config->F * (size_t)config->D;
    *out = (Machine){ .D = config->D, .floats = max_size(table, MIN_FLOATS) };
    out->block = floats_new(out->floats);
    out->x = floats_new((size_t)out->D);
    out->sums = floats_new(GATHERS);
    out->draw = malloc(GATHERS * sizeof *out->draw);
    if (out->block == NULL || out->x == NULL || out->sums == NULL || out->draw == NULL) {
        size_t floats = out->floats;
        machine_free(out);
        return fail(error, "out of memory: measuring the machine takes %.0f MB",
                    4e-6 * (double)floats);
    }
    set_up_ceilings(out, config);
    fill(out);
    return true;
}

void machine_free(Machine *machine) {
    floats_free(machine->block, machine->floats);
    floats_free(machine->x, (size_t)machine->D);
    floats_free(machine->sums, GATHERS);
    free(machine->draw);
    *machine = (Machine){ 0 };
}

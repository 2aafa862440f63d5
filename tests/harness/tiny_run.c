#define _XOPEN_SOURCE 700 // realpath
#include "tests/harness/tiny_run.h"
#include "reference/data/token_file.h"
#include "reference/ffn/ffn.h"
#include "reference/io/files.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/minmax.h"
#include "reference/train/checkpoint.h"
#include "tests/harness/tiny_model.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const stories[] = {
    "Once upon a time there was a little dog named Tim. The dog ran to the lake.",
    "The turtle was slow. The wind was strong. The dog was happy.",
    "Lily saw a big cat. The cat and the dog ran to the house.",
};
static const char classes[] = "word\tclass\ndog\tanimal\ncat\tanimal\nhouse\tplace\nlake\tplace\n";

static Tokenizer *load_tokenizer(void) {
    Error error = { "" };
    Tokenizer *tokenizer = tokenizer_load("tests/golden/tokenizer/train_small_400.json", &error);
    ck_assert_msg(tokenizer != NULL, "%s", error.text);
    return tokenizer;
}

static void write_data(TinyRun *run, const Tokenizer *tokenizer) {
    Error error = { "" };
    ck_assert_msg(folder_make(run->data, &error), "%s", error.text);
    TokenWriter *writer =
        token_writer_open(scratch_path(&run->scratch, "data/valid.bin"),
                          tokenizer_vocabulary(tokenizer), tokenizer_hash(tokenizer), &error);
    ck_assert_msg(writer != NULL, "%s", error.text);
    for (int i = 0; i < COUNT_OF(stories); i++) {
        TokenList tokens = { 0 };
        ck_assert(tokenizer_encode(tokenizer, stories[i], strlen(stories[i]), false, &tokens));
        ck_assert(token_writer_story(writer, tokens.ids, tokens.count, &error));
        free(tokens.ids);
    }
    ck_assert_msg(token_writer_commit(writer, &error), "%s", error.text);
    FILE *file = fopen(scratch_path(&run->scratch, "data/classes.tsv"), "w");
    ck_assert(file != NULL && fputs(classes, file) >= 0 && fclose(file) == 0);
}

void tiny_run_step(const TinyRun *run, const char *kind, int T, int step) {
    Error error = { "" };
    Tokenizer *tokenizer = load_tokenizer();
    Config config = config_default(ffn_find(kind));
    config = tiny_config(&config, tokenizer_vocabulary(tokenizer), T);
    TinyModel tiny = tiny_model(&config, 1, 7 + (uint64_t)step);
    size_t floats = 2 * tiny.model.tensors.floats;
    float *moments = floats_new(floats);
    ck_assert_ptr_nonnull(moments);
    TrainState state = { .step = step,
                         .settings = settings_default(),
                         .data = (char *)(uintptr_t)run->data,
                         .tokenizer_hash = tokenizer_hash(tokenizer) };
    state.settings.steps = 1000;
    ck_assert(settings_finish(&state.settings, 10, &error));
    ck_assert_msg(checkpoint_write(run->run, &tiny.model, moments, &state, tokenizer, &error), "%s",
                  error.text);
    floats_free(moments, floats);
    tiny_free(&tiny);
    tokenizer_free(tokenizer);
}

void tiny_run_new(TinyRun *out, const char *kind, int T) {
    Error error = { "" };
    *out = (TinyRun){ .scratch = scratch_new("tiny_run") };
    char *folder = realpath(out->scratch.path, NULL); // a checkpoint names its data so
    ck_assert_ptr_nonnull(folder);
    snprintf(out->run, sizeof out->run, "%s/run", folder);
    snprintf(out->data, sizeof out->data, "%s/data", folder);
    free(folder);
    ck_assert_msg(folder_make(out->run, &error), "%s", error.text);
    Tokenizer *tokenizer = load_tokenizer();
    write_data(out, tokenizer);
    tokenizer_free(tokenizer);
    tiny_run_step(out, kind, T, 10);
}

void tiny_run_remove(TinyRun *run) { scratch_remove(&run->scratch); }

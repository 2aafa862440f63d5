#include "tests/harness/run_fixture.h"
#include "reference/data/token_file.h"
#include "reference/data/tokenizer.h"
#include "reference/ffn/ffn.h"
#include "reference/io/files.h"
#include "reference/numbers/random.h"
#include <check.h>
#include <stdio.h>
#include <string.h>

static void write_tokens(const char *path, uint64_t hash, int stories) {
    Error error = { "" };
    TokenWriter *writer = token_writer_open(path, FIXTURE_VOCABULARY, hash, &error);
    ck_assert_msg(writer != NULL, "%s", error.text);
    for (int s = 0; s < stories; s++) {
        uint32_t ids[20];
        for (uint64_t i = 0; i < 20; i++)
            ids[i] = 2 + (uint32_t)random_below(8, 100 * (uint64_t)s + i, FIXTURE_VOCABULARY - 2);
        ck_assert(token_writer_story(writer, ids, 20, &error));
    }
    ck_assert_msg(token_writer_commit(writer, &error), "%s", error.text);
}

static void write_data(RunFixture *f) {
    Error error = { "" };
    static const char text[] = "the turtle was slow";
    TokenizerTrainer *trainer = tokenizer_trainer_new();
    ck_assert(trainer != NULL && tokenizer_trainer_add(trainer, text, strlen(text)));
    Tokenizer *tokenizer = tokenizer_trainer_finish(trainer, FIXTURE_VOCABULARY, true, &error);
    ck_assert_msg(tokenizer != NULL, "%s", error.text);
    ck_assert(folder_make(f->data, &error));
    ck_assert(tokenizer_save(tokenizer, scratch_path(&f->scratch, "data/tokenizer.json"), &error));
    uint64_t hash = tokenizer_hash(tokenizer);
    write_tokens(scratch_path(&f->scratch, "data/train.bin"), hash, 8);
    write_tokens(scratch_path(&f->scratch, "data/valid.bin"), hash, 3);
    tokenizer_free(tokenizer);
    tokenizer_trainer_free(trainer);
}

void run_fixture_new(RunFixture *f) {
    Error error = { "" };
    *f = (RunFixture){ .scratch = scratch_new("run"), .settings = settings_default() };
    snprintf(f->data, sizeof f->data, "%s/data", f->scratch.path);
    snprintf(f->run, sizeof f->run, "%s/run", f->scratch.path);
    write_data(f);
    f->config = config_default(ffn_find("sgatlin"));
    f->config.T = f->config.D = 8;
    f->config.L = 2;
    f->config.Dh = f->config.F = 4;
    f->config.C = 1;
    f->config.K = f->config.Dk = 2;
    TrainSettings *s = &f->settings;
    s->B = s->log_every = s->eval_batches = 2;
    s->steps = FIXTURE_STEPS;
    s->eval_every = 3;
    s->checkpoint_every = 4;
    ck_assert_msg(settings_finish(s, 1, &error), "%s", error.text);
}

void run_fixture_free(RunFixture *f) { scratch_remove(&f->scratch); }

// Stories: the same tokens for the same seed, after a rewind too, wherever the context window is.
#include "reference/circuits/patch.h"
#include "reference/ffn/ffn.h"
#include "reference/generate/story.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/sgemm.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_model.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS = 40 };

typedef struct {
    Tokenizer *tokenizer;
    TinyModel tiny;
    Story *story;
} Fixture;

static const Sampling sampling = { .temperature = 1.0 };
// A window that moves often, one of two tokens, one of a single token, and one that never moves.
static const int windows[] = { 9, 2, 1, 2 * TOKENS };
static const char *const kinds[] = { "sgatlin", "peer", "moe", "moe sequence" };
enum { WINDOWS = 4, KINDS = 4 };

// In place, since the story points to the model.
static void fixture_new(Fixture *f, const char *kind, int T) {
    Error error = { "" };
    f->tokenizer = tokenizer_load("tests/golden/tokenizer/train_small_400.json", &error);
    ck_assert_msg(f->tokenizer != NULL, "%s", error.text);
    bool sequence = strcmp(kind, "moe sequence") == 0;
    Config config = config_default(ffn_find(sequence ? "moe" : kind));
    if (sequence) {
        config.routing = ROUTING_UNIFIED;
        config.pool = POOL_SEQUENCE;
    }
    config = tiny_config(&config, tokenizer_vocabulary(f->tokenizer), T);
    f->tiny = tiny_model(&config, 1, 7);
    f->story = story_new(&f->tiny.model, f->tokenizer, &sampling, 3, &error);
    ck_assert_msg(f->story != NULL, "%s", error.text);
}

static void fixture_free(Fixture *f) {
    story_free(f->story);
    tiny_free(&f->tiny);
    tokenizer_free(f->tokenizer);
}

static void prompt(Story *story, const char *text) {
    Error error = { "" };
    ck_assert_msg(story_prompt(story, text, &error), "%s", error.text);
}

// The next `count` tokens, checked against the text that comes with each.
static void generate(Fixture *f, int32_t *tokens, int count) {
    for (int i = 0; i < count; i++) {
        Error error = { "" };
        const char *text;
        size_t size, length;
        StoryStep step = story_next(f->story, &text, &size, &error);
        ck_assert_msg(step != STORY_FAILED, "%s", error.text);
        tokens[i] = story_token(f->story, story_position(f->story) - 1);
        ck_assert_int_eq(step == STORY_END, tokens[i] == TOKEN_END);
        if (step == STORY_END) continue;
        const char *bytes = tokenizer_token(f->tokenizer, (uint32_t)tokens[i], &length);
        ck_assert(size == length || (size + 1 == length && bytes[0] == ' '));
        ck_assert_mem_eq(text, bytes + (length - size), size);
    }
}

// And with the same logits to the bit, also back at the prompt and after the window has moved.
START_TEST(a_rewound_story_continues_with_the_same_tokens)
{
    Fixture f;
    fixture_new(&f, kinds[_i / WINDOWS], windows[_i % WINDOWS]);
    int32_t first[TOKENS], again[TOKENS];
    static float logits[TOKENS][512]; // that each token was sampled from
    size_t bytes = (size_t)f.tiny.model.config.V * sizeof(float);
    ck_assert(bytes <= sizeof logits[0]);
    prompt(f.story, "Once upon a time");
    int64_t start = story_position(f.story);
    ck_assert_int_gt(start, 2);
    for (int i = 0; i < TOKENS; i++) {
        generate(&f, first + i, 1);
        memcpy(logits[i], story_logits(f.story), bytes);
    }
    for (int back = 1; back <= TOKENS; back++) {
        story_rewind(f.story, start + TOKENS - back);
        ck_assert_int_eq(story_position(f.story), start + TOKENS - back);
        ck_assert(memcmp(logits[TOKENS - back], story_logits(f.story), bytes) == 0);
        generate(&f, again, back);
        ck_assert_mem_eq(again, first + TOKENS - back, (size_t)back * sizeof *again);
        ck_assert(memcmp(logits[TOKENS - 1], story_logits(f.story), bytes) == 0);
    }
    fixture_free(&f);
}
END_TEST

START_TEST(a_story_is_what_its_prompt_and_seed_say)
{
    Fixture f;
    fixture_new(&f, "mlp", 9);
    int32_t first[TOKENS], again[TOKENS];
    prompt(f.story, "The dog");
    generate(&f, first, TOKENS);
    prompt(f.story, "The cat");
    generate(&f, again, TOKENS);
    ck_assert(memcmp(first, again, sizeof first) != 0);
    prompt(f.story, "The dog");
    generate(&f, again, TOKENS);
    ck_assert_mem_eq(first, again, sizeof first);
    Story *other = story_new(&f.tiny.model, f.tokenizer, &sampling, 4, NULL);
    story_free(f.story);
    f.story = other;
    prompt(f.story, "The dog");
    generate(&f, again, TOKENS);
    ck_assert(memcmp(first, again, sizeof first) != 0);
    fixture_free(&f);
}
END_TEST

// Back into the prompt: the story is one with the shorter prompt.
START_TEST(a_prompt_can_be_shortened)
{
    Fixture f;
    fixture_new(&f, "sgatlin", 9);
    int32_t whole[TOKENS], cut[TOKENS];
    prompt(f.story, "The");
    int64_t length = story_position(f.story);
    generate(&f, whole, TOKENS);
    prompt(f.story, "The dog ran to the house and to the tree and to the lake");
    generate(&f, cut, TOKENS);
    story_rewind(f.story, length);
    generate(&f, cut, TOKENS);
    ck_assert_mem_eq(whole, cut, sizeof whole);
    story_rewind(f.story, 0);
    generate(&f, cut, TOKENS);
    prompt(f.story, "");
    generate(&f, whole, TOKENS);
    ck_assert_mem_eq(whole, cut, sizeof whole);
    fixture_free(&f);
}
END_TEST

static const struct {
    const char *prompt, *read; // what the model reads of it
} blanks[] = {
    { "The dog ", "The dog" },
    { "The dog   ", "The dog" },
    { "The dog\xc2\xa0 ", "The dog" },     // no-break space
    { "The dog \xe3\x80\x80", "The dog" }, // ideographic space
    { " ", "" },
    { "   ", "" },
    { "The dog\n", "The dog\n" },
    { "The dog\n ", "The dog\n" },
    { "The dog \n", "The dog \n" },
    { "The dog\t", "The dog\t" },
    { "The  dog", "The  dog" },
    { "The dog \xa0", "The dog \xa0" }, // not a character
    { "\x80\x80", "\x80\x80" },
};

// The first token's text after a prompt.
static void first_text(Story *story, const char **text, size_t *size) {
    Error error = { "" };
    ck_assert_msg(story_next(story, text, size, &error) == STORY_TOKEN, "%s", error.text);
}

START_TEST(blanks_at_the_end_of_a_prompt_are_not_read)
{
    Fixture f;
    fixture_new(&f, "mlp", 2 * TOKENS);
    int32_t plain[TOKENS], tokens[TOKENS];
    prompt(f.story, blanks[_i].read);
    int64_t length = story_position(f.story);
    generate(&f, plain, TOKENS / 2);
    prompt(f.story, blanks[_i].prompt);
    ck_assert_int_eq(story_position(f.story), length);
    generate(&f, tokens, TOKENS / 2);
    ck_assert_mem_eq(tokens, plain, TOKENS / 2 * sizeof *plain);
    fixture_free(&f);
}
END_TEST

// The space of the prompt is the one before the next word, after a rewind too.
START_TEST(blanks_at_the_end_of_a_prompt_are_not_doubled)
{
    Fixture f;
    fixture_new(&f, "mlp", 9);
    const char *text, *again;
    size_t size, short_size;
    int spaces = 0;
    for (uint64_t seed = 0; seed < 40; seed++) {
        story_free(f.story);
        f.story = story_new(&f.tiny.model, f.tokenizer, &sampling, seed, NULL);
        prompt(f.story, "The dog");
        int64_t start = story_position(f.story);
        first_text(f.story, &text, &size);
        for (int rewound = 0; rewound < 2; rewound++) {
            if (rewound) story_rewind(f.story, start);
            if (!rewound) prompt(f.story, "The dog ");
            first_text(f.story, &again, &short_size);
            bool space = size > 0 && *text == ' ';
            spaces += space;
            ck_assert_uint_eq(short_size, size - space);
            ck_assert_mem_eq(again, text + space, short_size);
        }
    }
    ck_assert_int_gt(spaces, 5);
    fixture_free(&f);
}
END_TEST

START_TEST(dropped_tokens_are_those_outside_the_window)
{
    Fixture f;
    fixture_new(&f, "mlp", 9);
    int32_t tokens[TOKENS];
    prompt(f.story, "");
    ck_assert_int_eq(story_dropped(f.story), 0);
    generate(&f, tokens, 9); // TOKEN_END and 8 tokens have been fed: the window is full
    ck_assert_int_eq(story_dropped(f.story), 0);
    generate(&f, tokens, 1); // the ninth is fed: 3 of the last 8 stay
    ck_assert_int_eq(story_dropped(f.story), 5);
    prompt(f.story, "The dog ran to the house and to the tree and to the lake");
    ck_assert_int_eq(story_dropped(f.story), story_position(f.story) - 8);
    fixture_free(&f);
}
END_TEST

typedef struct {
    const Story *story;
    int next;         // position of the next token that is read for the first time
    int fresh, again; // tokens read for the first time, and again
} Listener;

static void listen(void *context, const GatingEvent *event) {
    Listener *listener = context;
    int N = event->gating->N;
    if (event->layer != 0) return;
    ck_assert_int_eq(event->T, N);
    listener->fresh += event->fresh;
    listener->again += N - event->fresh;
    for (int row = N - event->fresh; row < N; row++) {
        ck_assert_int_eq(event->position + row, listener->next++);
        int32_t token =
            listener->next == 0 ? TOKEN_END : story_token(listener->story, listener->next - 1);
        ck_assert_int_eq(event->tokens[row], token);
    }
}

// Once fresh, at its position; again when the window moves. A rewind feeds the last token again.
START_TEST(hooks_see_each_token_once)
{
    Fixture f;
    fixture_new(&f, "sgatlin", windows[_i]);
    int32_t tokens[TOKENS];
    Listener listener = { .story = f.story, .next = -1 };
    HookList hooks = one_hook(listen, &listener);
    story_hooks(f.story, &hooks);
    prompt(f.story, windows[_i] < 9 ? "" : "The dog");
    int start = (int)story_position(f.story);
    ck_assert_int_eq(listener.fresh, 1 + start); // with TOKEN_END
    generate(&f, tokens, TOKENS);
    ck_assert_int_eq(listener.fresh, 1 + start + TOKENS - 1);
    ck_assert_int_eq(listener.again > 0, windows[_i] == 9 || windows[_i] == 2);
    for (int back = 1; back < TOKENS; back += 7) {
        int position = start + TOKENS - back;
        listener.fresh = 0;
        listener.next = position - 1;
        story_rewind(f.story, position);
        ck_assert_int_eq(listener.fresh, 1);
        generate(&f, tokens, back);
        ck_assert_int_eq(listener.fresh, back);
    }
    listener.next = -1;
    listener.fresh = 0;
    story_rewind(f.story, 0);
    ck_assert_int_eq(listener.fresh, 1);
    fixture_free(&f);
}
END_TEST

// ---- patches and records

// One position is silenced in all layers. The story is the same whether the patch is there from the
// start or comes with a rewind to the position after it, wherever the window is.
START_TEST(a_rewound_and_patched_story_is_one_patched_from_the_start)
{
    for (int w = 0; w < (int)(sizeof windows / sizeof windows[0]); w++) {
        Fixture f;
        fixture_new(&f, kinds[_i], windows[w]);
        int32_t plain[TOKENS], patched[TOKENS], rewound[TOKENS];
        prompt(f.story, "The dog");
        int start = (int)story_position(f.story), different = 0;
        generate(&f, plain, TOKENS);
        for (int position = start - 1; position < start + TOKENS - 1; position += 5) {
            GatingEdit edit = { .layer = ALL, .position = position, .channel = ALL };
            GatingPatch patch = { &edit, 1 };
            HookList hooks = one_hook(gating_patch_hook, &patch);
            size_t count = (size_t)(start + TOKENS - 1 - position);
            story_hooks(f.story, NULL);
            prompt(f.story, "The dog");
            generate(&f, plain, TOKENS);
            story_hooks(f.story, &hooks);
            story_rewind(f.story, position + 1);
            generate(&f, rewound, (int)count);
            prompt(f.story, "The dog");
            generate(&f, patched, TOKENS);
            size_t before = TOKENS - count;
            ck_assert_mem_eq(plain, patched, before * sizeof *plain);
            ck_assert_mem_eq(rewound, patched + before, count * sizeof *rewound);
            different += memcmp(plain, patched, sizeof plain) != 0;
        }
        ck_assert_int_gt(different, 0);
        fixture_free(&f);
    }
}
END_TEST

static void same_records(const GatingRecord *a, const GatingRecord *b) {
    size_t entries = gating_record_entry(a, a->T, 0, 0);
    ck_assert_mem_eq(a->tokens, b->tokens, (size_t)a->T * sizeof *a->tokens);
    ck_assert_mem_eq(a->index, b->index, entries * sizeof *a->index);
    ck_assert_mem_eq(a->score, b->score, entries * sizeof *a->score);
}

// A record of a story has its tokens, also those that have left the window, and after a rewind
// those that took their place.
START_TEST(a_record_follows_a_story)
{
    Error error = { "" };
    for (int w = 0; w < (int)(sizeof windows / sizeof windows[0]); w++) {
        Fixture f;
        fixture_new(&f, kinds[_i], windows[w]);
        const Config *config = &f.tiny.model.config;
        GatingRecord record, again;
        ck_assert_msg(gating_record_new(&record, config, TOKENS, &error), "%s", error.text);
        ck_assert_msg(gating_record_new(&again, config, TOKENS, &error), "%s", error.text);
        int32_t tokens[TOKENS], others[TOKENS];
        HookList hooks = one_hook(gating_record_hook, &record);
        story_hooks(f.story, &hooks);
        prompt(f.story, "");
        generate(&f, tokens, TOKENS);
        ck_assert_mem_eq(record.tokens, tokens, (TOKENS - 1) * sizeof *tokens);
        ck_assert_int_eq(record.index[gating_record_entry(&record, TOKENS - 1, 0, 0)], NO_EXPERT);
        hooks = one_hook(gating_record_hook, &again);
        story_hooks(f.story, &hooks);
        prompt(f.story, "");
        generate(&f, others, TOKENS);
        same_records(&record, &again);
        // Another story from the middle on, and back to the first one.
        story_sampling(f.story, &(Sampling){ .temperature = 10.0 });
        story_rewind(f.story, TOKENS / 2);
        generate(&f, others, TOKENS / 2);
        ck_assert_mem_eq(again.tokens + TOKENS / 2, others, (TOKENS / 2 - 1) * sizeof *others);
        ck_assert(memcmp(record.tokens, again.tokens, TOKENS * sizeof *tokens) != 0);
        story_sampling(f.story, &sampling);
        story_rewind(f.story, TOKENS / 2);
        generate(&f, others, TOKENS / 2);
        same_records(&record, &again);
        gating_record_free(&record);
        gating_record_free(&again);
        fixture_free(&f);
    }
}
END_TEST

START_TEST(logits_that_are_nan_end_it)
{
    Fixture f;
    fixture_new(&f, "mlp", 9);
    const Tensor *embedding = tensors_find(&f.tiny.model.tensors, "embedding");
    for (size_t i = 0; i < embedding->count; i++)
        f.tiny.model.parameters[embedding->offset + i] = NAN;
    Error error = { "" };
    const char *text;
    size_t size;
    prompt(f.story, "");
    ck_assert_int_eq(story_next(f.story, &text, &size, &error), STORY_FAILED);
    ck_assert_ptr_nonnull(strstr(error.text, "NaN"));
    ck_assert_int_eq(story_position(f.story), 0);
    fixture_free(&f);
}
END_TEST

int main(void) {
    sgemm_setup();
    parallel_set_threads(1);
    const TestRow tests[] = {
        { a_rewound_story_continues_with_the_same_tokens, WINDOWS * KINDS },
        { a_story_is_what_its_prompt_and_seed_say },
        { a_prompt_can_be_shortened },
        { blanks_at_the_end_of_a_prompt_are_not_read, COUNT_OF(blanks) },
        { blanks_at_the_end_of_a_prompt_are_not_doubled },
        { dropped_tokens_are_those_outside_the_window },
        { hooks_see_each_token_once, COUNT_OF(windows) },
        { a_rewound_and_patched_story_is_one_patched_from_the_start, KINDS },
        { a_record_follows_a_story, KINDS },
        { logits_that_are_nan_end_it },
    };
    return run_tests("story", tests, COUNT_OF(tests));
}

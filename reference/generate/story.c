#include "reference/generate/story.h"
#include "reference/data/pretokenize.h"
#include "reference/generate/decoder.h"
#include "reference/numbers/array.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

struct Story {
    const Model *model;
    const Tokenizer *tokenizer;
    Sampling sampling;
    uint64_t key;
    Decoder *decoder;
    HookList hooks;
    Candidate *candidates; // [V]
    TokenList tokens;      // the prompt and what was sampled
    size_t prompt;         // tokens of the prompt
    size_t fed;            // tokens that the decoder has read
    size_t first;          // the oldest token in the context window
    bool blanks;           // the prompt ended in blanks, which the model did not read
    const float *logits;   // [V] after the last token fed; NULL: nothing was fed
};

Story *story_on(ReaderOpen *open, const Model *model, const Tokenizer *tokenizer,
                const Sampling *sampling, uint64_t seed, Error *error) {
    Story *story = calloc(1, sizeof *story);
    size_t V = (size_t)model->config.V;
    if (story != NULL) story->candidates = malloc(V * sizeof *story->candidates);
    if (story == NULL || story->candidates == NULL) {
        fail(error, "out of memory for a story");
        story_free(story);
        return NULL;
    }
    story->model = model;
    story->tokenizer = tokenizer;
    story->sampling = *sampling;
    story->key = random_key(seed, "sample");
    story->decoder = decoder_on(open, model, error);
    if (story->decoder != NULL) return story;
    story_free(story);
    return NULL;
}

Story *story_new(const Model *model, const Tokenizer *tokenizer, const Sampling *sampling,
                 uint64_t seed, Error *error) {
    return story_on(cpu_reader, model, tokenizer, sampling, seed, error);
}

void story_free(Story *story) {
    if (story == NULL) return;
    decoder_free(story->decoder);
    free(story->candidates);
    free(story->tokens.ids);
    free(story);
}

// Tokens that stay in a full window, after TOKEN_END (see decoder_step).
static size_t window_rest(const Story *story) {
    int T = story->model->config.T;
    return T / 2 > 0 ? (size_t)T / 2 - 1 : 0;
}

// The oldest token of the prompt that fits into the window, after TOKEN_END.
static size_t prompt_first(const Story *story) {
    size_t rest = (size_t)story->model->config.T - 1;
    return story->prompt > rest ? story->prompt - rest : 0;
}

// The oldest token in the window once `count` tokens have been fed.
static size_t window_first(const Story *story, size_t count) {
    size_t T = (size_t)story->model->config.T, cached = 1; // TOKEN_END
    size_t first = prompt_first(story);
    for (size_t i = first; i < count; i++) {
        if (cached == T) {
            first = i - window_rest(story);
            cached = T > 1 ? i - first + 1 : 0;
        }
        cached++;
    }
    return first;
}

// Feeds TOKEN_END and the tokens first .. count-1. again: hooks have seen them. The same tokens are
// read together however often that is: those of the prompt but its last one, to which a rewind may
// go, or those that stayed when the window moved.
static void feed_window(Story *story, size_t first, size_t count, bool again) {
    const int32_t *tokens = (const int32_t *)story->tokens.ids + first;
    size_t known = first == prompt_first(story) ? story->prompt - first : window_rest(story) + 1;
    int n = (int)(count - first), together = known > 0 ? min_int((int)known - 1, n) : 0;
    story->logits = decoder_start(story->decoder, tokens, together, n, (int)first, again);
    story->first = first;
    story->fed = count;
}

static void feed_next(Story *story) {
    int64_t dropped = 0;
    int32_t token = (int32_t)story->tokens.ids[story->fed];
    story->logits = decoder_step(story->decoder, token, &dropped);
    if (dropped > 0) story->first = story->fed - window_rest(story);
    story->fed++;
}

// The size of a text without the blanks at its end: the characters that NFKC turns into spaces, but
// no newlines and tabs, which are words of their own.
static size_t size_without_blanks(const char *text) {
    size_t size = strlen(text);
    for (size_t last = size; last > 0; size = last) {
        while (--last > 0 && ((unsigned char)text[last] & 0xc0) == 0x80) continue;
        int32_t code_point;
        size_t length = utf8_next(&code_point, text + last, size - last);
        if (code_point < 0 || last + length != size ||
            utf8proc_category(code_point) != UTF8PROC_CATEGORY_ZS)
            break;
    }
    return size;
}

// Whether a space in front of the token after the first `count` is part of the text.
static bool begun_after(const Story *story, size_t count) {
    if (count == 0 || story->tokens.ids[count - 1] == TOKEN_END) return false;
    return count != story->prompt || !story->blanks;
}

bool story_prompt(Story *story, const char *text, Error *error) {
    size_t size = size_without_blanks(text);
    story->tokens.count = 0;
    if (!tokenizer_encode(story->tokenizer, text, size, false, &story->tokens))
        return fail(error, "out of memory for a prompt of %zu bytes", size);
    story->prompt = story->tokens.count;
    story->blanks = text[size] != '\0';
    feed_window(story, window_first(story, story->prompt), story->prompt, false);
    return true;
}

static bool append(Story *story, int32_t token) {
    TokenList *tokens = &story->tokens;
    uint32_t *ids = array_grow(tokens->ids, &tokens->capacity, tokens->count + 1, sizeof *ids);
    if (ids == NULL) return false;
    tokens->ids = ids;
    ids[tokens->count++] = (uint32_t)token;
    return true;
}

StoryStep story_next(Story *story, const char **text, size_t *size, Error *error) {
    *text = "";
    *size = 0;
    if (story->fed < story->tokens.count) feed_next(story);
    double draw = random_uniform(story->key, story->tokens.count - story->prompt);
    int32_t token = sample_token(story->logits, story->model->config.V, &story->sampling, draw,
                                 story->candidates);
    if (isnan(story->logits[token])) {
        fail(error, "the logits are NaN: the model is damaged, or its training diverged");
        return STORY_FAILED;
    }
    bool skip_space = !begun_after(story, story->tokens.count);
    if (!append(story, token)) {
        fail(error, "out of memory for a story of %zu tokens", story->tokens.count);
        return STORY_FAILED;
    }
    if (token == TOKEN_END) return STORY_END;
    *text = tokenizer_token(story->tokenizer, (uint32_t)token, size);
    if (skip_space && *size > 0 && **text == ' ') {
        ++*text;
        --*size;
    }
    return STORY_TOKEN;
}

// Takes the decoder back to where token count-1 was fed, and feeds it again.
void story_rewind(Story *story, int64_t position) {
    size_t count = (size_t)position;
    story->tokens.count = count;
    if (count < story->prompt) {
        story->prompt = count;
        story->blanks = false;
    }
    if (count > story->fed) return;            // the last token is still to be fed
    if (window_first(story, count) == count) { // TOKEN_END is all there is
        feed_window(story, count, count, false);
        return;
    }
    size_t first = window_first(story, count - 1);
    if (first == story->first) {
        decoder_rewind(story->decoder, (int)count - 1);
        story->fed = count - 1;
    } else {
        feed_window(story, first, count - 1, true);
    }
    feed_next(story);
}

void story_hooks(Story *story, const HookList *hooks) {
    story->hooks = hooks != NULL ? *hooks : (HookList){ .count = 0 };
    decoder_hooks(story->decoder, &story->hooks);
}

void story_sampling(Story *story, const Sampling *sampling) { story->sampling = *sampling; }
int64_t story_position(const Story *story) { return (int64_t)story->tokens.count; }
int32_t story_token(const Story *story, int64_t position) {
    return (int32_t)story->tokens.ids[position];
}
int64_t story_dropped(const Story *story) { return (int64_t)story->first; }
const float *story_logits(const Story *story) { return story->logits; }

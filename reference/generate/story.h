#ifndef REFERENCE_GENERATE_STORY_H
#define REFERENCE_GENERATE_STORY_H
#include "reference/data/tokenizer.h"
#include "reference/generate/sampling.h"
#include "reference/model/reader.h"

// Text generation, one token per call. Prints nothing: the caller decides what to show and when to
// stop. The draws are counter-based, so the same model, prompt, sampling and seed give the same
// story.
typedef struct Story Story;

// model and tokenizer must outlive it; sampling is copied. NULL on failure. story_new runs on the
// CPU, story_on where `open` does.
Story *story_new(const Model *model, const Tokenizer *tokenizer, const Sampling *sampling,
                 uint64_t seed, Error *error);
Story *story_on(ReaderOpen *open, const Model *model, const Tokenizer *tokenizer,
                const Sampling *sampling, uint64_t seed, Error *error);
void story_free(Story *story);

// Starts over with this prompt, which may be empty, and feeds it to the model. Of a prompt longer
// than the context window the oldest tokens are left out. Blanks at its end (spaces, not newlines)
// are not fed: the tokenizer puts a space before a word, so the model has seen none on its own.
bool story_prompt(Story *story, const char *text, Error *error);

typedef enum {
    STORY_TOKEN,
    STORY_END,   // TOKEN_END: the story is over; the next call begins another one
    STORY_FAILED // error says why: the logits are NaN, or out of memory
} StoryStep;

// Feeds the model the last token and samples the next one; call story_prompt first. *text is its
// `size` bytes, without the space that the tokenizer puts before the first word of a text, or the
// one that a prompt with blanks at its end already has. They are owned by the tokenizer and may be
// part of a UTF-8 sequence (see Utf8Stream); size is 0 at STORY_END.
StoryStep story_next(Story *story, const char **text, size_t *size, Error *error);

int64_t story_position(const Story *story);                // tokens so far, prompt included
int32_t story_token(const Story *story, int64_t position); // 0 <= position < story_position
// Tokens of the story that are no longer in the context window.
int64_t story_dropped(const Story *story);
// [V]: after the last token that was fed. The last token that story_next returned was sampled from
// them, or, after story_prompt and story_rewind, the next one will be.
const float *story_logits(const Story *story);

// Goes back to `position`, 0 <= position <= story_position: forgets the tokens from there on, and
// feeds the one before again. Unless hooks or sampling change, the story then continues with the
// same tokens as before. Going back into the prompt shortens the prompt.
void story_rewind(Story *story, int64_t position);

// The hooks of the following steps, copied; NULL: none. Each is called once per sparse layer and
// pass over the tokens fed (see decoder_hooks), with positions of the story; TOKEN_END in front of
// it is at -1. story_next feeds the token at story_position - 1. To patch a token, set the hooks
// and rewind to the position after it.
void story_hooks(Story *story, const HookList *hooks);
void story_sampling(Story *story, const Sampling *sampling); // of the following steps
#endif

#ifndef CHAPTERS_09_CIRCUITS_CONTEXTS_H
#define CHAPTERS_09_CIRCUITS_CONTEXTS_H
#include "chapters/07_language_model/toy_language.h"

// The points that this chapter's demo compares: every different beginning of a sentence of chapter
// 07's toy language, once (the same beginning has the same gatings), and what a model records for
// it at its last word.

typedef struct {
    int word, previous;     // the last word and the one before it; previous is -1 for <end>
    int next;               // the word that must follow; -1 if that is not determined
    int sentence, position; // of the first sentence that begins so; its inputs 0 .. position
} Context;

// out [TOY_SENTENCES·TOY_T] gets them in the order of sentences and positions; returns how many.
int toy_contexts(Context *out);

// words [TOY_T]: the inputs of the context's sentence, of which those up to its position count.
void context_words(int *words, const Context *context);
// The words up to the position, the last one in brackets, without the <end> at the start.
enum { CONTEXT_TEXT = 96 };
void describe_context(char out[CONTEXT_TEXT], const Context *context);
// Do both sentences have the same name and color?
bool same_fact(const Context *a, const Context *b);
// The context at a position of the sentences with this name and color.
int find_context(const Context *contexts, int name, int color, int position);

typedef struct {
    int N, L, C, K, F, D;
    double *scores; // [L,N,C·K]
    int *indices;   // [L,N,C·K] of F in each channel
    int *joined;    // [L,N,C·K] of C·F
    double *inputs; // [L,N,D] of the feed-forward layers: the residual stream, normalised
} ContextRecording;

// Records an sgatlin model. false: out of memory.
bool record_contexts(ContextRecording *out, LanguageModel *model, const Context *contexts, int N);
void context_recording_free(ContextRecording *recording);
#endif

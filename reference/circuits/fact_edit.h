#ifndef REFERENCE_CIRCUITS_FACT_EDIT_H
#define REFERENCE_CIRCUITS_FACT_EDIT_H
#include "reference/circuits/prompt.h"
#include "reference/model/model.h"

// An edit of a fact: the smallest change of what neurons write that turns the answer of a prompt
// into another. With w [n] what the `out` of each active neuron is multiplied by at the prompt's
// last position, and u [D] the direction of logit(to) - logit(from), that is
//   change of out[i] = λ · a[i] · u,   λ = missing / (a·w · u·u)
// where `missing` is what the difference of the logits lacks. a = w is the change of smallest norm.
// With prompts to protect, a is w without its part in the span of their own w: the change adds
// nothing to their answers by itself. Later layers and the final norm respond, so the step is
// repeated, and halved where it does not help, until the difference is reached.
typedef struct {
    const Prompt *prompt;
    int32_t from, to;
    int layer;             // whose neurons, or ALL
    double margin;         // what logit(to) - logit(from) should be at least
    const Prompt *protect; // [protect_count]; the last position of each
    int protect_count;
} FactEdit;

typedef struct {
    double before, after; // logit(to) - logit(from)
    int neurons, steps;
    double change, size; // norms of the change, and of what it changed
    double share;        // |a| / |w| at the first step: 1 where nothing is protected
} FactEditResult;

// Changes the model's parameters; when it fails they are as before. For models of one-neuron
// experts. Fails where the protected prompts have the same neurons in the same proportions, or the
// steps do not get there.
bool fact_edit(FactEditResult *out, Model *model, const FactEdit *edit, Error *error);
#endif

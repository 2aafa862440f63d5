#include "reference/circuits/recall.h"
#include "reference/circuits/patch.h"
#include "reference/circuits/predictions.h"
#include "reference/circuits/random_neurons.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 64 }; // pairs of one pass

const char *const control_names[CONTROLS] = { "patch", "own", "third", "random", "silent" };
const char *const place_names[PLACES] = { "noun", "last" };

struct Recall {
    const Model *model;
    const Question *questions;
    int count, T, B;       // T: of the longest prompt; B: rows of a pass
    GatingRecord *records; // [count]
    float *logits;         // [count,V]: after the last position
    // of one pass
    Activations *activations;
    int32_t *inputs;      // [B,T]
    GatingPatch *patches; // [B]
    GatingEdit *edits;    // [B,T]
    GatingRecord *random; // [B]: of CONTROL_RANDOM
    float *row;           // [V]
};

static void records_free(GatingRecord *records, int count) {
    for (int i = 0; records != NULL && i < count; i++) gating_record_free(&records[i]);
    free(records);
}

void recall_free(Recall *recall) {
    if (recall == NULL) return;
    records_free(recall->records, recall->count);
    records_free(recall->random, recall->B);
    model_activations_free(recall->activations);
    free(recall->logits);
    free(recall->inputs);
    free(recall->patches);
    free(recall->edits);
    free(recall);
}

// ---- the questions alone

static bool check_logits(const float *logits, int V, Error *error) {
    for (int v = 0; v < V; v++) {
        if (isnan(logits[v]))
            return fail(error,
                        "the logits are NaN: the model is damaged, or its training diverged");
    }
    return true;
}

static bool record_question(Recall *recall, int i, Error *error) {
    const Prompt *prompt = &recall->questions[i].prompt;
    int V = recall->model->config.V;
    if (!gating_record_new(&recall->records[i], &recall->model->config, prompt->T, error))
        return false;
    HookList hooks = one_hook(gating_record_hook, &recall->records[i]);
    model_hooks(recall->activations, &hooks);
    model_forward(recall->model, recall->activations, prompt->inputs, 1, prompt->T);
    float *logits = recall->logits + (size_t)i * (size_t)V;
    model_logits(recall->model, recall->activations, prompt->T - 1, 1, logits);
    return check_logits(logits, V, error);
}

static bool allocate(Recall *recall, Error *error) {
    size_t count = (size_t)recall->count, B = (size_t)recall->B, T = (size_t)recall->T,
           V = (size_t)recall->model->config.V;
    recall->records = calloc(count + 1, sizeof *recall->records);
    recall->random = calloc(B, sizeof *recall->random);
    recall->logits = malloc((count + 1) * V * sizeof *recall->logits);
    recall->inputs = malloc(B * T * sizeof *recall->inputs);
    recall->patches = malloc(B * sizeof *recall->patches);
    recall->edits = malloc(B * T * sizeof *recall->edits);
    if (recall->records == NULL || recall->random == NULL || recall->logits == NULL ||
        recall->inputs == NULL || recall->patches == NULL || recall->edits == NULL)
        return fail(error, "out of memory for %d prompts", recall->count);
    recall->row = recall->logits + count * V;
    recall->activations =
        model_activations_new(&recall->model->config, recall->B, recall->T, false, error);
    bool ok = recall->activations != NULL;
    for (size_t b = 0; ok && b < B; b++)
        ok = gating_record_new(&recall->random[b], &recall->model->config, recall->T, error);
    return ok;
}

Recall *recall_new(const Model *model, const Question *questions, int count, Error *error) {
    if (!ffn_has_gating(&model->config, error)) return NULL;
    Recall *recall = malloc(sizeof *recall);
    if (recall == NULL) {
        fail(error, "out of memory for %d prompts", count);
        return NULL;
    }
    // where experts choose among the rows of a batch, a prompt must be alone in its pass
    bool mixes = mixes_batch_rows(ffn_causality(&model->config));
    *recall = (Recall){
        .model = model, .questions = questions, .count = count, .T = 1, .B = mixes ? 1 : ROWS
    };
    for (int i = 0; i < count; i++) recall->T = max_int(recall->T, questions[i].prompt.T);
    bool ok = allocate(recall, error);
    for (int i = 0; ok && i < count; i++) ok = record_question(recall, i, error);
    if (ok) return recall;
    recall_free(recall);
    return NULL;
}

static bool first_is_answer(const Recall *recall, const Question *question, const float *logits) {
    Prediction best;
    predictions_of(&best, logits, 1, recall->model->config.V);
    return is_answer(question, best.token);
}

int recall_answered(const Recall *recall) {
    int answered = 0;
    for (int i = 0; i < recall->count; i++) {
        const float *logits = recall->logits + (size_t)i * (size_t)recall->model->config.V;
        answered += first_is_answer(recall, &recall->questions[i], logits);
    }
    return answered;
}

// ---- passes

// Random neurons in place of each that the record has, all different in a channel, with its scores.
static void randomize(GatingRecord *out, const GatingRecord *record, uint64_t key) {
    size_t entries = gating_record_entry(record, record->T, 0, 0), K = (size_t)record->K;
    out->T = record->T;
    memcpy(out->index, record->index, entries * sizeof *out->index);
    memcpy(out->score, record->score, entries * sizeof *out->score);
    for (size_t first = 0; first < entries; first += K) {
        int count = 0;
        while (count < record->K && record->index[first + (size_t)count] != NO_EXPERT) count++;
        random_neurons(out->index + first, count, record->F, key, first);
    }
}

// What is put in place of the clean prompt's gating; NULL: nothing.
static const GatingRecord *source_of(Recall *recall, int row, const QuestionPair *pair,
                                     Control control) {
    const GatingRecord *other = &recall->records[pair->other];
    switch (control) {
    case CONTROL_PATCH: return other;
    case CONTROL_OWN: return &recall->records[pair->clean];
    case CONTROL_THIRD: return &recall->records[pair->third];
    case CONTROL_RANDOM: {
        uint64_t pair_number = (uint64_t)pair->clean * (uint64_t)recall->count;
        randomize(&recall->random[row], other,
                  random_key(pair_number + (uint64_t)pair->other, "random neurons"));
        return &recall->random[row];
    }
    default: return NULL;
    }
}

// The row of a pair in the next pass.
static void set_row(Recall *recall, int row, const QuestionPair *pair, int layer, Place place,
                    Control control) {
    const Question *clean = &recall->questions[pair->clean];
    int T = clean->prompt.T, first = place == AT_NOUN ? clean->first : T - 1,
        last = place == AT_NOUN ? clean->last : T - 1;
    const GatingRecord *source = source_of(recall, row, pair, control);
    GatingEdit *edits = recall->edits + (size_t)row * (size_t)recall->T;
    memcpy(recall->inputs + (size_t)row * (size_t)T, clean->prompt.inputs,
           (size_t)T * sizeof *recall->inputs);
    for (int position = first; position <= last; position++)
        edits[position - first] = (GatingEdit){ .layer = layer,
                                                .position = position,
                                                .channel = ALL,
                                                .source = source,
                                                .source_position = ALL,
                                                .scale = source != NULL ? 1.0f : 0.0f };
    recall->patches[row] = (GatingPatch){ edits, last - first + 1 };
}

// log Σ e^logit over the answers
static double answer_logit(const Question *question, const float *logits) {
    double highest = -INFINITY, sum = 0;
    for (int i = 0; i < question->answer_count; i++)
        highest = fmax(highest, logits[question->answers[i]]);
    for (int i = 0; i < question->answer_count; i++)
        sum += exp(logits[question->answers[i]] - highest);
    return highest + log(sum);
}

static double margin(const Question *clean, const Question *other, const float *logits) {
    return answer_logit(clean, logits) - answer_logit(other, logits);
}

static Effect effect_of(const Recall *recall, const QuestionPair *pair, const float *patched) {
    const Question *clean = &recall->questions[pair->clean],
                   *other = &recall->questions[pair->other];
    size_t V = (size_t)recall->model->config.V;
    return (Effect){ .clean = margin(clean, other, recall->logits + (size_t)pair->clean * V),
                     .other = margin(clean, other, recall->logits + (size_t)pair->other * V),
                     .patched = margin(clean, other, patched),
                     .first = first_is_answer(recall, other, patched) };
}

// A pass over the first pairs that have prompts of the same length, at most B; returns how many.
static int pass(Effect *out, Recall *recall, const QuestionPair *pairs, int count, int layer,
                Place place, Control control, Error *error) {
    int T = recall->questions[pairs[0].clean].prompt.T, rows = 0;
    while (rows < min_int(count, recall->B) && recall->questions[pairs[rows].clean].prompt.T == T) {
        set_row(recall, rows, &pairs[rows], layer, place, control);
        rows++;
    }
    HookList hooks = one_hook(gating_patch_rows_hook, recall->patches);
    model_hooks(recall->activations, &hooks);
    model_forward(recall->model, recall->activations, recall->inputs, rows, T);
    for (int row = 0; row < rows; row++) {
        model_logits(recall->model, recall->activations, row * T + T - 1, 1, recall->row);
        if (!check_logits(recall->row, recall->model->config.V, error)) return 0;
        out[row] = effect_of(recall, &pairs[row], recall->row);
    }
    return rows;
}

bool recall_effects(Effect *out, Recall *recall, const QuestionPair *pairs, int count, int layer,
                    Place place, Control control, Error *error) {
    for (int done = 0; done < count;) {
        int rows = 1;
        if (control == CONTROL_THIRD && pairs[done].third == NO_QUESTION) {
            out[done] = (Effect){ NAN, NAN, NAN, false };
        } else {
            int some = 1;
            while (done + some < count &&
                   (control != CONTROL_THIRD || pairs[done + some].third != NO_QUESTION))
                some++;
            rows = pass(out + done, recall, pairs + done, some, layer, place, control, error);
            if (rows == 0) return false;
        }
        done += rows;
    }
    return true;
}

// ---- over all pairs

static bool same_form(const Question *a, const Question *b) {
    return a->prompt.T == b->prompt.T && a->first == b->first && a->last == b->last;
}

static bool share_answer(const Question *a, const Question *b) {
    for (int i = 0; i < a->answer_count; i++) {
        if (is_answer(b, a->answers[i])) return true;
    }
    return false;
}

// A random question that may be the third of a pair, or NO_QUESTION.
static int draw_third(const Question *questions, int count, const QuestionPair *pair, uint64_t i) {
    const Question *clean = &questions[pair->clean], *other = &questions[pair->other];
    int begin = (int)random_below(random_key(i, "third"), 0, (uint64_t)count);
    for (int step = 0; step < count; step++) {
        int third = (begin + step) % count;
        const Question *question = &questions[third];
        if (same_form(question, clean) && !share_answer(question, clean) &&
            !share_answer(question, other))
            return third;
    }
    return NO_QUESTION;
}

bool question_pairs_new(QuestionPairs *out, const Question *questions, int count, Error *error) {
    *out = (QuestionPairs){ .count = 0 };
    out->items = malloc(((size_t)count * (size_t)count + 1) * sizeof *out->items);
    if (out->items == NULL) return fail(error, "out of memory for the pairs of %d prompts", count);
    for (int i = 0; i < count * count; i++) {
        QuestionPair pair = { i / count, i % count, NO_QUESTION };
        const Question *clean = &questions[pair.clean], *other = &questions[pair.other];
        if (pair.clean == pair.other) continue;
        if (!same_form(clean, other)) {
            out->other_form++;
        } else if (share_answer(clean, other)) {
            out->same_answer++;
        } else {
            pair.third = draw_third(questions, count, &pair, (uint64_t)i);
            out->items[out->count++] = pair;
        }
    }
    return true;
}

EffectSummary effects_summary(const Effect *effects, int count) {
    EffectSummary out = { .pairs = 0 };
    double above = 0, below = 0;
    int flips = 0, first = 0;
    for (int i = 0; i < count; i++) {
        const Effect *effect = &effects[i];
        if (isnan(effect->patched)) continue;
        above += effect->patched - effect->clean;
        below += effect->other - effect->clean;
        flips += effect->patched < 0;
        first += effect->first;
        out.pairs++;
    }
    out.nie = below != 0 ? above / below : NAN;
    out.flips = out.pairs > 0 ? (double)flips / out.pairs : NAN;
    out.first = out.pairs > 0 ? (double)first / out.pairs : NAN;
    return out;
}

bool recall_table_new(RecallTable *out, Recall *recall, const QuestionPairs *pairs, int L,
                      Error *error) {
    size_t cells = (size_t)PLACES * ((size_t)L + 1) * CONTROLS;
    *out = (RecallTable){ .L = L, .cells = calloc(cells, sizeof *out->cells) };
    Effect *effects = malloc(((size_t)pairs->count + 1) * sizeof *effects);
    bool ok = (out->cells != NULL && effects != NULL) ||
              fail(error, "out of memory for %d pairs", pairs->count);
    for (size_t i = 0; ok && i < cells; i++) {
        int control = (int)(i % CONTROLS), row = (int)(i / CONTROLS % ((size_t)L + 1));
        Place place = (Place)(i / CONTROLS / ((size_t)L + 1));
        ok = recall_effects(effects, recall, pairs->items, pairs->count, row == 0 ? ALL : row - 1,
                            place, (Control)control, error);
        if (ok) out->cells[i] = effects_summary(effects, pairs->count);
    }
    free(effects);
    if (!ok) recall_table_free(out);
    return ok;
}

void recall_table_free(RecallTable *table) {
    free(table->cells);
    *table = (RecallTable){ .L = 0 };
}

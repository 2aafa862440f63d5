#include "chapters/10_patching/toy_recall.h"
#include "reference/numbers/random.h"
#include <string.h>

const char *const toy_source_names[SOURCES] = { "the other's",       "its own",
                                                "a third's",         "random neurons",
                                                "silence",           "the other's neurons",
                                                "the other's scores" };

// ---- pairs

// "<end> NAME has a COLOR THING ." of T words.
static void fill_prompt(int *inputs, int T, int name, int color, int thing) {
    const int words[TOY_MAX_PROMPT] = { TOKEN_END,         TOY_NAME + name,   TOY_HAS, TOY_A,
                                        TOY_COLOR + color, TOY_THING + thing, TOY_STOP };
    memcpy(inputs, words, (size_t)T * sizeof *inputs);
}

ToyPair toy_pair(ToyQuestion question, int name, int color, int other, int third) {
    ToyPair pair = { .T = question == ASK_PRONOUN ? TOY_AT_STOP + 1 : TOY_AT_COLOR + 1 };
    const int changed[TOY_PROMPTS] = { question == ASK_THING_COLOR ? color : name, other, third };
    for (int i = 0; i < TOY_PROMPTS; i++) {
        int n = question == ASK_THING_COLOR ? name : changed[i];
        int c = question == ASK_THING_COLOR ? changed[i] : color;
        fill_prompt(pair.inputs[i], pair.T, n, c, toy_facts[name][color]);
        if (question == ASK_PRONOUN)
            pair.answer[i] = n < TOY_NAMES / 2 ? TOY_HE : TOY_SHE;
        else
            pair.answer[i] = TOY_THING + toy_facts[n][c];
    }
    return pair;
}

enum { FACTS = TOY_NAMES * TOY_COLORS, HALF = TOY_NAMES / 2 };

int toy_pairs(ToyQuestion question) {
    return question == ASK_PRONOUN ? FACTS * HALF : FACTS * (TOY_NAMES - 1);
}

ToyPair toy_pair_number(ToyQuestion question, int i) {
    int name = i % FACTS / TOY_COLORS, color = i % TOY_COLORS, step = 1 + i / FACTS;
    uint64_t key = random_key(1, "third");
    if (question == ASK_PRONOUN) { // the others are of the other half, the third of the own
        int first = name < HALF ? 0 : HALF, there = HALF - first, own = name - first;
        int third = first + (own + 1 + (int)random_below(key, (uint64_t)i, HALF - 1)) % HALF;
        return toy_pair(question, name, color, there + (own + step) % HALF, third);
    }
    // 7 steps around a circle of 8 words; the third's step is another than the other's
    int third = 1 + (int)random_below(key, (uint64_t)i, TOY_NAMES - 2);
    if (third >= step) third++;
    int from = question == ASK_THING_COLOR ? color : name;
    return toy_pair(question, name, color, (from + step) % TOY_NAMES, (from + third) % TOY_NAMES);
}

// ---- runs

bool toy_runs_new(ToyRuns *out, LanguageModel *model) {
    *out = (ToyRuns){ .model = model };
    bool ok = snapshot_new(&out->made, &model->sizes);
    for (int i = 0; i < TOY_PROMPTS; i++)
        for (int t = 0; t < TOY_MAX_PROMPT; t++)
            ok = ok && snapshot_new(&out->at[i][t], &model->sizes);
    if (!ok) toy_runs_free(out);
    return ok;
}

void toy_runs_free(ToyRuns *runs) {
    for (int i = 0; i < TOY_PROMPTS; i++)
        for (int t = 0; t < TOY_MAX_PROMPT; t++) snapshot_free(&runs->at[i][t]);
    snapshot_free(&runs->made);
    runs->model = NULL;
}

static const double *last_logits(const ToyRuns *runs) {
    return runs->model->logits + (size_t)(runs->pair.T - 1) * TOY_V;
}

void toy_runs_take(ToyRuns *runs, const ToyPair *pair) {
    runs->pair = *pair;
    for (int i = 0; i < TOY_PROMPTS; i++) {
        language_model_forward(runs->model, pair->inputs[i], pair->T);
        for (int t = 0; t < pair->T; t++) snapshot_take(&runs->at[i][t], runs->model, t);
        memcpy(runs->logits[i], last_logits(runs), sizeof runs->logits[i]);
    }
}

// ---- sources

static bool contains(const int *index, int count, int f) {
    for (int i = 0; i < count; i++)
        if (index[i] == f) return true;
    return false;
}

// index [K]: different neurons below F.
static void choose_random(int *index, int K, int F, uint64_t key) {
    uint64_t draw = 0;
    for (int k = 0; k < K; k++) {
        do index[k] = (int)random_below(key, draw++, (uint64_t)F);
        while (contains(index, k, index[k]));
    }
}

static void make_random(const Snapshot *out, const ToyPair *pair, int position,
                        const ModelSizes *s) {
    uint64_t key = random_key(2, "neurons");
    for (int i = 0; i < TOY_PROMPTS; i++) // other neurons for each pair
        for (int t = 0; t < pair->T; t++) key = random_bits(key, (uint64_t)pair->inputs[i][t]);
    for (int i = 0; i < s->L * s->C; i++) {
        choose_random(out->index + (size_t)i * s->K, s->K, s->F,
                      random_bits(key, (uint64_t)(position * s->L * s->C + i)));
    }
}

const Snapshot *toy_source(ToyRuns *runs, ToySource source, int position) {
    const ModelSizes *s = &runs->model->sizes;
    const Snapshot *clean = &runs->at[CLEAN][position], *other = &runs->at[OTHER][position],
                   *third = &runs->at[THIRD][position], *made = &runs->made;
    size_t entries = (size_t)s->L * s->C * s->K;
    snapshot_copy(made, source == SOURCE_SCORES ? clean : other, s);
    switch (source) {
    case SOURCE_OWN: return clean;
    case SOURCE_THIRD: return third;
    case SOURCE_RANDOM: make_random(made, &runs->pair, position, s); return made;
    case SOURCE_SILENCE: snapshot_silence(made, s); return made;
    case SOURCE_NEURONS:
        memcpy(made->score, clean->score, entries * sizeof *made->score);
        return made;
    case SOURCE_SCORES:
        memcpy(made->score, other->score, entries * sizeof *made->score);
        return made;
    default: return other;
    }
}

// ---- patching

int toy_patch(Differences *m, double *logits, ToyRuns *runs, ToySource source, const Patch *patch) {
    const ToyPair *pair = &runs->pair;
    const int *clean = &pair->answer[CLEAN], *other = &pair->answer[OTHER];
    Patch whole = *patch;
    whole.source = toy_source(runs, source, patch->position);
    patched_forward(runs->model, pair->inputs[CLEAN], pair->T, &whole);
    m->clean = logit_difference(runs->logits[CLEAN], clean, other, 1);
    m->other = logit_difference(runs->logits[OTHER], clean, other, 1);
    m->patched = logit_difference(last_logits(runs), clean, other, 1);
    if (logits) memcpy(logits, last_logits(runs), TOY_V * sizeof *logits);
    return first_word(last_logits(runs), TOY_V);
}

void toy_recall(ToyRow *rows, int count, ToyRuns *runs, ToyQuestion question) {
    for (int i = 0; i < count; i++) rows[i].sums = (EffectSums){ 0 };
    for (int p = 0; p < toy_pairs(question); p++) {
        ToyPair pair = toy_pair_number(question, p);
        toy_runs_take(runs, &pair);
        for (int i = 0; i < count; i++) {
            Differences m;
            int first = toy_patch(&m, NULL, runs, rows[i].source, &rows[i].patch);
            effect_add(&rows[i].sums, &m, first == pair.answer[OTHER]);
        }
    }
}

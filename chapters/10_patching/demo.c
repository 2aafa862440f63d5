// Finds out where a small model has its facts, by giving one sentence parts of another: the first
// part flips one fact, the others measure, explain and edit.
#include "chapters/demo.h"
#include "chapters/02_mixture_of_experts/softmax.h"
#include "chapters/10_patching/carriers.h"
#include "chapters/10_patching/logit_terms.h"
#include "chapters/10_patching/pictures.h"
#include "chapters/10_patching/toy_edit.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SEED = 1, SEEDS = 3, L = 2, C = 2, H = 1, F = 64, K = 8, MOST_NEURONS = 256 };
enum { MIA = 4, LEO = 2, BLUE = 1, SMALL = 6, GREEN = 2 }; // of the language's names and colors

// ---- the model, and sets of layers

typedef struct {
    LanguageModel model;
    ToyRuns runs;
    bool neurons[L + 1][MOST_NEURONS]; // all of layer 1, of layer 2, of both
} Experiment;

static const char *const layer_names[L + 1] = { "layer 1", "layer 2", "both" };
static const bool heads[L + 1][L * H] = { { true, false }, { false, true }, { true, true } };

static void experiment_free(Experiment *e) {
    toy_runs_free(&e->runs);
    language_model_free(&e->model);
}

// Trains a model.
static bool experiment_new(Experiment *e, FeedForwardKind kind, uint64_t seed, Error *error) {
    *e = (Experiment){ 0 };
    if (!toy_model_new(&e->model, kind, seed) || !toy_runs_new(&e->runs, &e->model)) {
        experiment_free(e);
        return fail(error, "not enough memory for the model");
    }
    toy_model_train(&e->model, seed, NULL);
    for (int set = 0; set <= L; set++) {
        for (int l = 0; l < L; l++)
            if (set == l || set == L) mask_layer(e->neurons[set], l, &e->model.sizes);
    }
    return true;
}

// "mia has a blue" and "mia has a small": the example of all parts.
static ToyPair example(void) { return toy_pair(ASK_THING_COLOR, MIA, BLUE, SMALL, GREEN); }

// A patch of neurons, and one of the heads.
static ToyRow row_of(ToySource source, int position, const bool *neurons) {
    return (ToyRow){ .source = source, .patch = { .position = position, .neurons = neurons } };
}
static ToyRow heads_row(int position, int set) {
    return (ToyRow){ .patch = { .position = position, .heads = heads[set] } };
}

// ---- one fact

// The three likeliest words.
static void print_likeliest(const double *logits) {
    double p[TOY_V];
    softmax_row(p, logits, TOY_V);
    for (int i = 0; i < 3; i++) {
        int word = first_word(p, TOY_V);
        printf("  %5s %.2f", toy_words[word], p[word]);
        p[word] = -1.0;
    }
    printf("\n");
}

static void print_flipped(const char *text, const double *logits) {
    printf("%-33s", text);
    print_likeliest(logits);
}

static void show_flip(Experiment *e) {
    const Patch patch = { .position = TOY_AT_COLOR, .neurons = e->neurons[0] };
    double logits[TOY_V];
    Differences m;
    print_flipped("mia has a blue", e->runs.logits[CLEAN]);
    print_flipped("mia has a small", e->runs.logits[OTHER]);
    toy_patch(&m, logits, &e->runs, SOURCE_OTHER, &patch);
    print_flipped("mia has a blue, gating of \"small\"", logits);
}

static void show_sources(Experiment *e, ToySource last) {
    const Patch patch = { .position = TOY_AT_COLOR, .neurons = e->neurons[0] };
    printf("\nGating of layer 1 at \"blue\"      m   effect  flip  three likeliest words\n");
    for (ToySource source = 0; source <= last; source++) {
        Differences m;
        double logits[TOY_V];
        toy_patch(&m, logits, &e->runs, source, &patch);
        printf("  %-20s  %9.2f  %6.2f   %3s", toy_source_names[source], m.patched,
               indirect_effect(&m), rank_flipped(&m) ? "yes" : "no");
        print_likeliest(logits);
    }
}

// ---- all pairs

// Without the sign of an effect that rounds to 0.
static double effect_of(const EffectSums *sums) {
    double effect = mean_effect(sums);
    return fabs(effect) < 0.005 ? 0.0 : effect;
}

static void print_sums(const EffectSums *sums) {
    printf("  %5.2f %3.0f%%", effect_of(sums), 100.0 * sums->firsts / sums->pairs);
}

// A table of layers by positions 1 to T-1 of a question.
static void show_table(Experiment *e, ToyQuestion question) {
    ToyRow rows[(L + 1) * TOY_MAX_PROMPT];
    int positions = toy_pair_number(question, 0).T - 1;
    for (int set = 0; set <= L; set++) {
        for (int i = 0; i < positions; i++) {
            rows[set * positions + i] = row_of(SOURCE_OTHER, i + 1, e->neurons[set]);
        }
    }
    toy_recall(rows, (L + 1) * positions, &e->runs, question);
    for (int set = 0; set <= L; set++) {
        printf("  %-8s", layer_names[set]);
        for (int i = 0; i < positions; i++) print_sums(&rows[set * positions + i].sums);
        printf("\n");
    }
}

static void show_all_sources(EffectSums all[SOURCES], Experiment *e) {
    ToyRow rows[SOURCES];
    for (ToySource source = 0; source < SOURCES; source++)
        rows[source] = row_of(source, TOY_AT_COLOR, e->neurons[0]);
    toy_recall(rows, SOURCES, &e->runs, ASK_THING_NAME);
    printf("\nGating of layer 1 at the color    effect   flips   the other's thing first\n");
    for (ToySource source = 0; source < SOURCES; source++) {
        const EffectSums *sums = &rows[source].sums;
        all[source] = *sums;
        printf("  %-30s  %6.2f  %5.1f%%  %23.1f%%\n", toy_source_names[source], effect_of(sums),
               100.0 * sums->flips / sums->pairs, 100.0 * sums->firsts / sums->pairs);
    }
}

// Everything about mia's blue thing, one word apart.
static void show_one_word_apart(Experiment *e) {
    const Patch patch = { .position = TOY_AT_COLOR, .neurons = e->neurons[0] };
    int firsts[3] = { 0 };
    for (int i = 1; i < TOY_COLORS; i++) {
        int name = (MIA + i) % TOY_NAMES, color = (BLUE + i) % TOY_COLORS;
        const ToyPair pairs[] = { toy_pair(ASK_THING_NAME, MIA, BLUE, name, MIA),
                                  toy_pair(ASK_THING_COLOR, MIA, BLUE, color, BLUE),
                                  toy_pair(ASK_THING_COLOR, MIA, color, BLUE, BLUE) };
        for (int j = 0; j < COUNT_OF(pairs); j++) {
            Differences m;
            toy_runs_take(&e->runs, &pairs[j]);
            firsts[j] +=
                toy_patch(&m, NULL, &e->runs, SOURCE_OTHER, &patch) == pairs[j].answer[OTHER];
        }
    }
    printf("\nThe other's thing first\n"
           "  \"mia has a blue\" with the gating of the other names    %d of 7\n"
           "  \"mia has a blue\" with that of mia's other colors       %d of 7\n"
           "  mia's other colors with that of \"mia has a blue\"       %d of 7\n",
           firsts[0], firsts[1], firsts[2]);
}

static bool show_fact(const char *picture, Error *error) {
    Experiment e;
    ToyExam exam;
    EffectSums sums[SOURCES];
    if (!experiment_new(&e, FEED_FORWARD_SGATLIN, SEED, error)) return false;
    toy_examine(&exam, &e.model);
    printf("A model of chapter 07 that knows %d of the %d facts\n\n", exam.facts,
           TOY_NAMES * TOY_COLORS);
    ToyPair pair = example();
    toy_runs_take(&e.runs, &pair);
    show_flip(&e);
    show_sources(&e, SOURCE_SILENCE);
    printf(
        "\n%d pairs of prompts that differ in the name (\"mia has a blue\", \"leo has a blue\").\n"
        "The gating of the other, at one position: effect, and how often its thing comes first\n\n"
        "                name         has           a       color\n",
        toy_pairs(ASK_THING_NAME));
    show_table(&e, ASK_THING_NAME);
    show_all_sources(sums, &e);
    show_one_word_apart(&e);
    experiment_free(&e);
    return picture == NULL ||
           draw_controls(picture, toy_source_names, sums, SOURCE_SILENCE + 1, error);
}

// ---- where, with other seeds

static void show_places(Experiment *e, ToyQuestion question, int last, const char *name) {
    static const ToySource sources[] = { SOURCE_OTHER, SOURCE_THIRD, SOURCE_RANDOM,
                                         SOURCE_SILENCE };
    enum { COUNT = COUNT_OF(sources) + 1 }; // and the heads
    for (int i = 0; i < 2 * L; i++) {
        int position = i < L ? TOY_AT_NAME : last, l = i % L;
        ToyRow rows[COUNT];
        for (int j = 0; j < COUNT - 1; j++) rows[j] = row_of(sources[j], position, e->neurons[l]);
        rows[COUNT - 1] = heads_row(position, l);
        toy_recall(rows, COUNT, &e->runs, question);
        printf("  %-9s  layer %d", i < L ? "name" : name, l + 1);
        for (int j = 0; j < COUNT; j++) print_sums(&rows[j].sums);
        printf("\n");
    }
}

// The mean attention weight from the last word of the clean prompts to the name.
static double attention_to_name(Experiment *e, ToyQuestion question, int l) {
    double sum = 0.0;
    int pairs = toy_pairs(question);
    for (int i = 0; i < pairs; i++) {
        ToyPair pair = toy_pair_number(question, i);
        language_model_forward(&e->model, pair.inputs[CLEAN], pair.T);
        sum += e->model.layers[l].attention.weights[(pair.T - 1) * pair.T + TOY_AT_NAME];
    }
    return sum / pairs;
}

static void show_question(Experiment *e, ToyQuestion question) {
    bool thing = question == ASK_THING_NAME;
    printf(" %s; attention to the name: layer 1 %.2f, layer 2 %.2f\n",
           thing ? "mia has a blue ... hat" : "mia has a blue hat . ... she",
           attention_to_name(e, question, 0), attention_to_name(e, question, 1));
    show_places(e, question, thing ? TOY_AT_COLOR : TOY_AT_STOP, thing ? "color" : "stop");
}

static void fill_panel(PlacesPanel *panel, Experiment *e, ToyQuestion question, int seed) {
    static const char *const titles[SEEDS][2] = {
        { "a fact of name and color, seed 1", "he or she, seed 1" },
        { "a fact of name and color, seed 2", "he or she, seed 2" },
        { "a fact of name and color, seed 3", "he or she, seed 3" },
    };
    static const char *const words[PLACES_T] = { "mia", "has", "a", "blue", "hat", "." };
    *panel = (PlacesPanel){ .title = titles[seed - 1][question == ASK_PRONOUN],
                            .T = toy_pair_number(question, 0).T - 1 };
    ToyRow rows[PLACES_L * PLACES_T];
    for (int i = 0; i < L * panel->T; i++)
        rows[i] = row_of(SOURCE_OTHER, 1 + i % panel->T, e->neurons[i / panel->T]);
    toy_recall(rows, L * panel->T, &e->runs, question);
    for (int i = 0; i < L * panel->T; i++)
        panel->share[i] = (float)rows[i].sums.firsts / (float)rows[i].sums.pairs;
    for (int t = 0; t < panel->T; t++) panel->words[t] = words[t];
}

static bool show_seeds(const char *picture, Error *error) {
    PlacesPanel panels[SEEDS * 2];
    printf("Effect, and how often the other's word comes first\n");
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        Experiment e;
        if (!experiment_new(&e, FEED_FORWARD_SGATLIN, seed, error)) return false;
        printf("\nseed %d%25s%12s%12s%12s%12s\n", (int)seed, "the other's", "a third's", "random",
               "silence", "attention");
        show_question(&e, ASK_THING_NAME);
        show_question(&e, ASK_PRONOUN);
        if (picture != NULL) {
            fill_panel(&panels[2 * seed - 2], &e, ASK_THING_NAME, (int)seed);
            fill_panel(&panels[2 * seed - 1], &e, ASK_PRONOUN, (int)seed);
        }
        experiment_free(&e);
    }
    return picture == NULL || draw_places(picture, panels, SEEDS, 2, error);
}

// ---- channels and neurons

static void print_row(const char *name, const ToyRow *row) {
    const EffectSums *sums = &row->sums;
    printf("  %-34s  %6.2f  %5.1f%%  %15.1f%%\n", name, effect_of(sums),
           100.0 * sums->flips / sums->pairs, 100.0 * sums->firsts / sums->pairs);
}

static void show_parts(Experiment *e) {
    bool channels[C][MOST_NEURONS] = { { false } };
    ToyRow rows[C + 3];
    for (int c = 0; c < C; c++) {
        mask_channel(channels[c], 0, c, &e->model.sizes);
        rows[c] = row_of(SOURCE_OTHER, TOY_AT_COLOR, channels[c]);
    }
    rows[C] = rows[C + 1] = row_of(SOURCE_OTHER, TOY_AT_COLOR, e->neurons[0]);
    rows[C + 1].patch.values = true;
    rows[C + 2] = heads_row(TOY_AT_COLOR, 0);
    toy_recall(rows, COUNT_OF(rows), &e->runs, ASK_THING_NAME);
    print_row("channel 1: scores", &rows[0]);
    print_row("channel 2: scores", &rows[1]);
    print_row("both channels: scores", &rows[C]);
    print_row("both channels: score x (in . x)", &rows[C + 1]);
    print_row("the attention of the layer", &rows[C + 2]);
}

static bool show_mlp(Error *error) {
    Experiment e;
    if (!experiment_new(&e, FEED_FORWARD_MLP, SEED, error)) return false;
    ToyRow rows[] = { row_of(SOURCE_OTHER, TOY_AT_COLOR, e.neurons[0]),
                      row_of(SOURCE_THIRD, TOY_AT_COLOR, e.neurons[0]),
                      row_of(SOURCE_SILENCE, TOY_AT_COLOR, e.neurons[0]) };
    toy_recall(rows, COUNT_OF(rows), &e.runs, ASK_THING_NAME);
    print_row("mlp: hidden layer, the other's", &rows[0]);
    print_row("mlp: hidden layer, a third's", &rows[1]);
    print_row("mlp: hidden layer, silence", &rows[2]);
    experiment_free(&e);
    return true;
}

// The smallest set for the runs' pair, among what either of the gatings of layer 1 chose.
static int carriers(bool set[MOST_NEURONS], Experiment *e) {
    const ToyPair *pair = &e->runs.pair;
    bool chosen[MOST_NEURONS] = { false };
    for (int prompt = CLEAN; prompt <= OTHER; prompt++)
        mask_chosen(chosen, 0, &e->runs.at[prompt][TOY_AT_COLOR], &e->model.sizes);
    Patch patch = { TOY_AT_COLOR, &e->runs.at[OTHER][TOY_AT_COLOR], chosen, false, NULL };
    return carrying_neurons(set, &e->model, pair->inputs[CLEAN], pair->T, &patch,
                            pair->answer[OTHER]);
}

// The score of neuron i of layer 1, 0 if it was not chosen.
static double score_of(const Experiment *e, int prompt, int i) {
    const Snapshot *at = &e->runs.at[prompt][TOY_AT_COLOR];
    for (int k = i / F * K; k < (i / F + 1) * K; k++)
        if (at->index[k] == i % F) return at->score[k];
    return 0.0;
}

// None of the set is a neuron that the other prompt chose.
static bool only_silences(const bool *set, const Experiment *e) {
    for (int i = 0; i < C * F; i++)
        if (set[i] && score_of(e, OTHER, i) != 0.0) return false;
    return true;
}

// For the clean prompt of a pair of colors of mia.
static void show_one_set(Experiment *e, int clean, int other) {
    bool set[MOST_NEURONS];
    ToyPair pair = toy_pair(ASK_THING_COLOR, MIA, clean, other, GREEN);
    toy_runs_take(&e->runs, &pair);
    printf("\n\"mia has a %s\" with %d of the neurons of \"mia has a %s\": %s becomes %s\n",
           toy_words[TOY_COLOR + clean], carriers(set, e), toy_words[TOY_COLOR + other],
           toy_words[pair.answer[CLEAN]], toy_words[pair.answer[OTHER]]);
    for (int i = 0; i < C * F; i++) {
        if (!set[i]) continue;
        printf("  channel %d, neuron %2d: score %5.2f becomes %5.2f\n", i / F + 1, i % F,
               score_of(e, CLEAN, i), score_of(e, OTHER, i));
    }
}

static void show_carriers(Experiment *e) {
    bool set[MOST_NEURONS];
    show_one_set(e, BLUE, SMALL);
    show_one_set(e, SMALL, BLUE);
    int sizes[2 * C * K + 1] = { 0 }, silent = 0, more = 0, pairs = toy_pairs(ASK_THING_NAME);
    for (int p = 0; p < pairs; p++) {
        ToyPair pair = toy_pair_number(ASK_THING_NAME, p);
        toy_runs_take(&e->runs, &pair);
        int count = carriers(set, e);
        sizes[count]++;
        silent += count > 0 && only_silences(set, e);
    }
    printf("\nOf the %d pairs, by how many neurons are enough\n    none", pairs);
    for (int i = 1; i <= 8; i++) printf("%6d", i);
    printf("  more\n  ");
    for (int i = 0; i <= 8; i++) printf("%6d", sizes[i]);
    for (int i = 9; i < COUNT_OF(sizes); i++) more += sizes[i];
    printf("%6d\n  sets that only silence neurons: %d\n", more, silent);
}

static bool show_neurons(const char *picture, Error *error) {
    (void)picture;
    Experiment e;
    if (!experiment_new(&e, FEED_FORWARD_SGATLIN, SEED, error)) return false;
    printf("Copied in layer 1 at the color        effect   flips  the other's first\n");
    show_parts(&e);
    show_carriers(&e);
    experiment_free(&e);
    printf("\nThe same in a dense model             effect   flips  the other's first\n");
    return show_mlp(error);
}

// ---- attribution

enum { MOST_TERMS = 1 + L * (H + C * K) };

static void term_name(char *out, size_t size, const LogitTerm *term) {
    if (term->part == PART_EMBEDDING) snprintf(out, size, "embedding of \"blue\"");
    if (term->part == PART_HEAD) snprintf(out, size, "layer %d, attention", term->layer + 1);
    if (term->part == PART_NEURON) {
        snprintf(out, size, "layer %d, channel %d, neuron %2d", term->layer + 1, term->channel + 1,
                 term->index);
    }
}

// The terms of the right answer after "mia has a blue", largest first. Returns how many.
static int terms_of_example(LogitTerm *terms, Experiment *e, int *answer) {
    double direction[64];
    ToyPair pair = example();
    int t = pair.T - 1, count = logit_terms_count(&e->model.sizes);
    language_model_forward(&e->model, pair.inputs[CLEAN], pair.T);
    *answer = pair.answer[CLEAN];
    token_direction(direction, &e->model, t, *answer);
    logit_terms(terms, &e->model, t, direction);
    sort_terms(terms, count);
    return count;
}

static void show_sums_by_layer(const LogitTerm *terms, int count) {
    double sums[3][L] = { { 0.0 } };
    for (int i = 0; i < count; i++) sums[terms[i].part][terms[i].layer] += terms[i].value;
    printf("\nTogether: embedding %.2f\n", sums[PART_EMBEDDING][0]);
    for (int l = 0; l < L; l++) {
        printf("  layer %d: attention %5.2f, neurons %5.2f\n", l + 1, sums[PART_HEAD][l],
               sums[PART_NEURON][l]);
    }
}

static bool picture_terms(const char *path, const LogitTerm *terms, int count, Error *error) {
    enum { SHOWN = 14 };
    char names[SHOWN + 1][64];
    double values[SHOWN + 1];
    for (int i = 0; i < SHOWN; i++) {
        term_name(names[i], sizeof names[i], &terms[i]);
        values[i] = terms[i].value;
    }
    snprintf(names[SHOWN], sizeof names[SHOWN], "the %d others together", count - SHOWN);
    values[SHOWN] = sum_of_terms(terms + SHOWN, count - SHOWN);
    return draw_terms(path, "mia has a blue … hat: the logit's terms", names, values, SHOWN + 1,
                      error);
}

static bool show_why(const char *picture, Error *error) {
    enum { SHOWN = 10 };
    Experiment e;
    LogitTerm terms[MOST_TERMS];
    int answer;
    if (!experiment_new(&e, FEED_FORWARD_SGATLIN, SEED, error)) return false;
    int count = terms_of_example(terms, &e, &answer);
    printf("mia has a blue ... %s: the logit as a sum of %d terms\n\n", toy_words[answer], count);
    for (int i = 0; i < SHOWN; i++) {
        char name[64];
        term_name(name, sizeof name, &terms[i]);
        printf("  %-32s %7.3f\n", name, terms[i].value);
    }
    printf("  %-32s %7.3f\n", "the other terms", sum_of_terms(terms + SHOWN, count - SHOWN));
    printf("  %-32s %7.3f\n", "sum", sum_of_terms(terms, count));
    printf("  %-32s %7.3f\n", "logit", e.model.logits[(size_t)TOY_AT_COLOR * TOY_V + answer]);
    show_sums_by_layer(terms, count);
    experiment_free(&e);
    return picture == NULL || picture_terms(picture, terms, count, error);
}

// ---- an edit

static void show_edits(Experiment *e, const ToyExam *before, const double *parameters) {
    enum { FACTS = TOY_NAMES * TOY_COLORS, EVERY = 2 };
    size_t bytes = e->model.list.doubles * sizeof *parameters;
    for (int i = 0; i < 2 * L; i++) {
        int layer = i / 2, neurons = i % 2 == 0 ? 1 : C * K, edits = 0, succeeded = 0, lost = 0;
        double rise = 0.0;
        for (int p = 0; p < FACTS; p += EVERY) {
            ToyPair pair = toy_pair_number(ASK_THING_NAME, p);
            toy_runs_take(&e->runs, &pair);
            ToyEdit edit = toy_edit(&e->runs, before, layer, neurons);
            memcpy(e->model.parameters, parameters, bytes);
            edits++;
            succeeded += edit.succeeded;
            lost += edit.facts_lost;
            rise += edit.loss_rise;
        }
        printf("  layer %d  %7d  %4d of %d  %11.1f  %13.3f\n", layer + 1, neurons, succeeded, edits,
               (double)lost / edits, rise / edits);
    }
}

static void show_one_edit(Experiment *e, const ToyExam *before, const double *parameters) {
    ToyPair pair = example();
    for (int neurons = 1; neurons <= C * K; neurons *= C * K) {
        toy_runs_take(&e->runs, &pair);
        ToyEdit edit = toy_edit(&e->runs, before, 0, neurons);
        toy_runs_take(&e->runs, &pair);
        printf("mia has a blue, layer 1, %2d edited: ", neurons);
        print_likeliest(e->runs.logits[CLEAN]);
        printf("    %d of the other %d facts lost, the other sentences' loss up by %.3f\n",
               edit.facts_lost, TOY_NAMES * TOY_COLORS - 1, edit.loss_rise);
        memcpy(e->model.parameters, parameters, e->model.list.doubles * sizeof *parameters);
    }
    printf("\nHalf of the facts, one edit each  (others: facts lost, loss in nats per word)\n\n"
           "           neurons  succeeded  facts lost  rise of loss\n");
}

static bool show_edit(const char *picture, Error *error) {
    (void)picture;
    enum { MOST_PARAMETERS = 1 << 14 };
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        Experiment e;
        ToyExam before;
        double parameters[MOST_PARAMETERS];
        if (!experiment_new(&e, FEED_FORWARD_SGATLIN, seed, error)) return false;
        memcpy(parameters, e.model.parameters, e.model.list.doubles * sizeof *parameters);
        toy_examine(&before, &e.model);
        if (seed == SEED) show_one_edit(&e, &before, parameters);
        printf(" seed %d\n", (int)seed);
        show_edits(&e, &before, parameters);
        experiment_free(&e);
    }
    return true;
}

static const DemoPart parts[] = {
    { "fact", "flips a fact, and shows what controls make of it", WITH_PICTURE, show_fact },
    { "seeds", "where the effect sits, in three models", WITH_PICTURE, show_seeds },
    { "neurons", "which channels and neurons carry a fact", NO_PICTURE, show_neurons },
    { "why", "the exact terms of a logit", WITH_PICTURE, show_why },
    { "edit", "edits facts, and counts what else changes", NO_PICTURE, show_edit },
};

int main(int count, char **arguments) {
    return demo_main("chapter-10", parts, COUNT_OF(parts), count, arguments);
}

#include "tests/chain/chapter_moe.h"
#include "chapters/02_mixture_of_experts/softmax.h"
#include "chapters/03_who_chooses/choice.h"
#include <stdlib.h>
#include <string.h>

// A routing's cut, budget and share, as chapter 03 writes them.
static ChoosingRule rule_of(const Config *config) {
    bool sequence = config->pool == POOL_SEQUENCE;
    switch (config->routing) {
    case ROUTING_EXPERT: return (ChoosingRule){ CUT_COLUMNS, config->capacity, 0.0 };
    case ROUTING_UNIFIED:
        return (ChoosingRule){ sequence ? CUT_SEQUENCES : CUT_STEPS, config_budget(config),
                               config->alpha };
    default: return (ChoosingRule){ CUT_ROWS, config->K, 0.0 };
    }
}

// Token choice ranks by the logits (chapter 02), the others by what they weigh with.
void chapter_moe_row(double *rank, double *weight, const Config *config, const double *logits) {
    ChoosingRule rule = rule_of(config);
    softmax(rank, logits, config->E);
    unified_scores(weight, logits, rank, rule.alpha, 1, config->E);
    memcpy(rank, config->routing == ROUTING_TOKEN ? logits : weight,
           (size_t)config->E * sizeof *rank);
}

static double *parameter(const LayerNumbers *numbers, const char *name) {
    return numbers->parameters + tensors_find(&numbers->tensors, name)->offset;
}

static double *gradient(const LayerNumbers *numbers, const char *name) {
    return numbers->gradients + tensors_find(&numbers->tensors, name)->offset;
}

// What a run takes beside the numbers.
typedef struct {
    double *p, *score, *dscore, *dlogits; // [N,E]
    double *dweight, *kept, *room;        // [entries], what chapter 02 keeps of each, and scratch
    int *ints;                            // of chapter 03's choose
} Room;

static void room_free(Room *room) {
    free(room->p);
    free(room->ints);
}

static bool room_take(Room *out, const Moe *m, int N) {
    size_t table = (size_t)N * m->E, entries = table; // every expert for every token, at the most
    out->p = malloc((6 * table + entries * (moe_kept(m) + 1) + moe_room(m)) * sizeof *out->p);
    out->ints = malloc(3 * table * sizeof *out->ints);
    if (out->p == NULL || out->ints == NULL) return false;
    out->score = out->p + table;
    out->dscore = out->score + table;
    out->dlogits = out->dscore + table;
    out->dweight = out->dlogits + table;
    out->kept = out->dweight + entries;
    out->room = out->kept + entries * moe_kept(m); // moe_room, or a table of choose's
    return true;
}

static void choose_all(MoeGating *gating, const LayerNumbers *numbers, const Room *room,
                       const Moe *m) {
    const Config *config = &numbers->config;
    ChoosingRule rule = rule_of(config);
    if (config->routing == ROUTING_TOKEN) {
        moe_choose(gating, room->room, numbers->scores, room->p, NULL, numbers->N, m);
        return;
    }
    unified_scores(room->score, numbers->scores, room->p, rule.alpha, numbers->N, m->E);
    choose(gating, room->room, room->ints, room->score, NULL, &rule, numbers->B, numbers->T, m->E);
}

static void run(LayerNumbers *numbers, const Room *room, const Moe *m) {
    int N = numbers->N;
    MoeWeights w = { parameter(numbers, "router"),
                     parameter(numbers, "experts.up"),
                     parameter(numbers, "experts.up_bias"),
                     parameter(numbers, "experts.down"),
                     parameter(numbers, "experts.down_bias"),
                     NULL };
    MoeWeights dw = { gradient(numbers, "router"),
                      gradient(numbers, "experts.up"),
                      gradient(numbers, "experts.up_bias"),
                      gradient(numbers, "experts.down"),
                      gradient(numbers, "experts.down_bias"),
                      NULL };
    MoeGating gating = {
        .N = N, .start = numbers->start, .index = numbers->index, .weight = numbers->score
    };
    moe_logits(numbers->scores, room->p, numbers->x, w.router, N, m);
    if (!numbers->given) choose_all(&gating, numbers, room, m);
    moe_experts(numbers->y, room->kept, &gating, numbers->x, &w, m);
    memset(numbers->dx, 0, (size_t)N * m->D * sizeof *numbers->dx);
    moe_experts_backward(numbers->dx, room->dweight, &dw, room->room, numbers->dy, room->kept,
                         &gating, numbers->x, &w, m);
    if (numbers->config.routing == ROUTING_TOKEN) {
        moe_choose_backward(room->dlogits, room->dweight, &gating, room->p, m);
    } else {
        choose_backward(room->dscore, room->dweight, &gating, m->E);
        unified_scores_backward(room->dlogits, room->dscore, numbers->scores, room->p,
                                rule_of(&numbers->config).alpha, N, m->E);
    }
    moe_logits_backward(numbers->dx, dw.router, room->room, room->dlogits, numbers->x, w.router, N,
                        m);
}

bool chapter_moe_run(LayerNumbers *numbers, Error *error) {
    const Config *config = &numbers->config;
    Moe m = {
        .D = config->D, .F = config->F, .E = config->E, .K = config->K, .order = SOFTMAX_TOP_K
    };
    Room room = { 0 };
    bool ok =
        room_take(&room, &m, numbers->N) || fail(error, "moe: no memory for %d tokens", numbers->N);
    if (ok) run(numbers, &room, &m);
    room_free(&room);
    return ok;
}

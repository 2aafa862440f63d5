// Recordings: what is read from a gating, the contexts of the toy language, and that a gating is
// all that a layer needs besides its input.
#include "chapters/09_circuits/contexts.h"
#include "chapters/09_circuits/recording.h"
#include "chapters/09_circuits/toy_study.h"
#include "tests/harness/expect.h"
#include <stdlib.h>
#include <string.h>

static void randomize(LanguageModel *m) {
    for (int i = 0; i < m->list.count; i++) {
        const Parameter *p = &m->list.items[i];
        fill(m->parameters + p->offset, p->count, p->deviation > 0.0 ? p->deviation : 0.3, 5,
             p->name);
    }
}

static LanguageModel tiny_model(FeedForwardKind kind) {
    LanguageModel m;
    const ModelSizes sizes = { .ffn = kind,
                               .V = 13,
                               .T = 4,
                               .D = 6,
                               .L = 2,
                               .Dh = 2,
                               .F = 9,
                               .C = 3,
                               .K = 2,
                               .Dk = 3,
                               .E = 5 };
    ck_assert(language_model_new(&m, &sizes));
    randomize(&m);
    language_model_forward(&m, (int[]){ 1, 4, 7, 2 }, 4);
    return m;
}

static const FeedForwardKind sparse_kinds[] = { FEED_FORWARD_MOE, FEED_FORWARD_PEER,
                                                FEED_FORWARD_SGATLIN };

// Any kind with a gating: entries and indices are in range, and different within a channel.
START_TEST(every_gating_is_recorded)
{
    LanguageModel m = tiny_model(sparse_kinds[_i]);
    const ModelSizes *s = &m.sizes;
    int entries = recording_entries(s), K = s->K, F = s->ffn == FEED_FORWARD_MOE ? s->E : s->F;
    double scores[4 * 6];
    int indices[4 * 6];
    ck_assert_int_eq(entries, s->ffn == FEED_FORWARD_MOE ? 2 : 6);
    for (int layer = 0; layer < 2; layer++) {
        record_layer(scores, indices, &m, layer, 4);
        for (int t = 0; t < 4; t++) {
            TokenGating gating = token_gating(&m.layers[layer].ffn[t], s);
            ck_assert(
                memcmp(scores + t * entries, gating.score, (size_t)entries * sizeof *scores) == 0);
            ck_assert(memcmp(indices + t * entries, gating.index,
                             (size_t)entries * sizeof *indices) == 0);
        }
        for (int i = 0; i < 4 * entries; i++) {
            ck_assert(indices[i] >= 0 && indices[i] < F);
            if (i % K > 0) ck_assert(indices[i] != indices[i - 1]);
        }
    }
    language_model_free(&m);
}
END_TEST

START_TEST(dense_kinds_have_none)
{
    static const FeedForwardKind dense[] = { FEED_FORWARD_MLP, FEED_FORWARD_GLU,
                                             FEED_FORWARD_NONE };
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(recording_entries(&(ModelSizes){ .ffn = dense[i], .C = 2, .K = 3 }), 0);
}
END_TEST

START_TEST(channels_are_joined)
{
    // two gatings of three channels with K = 2, F = 10
    const int indices[] = { 3, 1, 0, 9, 4, 5, 7, 2, 8, 6, 0, 1 };
    const int expected[] = { 3, 1, 10, 19, 24, 25, 7, 2, 18, 16, 20, 21 };
    int joined[12];
    join_channels(joined, indices, 2, 3, 2, 10);
    ck_assert(memcmp(joined, expected, sizeof joined) == 0);
}
END_TEST

// The recorded gating and the layer's input give the layer's output, bit for bit.
START_TEST(a_gating_is_the_whole_decision)
{
    LanguageModel m = tiny_model(FEED_FORWARD_SGATLIN);
    Sgatlin s = sgatlin_of(&m.sizes);
    double scores[4 * 6], y[6], z[6], sum[6];
    int indices[4 * 6];
    record_layer(scores, indices, &m, 0, 4);
    for (int t = 0; t < 4; t++) {
        const SgatlinToken token = { .score = scores + t * 6, .index = indices + t * 6, .z = z };
        sgatlin_experts(y, &token, m.layers[0].normed_mid + t * 6, &m.w.layers[0].ffn.sgatlin, &s);
        for (int d = 0; d < 6; d++) sum[d] = m.layers[0].residual_mid[t * 6 + d] + y[d];
        expect("residual", sum, m.layers[1].residual + t * 6, 6, 0.0);
    }
    language_model_free(&m);
}
END_TEST

// 1 <end>, 8 names, each with "has" and "a"; 64 facts up to "he" or "she", 3 · 64 from the verb on.
START_TEST(contexts_are_different_beginnings)
{
    static Context contexts[TOY_SENTENCES * TOY_T];
    int N = toy_contexts(contexts), at[TOY_T] = { 0 };
    ck_assert_int_eq(N, 1 + 3 * 8 + 4 * 64 + 5 * 192);
    for (int i = 0; i < N; i++) {
        const Context *c = &contexts[i];
        at[c->position]++;
        // after <end>, "a" and "he" or "she" several words may follow
        bool free = c->position == 0 || c->position == 3 || c->position == 7;
        ck_assert_int_eq(c->next < 0, free);
        ck_assert_int_eq(c->previous < 0, c->position == 0);
    }
    ck_assert(at[0] == 1 && at[1] == 8 && at[4] == 64 && at[7] == 64 && at[8] == 192);
}
END_TEST

START_TEST(a_context_is_described)
{
    static Context contexts[TOY_SENTENCES * TOY_T];
    char text[CONTEXT_TEXT];
    toy_contexts(contexts);
    const Context *c = &contexts[find_context(contexts, TOY_NAME + 4, TOY_COLOR + 1, 9)];
    describe_context(text, c);
    ck_assert_str_eq(text, "mia has a blue hat . she likes [the]");
    ck_assert(toy_words[c->next] == toy_words[TOY_COLOR + 1]);
    ck_assert(same_fact(c, &contexts[find_context(contexts, TOY_NAME + 4, TOY_COLOR + 1, 4)]));
    ck_assert(!same_fact(c, &contexts[find_context(contexts, TOY_NAME + 4, TOY_COLOR, 4)]));
}
END_TEST

// The recording of a context is that of a forward pass of its sentence.
START_TEST(contexts_are_recorded)
{
    static Context contexts[TOY_SENTENCES * TOY_T];
    LanguageModel m;
    ContextRecording r;
    int N = toy_contexts(contexts), words[TOY_T];
    ck_assert(toy_model_new(&m, FEED_FORWARD_SGATLIN, 1));
    ck_assert(record_contexts(&r, &m, contexts, N));
    double scores[TOY_T * 16];
    int indices[TOY_T * 16];
    ck_assert_int_eq(r.C * r.K, 16);
    for (int i = 0; i < N; i += 97) {
        size_t row = ((size_t)1 * N + i) * 16, t = (size_t)contexts[i].position;
        context_words(words, &contexts[i]);
        language_model_forward(&m, words, contexts[i].position + 1);
        record_layer(scores, indices, &m, 1, contexts[i].position + 1);
        expect("scores", r.scores + row, scores + t * 16, 16, 0.0);
        for (int e = 0; e < 16; e++) {
            ck_assert_int_eq(r.indices[row + e], indices[t * 16 + e]);
            ck_assert_int_eq(r.joined[row + e], e / 8 * 64 + indices[t * 16 + e]);
        }
        expect("inputs", r.inputs + ((size_t)1 * N + i) * r.D, m.layers[1].normed_mid + t * r.D,
               (size_t)r.D, 0.0);
    }
    context_recording_free(&r);
    language_model_free(&m);
}
END_TEST

START_TEST(a_shuffle_is_a_permutation)
{
    int a[100], seen[100] = { 0 }, in_place = 0;
    shuffle(a, 100, 7);
    for (int i = 0; i < 100; i++) {
        seen[a[i]]++;
        in_place += a[i] == i;
    }
    for (int i = 0; i < 100; i++) ck_assert_int_eq(seen[i], 1);
    ck_assert_int_lt(in_place, 10);
}
END_TEST

START_TEST(shuffled_sub_keys_stay_shared)
{
    enum { N = 50, K = 4 };
    const int before[K] = { 0, 3, 9, 40 }; // of 8 x 8: 0 and 3 share a row, 0 and 40 a column
    int indices[N * K], changed = 0;
    for (int i = 0; i < N * K; i++) indices[i] = before[i % K];
    shuffle_sub_keys(indices, N, K, 8);
    for (int i = 0; i < N; i++) {
        const int *x = indices + i * K;
        changed += x[0] != 0;
        for (int a = 0; a < K; a++) {
            ck_assert(x[a] >= 0 && x[a] < 64);
            for (int b = 0; b < K; b++) {
                ck_assert_int_eq(x[a] / 8 == x[b] / 8, before[a] / 8 == before[b] / 8);
                ck_assert_int_eq(x[a] % 8 == x[b] % 8, before[a] % 8 == before[b] % 8);
            }
        }
    }
    ck_assert_int_gt(changed, N / 2);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { every_gating_is_recorded, COUNT_OF(sparse_kinds) },
        { dense_kinds_have_none },
        { channels_are_joined },
        { a_gating_is_the_whole_decision },
        { contexts_are_different_beginnings },
        { a_context_is_described },
        { contexts_are_recorded },
        { a_shuffle_is_a_permutation },
        { shuffled_sub_keys_stay_shared },
    };
    return run_tests("09 recording", tests, COUNT_OF(tests));
}

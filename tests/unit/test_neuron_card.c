// The card of a neuron, against a recording whose numbers are counted by hand.
#include "reference/circuits/neuron_card.h"
#include "tests/harness/suite.h"
#include <stdlib.h>
#include <string.h>

// Two stories of 5 and 4 tokens; two channels, of which each has 2 of 9 neurons at a position.
enum { T = 9, C = 2, K = 2, F = 9, V = 6 };
static const int32_t tokens[T] = { 2, 3, 4, 3, 5, 2, 3, 4, 3 };
static const int32_t story[T] = { 0, 0, 0, 0, 0, 1, 1, 1, 1 };
static const int32_t position[T] = { 0, 1, 2, 3, 4, 0, 1, 2, 3 };
static const int32_t chosen[T * C * K] = {
    1, 0, 7, 8, // 2
    4, 1, 7, 8, // 3: neuron 4 of channel 0
    4, 5, 7, 6, // 4: and again
    4, 3, 2, 6, // 3
    0, 1, 4, 6, // 5: neuron 4 of channel 1 is another one
    1, 0, 7, 8, // 2
    5, 4, 7, 3, // 3: second in its channel
    0, 1, 5, 8, // 4
    4, 3, 2, 6, // 3: as the fourth, after the same three tokens
};
static const float scores[T * C * K] = {
    9, 1, 1, 1, 5, 1, 1, 1, 2, 1, 1, 1, 4, 1, 1, 1, 9, 1,
    9, 1, 9, 1, 1, 1, 3, 2, 1, 1, 9, 1, 1, 1, 6, 1, 1, 1,
};
static Error error;

// A view: nothing writes to it.
static Recording recording(void) {
    Recording out = { .stories = 2, .story = story, .position = position };
    Config config = config_default(ffn_find("sgatlin"));
    config.V = V, config.F = F, config.C = C, config.K = K;
    out.gatings = (GatingRecord){ .config = config,
                                  .T = T,
                                  .L = 1,
                                  .C = C,
                                  .K = K,
                                  .F = F,
                                  .tokens = (int32_t *)tokens,
                                  .index = (int32_t *)chosen,
                                  .score = (float *)scores };
    return out;
}

static NeuronCard card_of(const Recording *from, int channel, int index) {
    NeuronCard card;
    ck_assert_msg(neuron_card(&card, from, 0, channel, index, &error), "%s", error.text);
    return card;
}

START_TEST(firings_are_counted)
{
    Recording from = recording();
    NeuronCard card = card_of(&from, 0, 4);
    ck_assert(card.positions == 9 && card.fired == 5);
    ck_assert_double_eq_tol(card.score, (5 + 2 + 4 + 2 + 6) / 5.0, 1e-12);
    ck_assert_int_eq(card.token_count, 2);
    ck_assert(card.tokens[0].token == 3 && card.tokens[0].fired == 4 && card.tokens[0].seen == 4);
    ck_assert(card.tokens[1].token == 4 && card.tokens[1].fired == 1 && card.tokens[1].seen == 2);
}
END_TEST

// The fourth and the last position end in the same three tokens: only the higher score of the two.
// So do the second and the seventh, where the stories begin alike.
START_TEST(contexts_differ)
{
    Recording from = recording();
    NeuronCard card = card_of(&from, 0, 4);
    static const int at[] = { 8, 1, 2 };
    static const float expected[] = { 6, 5, 2 };
    ck_assert_int_eq(card.context_count, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(card.contexts[i].at, at[i]);
        ck_assert(card.contexts[i].score == expected[i]);
    }
}
END_TEST

START_TEST(partners_exceed_chance)
{
    Recording from = recording();
    NeuronCard card = card_of(&from, 0, 4);
    // Neuron 4 of channel 0 fires 5 of 9 times. Together with it, minus what chance would give:
    //   channel 0: 3: 2 - 2·5/9, 5: 2 - 2·5/9
    //   channel 1: 2: 2 - 2·5/9, 3: 1 - 1·5/9, 6: 3 - 4·5/9, 7: 3 - 5·5/9
    static const struct {
        int channel, index, together;
        double lift;
        bool shares_key; // rows and columns of 3
    } expected[] = { { 0, 3, 2, 1.8, true },  { 0, 5, 2, 1.8, true },
                     { 1, 2, 2, 1.8, false }, { 1, 6, 3, 3 * 9 / 20.0, false },
                     { 1, 3, 1, 1.8, false }, { 1, 7, 3, 3 * 9 / 25.0, false } };
    ck_assert_int_eq(card.partner_count, COUNT_OF(expected));
    for (int i = 0; i < COUNT_OF(expected); i++) {
        const CardPartner *partner = &card.partners[i];
        ck_assert_int_eq(partner->channel, expected[i].channel);
        ck_assert_int_eq(partner->index, expected[i].index);
        ck_assert_int_eq(partner->together, expected[i].together);
        ck_assert_double_eq_tol(partner->lift, expected[i].lift, 1e-12);
        ck_assert_int_eq(partner->shares_key, expected[i].shares_key);
    }
}
END_TEST

START_TEST(only_product_keys_share_one)
{
    Recording from = recording();
    from.gatings.config.router = ROUTER_KEY_VALUE;
    NeuronCard card = card_of(&from, 0, 4);
    for (int i = 0; i < card.partner_count; i++) ck_assert(!card.partners[i].shares_key);
}
END_TEST

START_TEST(a_neuron_that_never_fires_has_an_empty_card)
{
    Recording from = recording();
    NeuronCard card = card_of(&from, 0, 8);
    ck_assert(card.fired == 0 && card.score == 0 && card.positions == 9);
    ck_assert(card.token_count == 0 && card.context_count == 0 && card.partner_count == 0);
}
END_TEST

// More tokens, contexts and partners than are listed.
START_TEST(lists_have_an_end)
{
    enum { MANY = 200, EACH = 12 };
    int32_t *block = calloc((size_t)MANY * (3 + EACH), sizeof *block);
    float *score = malloc((size_t)MANY * EACH * sizeof *score);
    ck_assert(block != NULL && score != NULL);
    int32_t *token = block, *at = block + MANY, *index = block + (size_t)3 * MANY;
    for (int t = 0; t < MANY; t++) {
        token[t] = 2 + t % 50;
        at[t] = t;
        for (int k = 0; k < EACH; k++) {
            bool own = k == 0 && t % 4 < 3;
            index[t * EACH + k] = own ? 0 : k == 0 ? 100 : 1 + (t / 4 + 7 * k) % 60;
            score[t * EACH + k] = (float)t;
        }
    }
    Recording from = { .stories = 1, .story = block + (size_t)2 * MANY, .position = at };
    Config config = config_default(ffn_find("sgatlin"));
    config.V = 60, config.F = 121;
    from.gatings = (GatingRecord){ .config = config,
                                   .T = MANY,
                                   .L = 1,
                                   .C = 1,
                                   .K = EACH,
                                   .F = 121,
                                   .tokens = token,
                                   .index = index,
                                   .score = score };
    NeuronCard card = card_of(&from, 0, 0);
    ck_assert(card.fired == 150 && card.token_count == CARD_TOKENS);
    ck_assert(card.context_count == CARD_CONTEXTS && card.partner_count <= CARD_PARTNERS);
    for (int i = 1; i < CARD_TOKENS; i++)
        ck_assert(card.tokens[i - 1].fired >= card.tokens[i].fired);
    static const int last[] = { 198, 197, 196, 194, 193, 192 };
    for (int i = 0; i < CARD_CONTEXTS; i++) ck_assert_int_eq(card.contexts[i].at, last[i]);
    free(block);
    free(score);
}
END_TEST

int main(void) {
    const TestRow tests[] = { { firings_are_counted },
                              { contexts_differ },
                              { partners_exceed_chance },
                              { only_product_keys_share_one },
                              { a_neuron_that_never_fires_has_an_empty_card },
                              { lists_have_an_end } };
    return run_tests("neuron card", tests, COUNT_OF(tests));
}

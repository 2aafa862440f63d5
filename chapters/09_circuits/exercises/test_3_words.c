#include "reference/numbers/random.h"
#include "tests/harness/expect.h"

int neuron_words(int *best, double *mean, int *counts, int neuron, const double *scores,
                 const int *indices, const int *words, int N, int K, int V, int most);

// Word 3 twice (scores 6 and not at all: mean 3), word 0 (3), word 2 (-1), word 1 (8 of another).
static const double scores[] = { 1, 6, 2, 2, 3, 5, -1, 4, 8, 9 };
static const int indices[] = { 0, 7, 1, 2, 7, 1, 7, 2, 3, 1 };
static const int words[] = { 3, 3, 0, 2, 1 };

// Neuron 7: words 0 and 3 have the mean 3, the lower index comes first; word 2 has -1.
START_TEST(on_paper)
{
    double mean[5] = { 0 };
    int best[5] = { -9, -9, -9, -9, -9 }, counts[5] = { 0 };
    int count = neuron_words(best, mean, counts, 7, scores, indices, words, 5, 2, 5, 5);
    expect_by_hand("mean", mean, (double[]){ 3, 0, -1, 3, 0 }, 5);
    expect_number("words with a mean above 0", count, 2, 0);
    expect_ints("best", best, (int[]){ 0, 3, -9, -9, -9 }, 5); // -9: not written
}
END_TEST

// One of the two words of neuron 7, and a neuron without words.
START_TEST(at_most)
{
    double mean[5] = { 0 };
    int best[2] = { -9, -9 }, counts[5] = { 0 };
    int count = neuron_words(best, mean, counts, 7, scores, indices, words, 5, 2, 5, 1);
    expect_number("words of neuron 7, at most one", count, 1, 0);
    expect_ints("best", best, (int[]){ 0, -9 }, 2); // -9: not written
    count = neuron_words(best, mean, counts, 60, scores, indices, words, 5, 2, 5, 2);
    expect_number("words of neuron 60, which never fires", count, 0, 0);
}
END_TEST

// 200 gatings of 5 words, 3 of 20 neurons each; the means one by one.
START_TEST(of_many)
{
    enum { N = 200, K = 3, F = 20, V = 6 };
    static double many[N * K];
    static int neurons[N * K], tokens[N];
    fill(many, N * K, 1.0, 4, "scores");
    for (int i = 0; i < N; i++) {
        tokens[i] = (int)random_below(1, (uint64_t)i, V - 1);
        for (int k = 0; k < K; k++) neurons[i * K + k] = (i + 7 * k) % F;
    }
    for (int neuron = 0; neuron < F; neuron++) {
        double mean[V] = { 0 }, expected[V];
        int best[V] = { 0 }, counts[V] = { 0 }, count, positive = 0;
        count = neuron_words(best, mean, counts, neuron, many, neurons, tokens, N, K, V, V);
        for (int v = 0; v < V; v++) {
            double sum = 0.0, gatings = 0.0;
            for (int e = 0; e < N * K; e++) {
                gatings += e % K == 0 && tokens[e / K] == v;
                if (tokens[e / K] == v && neurons[e] == neuron) sum += many[e];
            }
            expected[v] = gatings > 0.0 ? sum / gatings : 0.0;
            positive += expected[v] > 0.0;
        }
        expect_by_hand("mean", mean, expected, V);
        expect_number("words with a mean above 0", count, positive, 0);
        for (int i = 1; i < count; i++)
            ck_assert_msg(mean[best[i - 1]] >= mean[best[i]],
                          "best[%d] has the mean %g, and best[%d] after it %g", i - 1,
                          mean[best[i - 1]], i, mean[best[i]]);
    }
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { on_paper },
        { at_most },
        { of_many },
    };
    return run_tests("09-3 words", tests, COUNT_OF(tests));
}

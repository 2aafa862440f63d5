#include "chapters/00_text/ngram.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>

// [alphabet
void alphabet_of(Alphabet *out, const char *const *texts, int count) {
    bool occurs[256] = { false };
    for (int i = 0; i < count; i++) {
        for (const char *at = texts[i]; *at != '\0'; at++) occurs[(unsigned char)*at] = true;
    }
    out->V = 0;
    for (int code = 0; code < 256; code++) {
        out->numbers[code] = occurs[code] ? out->V : -1;
        if (occurs[code]) out->letters[out->V++] = (char)code;
    }
}
// alphabet]

static int number_of(const Ngram *table, char letter) {
    int number = table->alphabet->numbers[(unsigned char)letter];
    assert(number >= 0);
    return number;
}

bool ngram_new(Ngram *out, const Alphabet *alphabet, int context) {
    const size_t limit = (size_t)1 << 28;
    size_t size = (size_t)alphabet->V;
    for (int i = 0; i < context && size <= limit; i++) size *= (size_t)alphabet->V;
    *out = (Ngram){ alphabet, context, size <= limit ? calloc(size, sizeof(int)) : NULL };
    return out->counts != NULL;
}

void ngram_free(Ngram *table) {
    free(table->counts);
    *table = (Ngram){ 0 };
}

// [count
int *ngram_following(const Ngram *table, const char *at) {
    size_t row = 0; // the letters of the context are the digits of a number in base V
    for (int back = table->context; back > 0; back--)
        row = row * table->alphabet->V + number_of(table, at[-back]);
    return table->counts + row * table->alphabet->V;
}

void ngram_count(Ngram *table, const char *text) {
    for (const char *at = text + TEXT_START; *at != '\0'; at++)
        ngram_following(table, at)[number_of(table, *at)]++;
}
// count]

// [probability
double ngram_probability(const Ngram *table, const char *at, double extra) {
    const int *counts = ngram_following(table, at);
    double sum = 0.0;
    for (int v = 0; v < table->alphabet->V; v++) sum += counts[v] + extra;
    return sum > 0.0 ? (counts[number_of(table, *at)] + extra) / sum : 0.0;
}
// probability]

// [loss
double ngram_loss(const Ngram *table, const char *text, double extra) {
    double sum = 0.0;
    size_t letters = 0;
    for (const char *at = text + TEXT_START; *at != '\0'; at++, letters++)
        sum += -log(ngram_probability(table, at, extra));
    return sum / (double)letters;
}
// loss]

// [next
char ngram_next(const Ngram *table, const char *at, double draw) {
    const int *counts = ngram_following(table, at);
    int total = 0;
    for (int v = 0; v < table->alphabet->V; v++) total += counts[v];
    double rest = draw * total;
    for (int v = 0; v < table->alphabet->V; v++) {
        rest -= counts[v];
        if (rest < 0.0) return table->alphabet->letters[v];
    }
    return '\n';
}
// next]

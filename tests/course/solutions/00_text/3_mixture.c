#include "chapters/00_text/ngram.h"

double mixed_probability(const Ngram *tables, int longest, const char *at) {
    const Alphabet *alphabet = tables[0].alphabet;
    double p = 1.0 / alphabet->V;
    for (int c = 0; c <= longest; c++) {
        const int *counts = ngram_following(&tables[c], at);
        int total = 0, kinds = 0;
        for (int v = 0; v < alphabet->V; v++) {
            total += counts[v];
            kinds += counts[v] > 0;
        }
        int count = counts[alphabet->numbers[(unsigned char)*at]];
        if (total > 0) p = (count + kinds * p) / (total + kinds);
    }
    return p;
}

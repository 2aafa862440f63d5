#include "chapters/00_text/letter_scores.h"
#include <math.h>

bool table_losses(double losses[TABLES], const Alphabet *alphabet, const char *counted,
                  const char *held_out, double extra) {
    for (int context = 0; context < TABLES; context++) {
        Ngram table;
        if (!ngram_new(&table, alphabet, context)) return false;
        ngram_count(&table, counted);
        losses[context] = ngram_loss(&table, held_out, extra);
        ngram_free(&table);
    }
    return true;
}

bool table_scores(Score scores[TABLE_SCORES], const Alphabet *alphabet, const char *counted,
                  const char *held_out) {
    static const char *const names[TABLES] = { "table, no context", "table, 1 letter of context",
                                               "table, 2 letters of context" };
    double losses[TABLES];
    if (!table_losses(losses, alphabet, counted, held_out, SMALL_COUNT)) return false;
    scores[0] = (Score){ .chapter = "00", .name = "every letter alike", .loss = log(alphabet->V) };
    for (int i = 0; i < TABLES; i++)
        scores[1 + i] = (Score){ .chapter = "00", .name = names[i], .loss = losses[i] };
    return true;
}

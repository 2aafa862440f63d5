// Exercise 00-3. Ask the shorter table.
//
// Raising every count by the same is a crude way to mend zeros: after "th" an x is no more likely
// than an e that happened never to be counted. A better guess at what was not counted after two
// letters is what was counted after one; and so on down to no context, and then 1/V (Witten and
// Bell 1991). tables[c] has c letters of context, c from 0 to longest. With
//     count   how often the letter at `at` followed these c letters
//     total   how often any letter did
//     kinds   how many different letters did
//     p(c) = (count + kinds · p(c-1)) / (total + kinds)        p(-1) = 1/V
// Where nothing was counted, total and kinds are 0: there p(c) is p(c-1). Return p(longest).
//
// Check with: make exercise-00-3
#include "chapters/00_text/ngram.h"

double mixed_probability(const Ngram *tables, int longest, const char *at) {
    return ngram_probability(&tables[longest], at, 0.01);
}

// Exercise 10-2. Which word did the head fetch it from?
//
// A head's term in a logit is one number, but the head has read several words. Split it: out [t+1]
// gets, for each word s from 0 to t, what the head h of layer l has added to position t because it
// attended to s, times direction [D]. The attention weights [H,T,T] are as they are, so out adds up
// to the head's term. The pass had T = m->sizes.T words. See attend() in chapter 07, and
// head_value() in logit_terms.c.
//
// Check with: make exercise-10-2
#include "chapters/07_language_model/language_model.h"

void split_head(double *out, const LanguageModel *m, int l, int h, int t, const double *direction) {
    (void)m, (void)l, (void)h, (void)direction;
    for (int s = 0; s <= t; s++) out[s] = 0.0; // yours to write
}

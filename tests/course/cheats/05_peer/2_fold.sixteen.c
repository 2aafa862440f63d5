// Refused by other_sizes: it counts for the sizes of one layer, with 16 lists.
#define multiplications right_multiplications
#include "tests/course/solutions/05_peer/2_fold.c"
#undef multiplications

double multiplications(int how, double tokens, const KeyValue *r) {
    double n = r->n;
    return how == 0 ? tokens * 16 * 128 * (256 + n) : 16 * (256 * 128 * n + tokens * 256 * n);
}

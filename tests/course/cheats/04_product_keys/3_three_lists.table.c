// Refused by how_many_candidates_for_50: it knows eight numbers.
#define triple_candidates right_triple_candidates
#include "tests/course/solutions/04_product_keys/3_three_lists.c"
#undef triple_candidates

int triple_candidates(int K) {
    static const int table[] = { 1, 4, 7, 13, 16, 25, 28, 38 };
    return table[(K - 1) % 8];
}

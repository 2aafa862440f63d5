#ifndef CHAPTERS_05_PEER_KEY_VALUE_H
#define CHAPTERS_05_PEER_KEY_VALUE_H
#include <stddef.h>

// The key-value router (He 2024, section 2, with the scale of the sgatlin paper's baseline): every
// list of keys is scored by a query of its own,
//   query[part,c] = x · Wq[part,c]
//   score[part,c,i] = query[part,c] · keys[part,c,i] / √(parts·Dk)
// C heads have `parts` lists of n keys each. With two parts, the score of product key (i,j) is a
// sum, score[0,c,i] + score[1,c,j]: the dot product of both queries with both keys, concatenated to
// length 2·Dk; hence the square root. With one part, every key is scored by itself.
typedef struct {
    int parts, C, n, D, Dk;
} KeyValue;

// The parameters of a router, or their gradients. Here Wq [lists,D,Dk] and keys [lists,n,Dk].
typedef struct {
    double *query, *keys;
} RouterWeights;

int key_value_lists(const KeyValue *r); // parts·C, in the order [parts,C]

// scores [lists,n] and query [lists,Dk] from x [D].
void key_value_scores(double *scores, double *query, const double *x, const RouterWeights *w,
                      const KeyValue *r);

// From dscores [lists,n]: adds to dx [D] and dw. scratch: Dk + D doubles.
void key_value_backward(double *dx, const RouterWeights *dw, double *scratch, const double *dscores,
                        const double *query, const double *x, const RouterWeights *w,
                        const KeyValue *r);
#endif

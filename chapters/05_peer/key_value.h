#ifndef KEY_VALUE_H
#define KEY_VALUE_H
#include <stddef.h>

// The key-value router (He 2024, section 2; the scale is that of the sgatlin authors' baseline):
// every list of keys is asked by a query of its own,
//   query[p,c] = x · Wq[p,c]        score[p,c,i] = query[p,c] · keys[p,c,i] / √(parts·Dk)
// C heads have `parts` lists of n keys each. With two, the score of product key (i,j) is a sum:
// score[0,c,i] + score[1,c,j], as if both queries and both keys stood end to end, 2·Dk numbers
// long; hence the root. With one, every key is scored by itself.
typedef struct {
    int parts, C, n, D, Dk;
} KeyValue;

int key_value_lists(const KeyValue *r); // parts·C, in the order [parts,C]

// scores [lists,n] and query [lists,Dk] from x [D], Wq [lists,D,Dk] and keys [lists,n,Dk].
void key_value_scores(double *scores, double *query, const double *x, const double *query_weights,
                      const double *keys, const KeyValue *r);

// From dscores [lists,n]: dx [D], dquery_weights and dkeys are added to. scratch: Dk + D doubles.
void key_value_backward(double *dx, double *dquery_weights, double *dkeys, double *scratch,
                        const double *dscores, const double *query, const double *x,
                        const double *query_weights, const double *keys, const KeyValue *r);
#endif

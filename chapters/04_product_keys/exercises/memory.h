#ifndef CHAPTERS_04_PRODUCT_KEYS_EXERCISES_MEMORY_H
#define CHAPTERS_04_PRODUCT_KEYS_EXERCISES_MEMORY_H

// A memory of n² numbers with product keys (Lample 2019, section 3.1): the K best cells answer a
// query, each weighted by the softmax of the K scores:
//   a[i] = first[i] · query, b[j] = second[j] · query; score, index from product_top_k
//   p = softmax(score);   y = Σ_k p[k] · value[index[k]]
enum { MAX_N = 8, MAX_K = 8 };

typedef struct {
    int n, K, Dk;
    double *first, *second; // [n,Dk] the two lists of sub-keys
    double *value;          // [n²]
    // of the last answer:
    double p[MAX_K];
    int index[MAX_K];
} Memory;

// y for query [Dk]; writes p and index of the memory.
double memory_answer(Memory *m, const double *query);
#endif

// Exercise 09-3. A neuron's words.
//
// The chapter asks which neurons a word has. Ask the other way round: for which words does a neuron
// fire? From a recording of N gatings, scores and indices [N,K], with the word of each, words [N]
// below V:
//
// mean [V]: of each word the mean score of this neuron over all gatings of the word, 0 where it did
// not fire; 0 for words that do not occur.
// best [most]: the words with the highest means, highest first, equal ones by the lower number,
// only those above 0. Returns how many there are, at most `most`.
//
// counts [V] is scratch.
//
// Check with: make exercise-09-3
int neuron_words(int *best, double *mean, int *counts, int neuron, const double *scores,
                 const int *indices, const int *words, int N, int K, int V, int most) {
    (void)best, (void)mean, (void)counts, (void)neuron, (void)scores, (void)indices, (void)words;
    (void)N, (void)K, (void)V, (void)most;
    return -1; // yours to write
}

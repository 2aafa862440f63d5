// The expert that likes my coin is always mine: no token scores higher, and I stand first. The
// other one is mine only where nobody is more to its liking, which is where the second coin is like
// the first.
int next_coin(int first, int experts) { return experts == 2 ? first : 1 - first; }

// The expert that prefers the first coin always chooses the first token: no token scores higher,
// and equal scores go to the first. The other expert does so only if no token scores higher there
// either, that is if the second coin is like the first.
int next_coin(int first, int experts) { return experts == 2 ? first : 1 - first; }

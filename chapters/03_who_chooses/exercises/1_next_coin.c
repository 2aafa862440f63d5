// Exercise 03-1. Know a coin before it is thrown.
//
// Two coins, 0 or 1, are the two tokens of a sequence. Two experts choose one token each; expert 0
// prefers coin 0, expert 1 prefers coin 1, and of two equal tokens the first one is chosen:
//     scores of coin 0: 0.7 0.3          scores of coin 1: 0.3 0.7
// The first token knows its own coin, and how many experts chose it. Which coin is the second?
//
// Check with: make exercise-03-1
int next_coin(int first, int experts) {
    (void)first, (void)experts;
    return 0; // yours to write
}

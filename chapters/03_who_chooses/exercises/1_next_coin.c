// Exercise 03-1. See a coin before it falls.
//
// Two coins, 0 or 1, are the two tokens of a sequence. Two experts route_tokens, one token each; expert 0
// likes coin 0, expert 1 likes coin 1, and when both tokens are alike the first one gets the place:
//     scores of coin 0: 0.7 0.3          scores of coin 1: 0.3 0.7
// You are the first token. You know your own coin, and how many experts chose you. Which coin is
// the second?
int next_coin(int first, int experts) {
    (void)first, (void)experts;
    return 0; // yours to write
}

#ifndef REFERENCE_CLI_BENCH_CIRCUITS_H
#define REFERENCE_CLI_BENCH_CIRCUITS_H
#include "reference/cli/options.h"

// `sgatlin bench circuits`: measures and prints; returns the exit status. repetitions 0: the
// default.
int bench_circuits(const char *command, const SetWords *words, const char *ffn, int repetitions,
                   bool json);
#endif

#ifndef REFERENCE_CLI_COMMANDS_H
#define REFERENCE_CLI_COMMANDS_H

// The subcommands of sgatlin. Each parses its own arguments (argv[0] is "sgatlin NAME") and returns
// the exit status: 0 done, 1 failed, 2 wrong usage.
typedef int CommandFunction(int argc, char **argv);

CommandFunction command_data, command_tokenize, command_train, command_sample, command_eval,
    command_flops, command_curves, command_bench, command_isoflop, command_compare;
CommandFunction command_gates, command_record, command_neighbours, command_map, command_usage,
    command_neuron, command_why, command_patch, command_recall, command_score;
#endif

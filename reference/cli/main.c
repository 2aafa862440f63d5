// sgatlin: one binary; each subcommand is in a file of its own.
#include "reference/cli/backends.h"
#include "reference/cli/blas_watch.h"
#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/cli/restart.h"
#include "reference/io/files.h"
#include "reference/io/mapped_ranges.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/processors.h"
#include "reference/numbers/sgemm.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name, *summary;
    CommandFunction *function;
} commands[] = {
    { "data", "convert text to a tokenizer and token files", command_data },
    { "tokenize", "convert text to token ids and back", command_tokenize },
    { "train", "train a model, or resume a run", command_train },
    { "sample", "generate a story", command_sample },
    { "eval", "print the loss and perplexity on a token file", command_eval },
    { "flops", "print the parameters, FLOPs and memory of a model", command_flops },
    { "bench", "time layers and training steps, beside the machine's own ceilings", command_bench },
    { "compare", "check that a device computes what the CPU does", command_compare },
    { "curves", "draw the losses of several runs in one picture", command_curves },
    { "isoflop", "compare kinds of layers trained with equal FLOPs", command_isoflop },
    { "gates", "draw which neurons fired for a sentence", command_gates },
    { "record", "record which neurons fired in every story of a file", command_record },
    { "neighbours", "find the recorded circuits most like those of a text", command_neighbours },
    { "map", "lay out the circuits of frequent tokens in a picture", command_map },
    { "usage", "print how often neurons fire, and which fire together", command_usage },
    { "neuron", "print what a neuron reads, says and fires at", command_neuron },
    { "why", "explain a next token: its logit as a sum over neurons", command_why },
    { "patch", "put the neurons of one prompt into another", command_patch },
    { "recall", "patch all pairs of known facts, beside controls", command_recall },
    { "score", "score circuits against the known truth of storyworld", command_score },
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *out) {
    fprintf(out, "Usage: sgatlin COMMAND [OPTION...]\n\nLanguage models whose feed-forward layers "
                 "are sparsely gated "
                 "linear neurons.\n\n");
    for (int i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fprintf(out, "\n`sgatlin COMMAND --help` lists a command's options; `sgatlin --version` prints "
                 "how it was built.\n"
                 "Exit status: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.\n");
}

static void print_version(void) {
    printf("sgatlin %s\n", SGATLIN_VERSION);
#if defined __clang__
    printf("compiler  clang %s\n", __clang_version__);
#elif defined __GNUC__
    printf("compiler  gcc %s\n", __VERSION__);
#else
    printf("compiler  unknown\n");
#endif
    printf("BLAS      %s\n", sgemm_library());
#ifdef _OPENMP
    printf("OpenMP    %d, %d threads\n", _OPENMP, parallel_threads());
#else
    printf("OpenMP    none, 1 thread\n");
#endif
    char devices[BACKEND_NAMES];
    backend_names(devices);
    printf("devices   %s\n", devices);
}

static bool pipe_closed(void) {
    struct pollfd out = { .fd = STDOUT_FILENO };
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

// A failed write to stdout is an error, unless the reader closed the pipe.
static int finish(int status) {
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    int code = errno;
    bool quiet = status != 0 || code == EPIPE || pipe_closed();
    FILE *nowhere = freopen("/dev/null", "w", stdout); // reported once: finish_exit is silent
    (void)nowhere;
    if (quiet) return status;
    fprintf(stderr, "sgatlin: standard output cannot be written: %s\n",
            code ? strerror(code) : "write error");
    return 1;
}

// argp exits by itself after --help and --usage.
static void finish_exit(void) {
    if (finish(0) != 0) _exit(1);
}

static int wrong_usage(const char *command) {
    if (command == NULL) {
        fprintf(stderr, "sgatlin: expected a command\n\n");
    } else {
        fprintf(stderr, "sgatlin: unknown command %s\n\n", command);
    }
    print_help(stderr);
    return 2;
}

int main(int argc, char **argv) {
    blas_watch_end();
    files_open_standard();
    mapped_ranges_watch();
    restart_for_environment(argv);
    int too_many = threads_setup();
    if (too_many != 0) warn_of_threads(too_many, parallel_threads());
    // Writing to a closed pipe returns EPIPE, so that training continues when a reader exits.
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); // exceeding the file size limit is a write error, as on a full disk
    atexit(finish_exit);
    argp_err_exit_status = 2;
    if (argc < 2) return wrong_usage(NULL);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return finish(0);
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        print_version();
        return finish(0);
    }
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) != 0) continue;
        char name[64];
        snprintf(name, sizeof name, "sgatlin %s", commands[i].name);
        argv[1] = name; // argp starts its messages with it
        return finish(commands[i].function(argc - 1, argv + 1));
    }
    return wrong_usage(argv[1]);
}

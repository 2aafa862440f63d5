// The visualizer: a window in which a model tells a story, and what each word makes of its neurons.
#include "reference/cli/options.h"
#include "reference/cli/restart.h"
#include "reference/io/files.h"
#include "reference/io/mapped_ranges.h"
#include "visualizer/frames.h"
#include "visualizer/panel.h"
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    TellerOptions teller;
    FrameOptions frames;
    const char *size;
    bool headless, measure;
    int threads;
} Arguments;

enum {
    KEY_RECORDING = 1000,
    KEY_SEED,
    KEY_TEMPERATURE,
    KEY_SPEED,
    KEY_PANEL,
    KEY_SCALE,
    KEY_TOUR,
    KEY_HEADLESS,
    KEY_FRAMES,
    KEY_SIZE,
    KEY_FPS,
    KEY_SECONDS,
};

static const struct argp_option options[] = {
    { "checkpoint", 'c', "RUN", 0, "a run or a checkpoint", 1 },
    { "prompt", 'p', "TEXT", 0, "how the story begins (default: Once upon a time)", 1 },
    { "seed", KEY_SEED, "N", 0, "seed of the story (default 1)", 1 },
    { "temperature", KEY_TEMPERATURE, "X", 0, "0 is greedy (default 0.5)", 1 },
    { "speed", KEY_SPEED, "X", 0, "tokens per second (default 4)", 1 },
    { "recording", KEY_RECORDING, "FILE", 0,
      "circuits to compare with, of `sgatlin record` (default: a few validation stories)", 1 },
    { "panel", KEY_PANEL, "NAME", 0,
      "one panel alone: story, gates, neighbours, map, why, timeline, usage, loss or card", 2 },
    { "size", KEY_SIZE, "WxH", 0, "pixels of the window (default 1280x720)", 2 },
    { "scale", KEY_SCALE, "X", 0, "pixels per point, 0.5 to 8 (default: by the size)", 2 },
    { "tour", KEY_TOUR, NULL, 0, "begin with the tour, two minutes over one story", 2 },
    { "headless", KEY_HEADLESS, NULL, 0, "no window: write PNG files, with --frames", 3 },
    { "frames", KEY_FRAMES, "DIR", 0, "folder for frame-000000.png and so on", 3 },
    { "fps", KEY_FPS, "X", 0, "frames per second (default 30)", 3 },
    { "seconds", KEY_SECONDS, "X", 0, "length (default 10)", 3 },
    { 0 },
};

static void parse_size(const struct argp_state *state, FrameOptions *frames, const char *text) {
    enum { MAX_SIDE = 16384 };
    char rest;
    if (sscanf(text, "%dx%d%c", &frames->width, &frames->height, &rest) != 2 || frames->width < 1 ||
        frames->height < 1 || frames->width > MAX_SIDE || frames->height > MAX_SIDE)
        argp_error(state, "--size %s: expected WIDTHxHEIGHT, each 1 to %d, as in 1280x720", text,
                   MAX_SIDE);
}

static void parse_panel(const struct argp_state *state, FrameOptions *frames, const char *name) {
    frames->panel = panel_find(name);
    if (frames->panel < 0) argp_error(state, "--panel %s: there is no such panel", name);
}

static void check(const struct argp_state *state, const Arguments *arguments) {
    if (arguments->teller.checkpoint == NULL) argp_error(state, "expected --checkpoint RUN");
    if (arguments->headless != (arguments->frames.folder != NULL))
        argp_error(state, "expected both --headless and --frames DIR, or neither");
    if (arguments->frames.fps * arguments->frames.seconds > 999999)
        argp_error(state, "--fps times --seconds are more than 999999 frames");
}

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    TellerOptions *teller = &arguments->teller;
    FrameOptions *frames = &arguments->frames;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &arguments->threads; break;
    case 'c': teller->checkpoint = value; break;
    case 'p': teller->prompt = value; break;
    case KEY_SEED: teller->seed = (uint64_t)option_whole(state, "seed", value, 0, INT64_MAX); break;
    case KEY_TEMPERATURE:
        teller->temperature = option_real(state, "temperature", value, 0, 100);
        break;
    case KEY_SPEED: teller->speed = option_real(state, "speed", value, 0.01, 1000); break;
    case KEY_RECORDING: teller->recording = value; break;
    case KEY_PANEL: parse_panel(state, frames, value); break;
    case KEY_SIZE: parse_size(state, frames, value); break;
    case KEY_SCALE: frames->scale = (float)option_real(state, "scale", value, 0.5, 8); break;
    case KEY_TOUR: frames->tour = true; break;
    case KEY_HEADLESS: arguments->headless = true; break;
    case KEY_FRAMES: frames->folder = value; break;
    case KEY_FPS: frames->fps = option_real(state, "fps", value, 0.01, 1000); break;
    case KEY_SECONDS: frames->seconds = option_real(state, "seconds", value, 0, 1e6); break;
    case ARGP_KEY_ARG: argp_error(state, "%s: unexpected argument; quote the prompt", value); break;
    case ARGP_KEY_END: check(state, arguments); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static bool run(const Arguments *arguments, Error *error) {
    Teller *teller = teller_new(&arguments->teller, error);
    if (teller == NULL) return false;
    bool ok = arguments->headless ? frames_write(teller, &arguments->frames, error)
                                  : fail(error, "no window yet");
    teller_free(teller);
    return ok;
}

int main(int argc, char **argv) {
    static const struct argp_child children[] = { { &threads_option, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .children = children,
        .doc = "Shows a model at work: it tells a story, and each word lights up the neurons that "
               "it activates. `h` in the window lists all keys.",
    };
    files_open_standard();
    mapped_ranges_watch();
    restart_for_environment(argv);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    argp_err_exit_status = 2;
    Arguments arguments = {
        .teller = { .seed = 1, .temperature = 0.5, .speed = 4 },
        .frames = { .width = 1280, .height = 720, .fps = 30, .seconds = 10, .panel = -1 },
    };
    if (!options_parse(&argp, argc, argv, 0, &arguments)) return 1;
    program_start(arguments.threads, &cpu_backend);
    Error error;
    return run(&arguments, &error) ? 0 : command_failed("visualizer", &error);
}

// The visualizer: a window in which a model tells a story, and what each word makes of its neurons.
#include "reference/cli/options.h"
#include "reference/cli/restart.h"
#include "reference/cli/train_options.h"
#include "reference/io/files.h"
#include "reference/io/mapped_ranges.h"
#include "reference/io/progress.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/parallel.h"
#include "reference/train/checkpoint.h"
#include "visualizer/frames.h"
#include "visualizer/model_thread.h"
#include "visualizer/tour.h"
#include "visualizer/window.h"
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
    TellerOptions teller;
    FrameOptions frames;
    bool headless, measure;
    int threads;
    char **train; // the arguments after --train; NULL: none
    int train_count;
} Arguments;

enum {
    KEY_RECORDING = 1000,
    KEY_TRAIN,
    KEY_MEASURE,
    KEY_SEED,
    KEY_TEMPERATURE,
    KEY_SPEED,
    KEY_PANEL,
    KEY_SCALE,
    KEY_TOUR,
    KEY_HEADLESS,
    KEY_FRAMES,
    KEY_ANIMATION,
    KEY_SIZE,
    KEY_FPS,
    KEY_SECONDS,
};

static const struct argp_option known_options[] = {
    { "checkpoint", 'c', "RUN", 0, "a run or a checkpoint", 1 },
    { "watch", 'w', "RUN", 0, "a run that another process is training: follow it", 1 },
    { "train", KEY_TRAIN, NULL, 0,
      "train in the window: what comes after it are the options of `sgatlin train`", 1 },
    { "prompt", 'p', "TEXT", 0, "how the story begins (default: Once upon a time)", 1 },
    { "seed", KEY_SEED, "N", 0, "seed of the story (default 1)", 1 },
    { "temperature", KEY_TEMPERATURE, "X", 0, "0 is greedy (default 0.5)", 1 },
    { "speed", KEY_SPEED, "X", 0, "tokens per second (default 4)", 1 },
    { "recording", KEY_RECORDING, "FILE", 0,
      "circuits to compare with, of `sgatlin record` (default: a few validation stories)", 1 },
    { "panel", KEY_PANEL, "NAME", 0,
      "one panel alone: story, gates, neighbours, map, why, timeline, usage, loss or card", 2 },
    { "size", KEY_SIZE, "WxH", 0, "pixels of the window (default 1280x720)", 2 },
    { "scale", KEY_SCALE, "X", 0,
      "pixels per point, 0.5 to 8 (default: by the window's size and its display)", 2 },
    { "tour", KEY_TOUR, NULL, 0, "begin with the tour, two minutes over one story", 2 },
    { "headless", KEY_HEADLESS, NULL, 0, "no window: write pictures", 3 },
    { "frames", KEY_FRAMES, "DIR", 0, "... frame-000000.png and so on", 3 },
    { "animation", KEY_ANIMATION, "FILE", 0, "... an animated PNG of all frames", 3 },
    { "fps", KEY_FPS, "X", 0, "frames per second (default 30)", 3 },
    { "seconds", KEY_SECONDS, "X", 0,
      "length of what is written (default 10), or close the window after so long", 3 },
    { "measure", KEY_MEASURE, NULL, 0, "print how long frames took when the window closes", 3 },
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
    char names[128] = "";
    size_t used = 0;
    for (int i = 0; i < PANELS && used < sizeof names; i++) {
        if (strcmp(panels[i].name, name) == 0) {
            frames->panel = i;
            return;
        }
        used += (size_t)snprintf(names + used, sizeof names - used, " %s", panels[i].name);
    }
    argp_error(state, "--panel %s: expected one of:%s", name, names);
}

static void check(const struct argp_state *state, const Arguments *arguments) {
    int sources = (arguments->teller.checkpoint != NULL) + (arguments->train != NULL);
    const FrameOptions *frames = &arguments->frames;
    if (sources != 1)
        argp_error(state, "expected --checkpoint RUN, --watch RUN or --train OPTION…, and only one "
                          "of them");
    if (arguments->teller.recording != NULL &&
        (arguments->train != NULL || arguments->teller.watch))
        argp_error(state, "--recording is of one checkpoint: give it with --checkpoint");
    if (arguments->headless != (frames->folder != NULL || frames->animation != NULL))
        argp_error(state, "expected --headless with --frames DIR or --animation FILE, or neither");
    if (arguments->headless && (arguments->train != NULL || arguments->teller.watch))
        argp_error(state,
                   "--headless shows a --checkpoint: a run in training depends on the clock");
    if (arguments->headless && frames->fps * frames->seconds > 999999)
        argp_error(state, "--fps times --seconds are more than 999999 frames");
}

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    TellerOptions *teller = &arguments->teller;
    FrameOptions *frames = &arguments->frames;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &arguments->threads; break;
    case 'w':
    case 'c':
        if (teller->checkpoint != NULL) argp_error(state, "expected one run");
        teller->checkpoint = value;
        teller->watch = key == 'w';
        break;
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
    case KEY_MEASURE: arguments->measure = true; break;
    case KEY_HEADLESS: arguments->headless = true; break;
    case KEY_FRAMES: frames->folder = value; break;
    case KEY_ANIMATION: frames->animation = value; break;
    case KEY_FPS: frames->fps = option_real(state, "fps", value, 0.01, 1000); break;
    case KEY_SECONDS: frames->seconds = option_real(state, "seconds", value, 0, 1e6); break;
    case ARGP_KEY_ARG: argp_error(state, "%s: unexpected argument; quote the prompt", value); break;
    case ARGP_KEY_END: check(state, arguments); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// ---- the window

static bool show(const Arguments *arguments, Teller *teller, Error *error) {
    const FrameOptions *frames = &arguments->frames;
    SceneExchange *exchange = scene_exchange_new();
    if (exchange == NULL || !scene_publish(exchange, teller_scene(teller))) {
        scene_exchange_free(exchange);
        return fail(error, "out of memory for the window");
    }
    const WindowOptions options = { .exchange = exchange,
                                    .width = frames->width,
                                    .height = frames->height,
                                    .scale = frames->scale,
                                    .panel = frames->panel,
                                    .tour = frames->tour,
                                    .speed = arguments->teller.speed,
                                    .seconds = frames->seconds > 0 ? frames->seconds : INFINITY,
                                    .measure = arguments->measure };
    Window *window = window_open(&options, error);
    // after SDL's start: a notification before it fails
    ModelThread *thread =
        window != NULL ? model_thread_start(teller, exchange, window_notify, error) : NULL;
    bool ok = thread != NULL && window_run(window, error);
    model_thread_stop(thread);
    window_close(window);
    scene_exchange_free(exchange);
    return ok;
}

static bool write_frames(const Arguments *arguments, Teller *teller, Error *error) {
    FrameOptions frames = arguments->frames;
    frames.speed = arguments->teller.speed;
    if (frames.seconds <= 0) frames.seconds = frames.tour ? tour_seconds() : 10;
    return frames_write(teller, &frames, error);
}

static bool tell(const Arguments *arguments, const TellerOptions *options, Error *error) {
    Teller *teller = teller_new(options, error);
    if (teller == NULL) return false;
    bool ok = arguments->headless ? write_frames(arguments, teller, error)
                                  : show(arguments, teller, error);
    teller_free(teller);
    return ok;
}

// ---- training

// Waits for the run's first checkpoint, which it writes before its first step.
static bool wait_for_checkpoint(Training *training, const char *run) {
    const struct timespec pause = { .tv_nsec = 20000000 };
    for (;;) {
        char *found = checkpoint_find(run, NULL);
        bool there = found != NULL;
        free(found);
        if (there || training_ended(training)) return there;
        nanosleep(&pause, NULL);
    }
}

static bool train(const Arguments *arguments, const TrainOptions *options, bool *misused,
                  Error *error) {
    Trainer trainer = { 0 };
    RunLog log = LOG_CLOSED;
    const char *run = train_options_run(options);
    bool opened = train_options_open(&trainer, &log, options, misused, error) &&
                  run_open_log(&log, run, &trainer, NULL, error);
    if (!opened) {
        log_close(&log);
        trainer_free(&trainer);
        return false;
    }
    Training *training = training_start(&trainer, &log, run, error);
    if (training == NULL) return false;
    TellerOptions teller = arguments->teller;
    teller.checkpoint = run;
    teller.watch = true;
    teller.training = training;
    bool there = wait_for_checkpoint(training, run);
    bool ok = there && tell(arguments, &teller, error);
    Error why;
    if (training_stop(training, &why)) return ok;
    *error = why;
    return false;
}

static int run_training(const Arguments *arguments) {
    TrainOptions options;
    Error error;
    bool misused = false;
    char name[] = "visualizer --train";
    arguments->train[0] = name; // argp starts its messages with it
    int status = train_options_parse(&options, arguments->train_count, arguments->train);
    if (status == 0) {
        program_start(options.threads, options.backend);
        if (!train(arguments, &options, &misused, &error))
            status = misused ? command_misused(name, &error) : command_failed(name, &error);
    }
    train_options_free(&options);
    return status;
}

// Unless told otherwise, the model leaves one processor to the window: a token is computed in less
// time than a frame, but a frame that loses its processor comes late.
static int model_threads(const Arguments *arguments) {
    if (arguments->threads != 0 || arguments->headless) return arguments->threads;
    return max_int(1, parallel_threads() - 1);
}

// Cuts argv at --train; what comes after it is of `sgatlin train`.
static int before_train(Arguments *arguments, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--train") != 0) continue;
        arguments->train = argv + i;
        arguments->train_count = argc - i;
        return i;
    }
    return argc;
}

int main(int argc, char **argv) {
    static const struct argp_child children[] = { { &threads_option, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = {
        .options = known_options,
        .parser = parse,
        .children = children,
        .args_doc = "--checkpoint RUN\n--watch RUN\n--train OPTION...",
        .doc = "Shows a model at work: it tells a story, and each word lights up the neurons that "
               "it activates. The key h lists all keys.",
    };
    files_open_standard();
    mapped_ranges_watch();
    restart_for_environment(argv);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    argp_err_exit_status = 2;
    Arguments arguments = {
        .teller = { .seed = 1, .temperature = 0.5, .speed = 4 },
        .frames = { .width = 1280, .height = 720, .fps = 30, .panel = -1 },
    };
    int count = before_train(&arguments, argc, argv);
    if (!options_parse(&argp, count, argv, 0, &arguments)) return 1;
    if (arguments.train != NULL) return run_training(&arguments);
    program_start(model_threads(&arguments), &cpu_backend);
    Error error;
    return tell(&arguments, &arguments.teller, &error) ? 0 : command_failed("visualizer", &error);
}

// sgatlin record: the gatings of many stories, for the commands that read circuits.
#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/cli/signals.h"
#include "reference/cli/sparse_checkpoint.h"
#include "reference/data/corpus.h"
#include "reference/data/special_tokens.h"
#include "reference/data/stories.h"
#include "reference/io/json.h"
#include "reference/io/progress.h"
#include "reference/numbers/array.h"
#include "reference/numbers/minmax.h"
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *checkpoint, *data, *text, *out;
    const Backend *backend;
    int64_t stories; // 0: all
    int threads;
    bool json;
} Arguments;

enum { KEY_TEXT = 1000 };

static const struct argp_option options[] = {
    { "data", 'd', "FILE", 0, "token file to record, such as DIR/valid.bin", 0 },
    { "text", KEY_TEXT, "FILE", 0,
      "or a text file (- is stdin): stories separated by lines with only <|endoftext|>, or one "
      "story",
      0 },
    { "stories", 's', "N", 0, "record the first N stories (default: all)", 0 },
    { "out", 'o', "FILE", 0, "safetensors file to write; must not exist", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->checkpoint;
        state->child_inputs[1] = &arguments->json;
        state->child_inputs[2] = &arguments->threads;
        state->child_inputs[3] = &arguments->backend;
        break;
    case 'd': arguments->data = value; break;
    case KEY_TEXT: arguments->text = value; break;
    case 's': arguments->stories = option_whole(state, "stories", value, 1, INT32_MAX); break;
    case 'o': arguments->out = value; break;
    case ARGP_KEY_ARG: argp_error(state, "%s: unexpected argument", value); break;
    case ARGP_KEY_END:
        if ((arguments->data == NULL) == (arguments->text == NULL))
            argp_error(state, "expected either --data FILE or --text FILE");
        if (arguments->out == NULL) argp_error(state, "expected --out FILE");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// ---- the stories, from a token file or a text

typedef struct {
    TokenFile file;  // path NULL: the stories are those of a text
    TokenList ids;   // of the text's stories, without TOKEN_END
    size_t *end;     // [count]: where a story ends in them
    size_t count;    // stories to record
    size_t capacity; // of `end`
} Source;

static void source_close(Source *source) {
    if (source->file.path != NULL) token_file_close(&source->file);
    free(source->ids.ids);
    free(source->end);
}

static bool open_tokens(Source *source, const char *path, const Checkpoint *checkpoint,
                        Error *error) {
    if (!token_file_open(&source->file, path, error)) {
        source->file.path = NULL;
        return false;
    }
    source->count = source->file.stories;
    return token_file_matches(&source->file, checkpoint->tokenizer, checkpoint->path, error);
}

// Text that spells out <|pad|>, which is never part of a story.
static void drop_padding(TokenList *ids, size_t first) {
    size_t count = first;
    for (size_t i = first; i < ids->count; i++) {
        if (ids->ids[i] != TOKEN_PAD) ids->ids[count++] = ids->ids[i];
    }
    ids->count = count;
}

static bool encode(Source *source, const Story *story, const Tokenizer *tokenizer) {
    size_t first = source->ids.count;
    if (!tokenizer_encode(tokenizer, story->text, story->size, false, &source->ids)) return false;
    drop_padding(&source->ids, first);
    if (source->ids.count == first) return true; // the tokenizer knows nothing of it
    size_t *end =
        array_grow(source->end, &source->capacity, source->count + 1, sizeof *source->end);
    if (end == NULL) return false;
    source->end = end;
    source->end[source->count++] = source->ids.count;
    return true;
}

static bool encode_text(Source *source, const char *text, size_t size, const char *name,
                        size_t stories, const Tokenizer *tokenizer, Error *error) {
    Stories found = { 0 };
    bool ok = stories_find(&found, text, size);
    for (size_t s = 0; ok && s < found.count && source->count < stories; s++)
        ok = encode(source, &found.items[s], tokenizer);
    free(found.items);
    if (!ok) return fail(error, "out of memory for the text %s", name);
    return source->count > 0 ||
           fail(error, "%s: contains no token that this tokenizer knows; name another text", name);
}

static bool read_stdin(ByteList *out, Error *error) {
    size_t read = 0;
    do {
        out->count += read;
        char *bytes = array_grow(out->bytes, &out->capacity, out->count + 1, 1);
        if (bytes == NULL) return fail(error, "out of memory for the text on stdin");
        out->bytes = bytes;
        read = fread(out->bytes + out->count, 1, out->capacity - out->count, stdin);
    } while (read > 0);
    return !ferror(stdin) || fail(error, "stdin cannot be read");
}

static bool open_text(Source *source, const char *path, size_t stories, const Tokenizer *tokenizer,
                      Error *error) {
    if (strcmp(path, "-") == 0) {
        ByteList bytes = { 0 };
        bool ok = read_stdin(&bytes, error) &&
                  encode_text(source, bytes.bytes, bytes.count, "stdin", stories, tokenizer, error);
        free(bytes.bytes);
        return ok;
    }
    MappedFile file;
    if (!file_map(&file, path, error)) return false;
    bool ok =
        encode_text(source, (const char *)file.bytes, file.size, path, stories, tokenizer, error);
    file_unmap(&file);
    return ok;
}

static bool source_open(Source *source, const Arguments *arguments, const Checkpoint *checkpoint,
                        Error *error) {
    size_t stories = arguments->stories > 0 ? (size_t)arguments->stories : SIZE_MAX;
    *source = (Source){ .count = 0 };
    bool ok = arguments->data != NULL
                  ? open_tokens(source, arguments->data, checkpoint, error)
                  : open_text(source, arguments->text, stories, checkpoint->tokenizer, error);
    source->count = min_size(source->count, stories);
    return ok;
}

// Tokens of a story, without TOKEN_END.
static size_t story_size(const Source *source, size_t s) {
    if (source->file.path == NULL) return source->end[s] - (s > 0 ? source->end[s - 1] : 0);
    return (size_t)(source->file.offset[s + 1] - source->file.offset[s]) - 1;
}

static void story_tokens(int32_t *out, const Source *source, size_t s, int count) {
    size_t first = s > 0 && source->file.path == NULL ? source->end[s - 1] : 0;
    for (int t = 0; t < count; t++) {
        out[t] = source->file.path == NULL ? (int32_t)source->ids.ids[first + (size_t)t]
                                           : source->file.token[source->file.offset[s] + (size_t)t];
    }
}

// ---- recording

typedef struct {
    int max;             // tokens of a story at most: one less than the context window
    int64_t positions;   // in all
    int64_t left_out;    // tokens after `max` in their stories
    int64_t cut_stories; // the stories that have such
} Plan;

static bool make_plan(Plan *out, const Source *source, const Config *config, Error *error) {
    *out = (Plan){ .max = config->T - 1 };
    for (size_t s = 0; s < source->count; s++) {
        int64_t size = (int64_t)story_size(source, s);
        out->positions += size < out->max ? size : out->max;
        out->left_out += size > out->max ? size - out->max : 0;
        out->cut_stories += size > out->max;
    }
    if (out->positions > INT32_MAX)
        return fail(error, "%lld tokens are too many for one recording; reduce --stories",
                    (long long)out->positions);
    return out->positions > 0 || fail(error, "there are no tokens to record");
}

typedef struct {
    const Checkpoint *checkpoint;
    const Source *source;
    const Plan *plan;
    StoryRecorder recorder;
    RecordingWriter *writer;
    int32_t *tokens; // [max]
} Work;

static bool record_stories(Work *work, Error *error) {
    Progress line = progress_new();
    double started = clock_seconds();
    bool ok = true;
    for (size_t s = 0; ok && s < work->source->count; s++) {
        int count = (int)min_size(story_size(work->source, s), (size_t)work->plan->max);
        if (count == 0) continue;
        story_tokens(work->tokens, work->source, s, count);
        ok = story_recorder_run(&work->recorder, work->tokens, count, error) &&
             recording_writer_add(work->writer, &work->recorder, error);
        double done = (double)(s + 1) / (double)work->source->count;
        double spent = clock_seconds() - started;
        if (line.terminal || spent > line.seconds)
            progress_show(&line, "recording %s, %s left", short_share(done, 1).text,
                          short_duration(spent / done - spent).text);
        if (ok && signals_caught()) ok = fail(error, "stopped; nothing was written");
    }
    progress_end(&line);
    return ok;
}

static bool work_run(Work *work, const Arguments *arguments, Error *error) {
    const Model *model = &work->checkpoint->model;
    int T = (int)work->plan->positions;
    if (!disk_check(arguments->out, (uint64_t)recording_bytes(&model->config, T), error))
        return false;
    work->tokens = malloc((size_t)work->plan->max * sizeof *work->tokens);
    if (work->tokens == NULL) return fail(error, "out of memory");
    work->writer =
        recording_writer_open(arguments->out, model, work->checkpoint->tokenizer, T, error);
    if (work->writer == NULL) return false;
    if (record_stories(work, error)) return recording_writer_commit(work->writer, error);
    recording_writer_discard(work->writer);
    return false;
}

static bool report(const Work *work, const Arguments *arguments, Error *error) {
    const GatingRecord *sizes = &work->recorder.record;
    const Plan *plan = work->plan;
    if (plan->cut_stories > 0)
        fprintf(stderr,
                "warning: stories longer than the context window: %lld; their last %lld tokens "
                "were left out\n",
                (long long)plan->cut_stories, (long long)plan->left_out);
    if (!arguments->json) {
        printf("%s: %lld positions of %zu stories; layers %d, channels %d, K %d, F %d\n",
               arguments->out, (long long)plan->positions, work->source->count, sizes->L, sizes->C,
               sizes->K, sizes->F);
        return true;
    }
    json_t *object = json_object();
    json_add(&object, "positions", json_integer(plan->positions));
    json_add(&object, "stories", json_integer((json_int_t)work->source->count));
    json_add(&object, "layers", json_integer(sizes->L));
    json_add(&object, "channels", json_integer(sizes->C));
    json_add(&object, "K", json_integer(sizes->K));
    json_add(&object, "F", json_integer(sizes->F));
    bool ok = object != NULL && json_dumpf(object, stdout, 0) == 0;
    if (ok) putchar('\n');
    json_decref(object);
    return ok || ferror(stdout) || fail(error, "out of memory");
}

// Comes first: a device that cannot do it refuses before the text is encoded.
static bool open_recorder(Work *work, const Arguments *arguments, Error *error) {
    const Model *model = &work->checkpoint->model;
    if (model->config.T == 1)
        return fail(error, "a context window of one token has no space for a story");
    return story_recorder_on(&work->recorder, arguments->backend->reader, model,
                             model->config.T - 1, error);
}

static bool record(const Arguments *arguments, const Checkpoint *checkpoint, Error *error) {
    Source source = { .count = 0 };
    Plan plan;
    Work work = { .checkpoint = checkpoint, .source = &source, .plan = &plan };
    bool ok = open_recorder(&work, arguments, error) &&
              source_open(&source, arguments, checkpoint, error) &&
              make_plan(&plan, &source, &checkpoint->model.config, error) &&
              work_run(&work, arguments, error) && report(&work, arguments, error);
    if (work.recorder.model != NULL) story_recorder_free(&work.recorder);
    free(work.tokens);
    source_close(&source);
    return ok;
}

int command_record(int argc, char **argv) {
    static const struct argp_child children[] = { { &checkpoint_option, 0, NULL, 0 },
                                                  { &json_option, 0, NULL, 0 },
                                                  { &threads_option, 0, NULL, 0 },
                                                  { &device_option, 0, NULL, 0 },
                                                  { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .children = children,
        .doc = "Records what every layer chose for every token of the stories, with the five most "
               "likely next tokens, for the commands that read circuits. Each story is read on its "
               "own, as in training with padded batches; of one that is longer than the context "
               "window the beginning is recorded.",
    };
    Arguments arguments = { .stories = 0 };
    if (!options_parse(&argp, argc, argv, 0, &arguments)) return 1;
    signals_watch(SIGNALS_RESTART_READS);
    program_start(arguments.threads, arguments.backend);
    Error error;
    Checkpoint checkpoint;
    if (!path_is_new(arguments.out, &error) ||
        !sparse_checkpoint_open(&checkpoint, arguments.checkpoint, &error))
        return command_failed(argv[0], &error);
    bool ok = record(&arguments, &checkpoint, &error);
    checkpoint_close(&checkpoint);
    if (ok) return 0;
    int status = command_failed(argv[0], &error);
    return signals_caught() ? signals_status() : status;
}

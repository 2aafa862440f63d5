// sgatlin data: text to a tokenizer and token files.
#include "datasets/storyworld/storyworld.h"
#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/cli/signals.h"
#include "reference/data/encode.h"
#include "reference/data/text_check.h"
#include "reference/io/progress.h"
#include "reference/io/shell_word.h"
#include "reference/numbers/parallel.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- options

enum {
    MIN_VOCABULARY = TOKENIZER_SPECIALS + 256 + 1,
    TEXT_VOCABULARY = 8192,
    STORYWORLD_VOCABULARY = 1024
};
enum { DEFAULT_STORIES = 20000, MAX_STORIES = 100000000 };

typedef struct {
    bool storyworld;
    const char *text, *valid, *tokenizer, *out;
    int64_t stories, seed; // -1: not given
    int vocabulary;        // 0: not given
    int threads;           // 0: one per processor
} Options;

enum {
    KEY_STORYWORLD = 256,
    KEY_STORIES,
    KEY_SEED,
    KEY_TEXT,
    KEY_VALID,
    KEY_VOCABULARY,
    KEY_TOKENIZER,
    KEY_OUT
};

static const struct argp_option option_table[] = {
    { "storyworld", KEY_STORYWORLD, NULL, 0,
      "generate the built-in corpus, whose facts and word classes are known", 1 },
    { "stories", KEY_STORIES, "N", 0,
      "number of stories to generate (default 20000); the last 5% are for validation", 1 },
    { "seed", KEY_SEED, "S", 0, "seed of the generator (default 1)", 1 },
    { "text", KEY_TEXT, "FILE", 0,
      "read a text file (- is stdin), in UTF-8: stories separated by lines with only "
      "<|endoftext|>, or one story. Line ends may be LF or CRLF; CRs inside a story are kept",
      2 },
    { "valid", KEY_VALID, "FILE", 0,
      "text for validation (default: the last 5% of --text, by stories, or by tokens if it is one "
      "story)",
      2 },
    { "vocab", KEY_VOCABULARY, "V", 0,
      "train a byte-level BPE tokenizer with V tokens, 259 to 65535 (default 8192, or fewer if the "
      "text gives no more; storyworld: 1024)",
      3 },
    { "tokenizer", KEY_TOKENIZER, "FILE", 0, "use this tokenizer.json instead of training one", 3 },
    { "out", KEY_OUT, "DIR", 0,
      "folder to create with tokenizer.json, train.bin and valid.bin (and for storyworld the "
      "texts, "
      "facts.tsv and classes.tsv)",
      4 },
    { 0 },
};

static void check_together(const struct argp_state *state, const Options *options) {
    if (options->storyworld && options->text != NULL) {
        argp_error(state, "--storyworld and --text cannot be given together");
    } else if (!options->storyworld && options->text == NULL) {
        argp_error(state, "expected --storyworld or --text FILE");
    } else if (!options->storyworld && (options->stories >= 0 || options->seed >= 0)) {
        argp_error(state, "--stories and --seed need --storyworld");
    } else if (options->storyworld && options->valid != NULL) {
        argp_error(state,
                   "--valid needs --text; --storyworld generates its own validation stories");
    } else if (options->vocabulary != 0 && options->tokenizer != NULL) {
        argp_error(
            state,
            "--vocab and --tokenizer cannot be given together: a tokenizer has its own vocabulary");
    } else if (options->valid != NULL && strcmp(options->valid, "-") == 0 &&
               strcmp(options->text, "-") == 0) {
        argp_error(state, "--text and --valid cannot both be stdin");
    } else if (options->out == NULL) {
        argp_error(state, "expected --out DIR, the folder to create");
    }
}

static error_t parse_option(int key, char *value, struct argp_state *state) {
    Options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &options->threads; break;
    case KEY_STORYWORLD: options->storyworld = true; break;
    case KEY_STORIES:
        options->stories = option_whole(state, "stories", value, 2, MAX_STORIES);
        break;
    case KEY_SEED: options->seed = option_whole(state, "seed", value, 0, INT64_MAX); break;
    case KEY_TEXT: options->text = value; break;
    case KEY_VALID: options->valid = value; break;
    case KEY_VOCABULARY:
        options->vocabulary =
            (int)option_whole(state, "vocab", value, MIN_VOCABULARY, TOKENIZER_MAX_VOCABULARY);
        break;
    case KEY_TOKENIZER: options->tokenizer = value; break;
    case KEY_OUT: options->out = value; break;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: unexpected argument; use --text to name a text", value);
        break;
    case ARGP_KEY_END: check_together(state, options); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_child children[] = { { &threads_option, 0, NULL, 4 }, { 0 } };
static const struct argp parser = {
    .options = option_table,
    .parser = parse_option,
    .children = children,
    .doc = "Creates the data folder for `sgatlin train` from a text or from the built-in "
           "storyworld.\v"
           "  sgatlin data --storyworld --stories 20000 --vocab 1024 --out data/sw\n"
           "  sgatlin data --text stories.txt --out data/mine",
};

// ---- progress

// Progress of one task.
typedef struct {
    const char *name;
    double total, started;  // amount of work; start time
    const MappedFile *text; // its pages are released every RELEASE bytes; NULL: none
    size_t released;
    Progress line;
} Work;
enum { RELEASE = 64 << 20 };

static Work work_begin(const char *name, size_t total, const MappedFile *text) {
    return (Work){ .name = name,
                   .total = (double)total,
                   .started = clock_seconds(),
                   .text = text,
                   .line = progress_new() };
}

static bool work_step(void *context, size_t done) {
    Work *work = context;
    if (work->text != NULL && done - work->released > RELEASE) {
        file_release(work->text);
        work->released = done;
    }
    double spent = clock_seconds() - work->started;
    double left = spent * (work->total / ((double)done + 1) - 1);
    if (work->line.terminal || spent > work->line.seconds) {
        progress_show(&work->line, "%s %s, %s left", work->name,
                      short_share((double)done, work->total).text,
                      short_duration(left > 0 ? left : 0).text);
    }
    return !signals_caught();
}

static void work_end(Work *work) {
    progress_print(&work->line, "%s: %.1f s", work->name, clock_seconds() - work->started);
}

// ---- texts

// The training or the validation half of a corpus.
typedef struct {
    MappedFile text; // empty if the stories are in the other half's text
    Stories found;   // owns the stories of this text
    const Story *stories;
    size_t count, bytes;
    TokenFile tokens;
} Half;

typedef struct {
    const Options *options;
    OutputFolder folder;
    Half train, valid;
    Tokenizer *tokenizer;
} Job;

static bool is_stdin(const char *name) { return strcmp(name, "-") == 0; }

// A text in messages, and in the commands that they suggest.
static const char *text_name(const char *name) { return is_stdin(name) ? "stdin" : name; }
static ShellWord text_word(const char *name) { return shell_word(is_stdin(name) ? "FILE" : name); }

static char *job_path(const Job *job, const char *name, Error *error) {
    char *path = path_join(job->folder.temporary, name);
    if (path == NULL) fail(error, "%s: out of memory", job->options->out);
    return path;
}

// Writes storyworld's stories first .. last-1 to a text file in the folder, and maps it.
static bool write_storyworld(Job *job, Half *half, const char *name, uint64_t first, uint64_t last,
                             Error *error) {
    static const char separator[] = "\n<|endoftext|>\n";
    char story[STORYWORLD_STORY_MAX];
    OutputFile out;
    Work work = work_begin(name, (size_t)(last - first), NULL);
    char *path = job_path(job, name, error);
    bool ok = path != NULL && output_open(&out, path, error);
    if (ok) {
        for (uint64_t i = first; ok && i < last; i++) {
            size_t size = storyworld_story(story, sizeof story, (uint64_t)job->options->seed, i);
            while (size > 0 && story[size - 1] == '\n') size--;
            fwrite(story, 1, size, out.stream);
            fwrite(separator, 1, sizeof separator - 1, out.stream);
            if (i % 1024 == 0 && !work_step(&work, (size_t)(i - first)))
                ok = fail(error, "stopped; nothing was written");
            if (ok && ferror(out.stream)) break; // output_commit reports the error
        }
        if (ok)
            ok = output_commit(&out, error);
        else
            output_discard(&out);
    }
    ok = ok && file_map(&half->text, path, error);
    if (ok) work_end(&work);
    free(path);
    return ok;
}

static bool write_table(Job *job, const char *name, void write(FILE *), Error *error) {
    OutputFile out;
    char *path = job_path(job, name, error);
    bool ok = path != NULL && output_open(&out, path, error);
    if (ok) {
        write(out.stream);
        ok = output_commit(&out, error);
    }
    free(path);
    return ok;
}

static bool generate_storyworld(Job *job, Error *error) {
    uint64_t stories = (uint64_t)job->options->stories, valid = stories / 20 > 0 ? stories / 20 : 1;
    return write_storyworld(job, &job->train, "train.txt", 0, stories - valid, error) &&
           write_storyworld(job, &job->valid, "valid.txt", stories - valid, stories, error) &&
           write_table(job, "facts.tsv", storyworld_write_facts, error) &&
           write_table(job, "classes.tsv", storyworld_write_classes, error);
}

// Copies everything from a file descriptor to a new file.
static bool copy_stream(int from, const char *name, const char *path, Error *error) {
    char buffer[1 << 16];
    FILE *out = fopen(path, "wbx");
    if (out == NULL)
        return fail(error, "%s: cannot create a temporary file: %s", name, strerror(errno));
    bool ok = true;
    for (ssize_t n; ok && (n = read(from, buffer, sizeof buffer)) != 0;) {
        if (signals_caught())
            ok = fail(error, "stopped; nothing was written");
        else if (n < 0 && errno == EINTR)
            continue;
        else if (n < 0)
            ok = fail(error, "%s: cannot be read: %s", name, strerror(errno));
        else if (fwrite(buffer, 1, (size_t)n, out) != (size_t)n) {
            ok = fail(error, "%s: cannot write the temporary file: %s%s", name, strerror(errno),
                      write_advice(errno));
        }
    }
    if (fclose(out) != 0 && ok)
        ok = fail(error, "%s: cannot write the temporary file: %s%s", name, strerror(errno),
                  write_advice(errno));
    return ok;
}

// Maps a text. Input that cannot be mapped (stdin, a pipe) is copied to a temporary file first,
// which is unlinked once it is mapped.
static bool map_text(Job *job, Half *half, const char *name, Error *error) {
    struct stat status;
    if (!is_stdin(name) &&
        (stat(name, &status) != 0 || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) {
        return file_map(&half->text, name, error);
    }
    int from = is_stdin(name) ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    if (from < 0) return fail(error, "%s: cannot be opened for reading: %s", name, strerror(errno));
    char *path = job_path(job, "text", error);
    bool ok = path != NULL && copy_stream(from, text_name(name), path, error) &&
              file_map(&half->text, path, error);
    if (path != NULL) unlink(path);
    free(path);
    if (!is_stdin(name)) close(from);
    return ok;
}

static bool refuse_wide(const Half *half, const char *name, Error *error) {
    const char *encoding = text_wide_encoding((const char *)half->text.bytes, half->text.size);
    if (encoding == NULL) return true;
    return fail(error, "%s: is %.6s, expected UTF-8; convert it with: iconv -f %s -t UTF-8 %s >NEW",
                text_name(name), encoding, encoding, text_word(name).text);
}

static bool open_text(Job *job, Half *half, const char *name, Error *error) {
    return map_text(job, half, name, error) && refuse_wide(half, name, error);
}

// Warns on stderr about what was probably not meant; it is used as it is.
static void warn_of_text(const Half *half, const char *name) {
    TextCounts counts = text_counts_in_file(&half->text);
    size_t inside = counts.separators - half->found.separators;
    const char *shown = text_name(name);
    ShellWord word = text_word(name);
    if (counts.invalid > 0) {
        fprintf(stderr,
                "warning: %s: %zu of %zu bytes are not UTF-8 and are used as they are; convert "
                "Latin-1 with: iconv -f LATIN1 -t UTF-8 %s >NEW\n",
                shown, counts.invalid, half->text.size, word.text);
    }
    if (counts.crlf > 0) {
        fprintf(stderr,
                "warning: %s: CRLF ends %zu of the lines; the CR is kept inside stories, remove it "
                "with: tr -d '\\r' <%s >NEW\n",
                shown, counts.crlf, word.text);
    }
    if (inside > 0) {
        fprintf(stderr,
                "warning: %s: %zu of the " STORY_SEPARATOR " are inside lines, where they do not "
                "separate stories; put each on a line of its own\n",
                shown, inside);
    }
}

static bool find_stories(Half *half, const char *name, Error *error) {
    if (!stories_find_in_file(&half->found, &half->text)) {
        return fail(error, "%s: out of memory for the list of stories", text_name(name));
    }
    if (half->found.count == 0) {
        return fail(error, "%s: contains no story: it is empty or all blank (%zu bytes)",
                    text_name(name), half->text.size);
    }
    half->stories = half->found.items;
    half->count = half->found.count;
    return true;
}

// Moves the last 5% of the stories, at least one, to the validation half. A single story is split
// later, between tokens.
static void split_stories(Job *job) {
    Half *train = &job->train, *valid = &job->valid;
    if (train->count < 2) return;
    valid->count = train->count / 20 > 0 ? train->count / 20 : 1;
    train->count -= valid->count;
    valid->stories = train->stories + train->count;
}

static size_t bytes_of(const Half *half) {
    size_t bytes = 0;
    for (size_t s = 0; s < half->count; s++) bytes += half->stories[s].size;
    return bytes;
}

static bool open_texts(Job *job, Error *error) {
    const Options *options = job->options;
    bool own_valid = options->storyworld || options->valid != NULL;
    const char *name = options->storyworld ? "train.txt" : options->text;
    if (options->storyworld) {
        if (!generate_storyworld(job, error)) return false;
    } else {
        if (!open_text(job, &job->train, options->text, error)) return false;
        if (own_valid && !open_text(job, &job->valid, options->valid, error)) return false;
    }
    if (!find_stories(&job->train, name, error)) return false;
    if (own_valid &&
        !find_stories(&job->valid, options->storyworld ? "valid.txt" : options->valid, error))
        return false;
    if (!options->storyworld) warn_of_text(&job->train, options->text);
    if (options->valid != NULL) warn_of_text(&job->valid, options->valid);
    if (!own_valid) split_stories(job);
    job->train.bytes = bytes_of(&job->train);
    job->valid.bytes = bytes_of(&job->valid);
    return true;
}

// ---- tokens

static bool make_tokenizer(Job *job, Error *error) {
    const Options *options = job->options;
    if (options->tokenizer == NULL) {
        bool exact = options->vocabulary != 0;
        int size = options->storyworld ? STORYWORLD_VOCABULARY : TEXT_VOCABULARY;
        if (exact) size = options->vocabulary;
        Work work = work_begin("tokenizer", job->train.bytes, &job->train.text);
        job->tokenizer = train_tokenizer(job->train.stories, job->train.count, size, exact,
                                         work_step, &work, error);
        if (job->tokenizer == NULL) return false;
        work_end(&work);
    }
    char *path = job_path(job, "tokenizer.json", error);
    bool ok = path != NULL && tokenizer_save(job->tokenizer, path, error);
    free(path);
    return ok;
}

static TokenWriter *open_writer(const Job *job, const char *path, Error *error) {
    return token_writer_open(path, tokenizer_vocabulary(job->tokenizer),
                             tokenizer_hash(job->tokenizer), error);
}

// Without --tokenizer, every byte has a token.
static bool fail_without_tokens(const Job *job, const Half *half, Error *error) {
    const Options *options = job->options;
    bool own = half == &job->valid && options->valid != NULL;
    const char *name =
        options->storyworld ? "storyworld" : text_name(own ? options->valid : options->text);
    if (options->tokenizer == NULL) {
        return fail(error,
                    "%s: has nothing but <|pad|>, which marks padding and is dropped; use another "
                    "text",
                    name);
    }
    return fail(error, "%s: the tokenizer %s has no tokens for this text; train one with --vocab",
                name, options->tokenizer);
}

// Encodes one half, and opens the file, which checks it.
static bool encode_half(Job *job, Half *half, const char *name, Error *error) {
    Work work =
        work_begin(name, half->bytes, half->text.bytes != NULL ? &half->text : &job->train.text);
    char *path = job_path(job, name, error);
    TokenWriter *writer = path == NULL ? NULL : open_writer(job, path, error);
    bool ok = writer != NULL;
    if (ok) {
        ok = encode_stories(writer, job->tokenizer, half->stories, half->count, work_step, &work,
                            error);
        if (ok)
            ok = token_writer_commit(writer, error);
        else
            token_writer_discard(writer);
    }
    ok = ok && token_file_open(&half->tokens, path, error);
    if (ok && half->tokens.tokens == half->tokens.stories) {
        ok = fail_without_tokens(job, half, error);
    }
    if (ok) work_end(&work);
    free(path);
    return ok;
}

// Tokens first .. last-1 of a file's only story, as a file of one story.
static bool write_cut(const Job *job, const TokenFile *whole, size_t first, size_t last,
                      const char *path, Error *error) {
    TokenWriter *writer = open_writer(job, path, error);
    bool ok = writer != NULL;
    for (size_t i = first; ok && i < last;) {
        uint32_t ids[1024];
        size_t n = 0;
        while (n < sizeof ids / sizeof *ids && i < last) ids[n++] = whole->token[i++];
        ok = token_writer_tokens(writer, ids, n, error);
    }
    if (!ok || !token_writer_end(writer, error)) {
        token_writer_discard(writer);
        return false;
    }
    return token_writer_commit(writer, error);
}

// For a text of one story: moves its last 5% of tokens, at least one, to the validation half.
static bool split_tokens(Job *job, Error *error) {
    TokenFile whole = job->train.tokens;
    job->train.tokens = (TokenFile){ 0 };
    size_t tokens = whole.tokens - 1,
           valid = tokens / 20 > 0 ? tokens / 20 : 1; // without TOKEN_END
    char *train_path = job_path(job, "train.bin", error),
         *valid_path = job_path(job, "valid.bin", error);
    bool ok = train_path != NULL && valid_path != NULL;
    if (ok && tokens < 2) {
        ok = fail(error,
                  "%s: has one story of %zu token, too short to split off a part for validation; "
                  "use more text, or --valid",
                  job->options->text, tokens);
    }
    ok = ok && write_cut(job, &whole, tokens - valid, tokens, valid_path, error) &&
         // replaces the file of the whole story, which stays mapped
         write_cut(job, &whole, 0, tokens - valid, train_path, error);
    token_file_close(&whole);
    ok = ok && token_file_open(&job->train.tokens, train_path, error) &&
         token_file_open(&job->valid.tokens, valid_path, error);
    free(train_path);
    free(valid_path);
    return ok;
}

// ---- the command

static void print_half(const char *name, const TokenFile *file) {
    printf("%s  %10zu stories  %12zu tokens  %8.1f per story\n", name, file->stories, file->tokens,
           (double)file->tokens / (double)file->stories);
}

static void print_summary(const Job *job, double seconds) {
    const TokenFile *train = &job->train.tokens, *valid = &job->valid.tokens;
    // without the TOKEN_END of each story
    size_t tokens = train->tokens + valid->tokens - train->stories - valid->stories;
    print_half("train", train);
    print_half("valid", valid);
    printf("vocabulary %d, %.2f bytes per token, %.1f s\n", train->V,
           (double)(job->train.bytes + job->valid.bytes) / (double)tokens, seconds);
    printf("next: build/sgatlin train --data %s --out runs/a\n",
           shell_word(job->options->out).text);
}

// Makes everything in the temporary folder.
static bool fill_folder(Job *job, Error *error) {
    if (job->options->tokenizer != NULL) { // first, so that a bad file fails before the long work
        job->tokenizer = tokenizer_load(job->options->tokenizer, error);
        if (job->tokenizer == NULL) return false;
    }
    if (!open_texts(job, error) || !make_tokenizer(job, error)) return false;
    if (!encode_half(job, &job->train, "train.bin", error)) return false;
    return job->valid.count > 0 ? encode_half(job, &job->valid, "valid.bin", error)
                                : split_tokens(job, error);
}

static void half_free(Half *half) {
    token_file_close(&half->tokens);
    free(half->found.items);
    file_unmap(&half->text);
}

// Creates a missing parent folder of --out, and removes it again on failure.
static bool make_corpus(const Options *options, Error *error) {
    Job job = { .options = options };
    double started = clock_seconds();
    char *copy = strdup(options->out);
    if (copy == NULL) return fail(error, "%s: out of memory", options->out);
    const char *parent = dirname(copy);
    bool new_parent = !path_exists(parent);
    bool ok = folder_make(parent, error) && output_folder_open(&job.folder, options->out, error);
    if (ok) {
        ok = fill_folder(&job, error);
        if (ok)
            ok = output_folder_commit(&job.folder, error);
        else
            output_folder_discard(&job.folder);
    }
    if (ok) print_summary(&job, clock_seconds() - started);
    if (!ok && new_parent) rmdir(parent);
    half_free(&job.train);
    half_free(&job.valid);
    if (job.tokenizer != NULL) tokenizer_free(job.tokenizer);
    free(copy);
    return ok;
}

int command_data(int argc, char **argv) {
    Options options = { .stories = -1, .seed = -1 };
    if (!options_parse(&parser, argc, argv, 0, &options)) return 1;
    if (options.stories < 0) options.stories = DEFAULT_STORIES;
    if (options.seed < 0) options.seed = 1;
    if (options.threads > 0) parallel_set_threads(options.threads);
    if (options.storyworld) {
        fprintf(stderr, "threads=%d storyworld stories=%lld seed=%lld\n", parallel_threads(),
                (long long)options.stories, (long long)options.seed);
    } else {
        fprintf(stderr, "threads=%d text=%s\n", parallel_threads(), options.text);
    }
    signals_watch(SIGNALS_INTERRUPT_READS);
    Error error;
    if (make_corpus(&options, &error)) return 0;
    int status = command_failed(argv[0], &error);
    return signals_caught() ? signals_status() : status;
}

// Everything that the lesson shows. The output is always the same, except that of `mine`.
#include "chapters/demo.h"
#include "chapters/00_text/letter_scores.h"
#include "chapters/00_text/pictures.h"
#include "chapters/scoreboard.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char *counted, *held_out; // texts (ngram.h)
    Alphabet alphabet;        // of both
} Corpus;

static void corpus_free(Corpus *corpus) {
    free(corpus->counted);
    free(corpus->held_out);
}

static bool corpus_new(Corpus *out, Error *error) {
    out->counted = stories_text(COUNTED_FIRST, COUNTED_STORIES);
    out->held_out = stories_text(HELD_OUT_FIRST, HELD_OUT_STORIES);
    if (out->counted == NULL || out->held_out == NULL) {
        corpus_free(out);
        return fail(error, "not enough memory for the stories");
    }
    alphabet_of(&out->alphabet, (const char *const[]){ out->counted, out->held_out }, 2);
    return true;
}

static size_t letters_in(const char *text) { return strlen(text) - TEXT_START; }

// A table of the counted stories; the caller frees it.
static bool table_new(Ngram *out, const Corpus *corpus, int context, Error *error) {
    if (!ngram_new(out, &corpus->alphabet, context))
        return fail(error, "not enough memory for a table of %d letters of context", context);
    ngram_count(out, corpus->counted);
    return true;
}

// Runs a part that needs the stories.
static bool with_corpus(bool (*show)(const Corpus *corpus, const char *picture, Error *error),
                        const char *picture, Error *error) {
    Corpus corpus;
    if (!corpus_new(&corpus, error)) return false;
    bool ok = show(&corpus, picture, error);
    corpus_free(&corpus);
    return ok;
}

// ---- write: text from tables with 0, 1 and 2 letters of context

enum { LINES = 3 };

// [write
static void write_letters(char *text, int letters, const Ngram *table, uint64_t key) {
    memset(text, '\n', TEXT_START);
    char *at = text + TEXT_START;
    for (int i = 0; i < letters; i++, at++)
        *at = ngram_next(table, at, random_uniform(key, (uint64_t)i));
    *at = '\0';
}
// write]

static bool print_written(const Corpus *corpus, int context, Error *error) {
    char text[TEXT_START + LINES * LETTERS_PER_LINE + 1];
    Ngram table;
    if (!table_new(&table, corpus, context, error)) return false;
    write_letters(text, LINES * LETTERS_PER_LINE, &table, random_key(1, "letters"));
    printf("\n%d letter%s of context\n", context, context == 1 ? "" : "s");
    print_letters(text + TEXT_START);
    ngram_free(&table);
    return true;
}

static bool write_all(const Corpus *corpus, const char *picture, Error *error) {
    (void)picture;
    printf("%zu letters counted, %d different ones\n", letters_in(corpus->counted),
           corpus->alphabet.V);
    for (int context = 0; context < TABLES; context++) {
        if (!print_written(corpus, context, error)) return false;
    }
    return true;
}

static bool show_write(const char *picture, Error *error) {
    return with_corpus(write_all, picture, error);
}

// ---- pairs: which letter follows which

static void print_followers(const Ngram *table, char letter) {
    printf("after '%c':", letter);
    bool printed[256] = { false };
    for (int rank = 0; rank < 4; rank++) {
        char best = pair_letters[0];
        double most = -1.0;
        for (int i = 0; pair_letters[i] != '\0'; i++) {
            double p = pair_probability(table, letter, pair_letters[i]);
            if (printed[(unsigned char)pair_letters[i]] || p <= most) continue;
            most = p;
            best = pair_letters[i];
        }
        if (most < 0.005) break; // 0.00
        printed[(unsigned char)best] = true;
        printf("  '%c' %.2f", best, most);
    }
    printf("\n");
}

static bool pairs(const Corpus *corpus, const char *picture, Error *error) {
    static const char letters[] = "th v,";
    Ngram table;
    if (!table_new(&table, corpus, 1, error)) return false;
    for (const char *letter = letters; *letter != '\0'; letter++) print_followers(&table, *letter);
    bool ok = picture == NULL || pairs_picture(&table, picture, error);
    ngram_free(&table);
    return ok;
}

static bool show_pairs(const char *picture, Error *error) {
    return with_corpus(pairs, picture, error);
}

// ---- guess: the surprise at each letter of a few words

static const char words[] = "\n\n\n\n\n\n\n\nOnce upon a time"; // begins as texts do

static bool guess(const Corpus *corpus, const char *picture, Error *error) {
    Ngram table;
    double sum = 0.0;
    if (!table_new(&table, corpus, 2, error)) return false;
    printf("after  letter      p  surprise\n");
    for (const char *at = words + TEXT_START; *at != '\0'; at++) {
        double p = ngram_probability(&table, at, 0.0), surprise = fabs(log(p)); // not -0
        sum += surprise;
        printf(" '%c%c'     '%c'  %5.3f  %8.2f\n", at[-2] == '\n' ? '/' : at[-2],
               at[-1] == '\n' ? '/' : at[-1], *at, p, surprise);
    }
    printf("sum %.2f, mean of %zu letters %.2f\n", sum, letters_in(words),
           sum / (double)letters_in(words));
    ngram_free(&table);
    return picture == NULL || surprise_picture(corpus->alphabet.V, picture, error);
}

static bool show_guess(const char *picture, Error *error) {
    return with_corpus(guess, picture, error);
}

// ---- loss, zero: the stories that were counted, and others

static bool losses(const Corpus *corpus, const char *picture, Error *error) {
    (void)picture;
    double counted[TABLES], held_out[TABLES];
    const Alphabet *alphabet = &corpus->alphabet;
    if (!table_losses(counted, alphabet, corpus->counted, corpus->counted, SMALL_COUNT) ||
        !table_losses(held_out, alphabet, corpus->counted, corpus->held_out, SMALL_COUNT))
        return fail(error, "not enough memory for the tables");
    printf("nats per letter    counted  held out\n");
    printf("every letter alike  %7.3f  %8.3f\n", log(alphabet->V), log(alphabet->V));
    for (int context = 0; context < TABLES; context++) {
        printf("%d letter%s of context %6.3f  %8.3f\n", context, context == 1 ? " " : "s",
               counted[context], held_out[context]);
    }
    return true;
}

static bool show_loss(const char *picture, Error *error) {
    return with_corpus(losses, picture, error);
}

static int impossible_letters(const Ngram *table, const char *text) {
    int letters = 0;
    for (const char *at = text + TEXT_START; *at != '\0'; at++)
        letters += ngram_probability(table, at, 0.0) == 0.0;
    return letters;
}

static bool print_impossible(const Corpus *corpus, Error *error) {
    enum { LONGEST = 3 };
    printf("context  held-out letters never counted after it, of %zu\n",
           letters_in(corpus->held_out));
    for (int context = 0; context <= LONGEST; context++) {
        Ngram table;
        if (!table_new(&table, corpus, context, error)) return false;
        printf("%7d  %d\n", context, impossible_letters(&table, corpus->held_out));
        ngram_free(&table);
    }
    return true;
}

static bool zeros(const Corpus *corpus, const char *picture, Error *error) {
    (void)picture;
    static const double extras[] = { 0.0, 0.001, 0.01, 0.1, 1.0, 10.0 };
    Ngram table;
    if (!print_impossible(corpus, error) || !table_new(&table, corpus, 2, error)) return false;
    printf("\nadded to each count  loss counted  loss held out (2 letters of context)\n");
    for (int i = 0; i < COUNT_OF(extras); i++) {
        printf("%19g  %12.3f  %13.3f\n", extras[i], ngram_loss(&table, corpus->counted, extras[i]),
               ngram_loss(&table, corpus->held_out, extras[i]));
    }
    ngram_free(&table);
    return true;
}

static bool show_zero(const char *picture, Error *error) {
    return with_corpus(zeros, picture, error);
}

// ---- scoreboard

static bool scores(const Corpus *corpus, const char *picture, Error *error) {
    Score rows[TABLE_SCORES];
    if (!table_scores(rows, &corpus->alphabet, corpus->counted, corpus->held_out))
        return fail(error, "not enough memory for the tables");
    const Scoreboard board = { LETTERS_TASK, "00", rows, TABLE_SCORES };
    return scoreboard_show(&board, 1, picture, error);
}

static bool show_scoreboard(const char *picture, Error *error) {
    return with_corpus(scores, picture, error);
}

// ---- mine: your text

// Standard input as a text; the caller frees it. NULL: out of memory, or a file too large for that.
static char *read_text(void) {
    size_t capacity = 1 << 16, length = TEXT_START, got;
    char *text = malloc(capacity);
    if (text == NULL) return NULL;
    memset(text, '\n', TEXT_START);
    while ((got = fread(text + length, 1, capacity - length - 1, stdin)) > 0) {
        length += got;
        if (capacity - length > 1) continue;
        capacity *= 2;
        char *larger = realloc(text, capacity);
        if (larger == NULL) {
            free(text);
            return NULL;
        }
        text = larger;
    }
    text[length] = '\0';
    return text;
}

static bool show_mine(const char *picture, Error *error) {
    (void)picture;
    enum { LETTERS = 1000 };
    char written[TEXT_START + LETTERS + 1], *text = read_text();
    Alphabet alphabet;
    Ngram table = { 0 };
    bool ok = false;
    if (text == NULL || text[TEXT_START] == '\0') {
        fail(error, "no text on standard input: build/chapter-00 mine < FILE");
        goto done;
    }
    alphabet_of(&alphabet, (const char *const[]){ text }, 1);
    if (!ngram_new(&table, &alphabet, 2)) {
        fail(error, "not enough memory for a table of %d different letters", alphabet.V);
        goto done;
    }
    ngram_count(&table, text);
    printf("%zu letters, %d different ones: %.3f nats per letter\n\n", letters_in(text), alphabet.V,
           ngram_loss(&table, text, 0.0));
    write_letters(written, LETTERS, &table, random_key(1, "letters"));
    printf("%s\n", written + TEXT_START);
    ok = true;
done:
    ngram_free(&table);
    free(text);
    return ok;
}

static const DemoPart parts[] = {
    { "write", "counts letters, and writes", NO_PICTURE, show_write },
    { "pairs", "which letter follows which", WITH_PICTURE, show_pairs },
    { "guess", "how surprising the letters of a few words are", WITH_PICTURE, show_guess },
    { "loss", "the mean surprise on counted stories, and on others", NO_PICTURE, show_loss },
    { "zero", "what letters cost that were never counted", NO_PICTURE, show_zero },
    { "scoreboard", "the loss so far", WITH_PICTURE, show_scoreboard },
    { "mine", "counts the text on standard input, and writes more like it", NO_PICTURE, show_mine },
};

int main(int count, char **arguments) {
    return demo_main("chapter-00", parts, COUNT_OF(parts), count, arguments);
}

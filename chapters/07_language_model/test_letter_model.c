// The models of letters for the scoreboard: what is scored, and that they learn.
#include "chapters/07_language_model/letter_model.h"
#include "chapters/scoreboard.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define START "\n\n\n\n\n\n\n\n"

static const char text[] = START "the cat sat on the mat. the dog sat on the log. the end of it.";

typedef struct {
    Alphabet alphabet;
    LanguageModel model;
} Fixture;

static void fixture_new(Fixture *f, const char *letters) {
    alphabet_of(&f->alphabet, &letters, 1);
    ck_assert(letter_model_new(&f->model, FEED_FORWARD_SGATLIN, &f->alphabet, 1));
}

// The tokens are the letters' numbers after <pad> and <end>. Up to LETTER_T / 2 letters the loss is
// that of one pass.
START_TEST(a_short_text_is_one_pass)
{
    Fixture f;
    fixture_new(&f, START "abba");
    const int a = LETTER_TOKEN + 1, b = LETTER_TOKEN + 2; // 0 is the line end
    const int targets[] = { a, b, b, a };
    int inputs[4];
    shift_right(inputs, targets, 4);
    language_model_forward(&f.model, inputs, 4);
    ck_assert_double_eq_tol(letter_model_loss(&f.model, &f.alphabet, START "abba"),
                            language_model_loss(&f.model, targets, 4) / 4, 1e-12);
    language_model_free(&f.model);
}
END_TEST

// A model whose parameters are all 0 gives all V tokens the same logit: each letter costs ln V,
// however many windows the text needs, if each is scored once.
START_TEST(every_letter_is_scored_once)
{
    Fixture f;
    fixture_new(&f, text);
    memset(f.model.parameters, 0, f.model.list.doubles * sizeof *f.model.parameters);
    char part[sizeof text];
    for (size_t length = TEXT_START + 1; length < sizeof text; length++) {
        memcpy(part, text, length);
        part[length] = '\0';
        ck_assert_double_eq_tol(letter_model_loss(&f.model, &f.alphabet, part),
                                log(f.model.sizes.V), 1e-12);
    }
    language_model_free(&f.model);
}
END_TEST

// The loss of the last letter of `letters`.
static double last_loss(Fixture *f, const char *letters) {
    char rest[sizeof text];
    size_t length = strlen(letters);
    double scored = (double)(length - TEXT_START);
    memcpy(rest, letters, length - 1);
    rest[length - 1] = '\0';
    return scored * letter_model_loss(&f->model, &f->alphabet, letters) -
           (scored - 1) * letter_model_loss(&f->model, &f->alphabet, rest);
}

// Wherever the last letter is, the letter LETTER_T / 2 before it makes a difference to its loss.
START_TEST(half_a_window_of_context)
{
    Fixture f;
    fixture_new(&f, text);
    for (size_t last = TEXT_START + LETTER_T / 2; last + 1 < sizeof text; last++) {
        char letters[sizeof text] = { 0 };
        memcpy(letters, text, last + 1);
        double loss = last_loss(&f, letters);
        char *before = letters + last - LETTER_T / 2;
        *before = *before == 'g' ? 'd' : 'g';
        ck_assert_double_gt(fabs(loss - last_loss(&f, letters)), 1e-9);
    }
    language_model_free(&f.model);
}
END_TEST

// A hundred steps on five stories: better than all letters alike, ln V, by more than a nat; and
// what the model writes is of the alphabet.
START_TEST(it_learns_letters)
{
    Fixture f;
    char *stories = stories_text(0, 5), written[101];
    fixture_new(&f, stories);
    letter_model_train(&f.model, &f.alphabet, stories, 100, 1);
    ck_assert_double_lt(letter_model_loss(&f.model, &f.alphabet, stories), log(f.alphabet.V) - 1.0);
    letter_model_write(written, 100, &f.model, &f.alphabet, 1);
    ck_assert_uint_eq(strlen(written), 100);
    for (int i = 0; i < 100; i++)
        ck_assert_int_ge(f.alphabet.numbers[(unsigned char)written[i]], 0);
    language_model_free(&f.model);
    free(stories);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { a_short_text_is_one_pass },
        { every_letter_is_scored_once },
        { half_a_window_of_context },
        { it_learns_letters },
    };
    return run_tests("07 models of letters", tests, COUNT_OF(tests));
}

#include "reference/circuits/questions.h"
#include "reference/data/token_text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool is_answer(const Question *question, int32_t token) {
    for (int i = 0; i < question->answer_count; i++) {
        if (question->answers[i] == token) return true;
    }
    return false;
}

static void question_free(Question *question) {
    prompt_free(&question->prompt);
    free(question->answers);
}

// The words of a list separated by commas that are one token; the others are left out.
static bool read_answers(Question *out, const char *adjectives, const Tokenizer *tokenizer,
                         Error *error) {
    size_t most = 1;
    for (const char *at = adjectives; *at != '\0'; at++) most += *at == ',';
    out->answers = malloc(most * sizeof *out->answers);
    if (out->answers == NULL) return fail(error, "out of memory for %zu answers", most);
    while (*adjectives != '\0') {
        size_t size = strcspn(adjectives, ",");
        char *word = strndup(adjectives, size);
        if (word == NULL) return fail(error, "out of memory for a word");
        int32_t token;
        bool one = word_token(&token, tokenizer, word, NULL);
        if (one && !is_answer(out, token)) out->answers[out->answer_count++] = token;
        free(word);
        adjectives += size + (adjectives[size] == ',');
    }
    return true;
}

static bool read_prompt(Question *out, const char *noun, const Tokenizer *tokenizer, int limit) {
    size_t size = strlen(noun) + sizeof "The  was";
    char *text = malloc(size);
    if (text == NULL) return false;
    snprintf(text, size, "The %s was", noun);
    bool ok = prompt_new(&out->prompt, tokenizer, text, "a prompt", limit, NULL) &&
              prompt_find(&out->first, &out->last, &out->prompt, tokenizer, noun, NULL);
    free(text);
    return ok;
}

bool questions_new(Questions *out, const Facts *facts, const Tokenizer *tokenizer, int limit,
                   Error *error) {
    *out = (Questions){ .items = calloc((size_t)facts->count, sizeof *out->items) };
    if (out->items == NULL) return fail(error, "out of memory for %d prompts", facts->count);
    for (int i = 0; i < facts->count; i++) {
        Question question = { .first = 0 };
        if (!read_answers(&question, facts->items[i].adjectives, tokenizer, error)) {
            question_free(&question);
            questions_free(out);
            return false;
        }
        bool answered = question.answer_count > 0;
        if (answered && read_prompt(&question, facts->items[i].noun, tokenizer, limit)) {
            out->items[out->count++] = question;
            continue;
        }
        out->several_tokens += !answered;
        out->no_prompt += answered;
        question_free(&question);
    }
    return true;
}

void questions_free(Questions *questions) {
    for (int i = 0; i < questions->count; i++) question_free(&questions->items[i]);
    free(questions->items);
    *questions = (Questions){ .count = 0 };
}

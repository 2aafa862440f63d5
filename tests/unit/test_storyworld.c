// The built-in corpus: the template language, and properties of every story.
#include "datasets/storyworld/storyworld.h"
#include "datasets/storyworld/template.h"
#include "datasets/storyworld/words.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { STORIES = 20000, MAX_WORD = 32 };

// ---- the template language

static const Word balls[] = { { .text = "ball", .plural = "balls" },
                              { .text = "apple", .plural = "apples" } };
static const Word people[] = { { .text = "Lily", .is = "girl", .pronoun = SHE } };
static const Word facts[] = { { .text = "turtle",
                                .plural = "turtles",
                                .pronoun = WHO,
                                .is = "slow",
                                .does = "met {who}",
                                .so = "it was late" },
                              { .text = "wind", .is = "strong" } };
static const WordClass classes[] = { { "toy", balls, 2 },
                                     { "who", people, 1 },
                                     { "turtle", facts, 1 },
                                     { "wind", facts + 1, 1 },
                                     { NULL, NULL, 0 } };

static const char *expanded(const char *text, uint64_t key) {
    static char out[256];
    const Rule rules[] = { { "start", text }, { "he", "{Who.he}" }, { NULL, NULL } };
    template_expand(out, sizeof out, &(Grammar){ rules, classes }, "start", key);
    return out;
}

static const struct {
    const char *text, *expected;
} expansions[] = {
    { "plain", "plain" },
    { " one  space (|) here \n next\n", "one space here\nnext" },
    { "<Hello!> she said.", "\"Hello!\" she said." },
    { "[he] saw {who}, {who.him} and {who.his} {who.is}.", "She saw Lily, her and her girl." },
    { "{turtle.He} {turtle} {turtle.who} {turtle.is} {turtle.does} so {turtle.so}; {turtle.all}",
      "{turtle.He} turtle who slow met Lily so it was late; turtles were" },
    { "{Turtle.s} {wind.who} {wind.all} {wind.he} {wind.s}",
      "Turtles which the wind was it {wind.s}" },
    { "{-ball}{toy.a} {toy.s} {Toy.a}", "an apple apples An apple" },
    { "{-apple}{toy.a} {toy.a} {Toy}", "a ball a ball Ball" },
    { "{it=who}{it.is} {it=turtle}{it.is}", "girl slow" },
    { "{nobody} {it=nobody} [nothing] {who.form}", "{nobody} {it=nobody} [nothing] {who.form}" },
    { "((a)) ((|)b)", "a b" },
    { "{} [] ()", "{} []" },
    { "an open (end", "an open" },
};

START_TEST(templates_expand)
{
    for (uint64_t key = 0; key < 20; key++)
        ck_assert_str_eq(expanded(expansions[_i].text, key), expansions[_i].expected);
}
END_TEST

START_TEST(alternatives_are_all_drawn)
{
    static const char *const expected[] = { "a", "bc", "bd", "" };
    int seen[4] = { 0 };
    for (uint64_t key = 0; key < 3000; key++) {
        const char *actual = expanded("(a|b(c|d)|)", key);
        int i = 0;
        while (i < 4 && strcmp(actual, expected[i]) != 0) i++;
        ck_assert_msg(i < 4, "'%s'", actual);
        seen[i]++;
    }
    // A third each, the second split in two; five standard deviations of a count are below 150.
    ck_assert_int_lt(abs(seen[0] - 1000) + abs(seen[3] - 1000), 300);
    ck_assert_int_lt(abs(seen[1] - 500) + abs(seen[2] - 500), 300);
}
END_TEST

START_TEST(slots_keep_their_words)
{
    int apples = 0;
    for (uint64_t key = 0; key < 1000; key++) {
        bool apple_first = strcmp(expanded("{toy} {toy2} {toy}", key), "apple ball apple") == 0;
        if (!apple_first) ck_assert_str_eq(expanded("{toy} {toy2} {toy}", key), "ball apple ball");
        apples += apple_first;
    }
    ck_assert_int_gt(apples, 400);
    ck_assert_int_lt(apples, 600);
}
END_TEST

START_TEST(output_is_cut_to_its_size)
{
    const Rule rules[] = { { "start", "twelve bytes" }, { NULL, NULL } };
    char out[20];
    for (size_t size = 1; size < sizeof out; size++) {
        memset(out, '#', sizeof out);
        size_t length = template_expand(out, size, &(Grammar){ rules, classes }, "start", 1);
        ck_assert_uint_eq(length, strlen(out));
        ck_assert_uint_le(length, size - 1 < 12 ? size - 1 : 12);
        ck_assert_int_eq(memcmp(out, "twelve bytes", length), 0);
        ck_assert_int_eq(out[size], '#');
    }
    ck_assert_uint_eq(template_expand(out, 0, &(Grammar){ rules, classes }, "start", 1), 0);
}
END_TEST

static int count_char(const char *text, char c) {
    int count = 0;
    for (; *text; text++) count += *text == c;
    return count;
}

START_TEST(rules_are_balanced_and_used)
{
    for (const Rule *r = storyworld_rules; r->name; r++) {
        ck_assert_msg(count_char(r->text, '(') == count_char(r->text, ')'), "parentheses of %s",
                      r->name);
        ck_assert_msg(count_char(r->text, '[') == count_char(r->text, ']'), "brackets of %s",
                      r->name);
        ck_assert_msg(count_char(r->text, '{') == count_char(r->text, '}'), "braces of %s",
                      r->name);
        ck_assert_msg(count_char(r->text, '<') == count_char(r->text, '>'), "speech of %s",
                      r->name);
        bool used = strcmp(r->name, "story") == 0;
        char call[40];
        snprintf(call, sizeof call, "[%s]", r->name);
        for (const Rule *user = storyworld_rules; user->name && !used; user++)
            used = strstr(user->text, call) != NULL;
        for (int i = 0; i < storyworld_fact_count && !used; i++) {
            used = strstr(storyworld_facts[i].does, call) || strstr(storyworld_facts[i].so, call);
        }
        ck_assert_msg(used, "nothing uses the rule %s", r->name);
    }
}
END_TEST

// ---- the stories

static struct {
    char *text;           // all stories, each followed by a NUL
    char *story[STORIES]; // into text
} world;

// Copies the next word at or after *at (letters, and apostrophes inside), moves *at past it, and
// returns where it starts. NULL: there is none.
static const char *next_word(const char **at, char word[MAX_WORD]) {
    while (**at && !isalpha((unsigned char)**at)) (*at)++;
    if (!**at) return NULL;
    const char *start = *at;
    while (isalpha((unsigned char)**at) || (**at == '\'' && isalpha((unsigned char)(*at)[1])))
        (*at)++;
    size_t length = (size_t)(*at - start);
    if (length >= MAX_WORD) ck_abort_msg("a word of %zu letters", length);
    memcpy(word, start, length);
    word[length] = '\0';
    return start;
}

static const char *lower_first(const char *word) {
    static char lower[MAX_WORD];
    strcpy(lower, word);
    lower[0] = (char)tolower((unsigned char)lower[0]);
    return lower;
}

// For assertions on every letter: Check records each assertion, which is too slow for that.
static void require(bool holds, const char *what, const char *story) {
    if (!holds) ck_abort_msg("%s: %s", what, story);
}

// Words without a class; with those of classes.tsv, the whole lexicon.
static const char other_words[] =
    "a about after again ahead all alone along always am an and are around as ask asked asleep "
    "at ate away back be became because been began behind best better birthday blew both bought "
    "broke brought but by called came can cannot careful carried carry catch climb climbed "
    "closed come cost could crack crash cried cry dance day days did dig do does down eat even "
    "evening every everyone everywhere fall far fell felt find fine first five flew for found "
    "four from full fun gave get give go goes gone good got grew grow had has have he hear heard "
    "held hello help helped her here hid him his hold home how hug hurt i if in into is it jump "
    "jumped just knew know last late later laughed lay learn learned let let's lie light like "
    "liked little lived look looked looks lost love loved made make many may me met mine more "
    "morning move moved much mum's must my name named near needs never new next no nobody not "
    "nothing now of oh on once one only or other ouch out over people piece pieces play played "
    "please poor pretty pulled push pushed put race ran reach read rest right run said same sang "
    "sat saw say says see seen share she short side sing sings sit sleep slept smelled smiled so "
    "some something song soon splash stand step still stood stop stopped story swam swim take "
    "talk tap taste tasted telling ten than thank thanked that the them then there they things "
    "this thought three threw through time times to together told too took top tried try turns "
    "two under until up upon us very wait waited walk walked want wanted wants was washed waved "
    "way we week well went were what when where which while whispered who why will win with woke "
    "word worked world worry yes you young your ";

typedef struct {
    char word[MAX_WORD];
    const char *class; // NULL: none
    bool seen;
} Entry;

enum { MAX_ENTRIES = 1000 };
static struct {
    Entry entries[MAX_ENTRIES];
    int count;
} lexicon;

static int compare_entries(const void *a, const void *b) {
    return strcmp(((const Entry *)a)->word, ((const Entry *)b)->word);
}

static void add_entries(const char *words, const char *class) {
    char word[MAX_WORD];
    while (next_word(&words, word)) {
        ck_assert_int_lt(lexicon.count, MAX_ENTRIES);
        Entry *entry = &lexicon.entries[lexicon.count++];
        *entry = (Entry){ .class = class };
        strcpy(entry->word, word);
    }
}

static void read_lexicon(void) {
    for (const Meaning *m = storyworld_meanings; m->name; m++) add_entries(m->words, m->name);
    add_entries(other_words, NULL);
    qsort(lexicon.entries, (size_t)lexicon.count, sizeof(Entry), compare_entries);
}

// The entry of a word in the text, or NULL. A capital at the start of a sentence is ignored.
static Entry *find_entry(const char *word) {
    Entry key = { .class = NULL };
    strcpy(key.word, word);
    Entry *entry =
        bsearch(&key, lexicon.entries, (size_t)lexicon.count, sizeof(Entry), compare_entries);
    if (entry || islower((unsigned char)word[0])) return entry;
    key.word[0] = (char)tolower((unsigned char)word[0]);
    return bsearch(&key, lexicon.entries, (size_t)lexicon.count, sizeof(Entry), compare_entries);
}

static const char *class_of(const char *word) {
    const Entry *entry = find_entry(word);
    return entry ? entry->class : NULL;
}

static void write_stories(void) {
    read_lexicon();
    world.text = malloc((size_t)STORIES * 1200 + STORYWORLD_STORY_MAX);
    if (!world.text) ck_abort_msg("out of memory");
    char *at = world.text;
    for (int i = 0; i < STORIES; i++) {
        require(at < world.text + (size_t)STORIES * 1200, "out of space",
                "stories are longer than 1,200 on average");
        world.story[i] = at;
        at += storyworld_story(at, STORYWORLD_STORY_MAX, 1, (uint64_t)i) + 1;
    }
}

static void free_stories(void) { free(world.text); }

static const Word *fact_about(const char *noun) {
    for (int i = 0; i < storyworld_fact_count; i++) {
        if (strcmp(storyworld_facts[i].text, noun) == 0) return &storyworld_facts[i];
    }
    return NULL;
}

static const Word *fact_saying(const char *adjective) {
    for (int i = 0; i < storyworld_fact_count; i++) {
        if (strcmp(storyworld_facts[i].is, adjective) == 0) return &storyworld_facts[i];
    }
    return NULL;
}

// FNV-1a over 1,000 stories. It changes only when a plot is edited.
START_TEST(stories_are_the_same_everywhere)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (int i = 0; i < 1000; i++) {
        for (const char *c = world.story[i]; *c; c++)
            hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
    }
    ck_assert_uint_eq(hash, 0x2ed1e42c141a5d4eu);
    char story[STORYWORLD_STORY_MAX];
    for (int i = 999; i >= 0; i -= 37) { // in any order
        storyworld_story(story, sizeof story, 1, (uint64_t)i);
        ck_assert_str_eq(story, world.story[i]);
        storyworld_story(story, sizeof story, 2, (uint64_t)i);
        ck_assert_str_ne(story, world.story[i]);
    }
}
END_TEST

START_TEST(the_longest_story_fits)
{
    char story[STORYWORLD_STORY_MAX];
    size_t longest = 0;
    static const uint64_t seeds[] = { 0, 2, 12345, UINT64_MAX };
    for (int s = 0; s < 4; s++) {
        for (uint64_t i = 0; i < STORIES / 4; i++) {
            size_t length = storyworld_story(story, sizeof story, seeds[s], i);
            if (length > longest) longest = length;
        }
    }
    ck_assert_uint_lt(longest, STORYWORLD_STORY_MAX / 2);
    // A smaller buffer gives the beginning of the same story.
    size_t length = storyworld_story(story, 100, 1, 0);
    ck_assert_uint_lt(length, 100);
    ck_assert_int_eq(strncmp(story, world.story[0], length), 0);
}
END_TEST

static int compare_texts(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int count_distinct(char **texts, int count) {
    qsort(texts, (size_t)count, sizeof *texts, compare_texts);
    int distinct = 0;
    for (int i = 0; i < count; i++) distinct += i == 0 || strcmp(texts[i], texts[i - 1]) != 0;
    return distinct;
}

START_TEST(stories_differ)
{
    static char *texts[STORIES];
    memcpy(texts, world.story, sizeof texts);
    ck_assert_int_gt(count_distinct(texts, STORIES), STORIES / 100 * 97);
}
END_TEST

// The story with every word of classes.tsv replaced by its class: only plot and wording are left.
static char *masked(const char *story) {
    char *out = malloc(2 * strlen(story) + 1), word[MAX_WORD];
    if (!out) ck_abort_msg("out of memory");
    char *end = out;
    for (const char *at = story; *at;) {
        const char *from = at, *start = next_word(&at, word);
        size_t between = start ? (size_t)(start - from) : strlen(from);
        memcpy(end, from, between);
        end += between;
        if (!start) break;
        const char *class = class_of(word);
        // The class is cut to twice the length of the word, so that twice the space is enough.
        end += sprintf(end, "%.*s", 2 * (int)strlen(word), class ? class : word);
    }
    *end = '\0';
    return out;
}

START_TEST(masked_stories_differ)
{
    enum { BLOCK = 4000 };
    static char *texts[BLOCK];
    for (int i = 0; i < BLOCK; i++) texts[i] = masked(world.story[STORIES - BLOCK + i]);
    ck_assert_int_ge(count_distinct(texts, BLOCK), 1500);
    for (int i = 0; i < BLOCK; i++) free(texts[i]);
}
END_TEST

START_TEST(words_are_known_and_classes_are_used)
{
    for (int i = 1; i < lexicon.count; i++) { // one class each
        ck_assert_str_ne(lexicon.entries[i].word, lexicon.entries[i - 1].word);
    }
    for (int i = 0; i < STORIES; i++) {
        char word[MAX_WORD];
        for (const char *at = world.story[i]; next_word(&at, word);) {
            Entry *entry = find_entry(word);
            require(entry != NULL, word, world.story[i]);
            entry->seen = true;
        }
    }
    for (int i = 0; i < lexicon.count; i++)
        require(lexicon.entries[i].seen, lexicon.entries[i].word, "in no story");
}
END_TEST

static void check_sentences(const char *story) {
    bool quoted = false;
    require(isupper((unsigned char)story[0]) || story[0] == '"', "no capital", story);
    for (const char *c = story; *c; c++) {
        if (isalpha((unsigned char)*c)) continue;
        require(strchr(" \n.,:;!?'\"", *c) != NULL, "an unexpected character", story);
        bool mark = strchr(".,:;!?", *c) != NULL, end = strchr(".!?", *c) != NULL;
        if (mark)
            require(strchr(" \n.,:;!?", c[-1]) == NULL, "a misplaced punctuation mark", story);
        // or the end of the story
        if (mark)
            require(strchr(" \n\"", c[1]) != NULL, "no space after a punctuation mark", story);
        if (*c == ' ') require(strchr(" \n", c[1]) == NULL, "a misplaced space", story);
        if (*c == '"') quoted = !quoted;
        if (*c == '"' && quoted)
            require(isupper((unsigned char)c[1]) || c[-1] == ' ', "speech", story);
        if (*c == '"' && !quoted)
            require(strchr(".,!?", c[-1]) != NULL, "speech without a punctuation mark", story);
        if (*c == '\n') require(!quoted && strchr(".!?\"", c[-1]), "a paragraph ends early", story);
        // The next sentence begins with a capital; after `...?"` it may be `he asked`.
        if (end && c[1] == ' ')
            require(isupper((unsigned char)c[2]) || c[2] == '"', "no capital", story);
    }
    require(!quoted && strchr(".!?\"", story[strlen(story) - 1]), "the end", story);
}

static void check_articles(const char *story) {
    char word[MAX_WORD], last[MAX_WORD] = "";
    const char *end = story;
    for (const char *at = story, *start; (start = next_word(&at, word));
         strcpy(last, word), end = at) {
        bool vowel = strchr("aeiouAEIOU", word[0]) != NULL;
        const char *article = strlen(last) <= 2 ? lower_first(last) : "";
        if (strcmp(article, "a") == 0) require(!vowel, "a for an", story);
        if (strcmp(article, "an") == 0) require(vowel, "an for a", story);
        if (start == end + 1) require(strcmp(last, word) != 0, "a repeated word", story);
    }
}

START_TEST(texts_are_well_formed)
{
    for (int i = 0; i < STORIES; i++) {
        check_sentences(world.story[i]);
        check_articles(world.story[i]);
    }
}
END_TEST

static const Word *character(const char *name) {
    if (!isupper((unsigned char)name[0])) return NULL;
    for (const WordClass *c = storyworld_classes; c->name; c++) {
        for (int i = 0; i < c->count; i++) {
            if (strcmp(c->words[i].text, name) == 0) return &c->words[i];
        }
    }
    return NULL;
}

// At most two characters, with different pronouns, and their own pronouns are used for them.
START_TEST(characters_keep_their_pronouns)
{
    int introduced = 0;
    for (int i = 0; i < STORIES; i++) {
        const Word *met[2] = { NULL, NULL };
        char word[MAX_WORD];
        for (const char *at = world.story[i]; next_word(&at, word);) {
            const Word *who = character(word);
            if (!who) continue;
            require(!met[who->pronoun == HE] || met[who->pronoun == HE] == who,
                    "two characters with one pronoun", world.story[i]);
            met[who->pronoun == HE] = who;
        }
        const char *her = strstr(world.story[i], "Her name was "),
                   *his = strstr(world.story[i], "His name was ");
        if (!her && !his) continue;
        const char *at = (her ? her : his) + strlen("Her name was ");
        require(next_word(&at, word) && character(word)->pronoun == (her ? SHE : HE), word,
                world.story[i]);
        introduced++;
    }
    ck_assert_int_gt(introduced, STORIES / 10);
}
END_TEST

START_TEST(facts_are_one_to_one)
{
    ck_assert_int_ge(storyworld_fact_count, 24);
    for (int i = 0; i < storyworld_fact_count; i++) {
        ck_assert_ptr_eq(fact_about(storyworld_facts[i].text), &storyworld_facts[i]);
        ck_assert_ptr_eq(fact_saying(storyworld_facts[i].is), &storyworld_facts[i]);
        ck_assert_ptr_nonnull(class_of(storyworld_facts[i].text));
        ck_assert_str_eq(class_of(storyworld_facts[i].is),
                         strcmp(class_of(storyworld_facts[i].is), "colour") == 0 ? "colour"
                                                                                 : "quality");
    }
}
END_TEST

// "the NOUN was" with the noun of a fact is always followed by its adjective, and with another noun
// never by the adjective of a fact.
START_TEST(facts_are_true_in_every_story)
{
    int counts[64] = { 0 }, total = 0;
    for (int i = 0; i < STORIES; i++) {
        char the[MAX_WORD] = "", noun[MAX_WORD] = "", was[MAX_WORD] = "", word[MAX_WORD];
        for (const char *at = world.story[i]; next_word(&at, word);) {
            if (strcmp(lower_first(the), "the") == 0 && strcmp(was, "was") == 0) {
                const Word *about = fact_about(noun), *saying = fact_saying(word);
                require(about == saying, noun, world.story[i]);
                if (about && the[0] == 'T') counts[about - storyworld_facts]++;
            }
            strcpy(the, noun);
            strcpy(noun, was);
            strcpy(was, word);
        }
    }
    for (int i = 0; i < storyworld_fact_count; i++) {
        ck_assert_msg(counts[i] >= 1000, "The %s was %s: %d times", storyworld_facts[i].text,
                      storyworld_facts[i].is, counts[i]);
        total += counts[i];
    }
    ck_assert_int_gt(total, 5000); // 61,000 when this was written
}
END_TEST

static void copy_sentence(char *out, const char *start, const char *end) {
    memcpy(out, start, (size_t)(end - start));
    out[end - start] = '\0';
}

// Stronger: the adjective of a fact occurs only in sentences with its noun, so nothing else is ever
// slow.
START_TEST(adjectives_of_facts_describe_nothing_else)
{
    for (int i = 0; i < STORIES; i++) {
        for (const char *start = world.story[i]; *start;) {
            const char *end = start + strcspn(start, ".!?\n");
            char sentence[STORYWORLD_STORY_MAX], word[MAX_WORD];
            copy_sentence(sentence, start, end);
            for (const char *at = sentence; next_word(&at, word);) {
                const Word *fact = fact_saying(word); // no sentence starts with an adjective
                require(!fact || strstr(sentence, fact->text), word, sentence);
            }
            start = end + (*end != '\0');
        }
    }
}
END_TEST

START_TEST(stories_have_the_length_for_a_child)
{
    long words = 0;
    for (int i = 0; i < STORIES; i++) {
        int count = 0;
        char word[MAX_WORD];
        for (const char *at = world.story[i]; next_word(&at, word);) count++;
        require(count >= 80 && count <= 260, "too short or too long", world.story[i]);
        words += count;
    }
    ck_assert_int_lt(abs((int)(words / STORIES) - 160), 30);
}
END_TEST

// ---- the tables

// The number of rows of a table, which must be a header and then two words separated by a tab.
static int count_rows(void (*write)(FILE *), const char *header) {
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    write(file);
    rewind(file);
    char line[100], first[50], second[50], rest;
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
    ck_assert_str_eq(line, header);
    int rows = 0;
    for (; fgets(line, sizeof line, file); rows++) {
        ck_assert_msg(sscanf(line, "%49[A-Za-z]\t%49[a-z]%c", first, second, &rest) == 3 &&
                          rest == '\n',
                      "%s", line);
    }
    ck_assert_int_eq(ferror(file), 0);
    fclose(file);
    return rows;
}

START_TEST(tables_are_written)
{
    ck_assert_int_eq(count_rows(storyworld_write_facts, "noun\tadjective\n"),
                     storyworld_fact_count);
    int words = 0;
    char word[MAX_WORD];
    for (const Meaning *m = storyworld_meanings; m->name; m++) {
        for (const char *at = m->words; next_word(&at, word);) words++;
    }
    ck_assert_int_eq(count_rows(storyworld_write_classes, "word\tclass\n"), words);
    ck_assert_int_ge(words, 100);
}
END_TEST

int main(void) {
    static const TestFixture fixture = { write_stories, free_stories, .once = true };
    const TestRow tests[] = {
        { templates_expand, COUNT_OF(expansions) },
        { alternatives_are_all_drawn },
        { slots_keep_their_words },
        { output_is_cut_to_its_size },
        { rules_are_balanced_and_used },
        { tables_are_written },
        { stories_are_the_same_everywhere },
        { the_longest_story_fits },
        { stories_differ },
        { masked_stories_differ },
        { words_are_known_and_classes_are_used },
        { texts_are_well_formed },
        { characters_keep_their_pronouns },
        { facts_are_one_to_one },
        { facts_are_true_in_every_story },
        { adjectives_of_facts_describe_nothing_else },
        { stories_have_the_length_for_a_child },
    };
    return run_tests_with(&fixture, "storyworld", tests, COUNT_OF(tests));
}

#include "reference/numbers/minmax.h"
#include "visualizer/teller_parts.h"
#include <stdio.h>
#include <string.h>

enum { AHEAD = 60 }; // tokens that a story has after the place of a patch, to compare with

// Remembers the story as it is, to show it beside the one that follows, equal up to `fork`.
static bool remember(Teller *teller, int fork, Error *error) {
    SceneStory *story = &teller->scene.story;
    if (!scene_before(&teller->scene, story->count)) return fail(error, "out of memory");
    if (story->count > 0) // else there may be no arrays
        memcpy(story->before, story->tokens, (size_t)story->count * sizeof *story->before);
    story->fork = fork;
    return true;
}

void teller_forget(Teller *teller) {
    teller->patch.count = 0;
    teller->scene.story.before_count = 0;
    teller->scene.story.patch[0] = '\0';
}

// Goes back to the story's first `count` tokens and reads the last of them again.
static void rewind_story(Teller *teller, int count, double now) {
    Scene *scene = &teller->scene;
    scene->version.told++;
    scene->story.count = count;
    scene->story.state = STORY_TELLING;
    story_rewind(teller->story, count);
    scene->story.window = (int)story_dropped(teller->story);
    teller->unlike = min_int(teller->unlike, count - 1);
    teller->next = now + 0.5;
    teller->focus_due = true;
}

static void show_words(char out[SCENE_TEXT], const char *format, const char *one,
                       const char *other) {
    snprintf(out, SCENE_TEXT, "%s “%.60s”%s%.60s%s", format, one, other != NULL ? " at “" : "",
             other != NULL ? other : "", other != NULL ? "”" : "");
}

// Of the story that follows token `token` with the edits as they are: how many tokens are those of
// the story before, up to `most`.
static bool equal_tokens(int *out, Teller *teller, int token, int most, Error *error) {
    const SceneStory *story = &teller->scene.story;
    *out = 0;
    story_rewind(teller->story, token + 1);
    for (int t = token + 1; t < story->before_count && *out < most; t++, (*out)++) {
        const char *text;
        size_t size;
        if (story_next(teller->story, &text, &size, error) == STORY_FAILED) return false;
        if (story_token(teller->story, t) != story->before[t].id) break;
    }
    return true;
}

// Whether a recorded circuit is tried for a token, at first one of a word of the same class.
static bool may_turn(const Teller *teller, int token, int circuit, bool same_class) {
    const Lexicon *lexicon = teller->model->lexicon;
    int32_t own = teller->scene.story.tokens[token].id;
    int32_t other = atlas_recording(teller->model->atlas)->gatings.tokens[circuit];
    int class = lexicon_class(lexicon, other);
    return other != own && class != NO_CLASS &&
           (class == lexicon_class(lexicon, own)) == same_class;
}

// Sets the last edit to a circuit that soon turns the story, found by trying some. Where none does,
// it is the last that was tried.
static bool find_turn(Teller *teller, int token, Error *error) {
    enum { TRIED = 24, SOON = 12 }; // circuits of each kind; tokens
    GatingEdit *edit = &teller->edits[teller->patch.count - 1];
    int T = atlas_recording(teller->model->atlas)->gatings.T;
    bool turned = false;
    for (int kind = 0; kind < 2; kind++) {
        for (int i = 0, count = 0; i < T && count < TRIED && !turned; i++) {
            int circuit = (int)((int64_t)i * 7919 % T), equal; // spread over the recording
            if (!may_turn(teller, token, circuit, kind == 0)) continue;
            count++;
            edit->source_position = circuit;
            if (!equal_tokens(&equal, teller, token, SOON, error)) return false;
            turned = equal < SOON;
        }
    }
    return true;
}

bool teller_patch_token(Teller *teller, int token, int circuit, double now, Error *error) {
    SceneStory *story = &teller->scene.story;
    const Lexicon *lexicon = teller->model->lexicon;
    if (!teller->model->recorded || token < 0 || token >= story->count) return true;
    const Recording *recording = atlas_recording(teller->model->atlas);
    bool any = circuit == ANY_CIRCUIT;
    if (!any && (circuit < 0 || circuit >= recording->gatings.T)) return true;
    if (teller->patch.count == MAX_EDITS) return true;
    // Its continuation without the patch, to compare with.
    if (!teller_tell_until(teller, token + 1 + AHEAD, error) || !remember(teller, token + 1, error))
        return false;
    GatingEdit *edit = &teller->edits[teller->patch.count++];
    *edit = (GatingEdit){ .layer = ALL,
                          .position = token,
                          .channel = ALL,
                          .source = &recording->gatings,
                          .source_position = any ? 0 : circuit,
                          .scale = 1 };
    if (any && !find_turn(teller, token, error)) return false;
    story->patched = token;
    show_words(story->patch, "the circuit of",
               lexicon_text(lexicon, recording->gatings.tokens[edit->source_position]),
               lexicon_text(lexicon, story->tokens[token].id));
    rewind_story(teller, token + 1, now);
    return true;
}

// Tells the story again from its prompt, with the edits as they are now, up to where it was.
static bool tell_again(Teller *teller, double now, Error *error) {
    int count = teller->scene.story.count, fork = teller->scene.story.prompt;
    if (!remember(teller, fork, error) || !teller_start_story(teller, now, error)) return false;
    return teller_tell_until(teller, count, error);
}

bool teller_silence(Teller *teller, int layer, int channel, int index, double now, Error *error) {
    const SceneModel *model = &teller->scene.model;
    if (layer < 0 || layer >= model->L || channel < 0 || channel >= model->C || index < 0 ||
        index >= model->F || teller->patch.count == MAX_EDITS)
        return true;
    teller->edits[teller->patch.count++] = (GatingEdit){
        .layer = layer, .position = ALL, .channel = channel, .single = true, .index = index
    };
    snprintf(teller->scene.story.patch, SCENE_TEXT, "without neuron %d of layer %d, channel %d",
             index, layer, channel);
    teller->scene.story.patched = -1;
    return tell_again(teller, now, error);
}

bool teller_restore(Teller *teller, double now, Error *error) {
    if (teller->patch.count == 0) return true;
    int count = teller->scene.story.count;
    teller_forget(teller);
    return teller_start_story(teller, now, error) && teller_tell_until(teller, count, error);
}

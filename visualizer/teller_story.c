#include "reference/numbers/array.h"
#include "reference/numbers/minmax.h"
#include "visualizer/teller_parts.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- starting

static void set_hooks(Teller *teller) {
    HookList hooks = one_hook(gating_patch_hook, &teller->patch);
    hooks_add(&hooks, gating_record_hook, &teller->record);
    story_hooks(teller->story, teller->scene.model.sparse ? &hooks : NULL);
}

// Memory for `count` tokens of the scene's story; what is new is empty.
static bool make_space(Teller *teller, int count) {
    Scene *scene = &teller->scene;
    int old = scene->story.count;
    int32_t *ids =
        array_grow(teller->ids, &teller->ids_capacity, (size_t)count, sizeof *teller->ids);
    if (ids != NULL) teller->ids = ids;
    if ((ids == NULL && count > 0) || !scene_tokens(scene, count)) return false;
    for (size_t i = scene_entry(scene, old, 0, 0); i < scene_entry(scene, count, 0, 0); i++) {
        scene->story.index[i] = NO_EXPERT;
        scene->story.score[i] = 0;
    }
    size_t L = (size_t)scene->model.L;
    for (size_t i = (size_t)old * L; i < (size_t)count * L; i++) scene->story.unlike[i] = NAN;
    teller->record.T = count;
    teller->record.tokens = teller->ids;
    teller->record.index = scene->story.index;
    teller->record.score = scene->story.score;
    return true;
}

bool teller_start_story(Teller *teller, double now, Error *error) {
    Scene *scene = &teller->scene;
    story_free(teller->story);
    scene->version.told++;
    scene->story.count = scene->story.prompt = scene->story.window = 0;
    scene->focus.token = -1;
    scene->version.focus++;
    teller->unlike = 0;
    teller->story = story_new(&teller->model->checkpoint.model, teller->model->checkpoint.tokenizer,
                              &teller->sampling, teller->seed, error);
    if (teller->story == NULL) return false;
    // The hook records as many tokens as there is memory for, so the prompt is counted first.
    TokenList tokens = { 0 };
    bool ok = tokenizer_encode(teller->model->checkpoint.tokenizer, teller->prompt,
                               strlen(teller->prompt), false, &tokens) &&
              make_space(teller, (int)min_size(tokens.count, MAX_TOKENS));
    free(tokens.ids);
    if (!ok) return fail(error, "out of memory for the prompt");
    set_hooks(teller);
    if (!story_prompt(teller->story, teller->prompt, error)) return false;
    int count = (int)story_position(teller->story);
    if (!make_space(teller, min_int(count, MAX_TOKENS)))
        return fail(error, "out of memory for the prompt");
    for (int t = 0; t < scene->story.count; t++)
        scene->story.tokens[t] =
            (SceneToken){ .id = story_token(teller->story, t), .probability = NAN, .time = now };
    scene->story.prompt = scene->story.count;
    scene->story.window = (int)story_dropped(teller->story);
    scene->story.state = STORY_TELLING;
    if (!teller->look_failed) scene->note[0] = '\0';
    teller->next = now + 0.5;
    teller->focus_due = true;
    return true;
}

// ---- telling

Atlas *teller_ready_atlas(const Teller *teller) {
    return teller->model->recorded ? teller->model->atlas : NULL;
}

static void end_story(Teller *teller, double now) {
    teller->scene.story.state = STORY_ENDED;
    teller->ended = now;
}

// Samples a token, which the model reads at the next call only.
static bool sample(Teller *teller, double now, Error *error) {
    const char *text;
    size_t size;
    StoryStep step = story_next(teller->story, &text, &size, error);
    if (step == STORY_END) end_story(teller, now);
    return step != STORY_FAILED;
}

bool teller_tell(Teller *teller, double now, Error *error) {
    SceneStory *story = &teller->scene.story;
    if (story->count >= MAX_TOKENS) end_story(teller, now);
    if (story->state == STORY_ENDED) return true;
    if (story_position(teller->story) == story->count && !sample(teller, now, error)) return false;
    if (story->state == STORY_ENDED) return true;
    int t = story->count;
    SceneToken token = { .id = story_token(teller->story, t), .time = now };
    token.probability =
        (float)prediction_of(story_logits(teller->story), token.id, teller->scene.model.config.V)
            .probability;
    if (!make_space(teller, t + 1)) return fail(error, "out of memory for a story");
    if (!sample(teller, now, error)) return false;
    story->tokens[t] = token;
    story->window = (int)story_dropped(teller->story);
    if (story->fork == t && t < story->before_count && story->before[t].id == token.id)
        story->fork++;
    teller->focus_due |= teller->token == LATEST || teller->token == t - 1;
    if (teller_ready_atlas(teller) == NULL || teller->unlike < t)
        return true; // compare_tokens is to come
    teller->unlike = t + 1;
    return focus_unlike(&teller->scene, teller->model->atlas, t, t + 1, error);
}

bool teller_tell_until(Teller *teller, int count, Error *error) {
    SceneStory *story = &teller->scene.story;
    while (story->count < count && story->state != STORY_ENDED) {
        if (!teller_tell(teller, -INFINITY, error)) return false;
    }
    return true;
}

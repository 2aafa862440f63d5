#include "tests/harness/panel_frame.h"
#include "tests/harness/suite.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void check_losses(const SceneTraining *a, const SceneTraining *b) {
    ck_assert_int_eq(a->train_count, b->train_count);
    ck_assert_int_eq(a->valid_count, b->valid_count);
    size_t train = (size_t)b->train_count * sizeof(double);
    size_t valid = (size_t)b->valid_count * sizeof(double);
    if (train > 0) ck_assert_mem_eq(a->train_steps, b->train_steps, train);
    if (train > 0) ck_assert_mem_eq(a->train_losses, b->train_losses, train);
    if (valid > 0) ck_assert_mem_eq(a->valid_steps, b->valid_steps, valid);
    if (valid > 0) ck_assert_mem_eq(a->valid_losses, b->valid_losses, valid);
}

static void check_equal(const Scene *a, const Scene *b) {
    const SceneModel *model = &b->model;
    size_t tokens = (size_t)b->story.count, L = (size_t)model->L;
    size_t entries = tokens * L * (size_t)model->C * (size_t)model->K;
    size_t neurons = L * (size_t)model->C * (size_t)model->F;
    ck_assert_int_eq(a->story.count, b->story.count);
    ck_assert_mem_eq(a->story.tokens, b->story.tokens, tokens * sizeof(SceneToken));
    ck_assert_mem_eq(a->story.index, b->story.index, entries * sizeof(int32_t));
    ck_assert_mem_eq(a->story.score, b->story.score, entries * sizeof(float));
    ck_assert_mem_eq(a->story.unlike, b->story.unlike, tokens * L * sizeof(float));
    ck_assert_int_eq(a->story.before_count, b->story.before_count);
    ck_assert_int_eq(a->focus.keys, b->focus.keys);
    ck_assert_mem_eq(a->focus.key_scores, b->focus.key_scores,
                     L * (size_t)b->focus.keys * sizeof(float));
    ck_assert_mem_eq(a->focus.neighbours, b->focus.neighbours, sizeof a->focus.neighbours);
    ck_assert_int_eq(a->circuits.count, b->circuits.count);
    ck_assert_mem_eq(a->circuits.points, b->circuits.points,
                     (size_t)b->circuits.count * sizeof(ScenePoint));
    ck_assert_mem_eq(a->circuits.fired, b->circuits.fired, neurons * sizeof(float));
    check_losses(&a->training, &b->training);
    ck_assert_int_eq(a->card.index, b->card.index);
}

START_TEST(a_copy_has_everything)
{
    Scene scene, copy = { 0 };
    fake_scene(&scene, &(FakeScene){ .training = true, .patched = true });
    ck_assert(scene_copy(&copy, &scene));
    check_equal(&copy, &scene);
    ck_assert_int_gt(scene.story.before_count, 0);
    scene_free(&copy);
    ck_assert_ptr_null(copy.story.tokens);
    fake_scene_free(&scene);
}
END_TEST

// Tokens that were copied before are not copied again while the story only grows.
START_TEST(a_story_that_grows_is_copied_from_where_it_grew)
{
    Scene scene, copy = { 0 };
    fake_scene(&scene, &(FakeScene){ .tokens = 20 });
    ck_assert(scene_copy(&copy, &scene));
    copy.story.tokens[3].id = 31;
    ck_assert(scene_tokens(&scene, 40));
    for (int t = 20; t < 40; t++) scene.story.tokens[t] = scene.story.tokens[t - 20];
    ck_assert(scene_copy(&copy, &scene));
    ck_assert_int_eq(copy.story.count, 40);
    ck_assert_int_eq(copy.story.tokens[3].id, 31);
    ck_assert_int_eq(copy.story.tokens[25].id, scene.story.tokens[25].id);
    scene.version.told++; // another story
    ck_assert(scene_copy(&copy, &scene));
    ck_assert_int_eq(copy.story.tokens[3].id, scene.story.tokens[3].id);
    ck_assert(scene_tokens(&scene, 10)); // shorter, and so another one
    scene.version.told++;
    ck_assert(scene_copy(&copy, &scene));
    ck_assert_int_eq(copy.story.count, 10);
    scene_free(&copy);
    fake_scene_free(&scene);
}
END_TEST

START_TEST(another_model_has_other_sizes)
{
    Scene small, large, copy = { 0 };
    fake_scene(&small, &(FakeScene){ .L = 1, .C = 1, .n = 4, .K = 2 });
    fake_scene(&large, &(FakeScene){ .L = 12, .C = 16, .n = 8, .K = 4 });
    large.version.model = 2;
    ck_assert(scene_copy(&copy, &small) && scene_copy(&copy, &large));
    check_equal(&copy, &large);
    small.version.model = 3;
    ck_assert(scene_copy(&copy, &small));
    check_equal(&copy, &small);
    scene_free(&copy);
    fake_scene_free(&small);
    fake_scene_free(&large);
}
END_TEST

START_TEST(targets_on_top_are_found_first)
{
    HitList hits = { 0 };
    hit_add(&hits, (Rect){ 0, 0, 100, 100 }, (Target){ TARGET_PANEL, 0, 0, 7 });
    hit_add_cells(&hits, (Rect){ 10, 10, 40, 20 }, (Target){ TARGET_GRID, 2, 1, 0 }, 2, 4);
    ck_assert_int_eq(hit_find(&hits, 5, 5).index, 7);
    Target target = hit_find(&hits, 35, 25); // the second row, the third column
    ck_assert_int_eq(target.kind, TARGET_GRID);
    ck_assert_int_eq(target.layer, 2);
    ck_assert_int_eq(target.index, 6);
    ck_assert_int_eq(hit_find(&hits, 50, 10).kind, TARGET_PANEL); // right of the cells
    ck_assert_int_eq(hit_find(&hits, 100, 10).kind, TARGET_NONE);
    ck_assert_int_eq(hit_find(&hits, -1, 10).kind, TARGET_NONE);
    free(hits.items);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { a_copy_has_everything },
        { a_story_that_grows_is_copied_from_where_it_grew },
        { another_model_has_other_sizes },
        { targets_on_top_are_found_first },
    };
    return run_tests("scene", tests, COUNT_OF(tests));
}

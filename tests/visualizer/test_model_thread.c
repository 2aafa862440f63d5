// Scenes and requests between two threads: every scene that is read is whole and newer than the one
// before, no request is lost or comes twice, and a model's thread survives any of them.
#include "reference/draw/paint.h" // before check.h, which has a macro of the name fail
#include "reference/numbers/random.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_run.h"
#include "visualizer/model_thread.h"
#include "visualizer/panel.h"
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- scenes that say their own number

enum { SCENES = 5000, MAX_COUNT = 40 };

static int token_count(int number) { return number % MAX_COUNT; }

// Models of two sizes take turns, each for a while.
static void set_model(Scene *scene, int number) {
    SceneModel model = { .sparse = true, .C = 2, .K = 3, .F = 16, .parameters = number };
    model.L = number / 100 % 2 == 0 ? 4 : 2;
    if (scene->model.L != model.L) scene_set_model(scene, &model);
}

static void fill(Scene *scene, int number) {
    set_model(scene, number);
    int count = token_count(number), losses = number % 7;
    ck_assert(scene_tokens(scene, count) && scene_before(scene, count / 2));
    ck_assert(scene_losses(scene, losses, losses / 2) && scene_key_scores(scene, 8));
    int entries = (int)scene_entry(scene, count, 0, 0);
    for (int t = 0; t < count; t++) scene->story.tokens[t].id = number + t;
    for (int i = 0; i < entries; i++) scene->story.index[i] = number;
    for (int i = 0; i < count / 2; i++) scene->story.before[i].id = number - i;
    for (int i = 0; i < losses; i++) scene->training.train_losses[i] = number;
    for (int i = 0; i < 8 * scene->model.L; i++) scene->focus.key_scores[i] = (float)number;
    scene->focus.token = scene->card.index = number;
    snprintf(scene->note, sizeof scene->note, "%d", number);
    scene->version.told++;
    scene->version.focus++;
    scene->version.training++;
}

static void check_whole(const Scene *scene) {
    int number = scene->focus.token, count = token_count(number), losses = number % 7;
    ck_assert_int_eq(atoi(scene->note), number);
    ck_assert_int_eq(scene->card.index, number);
    ck_assert_int_eq(scene->model.L, number / 100 % 2 == 0 ? 4 : 2);
    ck_assert_int_eq(scene->story.count, count);
    ck_assert_int_eq(scene->story.before_count, count / 2);
    ck_assert_int_eq(scene->training.train_count, losses);
    int entries = (int)scene_entry(scene, count, 0, 0);
    for (int t = 0; t < count; t++) ck_assert_int_eq(scene->story.tokens[t].id, number + t);
    for (int i = 0; i < entries; i++) ck_assert_int_eq(scene->story.index[i], number);
    for (int i = 0; i < count / 2; i++) ck_assert_int_eq(scene->story.before[i].id, number - i);
    for (int i = 0; i < losses; i++) ck_assert_double_eq(scene->training.train_losses[i], number);
    for (int i = 0; i < 8 * scene->model.L; i++)
        ck_assert_float_eq(scene->focus.key_scores[i], (float)number);
}

static void *publish_all(void *context) {
    SceneExchange *exchange = context;
    Scene scene = { 0 };
    for (int number = 1; number <= SCENES; number++) {
        fill(&scene, number);
        ck_assert(scene_publish(exchange, &scene));
    }
    scene_free(&scene);
    return NULL;
}

START_TEST(every_scene_is_whole)
{
    SceneExchange *exchange = scene_exchange_new();
    pthread_t publisher;
    ck_assert(exchange != NULL);
    ck_assert_int_eq(pthread_create(&publisher, NULL, publish_all, exchange), 0);
    int last = 0, read = 0;
    while (last < SCENES) {
        bool changed;
        const Scene *scene = scene_latest(exchange, &changed);
        ck_assert_int_eq(scene->focus.token > last, changed);
        if (!changed) continue;
        check_whole(scene);
        last = scene->focus.token;
        read++;
    }
    ck_assert_int_gt(read, 1);
    pthread_join(publisher, NULL);
    scene_exchange_free(exchange);
}
END_TEST

// ---- requests

enum { SENT = 20000 };

static void *take_all(void *context) {
    SceneExchange *exchange = context;
    RequestList requests;
    int last = 0;
    intptr_t taken = 0;
    while (last < SENT) {
        requests_take(exchange, &requests, 10);
        ck_assert(requests.count > 0 && requests.count <= MAX_REQUESTS);
        for (int i = 0; i < requests.count; i++) {
            const Request *request = &requests.items[i];
            ck_assert_int_gt(request->index, last);
            ck_assert_int_eq(request->kind, request->index % REQUEST_QUIT);
            ck_assert_double_eq(request->value, request->index);
            last = request->index;
        }
        taken += requests.count;
    }
    return (void *)taken;
}

// They come in order, and the last one comes; of a full list the newest replaced the one before.
START_TEST(requests_come_in_order)
{
    SceneExchange *exchange = scene_exchange_new();
    pthread_t taker;
    ck_assert(exchange != NULL);
    ck_assert_int_eq(pthread_create(&taker, NULL, take_all, exchange), 0);
    RequestList requests = { .count = 0 };
    for (int number = 1; number <= SENT; number++) {
        Request *request = request_add(&requests, (RequestKind)(number % REQUEST_QUIT));
        request->index = number;
        request->value = number;
        if (number % 3 == 0 || number == SENT) requests_send(exchange, &requests);
    }
    void *taken;
    pthread_join(taker, &taken);
    ck_assert_int_gt((intptr_t)taken, 0);
    scene_exchange_free(exchange);
}
END_TEST

START_TEST(taking_waits_no_longer_than_asked)
{
    SceneExchange *exchange = scene_exchange_new();
    RequestList requests;
    ck_assert(exchange != NULL);
    static const double seconds[] = { -INFINITY, -1, 0, 0.05 };
    for (int i = 0; i < COUNT_OF(seconds); i++) {
        double start = scene_clock(exchange);
        requests_take(exchange, &requests, seconds[i]);
        ck_assert_int_eq(requests.count, 0);
        double waited = scene_clock(exchange) - start;
        ck_assert(waited >= fmin(0.049, fmax(0, seconds[i])) && waited < 30);
    }
    scene_exchange_free(exchange);
}
END_TEST

// ---- a model

static atomic_int woken;
static void count_wake(void) { atomic_fetch_add(&woken, 1); }

enum { ROUNDS = 300, T = 64 };

static Request random_request(uint64_t key, uint64_t i, int circuit_count) {
    Request request = { .kind = (RequestKind)random_below(key, 8 * i, REQUEST_QUIT) };
    request.index = (int)random_below(key, 8 * i + 1, 40) - 1;
    request.layer = (int)random_below(key, 8 * i + 2, 4);
    request.channel = (int)random_below(key, 8 * i + 3, 3);
    request.value = (double)random_below(key, 8 * i + 4, (uint64_t)max_int(2, circuit_count));
    if (request.kind == REQUEST_SPEED) request.value = 200;
    if (request.kind == REQUEST_PAUSE) request.value = random_below(key, 8 * i + 5, 3) == 0;
    strcpy(request.text, random_below(key, 8 * i + 6, 2) == 0 ? "The dog" : "");
    return request;
}

static const char *const kinds[] = { "sgatlin", "moe", "mlp" };

// What the window does, as fast as it can: every frame another request, a new scene, and a picture.
START_TEST(a_model_answers_while_scenes_are_drawn)
{
    TinyRun run;
    Error error = { "" };
    tiny_run_new(&run, kinds[_i], T);
    TellerOptions options = { .checkpoint = run.run, .seed = 1, .temperature = 1, .speed = 200 };
    Teller *teller = teller_new(&options, &error);
    SceneExchange *exchange = scene_exchange_new();
    ck_assert_msg(teller != NULL && exchange != NULL, "%s", error.text);
    ck_assert(scene_publish(exchange, teller_scene(teller)));
    atomic_store(&woken, 0);
    ModelThread *thread = model_thread_start(teller, exchange, count_wake, &error);
    ck_assert_msg(thread != NULL, "%s", error.text);
    DrawList list = draw_new(640, 480, font_builtin());
    HitList hits = { .count = 0 };
    Picture picture;
    ck_assert(picture_new(&picture, 640, 480, &error));
    View view = view_new(640, 480);
    uint64_t key = random_key(3, "requests");
    for (int i = 0, seen = 0; i < ROUNDS || seen < 10; i++) {
        bool changed;
        ck_assert_int_lt(i, 1000 * ROUNDS);
        const Scene *scene = scene_latest(exchange, &changed);
        seen += changed;
        ck_assert_str_eq(scene->note, "");
        ck_assert_int_lt(scene->focus.token, scene->story.count);
        view_fit(&view, scene);
        RequestList requests = { .count = 1 };
        requests.items[0] = random_request(key, (uint64_t)i, scene->circuits.positions);
        requests_send(exchange, &requests);
        view.now = scene_clock(exchange);
        view.panel = i % (PANELS + 1) - 1;
        draw_clear(&list, 640, 480);
        hits.count = 0;
        layout_draw(&(Frame){ &list, &hits, scene, &view });
        if (changed) ck_assert(paint_list(&picture, &list, &error));
    }
    model_thread_stop(thread);
    ck_assert_int_gt(atomic_load(&woken), 5);
    picture_free(&picture);
    free(hits.items);
    draw_free(&list);
    scene_exchange_free(exchange);
    teller_free(teller);
    tiny_run_remove(&run);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { every_scene_is_whole, .threads = USES_THREADS },
        { requests_come_in_order, .threads = USES_THREADS },
        { taking_waits_no_longer_than_asked },
        { a_model_answers_while_scenes_are_drawn, COUNT_OF(kinds), .threads = USES_THREADS },
    };
    return run_tests("model_thread", tests, COUNT_OF(tests));
}

#include "chapters/tasks.h"
#include "chapters/07_language_model/adamw.h"
#include "chapters/scoreboard.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/random.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double wave(double x) { return sin(3.0 * x) + 0.5 * x; }

Task wave_task(void) {
    Task task = { .name = "the wave", .D = 2, .points = 25 };
    for (int i = 0; i < task.points; i++) {
        double *x = task.x + i * task.D;
        x[0] = -2.0 + i / 6.0;
        x[1] = 1.0;
        task.target[i] = wave(x[0]);
    }
    return task;
}

Task product_task(void) {
    Task task = { .name = "a*b", .D = 3, .points = 49 };
    for (int i = 0; i < task.points; i++) {
        double *x = task.x + i * task.D;
        x[0] = (i / 7 - 3) / 3.0;
        x[1] = (i % 7 - 3) / 3.0;
        x[2] = 1.0;
        task.target[i] = x[0] * x[1];
    }
    return task;
}

double task_loss(const Task *task, const double *y) {
    double sum = 0.0;
    for (int i = 0; i < task->points; i++) {
        double error = y[i * task->D] - task->target[i];
        sum += error * error;
    }
    return sum / task->points;
}

double task_slope(const Task *task, int i, double prediction) {
    return 2.0 * (prediction - task->target[i]) / task->points;
}

// ---- what learns

void learner_draw(double *w, int count, int inputs, uint64_t seed, const char *name) {
    for (int i = 0; i < count; i++)
        w[i] = random_normal(random_key(seed, name), (uint64_t)i) / sqrt(inputs);
}

double learner_train(double *w, const Learner *learner, const Task *task, double rate,
                     uint64_t seed) {
    const TrainingPlan plan = { .peak = rate, .constant = LEARNER_STEPS };
    double y[TASK_MAX_POINTS * TASK_MAX_D], dw[LEARNER_MAX_DOUBLES];
    double m[LEARNER_MAX_DOUBLES] = { 0 }, v[LEARNER_MAX_DOUBLES] = { 0 };
    int doubles = learner->cost(learner->sizes, task->D).doubles;
    assert(doubles <= LEARNER_MAX_DOUBLES);
    learner->start(w, learner->sizes, task->D, seed);
    for (int step = 0; step < LEARNER_STEPS; step++) {
        memset(dw, 0, sizeof dw);
        learner->pass(y, dw, w, task, learner->sizes);
        adamw(w, m, v, dw, (size_t)doubles, false, &plan, step);
    }
    learner->pass(y, NULL, w, task, learner->sizes);
    return task_loss(task, y);
}

// ---- how sure one can be

double median(const double *sorted, int count) {
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2.0;
}

double quartile(const double *sorted, int count, int which) {
    int half = count / 2;
    return median(which == 1 ? sorted : sorted + count - half, half);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    if (isnan(x) || isnan(y)) return isnan(x) - isnan(y);
    return (x > y) - (x < y);
}

void sort_doubles(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, by_value);
}

int starts_ahead(const double *a, const double *b, int count) {
    int ahead = 0;
    for (int i = 0; i < count; i++) ahead += a[i] < b[i] || (!isnan(a[i]) && isnan(b[i]));
    return ahead;
}

double sign_test(int heads, int count) {
    double sum = 0.0, exactly = pow(0.5, count); // the probability of exactly k heads
    for (int k = 0; k <= count; k++) {
        if (k >= heads) sum += exactly;
        exactly *= (double)(count - k) / (k + 1);
    }
    return sum;
}

// ---- the scoreboard of chapters 01 to 06

enum { TASKS = 2, MAX_NOTE = 40 };

typedef struct {
    Task task;
    double loss[MAX_LEARNERS][LEARNER_STARTS];
    Score scores[MAX_LEARNERS];
    char notes[MAX_LEARNERS][MAX_NOTE];
    char title[96];
} TaskBoard;

// loss [LEARNER_STARTS] of each start, and the same in thousandths, sorted.
static void learn_from_all_starts(double *loss, double *sorted, const Learner *learner,
                                  const Task *task, double rate) {
    double w[LEARNER_MAX_DOUBLES];
    for (int start = 0; start < LEARNER_STARTS; start++) {
        loss[start] = learner_train(w, learner, task, rate, (uint64_t)start + 1);
        sorted[start] = 1000.0 * loss[start];
    }
    sort_doubles(sorted, LEARNER_STARTS);
}

static void learn(TaskBoard *board, const Learner *learners, int count) {
    for (int i = 0; i < count; i++) {
        const Learner *learner = &learners[i];
        LearnerCost cost = learner->cost(learner->sizes, board->task.D);
        double sorted[LEARNER_STARTS];
        learn_from_all_starts(board->loss[i], sorted, learner, &board->task, LEARNER_RATE);
        snprintf(board->notes[i], MAX_NOTE, "%d FLOPs, %d weights", cost.flops, cost.weights);
        board->scores[i] = (Score){ .chapter = learner->chapter,
                                    .name = learner->name,
                                    .loss = median(sorted, LEARNER_STARTS),
                                    .low = quartile(sorted, LEARNER_STARTS, 1),
                                    .high = quartile(sorted, LEARNER_STARTS, 3),
                                    .note = board->notes[i] };
    }
}

static void print_ahead(const TaskBoard *board, const Learner *learners, int count) {
    printf("\n%s: of %d starts the row is ahead of the column in, and the sign test\n%15s",
           board->task.name, LEARNER_STARTS, "");
    for (int j = 0; j < count - 1; j++) printf("%13s", learners[j].kind);
    printf("\n");
    for (int i = 1; i < count; i++) {
        printf("  %s  %-9s", learners[i].chapter, learners[i].kind);
        for (int j = 0; j < i; j++) {
            int ahead = starts_ahead(board->loss[i], board->loss[j], LEARNER_STARTS),
                behind = starts_ahead(board->loss[j], board->loss[i], LEARNER_STARTS);
            printf("%6d %6.4f", ahead, sign_test(max_int(ahead, behind), LEARNER_STARTS));
        }
        printf("\n");
    }
}

bool tasks_show(const char *chapter, const Learner *learners, int count, const char *path,
                Error *error) {
    TaskBoard boards[TASKS] = { { .task = wave_task() }, { .task = product_task() } };
    Scoreboard shown[TASKS];
    for (int i = 0; i < TASKS; i++) {
        TaskBoard *board = &boards[i];
        learn(board, learners, count);
        snprintf(board->title, sizeof board->title,
                 "Squared error on %s, in thousandths: median and quartiles of %d starts",
                 board->task.name, LEARNER_STARTS);
        shown[i] = (Scoreboard){ board->title, chapter, board->scores, count };
    }
    if (!scoreboard_show(shown, TASKS, path, error)) return false;
    for (int i = 0; i < TASKS; i++) print_ahead(&boards[i], learners, count);
    return true;
}

void tasks_show_rates(const Learner *learners, int count) {
    static const double rates[] = { 0.01, 0.03, LEARNER_RATE, 0.3 };
    const Task tasks[TASKS] = { wave_task(), product_task() };
    printf("%28s%11s%32s\n%28s", "median, in thousandths", tasks[0].name, tasks[1].name,
           "learning rate");
    for (int task = 0; task < TASKS; task++) {
        for (int i = 0; i < COUNT_OF(rates); i++) printf("%*g", i == 0 ? 11 : 8, rates[i]);
    }
    printf("\n");
    for (int i = 0; i < count; i++) {
        printf("  %-26s", learners[i].name);
        for (int task = 0; task < TASKS; task++) {
            for (int rate = 0; rate < COUNT_OF(rates); rate++) {
                double loss[LEARNER_STARTS], sorted[LEARNER_STARTS];
                learn_from_all_starts(loss, sorted, &learners[i], &tasks[task], rates[rate]);
                printf("%*.3f", rate == 0 ? 11 : 8, median(sorted, LEARNER_STARTS));
            }
        }
        printf("\n");
    }
}

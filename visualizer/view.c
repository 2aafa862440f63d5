#include "visualizer/view.h"

View view_new(const Scene *scene, int width, int height) {
    return (View){ .width = width,
                   .height = height,
                   .scale = 1,
                   .token = LATEST,
                   .layer = scene->model.L > 2 ? 2 : 0,
                   .channel = scene->model.C > 1 ? 1 : 0,
                   .neuron = -1,
                   .panel = -1,
                   .speed = 4,
                   .tour = -1 };
}

int view_token(const View *view, const Scene *scene) {
    int last = scene->story.count - 1;
    return view->token == LATEST || view->token > last ? last : view->token;
}

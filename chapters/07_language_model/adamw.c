#include "chapters/07_language_model/adamw.h"
#include <math.h>

double learning_rate(const TrainingPlan *plan, int step) {
    if (step < plan->warmup) return plan->peak * step / plan->warmup;
    int past = step - plan->warmup - plan->constant;
    if (past < 0) return plan->peak;
    if (past >= plan->decay) return 0.0;
    return plan->peak * (1.0 - sqrt((double)past / plan->decay));
}

double global_norm(const double *gradients, size_t count) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) sum += gradients[i] * gradients[i];
    return sqrt(sum);
}

void clip_by_global_norm(double *gradients, size_t count, double norm, double clip) {
    if (clip <= 0.0 || norm <= clip) return;
    for (size_t i = 0; i < count; i++) gradients[i] *= clip / norm;
}

// [adamw
void adamw(double *w, double *m, double *v, const double *g, size_t count, bool decays,
           const TrainingPlan *plan, int step) {
    double rate = learning_rate(plan, step);
    double decay = decays ? rate / plan->peak * plan->weight_decay : 0.0;
    double m_correction = 1.0 - pow(0.9, step + 1), v_correction = 1.0 - pow(0.999, step + 1);
    for (size_t i = 0; i < count; i++) {
        m[i] = 0.9 * m[i] + 0.1 * g[i];
        v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
        w[i] -= decay * w[i];
        w[i] -= rate * (m[i] / m_correction) / (sqrt(v[i] / v_correction) + 1e-8);
    }
}
// adamw]

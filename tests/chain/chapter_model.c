#include "tests/chain/chapter_model.h"
#include "tests/golden/golden_chapter_model.h"
#include <check.h>
#include <string.h>

LanguageModel chapter_model_of(const Model *model) {
    LanguageModel chapter;
    ModelSizes sizes = chapter_sizes(&model->config);
    ck_assert_msg(language_model_new(&chapter, &sizes), "%s", model_sizes_problem(&sizes));
    const ParameterList *list = &chapter.list;
    ck_assert_int_eq(list->count, model->tensors.count);
    for (int i = 0; i < list->count; i++) {
        const Parameter *p = &list->items[i];
        const Tensor *tensor = tensors_find(&model->tensors, p->name);
        ck_assert_msg(tensor != NULL && tensor->count == p->count && tensor->rank == p->rank, "%s",
                      p->name);
        ck_assert_msg(memcmp(tensor->shape, p->shape, (size_t)p->rank * sizeof(int)) == 0, "%s",
                      p->name);
        ck_assert_msg(tensor->decay == p->decays, "%s", p->name);
        for (size_t j = 0; j < p->count; j++)
            chapter.parameters[p->offset + j] = model->parameters[tensor->offset + j];
    }
    return chapter;
}

#include "gpu/lesson.h"
#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace lesson {
namespace {

std::vector<const Lesson *> &table() {
    static std::vector<const Lesson *> all;
    return all;
}

std::vector<std::string> words(const char *text) {
    std::istringstream in(text);
    std::vector<std::string> out;
    for (std::string word; in >> word;) out.push_back(word);
    return out;
}

// The place of a name among the task's sizes, or -1.
int size_index(const Task &task, const std::string &name) {
    std::vector<std::string> names = words(task.size_names);
    auto found = std::find(names.begin(), names.end(), name);
    return found == names.end() ? -1 : (int)(found - names.begin());
}

// A whole number from 1 to INT_MAX, or 0.
int parse_number(const std::string &text) {
    char *end;
    long value = strtol(text.c_str(), &end, 10);
    bool ok = !text.empty() && *end == '\0' && value > 0 && value <= INT_MAX;
    return ok ? (int)value : 0;
}

// One length of a shape: "D", "2" or "E+1".
size_t length(const Task &task, const std::string &text, const Size &size) {
    size_t plus = text.find('+');
    int index = size_index(task, text.substr(0, plus));
    size_t added = plus == std::string::npos ? 0 : (size_t)parse_number(text.substr(plus + 1));
    if (index >= 0) return (size_t)size[(size_t)index] + added;
    if (int number = parse_number(text)) return (size_t)number;
    fprintf(stderr, "task %s: a shape has %s, which is not one of the sizes %s\n", task.name,
            text.c_str(), task.size_names);
    exit(1);
}

} // namespace

Lesson::Lesson(const char *name_, std::vector<Task> tasks_)
    : name(name_), tasks(std::move(tasks_)) {
    table().push_back(this);
}

std::vector<const Lesson *> lessons() {
    std::vector<const Lesson *> sorted = table();
    std::sort(sorted.begin(), sorted.end(),
              [](const Lesson *a, const Lesson *b) { return a->name < b->name; });
    return sorted;
}

const Lesson *find_lesson(const std::string &name) {
    for (const Lesson *l : table()) {
        if (l->name == name || l->name.substr(0, 2) == name || l->name.substr(3) == name) return l;
    }
    return nullptr;
}

const Task *find_task(const Lesson &lesson, const std::string &name) {
    for (const Task &task : lesson.tasks) {
        if (name == task.name) return &task;
    }
    return nullptr;
}

const Version *find_version(const Task &task, const std::string &name) {
    for (const Version &version : task.versions) {
        if (name == version.name) return &version;
    }
    return nullptr;
}

std::string describe(const Task &task, const Size &size) {
    std::string out;
    std::vector<std::string> names = words(task.size_names);
    for (size_t i = 0; i < names.size(); i++) {
        out += (i ? "," : "") + names[i] + "=" + std::to_string(size[i]);
    }
    return out;
}

bool parse_size(Size *size, const Task &task, const std::string &text, std::string *error) {
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, ',');) {
        size_t equals = part.find('=');
        int index = size_index(task, part.substr(0, equals));
        if (equals == std::string::npos || index < 0) {
            *error = "size " + part + ": expected NAME=NUMBER with a name of: " + task.size_names;
            return false;
        }
        int value = parse_number(part.substr(equals + 1));
        if (value == 0) {
            *error = "size " + part + ": expected a number from 1 to 2147483647";
            return false;
        }
        (*size)[(size_t)index] = value;
    }
    return true;
}

size_t count(const Task &task, const Tensor &tensor, const Size &size) {
    if (tensor.elements) return tensor.elements(size.data());
    size_t product = 1;
    for (const std::string &word : words(tensor.shape)) product *= length(task, word, size);
    return product;
}

size_t element_bytes(const Tensor &tensor, Precision precision) {
    return tensor.type == Type::REAL && precision == Precision::BF16 ? 2 : 4;
}

double floor_bytes(const Task &task, const Size &size, Precision precision) {
    if (task.floor_bytes) {
        return task.floor_bytes(size.data(), precision == Precision::BF16 ? 2 : 4);
    }
    double sum = 0;
    for (const Tensor &t : task.tensors) {
        int times = t.role == Role::SCRATCH ? 0 : t.role == Role::INOUT ? 2 : 1;
        sum += times * (double)count(task, t, size) * (double)element_bytes(t, precision);
    }
    return sum;
}

const char *name_of(Precision precision) { return precision == Precision::BF16 ? "bf16" : "fp32"; }
Run run_of(const Version &version, Precision precision) {
    return precision == Precision::BF16 ? version.bf16 : version.fp32;
}

} // namespace lesson

#include "fault.h"
#include "block.h"
#include "symbols.h"
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <unistd.h>

namespace emulator {

std::string format(const char *text, ...) {
    va_list arguments;
    char buffer[1024];
    va_start(arguments, text);
    vsnprintf(buffer, sizeof buffer, text, arguments);
    va_end(arguments);
    return buffer;
}

std::string describe(Index index) { return format("(%u,%u,%u)", index.x, index.y, index.z); }

namespace {

constexpr int SHOWN = 20; // more reports than these only hide the first

struct Faults {
    std::mutex lock;
    std::set<std::string> places; // `what` with the place of each one that was seen
    long found = 0, shown = 0;
    void (*print)() = nullptr; // at the end
};

void end_program();

Faults &faults() {
    static Faults *all = [] { // never destroyed: end_program uses it
        atexit(end_program);
        return new Faults;
    }();
    return *all;
}

void end_program() {
    Faults &all = faults();
    if (all.print) all.print();
    if (all.found == 0) return;
    fflush(stdout);
    fprintf(stderr, "emulator: %ld fault%s at %zu place%s\n", all.found, all.found == 1 ? "" : "s",
            all.places.size(), all.places.size() == 1 ? "" : "s");
    fflush(stderr);
    _exit(FAULT_EXIT_STATUS);
}

std::string running_thread() {
    if (!current) return "  in host code\n";
    return "  kernel " + std::string(current->launch->kernel) + ", block " +
           describe(current->index) + ", thread " + describe(current->thread) + "\n";
}

void report(const std::string &what, const std::string &key, const std::string &place,
            const std::string &details) {
    Faults &all = faults();
    std::lock_guard<std::mutex> guard(all.lock);
    all.found++;
    if (!all.places.insert(key).second || all.shown >= SHOWN) return;
    all.shown++;
    fflush(stdout);
    fprintf(stderr, "fault: %s\n%s  at %s\n%s", what.c_str(), running_thread().c_str(),
            place.c_str(), details.c_str());
}

} // namespace

void fault(const std::string &what, const void *instruction, const std::string &details) {
    report(what, what + format("%p", instruction), source_line(instruction), details);
}

void fault(const std::string &what, Site site, const std::string &details) {
    std::string place = format("%s:%d", site.file, site.line);
    report(what, what + place, place, details);
}

void print_at_end(void (*print)()) { faults().print = print; }

} // namespace emulator

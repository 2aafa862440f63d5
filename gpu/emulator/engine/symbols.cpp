#include "symbols.h"
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <cxxabi.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace emulator {
namespace {

// The path of this program, as long as it exists.
std::string program_path() {
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    return n > 0 ? std::string(path, (size_t)n) : "";
}

struct Loaded {
    char *base, *tls; // where address 0 of the file is, and this thread's storage
    size_t end, tls_bytes;
};

// The program is the first of what is loaded.
int first_program(dl_phdr_info *info, size_t, void *result) {
    Loaded *loaded = static_cast<Loaded *>(result);
    loaded->base = reinterpret_cast<char *>(info->dlpi_addr);
    loaded->tls = static_cast<char *>(info->dlpi_tls_data);
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) &segment = info->dlpi_phdr[i];
        if (segment.p_type == PT_TLS) loaded->tls_bytes = segment.p_memsz;
        if (segment.p_type == PT_LOAD) loaded->end = segment.p_vaddr + segment.p_memsz;
    }
    return 1;
}

Loaded loaded_program() {
    Loaded loaded = {};
    dl_iterate_phdr(first_program, &loaded);
    return loaded;
}

// The path from the current folder, if it is in it; -I. leaves a ./ in front of included files.
std::string from_here(std::string path) {
    char here[4096];
    if (!getcwd(here, sizeof here)) return path;
    for (const std::string &folder : { std::string(here) + "/", std::string("./") }) {
        if (path.compare(0, folder.size(), folder) == 0) path.erase(0, folder.size());
    }
    return path;
}

// addr2line -i prints the innermost of inlined functions first: the first line that is not in the
// emulator's own headers.
std::string ask_addr2line(size_t address) {
    char command[4400], line[4096];
    snprintf(command, sizeof command, "addr2line -i -e '%s' %zx 2>/dev/null",
             program_path().c_str(), address);
    std::string found;
    FILE *pipe = popen(command, "r");
    while (pipe && fgets(line, sizeof line, pipe)) {
        line[strcspn(line, "\n (")] = '\0';
        bool ours = strstr(line, "/gpu/emulator/") && strstr(line, ".h:");
        if (line[0] != '?' && !ours && found.empty()) found = from_here(line);
    }
    if (pipe) pclose(pipe);
    return found;
}

// "tile" of _ZZ6kernelPfE4tile
std::string variable_name(const char *symbol) {
    char *readable = abi::__cxa_demangle(symbol, nullptr, nullptr, nullptr);
    std::string name = readable ? readable : symbol;
    free(readable);
    size_t colon = name.rfind("::");
    return colon == std::string::npos ? name : name.substr(colon + 2);
}

bool before(const SharedVariable &a, const SharedVariable &b) { return a.offset < b.offset; }

bool starts_with(const std::string &text, const char *with) { return text.rfind(with, 0) == 0; }

// The variables that follow a guard or are local to a function; other thread-local variables are
// not shared memory. DYNAMIC_SHARED's is: only its offset is known here.
std::vector<SharedVariable> select_shared(std::vector<SharedVariable> all) {
    std::sort(all.begin(), all.end(), before);
    std::vector<SharedVariable> shared;
    bool after_guard = false;
    for (SharedVariable &v : all) {
        bool local = starts_with(v.name, "_ZZ"), engine = starts_with(v.name, "_ZN8emulator");
        v.name = variable_name(v.name.c_str());
        bool ours = engine || starts_with(v.name, "emulator_");
        if (!ours && (local || after_guard)) shared.push_back(v);
        after_guard = starts_with(v.name, "emulator_guard");
    }
    return shared;
}

std::vector<SharedVariable> read_symbols(const char *file) {
    const ElfW(Ehdr) *header = reinterpret_cast<const ElfW(Ehdr) *>(file);
    const ElfW(Shdr) *sections = reinterpret_cast<const ElfW(Shdr) *>(file + header->e_shoff);
    std::vector<SharedVariable> found;
    for (int i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type != SHT_SYMTAB) continue;
        const char *names = file + sections[sections[i].sh_link].sh_offset;
        auto *symbols = reinterpret_cast<const ElfW(Sym) *>(file + sections[i].sh_offset);
        for (size_t k = 0; k < sections[i].sh_size / sizeof *symbols; k++) {
            const ElfW(Sym) &symbol = symbols[k];
            if (ELF64_ST_TYPE(symbol.st_info) != STT_TLS || symbol.st_shndx == SHN_UNDEF) continue;
            found.push_back({ names + symbol.st_name, symbol.st_value, symbol.st_size });
        }
    }
    return select_shared(found);
}

std::vector<SharedVariable> find_shared_variables() {
    std::vector<SharedVariable> found;
    struct stat status;
    int fd = open("/proc/self/exe", O_RDONLY);
    if (fd < 0 || fstat(fd, &status) != 0) return found;
    size_t bytes = (size_t)status.st_size;
    void *file = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (file != MAP_FAILED) {
        found = read_symbols(static_cast<const char *>(file));
        munmap(file, bytes);
    }
    close(fd);
    return found;
}

} // namespace

std::string source_line(const void *instruction) {
    static std::mutex lock;
    static std::map<const void *, std::string> known;
    std::lock_guard<std::mutex> guard(lock);
    std::string &line = known[instruction];
    if (line.empty()) {
        // the call itself is just before the instruction that it returns to
        size_t address = (size_t)(static_cast<const char *>(instruction) - loaded_program().base);
        line = ask_addr2line(address - 1);
        if (line.empty()) {
            char text[80];
            snprintf(text, sizeof text, "address 0x%zx (no addr2line, or not compiled with -g)",
                     address);
            line = text;
        }
    }
    return line;
}

const Image &image() {
    static const Image whole = [] {
        Loaded loaded = loaded_program();
        return Image{ loaded.base, loaded.base + loaded.end };
    }();
    return whole;
}

const std::vector<SharedVariable> &shared_variables() {
    static const std::vector<SharedVariable> all = find_shared_variables();
    return all;
}

char *thread_storage() { return loaded_program().tls; }
size_t thread_storage_bytes() { return loaded_program().tls_bytes; }

} // namespace emulator

// Lets one call of the program fail, as when memory or the disk is full: for LD_PRELOAD, with
//   FAULT=KIND:N     the N-th call of this kind since main began, or
//   FAULT=KIND:N+    that one and all after it
//   FAULT_HIT=FILE   created when the first has failed
// KIND is malloc (with calloc, realloc and the aligned ones), write, fsync, rename, open (with
// fopen and opendir) or mmap. Reading a tokenizer alone takes thousands of blocks, so of the calls
// of malloc with the same call stack only the first two are counted.
// Not counted: what OpenBLAS, oneDNN and the OpenMP library do for themselves, which they cannot
// report (libgomp aborts without memory for a thread), the dynamic linker's memory, and writes to
// stderr.
// A program that restarts itself counts from 1 again, unless the fault was before. For one thread.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { MAX_RANGES = 32, MAX_DEPTH = 32, PLACES = 1 << 14, PASSES = 0x5347544c };

static struct {
    char kind[16];   // "": nothing fails
    long first;      // the number of the call that fails
    bool all_after;  // those after it too
    long calls;      // so far
    const char *hit; // the file to create
    int ranges;      // code of libraries
    struct {
        uintptr_t begin, end;
        int owner;
    } range[MAX_RANGES];
    int (*main)(int, char **, char **);
    struct {
        uint64_t stack; // its hash, 0: a free entry
        int calls;
    } place[PLACES];
} fault;

// ---- which calls fail

// Of EXCLUDED code calls are not counted; those of LIBC count as its caller's.
enum { COUNTED, EXCLUDED, LIBC };

static int owner_named(const char *path) {
    static const char *const excluded[] = { "blas",   "gfortran", "libdnnl", "libstdc++",
                                            "libomp", "libgomp",  "ld-linux" };
    for (size_t i = 0; i < sizeof excluded / sizeof excluded[0]; i++) {
        if (strstr(path, excluded[i]) != NULL) return EXCLUDED;
    }
    return strstr(path, "libc.so") != NULL ? LIBC : COUNTED;
}

static int note_library(struct dl_phdr_info *info, size_t size, void *context) {
    int owner = owner_named(info->dlpi_name);
    (void)size;
    (void)context;
    for (int i = 0; owner != COUNTED && i < info->dlpi_phnum && fault.ranges < MAX_RANGES; i++) {
        uintptr_t begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        if (info->dlpi_phdr[i].p_type != PT_LOAD || !(info->dlpi_phdr[i].p_flags & PF_X)) continue;
        fault.range[fault.ranges].begin = begin;
        fault.range[fault.ranges].end = begin + info->dlpi_phdr[i].p_memsz;
        fault.range[fault.ranges++].owner = owner;
    }
    return 0;
}

static int owner_of(const void *code) {
    uintptr_t address = (uintptr_t)code;
    for (int i = 0; i < fault.ranges; i++) {
        if (address >= fault.range[i].begin && address < fault.range[i].end)
            return fault.range[i].owner;
    }
    return COUNTED;
}

static bool is_excluded(const void *caller) {
    void *stack[MAX_DEPTH];
    int owner = owner_of(caller), depth = owner == LIBC ? backtrace(stack, MAX_DEPTH) : 0, i = 0;
    while (i < depth && owner_of(stack[i]) != LIBC) i++; // the shim itself
    while (i < depth && owner == LIBC) owner = owner_of(stack[i++]);
    return owner == EXCLUDED;
}

// Whether this is the first or second call with this stack.
static bool is_counted_here(void) {
    void *stack[MAX_DEPTH];
    int depth = backtrace(stack, MAX_DEPTH);
    uint64_t hash = 1;
    for (int i = 0; i < depth; i++) hash = (hash ^ (uintptr_t)stack[i]) * 0x9e3779b97f4a7c15;
    size_t at = hash >> 50;
    while (fault.place[at].stack != 0 && fault.place[at].stack != hash) at = (at + 1) % PLACES;
    fault.place[at].stack = hash;
    int calls = ++fault.place[at].calls;
    return calls <= 2;
}

// Whether this call, which returns to `caller`, is to fail; sets errno.
static bool fails(const char *kind, const void *caller, int code) {
    if (strcmp(fault.kind, kind) != 0 || is_excluded(caller)) return false;
    bool failed_before = fault.calls >= fault.first;
    if (failed_before && !fault.all_after) return false;
    if (!failed_before && strcmp(kind, "malloc") == 0 && !is_counted_here()) return false;
    if (++fault.calls < fault.first) return false;
    if (!failed_before)
        close((int)syscall(SYS_openat, AT_FDCWD, fault.hit, O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
    errno = code;
    return true;
}
#define FAILS(kind, code) fails(kind, __builtin_return_address(0), code)

// ---- memory, by glibc's other names for the functions

void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t),
    *__libc_memalign(size_t, size_t);

void *malloc(size_t size) { return FAILS("malloc", ENOMEM) ? NULL : __libc_malloc(size); }

void *calloc(size_t count, size_t size) {
    return FAILS("malloc", ENOMEM) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    return FAILS("malloc", ENOMEM) ? NULL : __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return FAILS("malloc", ENOMEM) ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    void *taken = FAILS("malloc", ENOMEM) ? NULL : __libc_memalign(alignment, size);
    if (taken != NULL) *block = taken;
    return taken != NULL ? 0 : ENOMEM;
}

void *mmap(void *address, size_t size, int protection, int flags, int file, off_t offset) {
    if (FAILS("mmap", ENOMEM)) return MAP_FAILED;
    return (void *)syscall(SYS_mmap, address, size, protection, flags, file, offset);
}

// ---- files

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return FAILS("open", EMFILE) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

FILE *fopen(const char *path, const char *mode) {
    FILE *(*original)(const char *, const char *);
    *(void **)&original = dlsym(RTLD_NEXT, "fopen");
    return FAILS("open", EMFILE) ? NULL : original(path, mode);
}

DIR *opendir(const char *path) {
    DIR *(*original)(const char *);
    *(void **)&original = dlsym(RTLD_NEXT, "opendir");
    return FAILS("open", EMFILE) ? NULL : original(path);
}

int fsync(int file) { return FAILS("fsync", EIO) ? -1 : (int)syscall(SYS_fsync, file); }

int rename(const char *from, const char *to) {
    if (FAILS("rename", EIO)) return -1;
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

// ---- write: stdio's calls cannot be replaced, so the kernel turns each into a signal

#if defined __x86_64__
typedef greg_t Register;
static Register *argument(ucontext_t *context, int i) {
    static const int order[] = { REG_RDI, REG_RSI, REG_RDX, REG_R10 };
    return &context->uc_mcontext.gregs[order[i]];
}
static Register *result(ucontext_t *context) { return &context->uc_mcontext.gregs[REG_RAX]; }
#elif defined __aarch64__ // not tried
typedef unsigned long long Register;
static Register *argument(ucontext_t *context, int i) { return &context->uc_mcontext.regs[i]; }
static Register *result(ucontext_t *context) { return &context->uc_mcontext.regs[0]; }
#endif

// A last argument that writes do not have tells the filter to let this one through.
static void on_write(int number, siginfo_t *info, void *context) {
    int code = errno;
    Register file = *argument(context, 0);
    (void)number;
    bool failed = file != STDERR_FILENO && fails("write", NULL, ENOSPC);
    long written = -1;
    if (!failed) {
        written = syscall(info->si_syscall, file, *argument(context, 1), *argument(context, 2),
                          *argument(context, 3), 0, PASSES);
    }
    *result(context) = (Register)(written < 0 ? -errno : written);
    errno = code;
}

#define LOAD(field)      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define SKIP_IF(what, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, what, n, 0)
#define RETURN(what)     BPF_STMT(BPF_RET | BPF_K, what)

static void catch_writes(void) {
    struct sigaction action = { .sa_sigaction = on_write, .sa_flags = SA_SIGINFO | SA_NODEFER };
    struct sock_filter lines[] = {
        LOAD(nr),
        SKIP_IF(SYS_write, 3),
        SKIP_IF(SYS_writev, 2),
        SKIP_IF(SYS_pwrite64, 1),
        RETURN(SECCOMP_RET_ALLOW),
        LOAD(args[5]),
        SKIP_IF(PASSES, 1),
        RETURN(SECCOMP_RET_TRAP),
        RETURN(SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof lines / sizeof lines[0], lines };
    if (sigaction(SIGSYS, &action, NULL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("shim: writes cannot be watched");
        _exit(125);
    }
}

// ---- main

static int watched_main(int argc, char **argv, char **environment) {
    const char *setting = getenv("FAULT");
    char kind[sizeof fault.kind], after = '\0';
    void *stack[1];
    fault.hit = getenv("FAULT_HIT");
    if (setting == NULL || fault.hit == NULL ||
        sscanf(setting, "%15[a-z]:%ld%c", kind, &fault.first, &after) < 2)
        _exit(125);
    fault.all_after = after == '+';
    dl_iterate_phdr(note_library, NULL);
    backtrace(stack, 1); // the first loads a library
    if (access(fault.hit, F_OK) == 0) return fault.main(argc, argv, environment);
    if (strcmp(kind, "write") == 0) catch_writes();
    strcpy(fault.kind, kind);
    return fault.main(argc, argv, environment);
}

int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
                      void *stack_end) {
    int (*original)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
                    void (*)(void), void *);
    *(void **)&original = dlsym(RTLD_NEXT, "__libc_start_main");
    fault.main = program;
    return original(watched_main, argc, argv, init, fini, rtld_fini, stack_end);
}

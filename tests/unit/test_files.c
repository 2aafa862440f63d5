// Files and folders that appear whole or not at all.
#include "reference/io/files.h"
#include "tests/harness/file_checks.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static Error error;

START_TEST(a_file_appears_only_when_committed)
{
    Scratch scratch = scratch_new("files");
    const char *path = scratch_path(&scratch, "a.txt");
    OutputFile out;
    ck_assert_msg(output_open(&out, path, &error), "%s", error.text);
    fputs("one", out.stream);
    ck_assert(!path_exists(path));
    // hidden, and no name that any code looks for
    ck_assert_ptr_null(strstr(out.temporary, "/a.txt"));
    ck_assert_msg(output_commit(&out, &error), "%s", error.text);
    check_content(path, "one");

    ck_assert(output_open(&out, path, &error));
    fputs("two", out.stream);
    output_discard(&out);
    check_content(path, "one");

    ck_assert(output_open(&out, path, &error));
    fputs("three", out.stream);
    ck_assert(output_commit(&out, &error));
    check_content(path, "three");
    ck_assert_int_eq(count_entries(scratch.path), 1);
    scratch_remove(&scratch);
}
END_TEST

START_TEST(impossible_outputs_are_refused)
{
    Scratch scratch = scratch_new("files");
    OutputFile out;
    ck_assert(!output_open(&out, scratch.path, &error));
    check_said(&error, "is a folder");
    ck_assert(!output_open(&out, "/dev/null", &error));
    check_said(&error, "device");
    ck_assert(!output_open(&out, scratch_path(&scratch, "no/a.txt"), &error));
    check_said(&error, "does not exist");
    ck_assert(!output_open(&out, "", &error));
    check_said(&error, "name of an output file is empty");
    ck_assert_int_eq(count_entries(scratch.path), 0);
    scratch_remove(&scratch);
}
END_TEST

// A limit on the size of files fails like a full disk: some write of the stream, or none before
// fflush.
START_TEST(a_full_disk_leaves_the_old_file)
{
    Scratch scratch = scratch_new("full");
    const char *path = scratch_path(&scratch, "a.bin");
    write_bytes(path, "old", 3);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit before, tiny;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    tiny = before;
    tiny.rlim_cur = 10000;
    for (size_t size = 10001; size < 200000; size *= 3) {
        OutputFile out;
        ck_assert(output_open(&out, path, &error));
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tiny), 0);
        for (size_t i = 0; i < size; i++) fputc('x', out.stream);
        bool committed = output_commit(&out, &error);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
        ck_assert(!committed);
        check_said(&error, "a.bin: cannot be written");
        check_said(&error, "bytes are free");
        check_said(&error, "File too large");
        check_said(&error, "the size limit of files was reached");
        ck_assert_ptr_null(strstr(error.text, "free some space"));
        check_content(path, "old");
        ck_assert_int_eq(count_entries(scratch.path), 1);
    }
    scratch_remove(&scratch);
}
END_TEST

// A process that has begun to write a file and a folder. Kill it with SIGKILL.
static pid_t start_writing(const char *file, const char *folder) {
    int ends[2];
    char begun = 0;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        OutputFile out;
        OutputFolder in;
        begun = output_open(&out, file, NULL) && output_folder_open(&in, folder, NULL);
        if (write(ends[1], &begun, 1) != 1) _exit(1);
        for (;;) pause();
    }
    ck_assert(read(ends[0], &begun, 1) == 1 && begun);
    close(ends[0]);
    close(ends[1]);
    return child;
}

static void kill_writing(pid_t process) {
    ck_assert_int_eq(kill(process, SIGKILL), 0);
    ck_assert_int_eq(waitpid(process, NULL, 0), process);
}

START_TEST(leftovers_of_the_dead_are_removed)
{
    Scratch scratch = scratch_new("leftover");
    const char *a = scratch_path(&scratch, "a"), *run = scratch_path(&scratch, "run");
    OutputFile file;
    OutputFolder folder;
    write_bytes(scratch_path(&scratch, ".partial"), "x", 1); // not a temporary
    write_bytes(scratch_path(&scratch, ".a.part"), "x", 1);
    write_bytes(scratch_path(&scratch, "a.partial"), "x", 1);

    pid_t writer = start_writing(a, run);
    ck_assert_int_eq(count_entries(scratch.path), 5);
    ck_assert(!output_open(&file, a, &error));
    check_said(&error, "a: another process is writing it");
    check_said(&error, "/.a.partial)");
    ck_assert(!output_folder_open(&folder, run, &error));
    check_said(&error, "run: another process is writing it");
    folder_clear(scratch.path);
    ck_assert_int_eq(count_entries(scratch.path), 5);
    kill_writing(writer);
    ck_assert_int_eq(count_entries(scratch.path), 5);
    folder_clear(scratch.path);
    ck_assert_int_eq(count_entries(scratch.path), 3);

    kill_writing(start_writing(a, run));
    write_bytes(scratch_path(&scratch, ".run.partial/b"), "x", 1);
    ck_assert_msg(output_open(&file, a, &error), "%s", error.text);
    fputs("new", file.stream);
    ck_assert(output_commit(&file, &error));
    check_content(a, "new");
    ck_assert_msg(output_folder_open(&folder, run, &error), "%s", error.text);
    ck_assert_int_eq(count_entries(folder.temporary), 0);
    output_folder_discard(&folder);
    ck_assert_int_eq(count_entries(scratch.path), 4);
    scratch_remove(&scratch);
}
END_TEST

START_TEST(a_folder_appears_whole_or_not_at_all)
{
    Scratch scratch = scratch_new("folder");
    const char *path = scratch_path(&scratch, "step-000001");
    OutputFolder out;
    ck_assert_msg(output_folder_open(&out, path, &error), "%s", error.text);
    ck_assert(!path_exists(path));
    // nothing but whole checkpoints is named so
    ck_assert_ptr_null(strstr(out.temporary, "/step-"));
    char *inside = path_join(out.temporary, "a.txt");
    write_bytes(inside, "one", 3);
    free(inside);
    ck_assert_msg(output_folder_commit(&out, &error), "%s", error.text);
    check_content(scratch_path(&scratch, "step-000001/a.txt"), "one");

    ck_assert(!output_folder_open(&out, path, &error));
    check_said(&error, "already exists");
    check_content(scratch_path(&scratch, "step-000001/a.txt"), "one");

    const char *late = scratch_path(&scratch, "step-000002/");
    ck_assert(output_folder_open(&out, late, &error));
    ck_assert(folder_make(late, &error)); // another process was faster
    ck_assert(!output_folder_commit(&out, &error));
    check_said(&error, "already exists");
    ck_assert_int_eq(count_entries(scratch.path), 2);
    scratch_remove(&scratch);
}
END_TEST

START_TEST(folders_and_paths)
{
    Scratch scratch = scratch_new("paths");
    const char *deep = scratch_path(&scratch, "a/b//c/");
    ck_assert_msg(folder_make(deep, &error), "%s", error.text);
    ck_assert(folder_make(deep, &error));
    ck_assert(path_is_folder(deep));
    const char *file = scratch_path(&scratch, "f");
    write_bytes(file, "", 0);
    ck_assert(!folder_make(scratch_path(&scratch, "f/g"), &error));
    check_said(&error, "cannot create the folder");
    ck_assert(!folder_remove(file, &error));
    check_said(&error, "is not a folder");
    ck_assert(!folder_remove(scratch_path(&scratch, "a"), &error)); // contains a folder
    ck_assert(folder_remove(deep, &error));
    ck_assert(!path_exists(deep));

    MappedFile mapped;
    ck_assert(file_map(&mapped, file, &error));
    ck_assert_ptr_null(mapped.bytes);
    file_unmap(&mapped);
    ck_assert(!file_map(&mapped, scratch.path, &error));
    check_said(&error, "is a folder");
    ck_assert(!file_map(&mapped, scratch_path(&scratch, "none"), &error));
    check_said(&error, "No such file");

    static const char *joins[][3] = {
        { "a", "b", "a/b" }, { "a/", "b", "a/b" }, { "/", "b", "/b" }, { "", "b", "b" }
    };
    for (size_t i = 0; i < sizeof joins / sizeof *joins; i++) {
        char *joined = path_join(joins[i][0], joins[i][1]);
        ck_assert_str_eq(joined, joins[i][2]);
        free(joined);
    }
    ck_assert_uint_ne(disk_free("/"), UINT64_MAX);
    ck_assert_uint_eq(disk_free(scratch_path(&scratch, "not/there/yet")) / 1000000000,
                      disk_free(scratch.path) / 1000000000);
    ck_assert(disk_check(scratch.path, 1, &error));
    ck_assert(!disk_check(scratch.path, UINT64_MAX - 1, &error));
    check_said(&error, "of disk space needed");
    scratch_remove(&scratch);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { a_file_appears_only_when_committed },   { impossible_outputs_are_refused },
        { a_full_disk_leaves_the_old_file },      { leftovers_of_the_dead_are_removed },
        { a_folder_appears_whole_or_not_at_all }, { folders_and_paths },
    };
    return run_tests("files", tests, COUNT_OF(tests));
}

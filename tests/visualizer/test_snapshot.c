#include "reference/io/files.h" // before check.h, which has a macro of the name fail
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include "visualizer/snapshot.h"
#include <string.h>
#include <time.h>

static void nothing(void) {}

static bool save(char *said, size_t size, const Picture *picture, const char *folder) {
    Snapshot *snapshot = snapshot_start(picture, folder, nothing, NULL);
    ck_assert_ptr_nonnull(snapshot);
    return snapshot_end(snapshot, said, size);
}

START_TEST(pictures_have_the_first_free_number)
{
    Scratch scratch = scratch_new("snapshot");
    Picture picture;
    char said[256];
    ck_assert(picture_new(&picture, 20, 10, NULL));
    for (int i = 0; i < 3; i++) ck_assert(save(said, sizeof said, &picture, scratch.path));
    ck_assert_ptr_nonnull(strstr(said, "saved "));
    ck_assert_ptr_nonnull(strstr(said, "/sgatlin-0003.png"));
    ck_assert(path_exists(scratch_path(&scratch, "sgatlin-0001.png")));
    ck_assert_int_eq(remove(scratch_path(&scratch, "sgatlin-0002.png")), 0);
    ck_assert(save(said, sizeof said, &picture, scratch.path));
    ck_assert_ptr_nonnull(strstr(said, "/sgatlin-0002.png"));
    ck_assert(!path_exists(scratch_path(&scratch, "sgatlin-0004.png")));
    picture_free(&picture);
    scratch_remove(&scratch);
}
END_TEST

START_TEST(a_folder_that_is_missing_is_named)
{
    Scratch scratch = scratch_new("snapshot");
    Picture picture;
    char said[256], few[8];
    ck_assert(picture_new(&picture, 20, 10, NULL));
    ck_assert(!save(said, sizeof said, &picture, scratch_path(&scratch, "none")));
    ck_assert_ptr_nonnull(strstr(said, "none/sgatlin-0001.png"));
    ck_assert(!save(few, sizeof few, &picture, scratch_path(&scratch, "none")));
    ck_assert_uint_eq(strlen(few), sizeof few - 1);
    char longest[1500] = "";
    memset(longest, '/', sizeof longest - 1); // is there, and would be for every number
    ck_assert(!save(said, sizeof said, &picture, longest));
    ck_assert_ptr_nonnull(strstr(said, "too long"));
    picture_free(&picture);
    scratch_remove(&scratch);
}
END_TEST

// The picture may change as soon as it began.
START_TEST(a_copy_is_saved)
{
    Scratch scratch = scratch_new("snapshot");
    Picture picture;
    char said[256] = "";
    ck_assert(picture_new(&picture, 700, 500, NULL));
    Snapshot *black = snapshot_start(&picture, scratch.path, nothing, NULL);
    memset(picture.rgb, 0xff, 700 * 500 * 3);
    picture_free(&picture);
    ck_assert(snapshot_end(NULL, said, sizeof said));
    ck_assert_str_eq(said, "");
    while (!snapshot_is_done(black)) nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
    ck_assert(snapshot_end(black, said, sizeof said));
    ck_assert(picture_new(&picture, 700, 500, NULL));
    ck_assert(picture_write_png(&picture, scratch_path(&scratch, "black.png"), NULL));
    MappedFile saved, expected;
    ck_assert(file_map(&saved, scratch_path(&scratch, "sgatlin-0001.png"), NULL));
    ck_assert(file_map(&expected, scratch_path(&scratch, "black.png"), NULL));
    ck_assert_uint_eq(saved.size, expected.size);
    ck_assert_mem_eq(saved.bytes, expected.bytes, expected.size);
    file_unmap(&saved);
    file_unmap(&expected);
    picture_free(&picture);
    scratch_remove(&scratch);
}
END_TEST

int main(void) {
    const TestRow tests[] = { { pictures_have_the_first_free_number },
                              { a_folder_that_is_missing_is_named },
                              { a_copy_is_saved, .threads = USES_THREADS } };
    return run_tests("snapshot", tests, COUNT_OF(tests));
}

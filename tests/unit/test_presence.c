/* SPDX-License-Identifier: MIT */
/* Places in a table. Two openings of a file in one process stand for two processes, because for the kernel only the
 * openings matter. */

#include "tests/unit/unit.h"

#include "booking/base/presence.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[] = "/tmp/booking-presence-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static int open_again(void)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void a_place_is_for_one(void **state)
{
    (void)state;
    int one = open_again();
    int other = open_again();
    assert_true(presence_take(one, 3));
    assert_false(presence_take(other, 3));
    assert_true(presence_is_taken(other, 3));
    assert_false(presence_is_taken(one, 3)); /* by another process */
    assert_true(presence_take(other, 4));
    assert_true(presence_is_taken(one, 4));
    assert_false(presence_is_taken(other, 2));
    presence_leave(one, 3);
    assert_false(presence_is_taken(other, 3));
    assert_true(presence_take(other, 3));
    (void)close(one);
    (void)close(other);
}

static void it_is_free_when_its_process_was_killed(void **state)
{
    (void)state;
    int fd = open_again();
    pid_t pid = fork();
    if (pid == 0)
        (void)raise(presence_take(open_again(), 0) ? SIGKILL : SIGABRT);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WTERMSIG(status), SIGKILL);
    assert_false(presence_is_taken(fd, 0));
    assert_true(presence_take(fd, 0));
    (void)close(fd);
}

/* The place stays taken when the process opens and closes the file again. Older kinds of locks would be lost. */
static void it_stays_when_the_file_is_opened_and_closed_again(void **state)
{
    (void)state;
    int one = open_again();
    int other = open_again();
    assert_true(presence_take(one, 0));
    (void)close(open_again());
    assert_true(presence_is_taken(other, 0));
    (void)close(one);
    assert_false(presence_is_taken(other, 0));
    (void)close(other);
}

static void without_a_file_there_is_none(void **state)
{
    (void)state;
    assert_false(presence_take(-1, 0));
    assert_false(presence_is_taken(-1, 0));
    presence_leave(-1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_is_for_one),
        cmocka_unit_test(it_is_free_when_its_process_was_killed),
        cmocka_unit_test(it_stays_when_the_file_is_opened_and_closed_again),
        cmocka_unit_test(without_a_file_there_is_none),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}

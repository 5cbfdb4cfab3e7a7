/* SPDX-License-Identifier: MIT */
/* Wake-ups arrive, and their senders never wait. */

#include "tests/unit/unit.h"

#include "booking/base/wake.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/booking-wake-XXXXXX";

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(dir);
}

static bool is_woken(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    return poll(&p, 1, 0) == 1;
}

static void a_wake_up_arrives_and_is_taken_once(void **state)
{
    (void)state;
    char path[128];
    int fd = wake_open(dir, path, sizeof path);
    assert_true(fd >= 0);
    assert_false(is_woken(fd));
    wake_all(dir, WAKE_ANYTHING);
    wake_all(dir, WAKE_ANYTHING);
    assert_true(is_woken(fd));
    assert_int_equal(wake_drain(fd), WAKE_ANYTHING);
    wake_all(dir, WAKE_PAYMENT);
    wake_all(dir, WAKE_PAYMENT);
    assert_int_equal(wake_drain(fd), WAKE_PAYMENT);
    wake_all(dir, WAKE_PAYMENT);
    wake_all(dir, WAKE_ANYTHING);
    wake_all(dir, WAKE_PAYMENT);
    assert_int_equal(wake_drain(fd), WAKE_ANYTHING);
    assert_false(is_woken(fd));
    assert_int_equal(wake_drain(fd), WAKE_NONE);
    wake_close(fd, path);
}

/* Two sweepers in two containers may have the same process id. */
static void sweepers_of_one_process_id_are_both_woken(void **state)
{
    (void)state;
    char paths[2][128];
    int fds[2];
    for (int i = 0; i < 2; i++)
        fds[i] = wake_open(dir, paths[i], sizeof paths[i]);
    wake_all(dir, WAKE_ANYTHING);
    assert_true(wake_drain(fds[0]));
    assert_true(wake_drain(fds[1]));
    for (int i = 0; i < 2; i++)
        wake_close(fds[i], paths[i]);
}

static void its_socket_is_for_nobody_else_and_goes_with_it(void **state)
{
    (void)state;
    char path[128];
    struct stat st;
    int fd = wake_open(dir, path, sizeof path);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0600);
    wake_close(fd, path);
    assert_int_not_equal(stat(path, &st), 0);
}

/* A full queue must not make the sender of a wake-up wait. */
static void a_sweeper_that_does_not_listen_holds_nobody_up(void **state)
{
    (void)state;
    char path[128];
    int fd = wake_open(dir, path, sizeof path);
    for (int i = 0; i < 5000; i++)
        wake_all(dir, WAKE_ANYTHING);
    assert_true(is_woken(fd));
    wake_close(fd, path);
}

/* A killed process leaves its socket's name behind. */
static void the_socket_of_one_that_was_killed_is_removed(void **state)
{
    (void)state;
    char path[128];
    struct stat st;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char own[sizeof path] = "";
        bool told = wake_open(dir, own, sizeof own) >= 0 && write(fds[1], own, sizeof own) == (ssize_t)sizeof own;
        (void)raise(told ? SIGKILL : SIGABRT);
    }
    assert_int_equal(read(fds[0], path, sizeof path), sizeof path);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(stat(path, &st), 0);
    wake_all(dir, WAKE_ANYTHING);
    assert_int_not_equal(stat(path, &st), 0);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static void what_is_not_a_sweepers_is_left_alone(void **state)
{
    (void)state;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/notes", dir);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    (void)close(fd);
    wake_all(dir, WAKE_ANYTHING);
    assert_int_equal(unlink(path), 0);
}

static void without_a_directory_there_is_no_wake_up_and_no_harm(void **state)
{
    (void)state;
    char path[128];
    char longest[300];
    memset(longest, 'x', sizeof longest - 1);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    static const char *const none[] = { "", "/nonexistent/booking" };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        wake_all(none[i], WAKE_ANYTHING);
        assert_int_equal(wake_open(none[i], path, sizeof path), -1);
    }
    assert_int_equal(wake_open(longest, path, sizeof path), -1);
    wake_close(-1, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wake_up_arrives_and_is_taken_once),
        cmocka_unit_test(sweepers_of_one_process_id_are_both_woken),
        cmocka_unit_test(its_socket_is_for_nobody_else_and_goes_with_it),
        cmocka_unit_test(a_sweeper_that_does_not_listen_holds_nobody_up),
        cmocka_unit_test(the_socket_of_one_that_was_killed_is_removed),
        cmocka_unit_test(what_is_not_a_sweepers_is_left_alone),
        cmocka_unit_test(without_a_directory_there_is_no_wake_up_and_no_harm),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}

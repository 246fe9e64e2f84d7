/*
 * suite.h - the main function of a unit test: one suite with one test case.
 */
#ifndef LOGZIP_TESTS_SUITE_H
#define LOGZIP_TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

/**
 * Run the tests that `add` adds.
 *
 * @param seconds  after which a single test has failed; 0: CK_DEFAULT_TIMEOUT, or what Check has
 * @return the exit status
 */
static inline int run_suite(const char *name, void (*add)(TCase *), double seconds)
{
    Suite *suite = suite_create(name);
    TCase *tc = tcase_create(name);
    if (seconds > 0)
        tcase_set_timeout(tc, seconds);
    add(tc);
    suite_add_tcase(suite, tc);
    SRunner *sr = srunner_create(suite);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif

/*
 * suite.h - the main function of a unit test: one suite with one test case; and whether
 * AddressSanitizer has the allocator's functions.
 */
#ifndef LOGZIP_TESTS_SUITE_H
#define LOGZIP_TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#if !defined(UNDER_ASAN) && defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN 0
#endif

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

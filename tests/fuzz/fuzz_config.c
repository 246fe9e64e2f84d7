/*
 * fuzz_config.c - any bytes as a configuration file: a configuration, or findings that name a line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "archive/config.h"
#include "base/file.h"
#include "fuzz.h"

static void count_finding(void *context, const char *finding)
{
    size_t *count = context;
    if (finding[0] == '\0')
        abort();
    (*count)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lgz_error err = {0};
    struct config *config;
    size_t findings = 0;
    char path[64];
    int fd = memfd_create("logzipd.conf", MFD_CLOEXEC);
    if (fd < 0 || file_write(fd, data, size, "logzipd.conf", &err) < 0) {
        perror("fuzz_config");
        exit(1);
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);

    int code = config_load(&config, path, count_finding, &findings, &err);
    if ((code < 0) != (config == NULL) || (code == LGZ_ERR_CONFIG && findings == 0) ||
        (code == 0 && findings != 0)) {
        fprintf(stderr, "code %d, %zu findings: %s\n", code, findings, err.message);
        abort();
    }
    config_free(config);
    close(fd);
    return 0;
}

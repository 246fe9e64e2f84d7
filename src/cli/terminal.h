/*
 * terminal.h - what is known of the terminal that standard output is: nothing, if it's none.
 */
#ifndef LOGZIP_CLI_TERMINAL_H
#define LOGZIP_CLI_TERMINAL_H

#include <stdbool.h>

struct terminal {
    unsigned rows;    /**< 0: not known */
    unsigned columns; /**< 0: not known */
    bool utf8;        /**< the locale says that it shows UTF-8 */
};

struct terminal terminal_look(void);

#endif

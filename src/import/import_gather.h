/*
 * import_gather.h - from paths and patterns to the files of a plan.
 */
#ifndef LOGZIP_IMPORT_IMPORT_GATHER_H
#define LOGZIP_IMPORT_IMPORT_GATHER_H

#include "import/import.h"
#include "import/import_plan.h"
#include "import/imported.h"

/**
 * Add what is to be looked at. Files that can't be are told as problems and counted. Of what the
 * configuration names, that is what isn't too young nor too old, and wasn't looked at before.
 *
 * @param seen  which files were; those are noted again. NULL: the user has named the files
 * @return LGZ_ERR_ARGUMENT for an input that isn't configured, LGZ_ERR_MEMORY
 */
int import_gather(struct import_plan *plan, const struct upkeep *u,
                  const struct import_options *options, const struct retention_classes *classes,
                  struct imported *seen, struct import_result *result, struct lgz_error *err);

#endif

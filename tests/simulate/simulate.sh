#!/bin/bash
# Some simulated days and nights of a small archive; `make simulate` has the long form.
set -u
exec "$BUILD/tests/simulate" -d 12 -i 4 -l 320 -s 3 "$BUILD"

# Makefile - builds, tests and installs logzip; `make help` lists what it can do.
#
# Everything goes into build/ (BUILDDIR), sanitized builds into build/sanitize, so that objects of
# different kinds never mix. configure is made and run when that hasn't been done; what it found is
# in build/config.mk. Sources are found by wildcard: a new file needs no line here.

SRC := $(CURDIR)
BUILDDIR := build
SANITIZE :=
FUZZ :=
VARIANT := $(if $(FUZZ),fuzz,$(if $(SANITIZE),sanitize))
B := $(BUILDDIR)$(addprefix /,$(VARIANT))

.DEFAULT_GOAL := all
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all objects check check-unit check-fuzz check-integration check-crash soak soak-rotate \
    simulate demo bench bench-daemon bench-query grouping fuzz fuzz-programs \
    lint lint-deps lint-config format \
    install uninstall clean distclean dist deps help FORCE
MAKEFLAGS += --no-builtin-rules
# As many jobs as processors, unless -j says otherwise.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1)
endif

# V=1 shows the commands, otherwise one short line each.
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(Q),@printf '  %-8s %s\n' '$(1)' '$(2)')

# --- configuration -------------------------------------------------------------------------------

goals := $(or $(MAKECMDGOALS),all)
unconfigured := help clean distclean dist deps format lint lint-%
testing := $(filter check check-unit check-fuzz check-integration check-crash soak soak-rotate \
    simulate demo,$(goals))

ifneq ($(filter-out $(unconfigured),$(goals)),)
include $(BUILDDIR)/config.mk
# Configured before the tests' library was there: look again, once.
ifneq ($(and $(testing),$(filter no,$(HAVE_CHECK))),)
ifneq ($(MAKE_RESTARTS),)
$(error the unit tests need the library "check"; scripts/install-deps names the package)
endif
$(BUILDDIR)/config.mk: FORCE
endif
endif

configure: configure.ac | $(if $(testing),deps)
	$(call say,AUTOCONF,$@)
	$(Q)command -v autoreconf >/dev/null || \
	    { echo 'autoconf is missing; scripts/install-deps installs what is needed' >&2; exit 1; }
	$(Q)autoreconf && touch $@

# Variables given to this make hold for this make; what configure is given is for good.
configure_env = env $(foreach v,CC AR CFLAGS CPPFLAGS LDFLAGS,\
    $(if $(filter command,$(origin $(v))),-u $(v)))

$(BUILDDIR)/config.mk: configure config.mk.in | $(if $(testing),deps)
	$(call say,CONFIG,$@)
	$(Q)mkdir -p $(BUILDDIR)
	$(Q)cd $(BUILDDIR) && { \
	    if [ -x config.status ]; then \
	        $(configure_env) ./config.status --recheck && ./config.status; \
	    else $(configure_env) '$(SRC)/configure'; fi; } >config.out 2>&1 || { cat config.out >&2; exit 1; }
	$(Q)touch $@

# Runs before anything is configured when tests are asked for; quick when nothing is missing.
deps:
	$(Q)scripts/install-deps

# --- how to compile ------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
    -Wpointer-arith -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wcast-align
WERROR :=
HARDENING = -fstack-protector-strong \
    $(if $(SANITIZE)$(FUZZ)$(filter -O0,$(CFLAGS))$(findstring FORTIFY,$(CPPFLAGS) $(CFLAGS)),,\
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
sanitizers := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
instrument := $(if $(SANITIZE)$(FUZZ),$(sanitizers)) $(if $(FUZZ),-fsanitize=fuzzer-no-link)

compile = $(CC) -std=gnu17 -D_GNU_SOURCE -DLOGZIP_VERSION='"$(VERSION)"' \
    -Iinclude -Isrc -pthread $(WARNINGS) $(if $(WERROR),-Werror) $(HARDENING) \
    $(ENGINE_CFLAGS) $(UV_CFLAGS) $(UNPACK_CFLAGS) $(CPPFLAGS) $(CFLAGS) $(instrument)
link = $(CC) -pthread $(CFLAGS) $(instrument) -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)

engine_libs = $(ENGINE_LIBS) -lm
daemon_libs = $(UV_LIBS) $(UNPACK_LIBS) $(engine_libs)
cli_libs = $(UNPACK_LIBS) $(engine_libs)

# --- what there is -------------------------------------------------------------------------------

sources = $(sort $(wildcard $(addsuffix /*.c,$(addprefix src/,$(1)))))
objects = $(patsubst %.c,$(B)/obj/%.o,$(1))

library_sources := $(call sources,base line template column segment archive query)
import_sources := $(call sources,import)
daemon_sources := $(import_sources) $(call sources,tail listen daemon)
cli_sources := $(import_sources) $(call sources,cli)
unit_sources := $(sort $(wildcard tests/unit/test_*.c))
fuzz_sources := $(sort $(wildcard tests/fuzz/fuzz_*.c))
tool_sources := $(wildcard tests/fuzz/replay.c tests/bench/bench.c tests/bench/grouping.c \
    tests/bench/multiply.c tests/simulate/clock.c)
sweep_sources := $(sort $(wildcard tests/crash/*.c))
simulate_sources := $(filter-out %/clock.c,$(sort $(wildcard tests/simulate/*.c))) \
    $(addprefix tests/crash/,world.c inject.c power.c scratch.c)
writer_sources := tests/soak/writer.c
maker_sources := tests/integration/make_archive.c

library_objects := $(call objects,$(library_sources))
daemon_objects := $(call objects,$(daemon_sources))
cli_objects := $(call objects,$(cli_sources))
all_objects := $(sort $(library_objects) $(daemon_objects) $(cli_objects) \
    $(call objects,$(unit_sources) $(fuzz_sources) $(tool_sources) $(sweep_sources) $(writer_sources) \
    $(maker_sources) $(simulate_sources)))
c_files := $(sort $(wildcard include/*.h src/*/*.[ch] tests/*/*.[ch] docs/examples/*.c))

libraries := $(B)/liblogzip.a $(B)/liblogzip.so.0 $(B)/liblogzip.so
programs := $(B)/logzipd $(B)/logzipctl
unit_tests := $(patsubst tests/unit/%.c,$(B)/tests/%,$(unit_sources))
fuzz_tests := $(patsubst tests/fuzz/%.c,$(B)/tests/%,$(fuzz_sources))
# What script_tests run beside logzipd and logzipctl.
test_programs := $(addprefix $(B)/tests/,bench sweep writer make_archive simulate clock.so)
script_tests := $(sort $(wildcard $(addsuffix /*.sh,$(addprefix tests/,\
    build integration crash simulate))))

all: $(libraries) $(B)/logzip.pc $(programs)

# Everything that is compiled, and nothing linked.
objects: $(all_objects)

# --- building ------------------------------------------------------------------------------------

# Files that change when what they hold does: other flags make all objects stale, other lists what
# is linked of them, other paths what is installed with paths in it.
define remember
	$(Q)mkdir -p $(@D)
	$(Q)printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || \
	    printf '%s\n' '$(subst ','\'',$(1))' >$@
endef

$(B)/flags: FORCE
	$(call remember,$(compile) / $(link) / $(AR))

$(B)/paths: FORCE
	$(call remember,$(substitute))

$(B)/lists: FORCE
	$(call remember,$(library_sources) $(daemon_sources) $(cli_sources))

$(library_objects): visibility = -fPIC -fvisibility=hidden
$(B)/obj/%.o: %.c $(B)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(compile) $(visibility) $(if $(filter tests/%,$<),$(CHECK_CFLAGS)) -MMD -MP -c -o $@ $<

-include $(all_objects:.o=.d)

define archive
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)
endef

$(B)/liblogzip.a: $(library_objects) $(B)/lists
	$(archive)

$(B)/liblogzip.so.0: $(library_objects) $(B)/lists
	$(call say,LINK,$@)
	$(Q)$(link) -shared -Wl,-soname,liblogzip.so.0 $(if $(SANITIZE)$(FUZZ),,-Wl,-z,defs) -o $@ \
	    $(filter %.o,$^) $(engine_libs)

$(B)/liblogzip.so: $(B)/liblogzip.so.0
	$(Q)ln -sf liblogzip.so.0 $@

$(B)/logzip.pc: logzip.pc.in $(B)/paths
	$(call say,GEN,$@)
	$(Q)$(substitute) $< >$@

# Fills in the places of installation.
substitute = sed -e 's|@PREFIX@|$(PREFIX)|g' -e 's|@BINDIR@|$(BINDIR)|g' \
    -e 's|@SBINDIR@|$(SBINDIR)|g' -e 's|@LIBDIR@|$(LIBDIR)|g' \
    -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|g' -e 's|@SYSCONFDIR@|$(SYSCONFDIR)|g' \
    -e 's|@LOCALSTATEDIR@|$(LOCALSTATEDIR)|g' -e 's|@VERSION@|$(VERSION)|g' \
    -e 's|@MODULES@|$(ENGINE_MODULES)|g'

$(B)/logzipd: $(daemon_objects) $(B)/liblogzip.a $(B)/lists
	$(call say,LINK,$@)
	$(Q)$(link) -o $@ $(filter %.o,$^) $(B)/liblogzip.a $(daemon_libs)

$(B)/logzipctl: $(cli_objects) $(B)/liblogzip.a $(B)/lists
	$(call say,LINK,$@)
	$(Q)$(link) -o $@ $(filter %.o,$^) $(B)/liblogzip.a $(cli_libs)

# --- tests ---------------------------------------------------------------------------------------

# A test takes from the programs what its module needs, without their main(): from logzipctl if it
# is named test_cli_*, after a module in src/cli, or fuzz_cli_*, else from logzipd.
$(B)/tests/daemon.a: $(filter-out %/main.o,$(daemon_objects)) $(B)/lists
	$(archive)
$(B)/tests/cli.a: $(filter-out %/main.o,$(cli_objects)) $(B)/lists
	$(archive)

cli_modules := $(patsubst src/cli/%.c,%,$(cli_sources))
from_cli := $(filter cli_% $(cli_modules),$(unit_sources:tests/unit/test_%.c=%)) \
    $(filter cli_%,$(fuzz_sources:tests/fuzz/fuzz_%.c=%))
program_part = $(B)/tests/$(if $(filter $(1),$(from_cli)),cli,daemon).a

$(foreach t,$(unit_sources:tests/unit/test_%.c=%),\
    $(eval $(B)/tests/test_$(t): $(call program_part,$(t))))
$(foreach t,$(fuzz_sources:tests/fuzz/fuzz_%.c=%),\
    $(eval $(B)/tests/fuzz_$(t): $(call program_part,$(t))))

$(B)/tests/test_%: $(B)/obj/tests/unit/test_%.o $(B)/liblogzip.a
	$(call say,LINK,$@)
	$(Q)$(link) -o $@ $< $(filter %/daemon.a %/cli.a,$^) $(B)/liblogzip.a $(CHECK_LIBS) \
	    $(daemon_libs)

# Under `make fuzz` libFuzzer's main() takes the place of the replaying one.
$(B)/tests/fuzz_%: $(B)/obj/tests/fuzz/fuzz_%.o $(if $(FUZZ),,$(B)/obj/tests/fuzz/replay.o) \
    $(B)/liblogzip.a
	$(call say,LINK,$@)
	$(Q)$(link) $(if $(FUZZ),-fsanitize=fuzzer) -o $@ $(filter %.o,$^) \
	    $(filter %/daemon.a %/cli.a,$^) $(B)/liblogzip.a $(daemon_libs)

run_tests = $(Q)BUILD='$(abspath $(B))' SRC='$(SRC)' SANITIZE='$(SANITIZE)' CC='$(CC)' \
    scripts/run-tests

check: deps all $(unit_tests) $(fuzz_tests) $(test_programs)
	$(run_tests) $(unit_tests) $(fuzz_tests) $(script_tests)

check-unit: deps $(unit_tests)
	$(run_tests) $(unit_tests)

check-fuzz: deps $(fuzz_tests)
	$(run_tests) $(fuzz_tests)

check-integration: deps all $(test_programs)
	$(run_tests) $(script_tests)

# All points, two at once: some ten minutes. Directories of points that went wrong stay.
check-crash: deps all $(B)/tests/sweep $(B)/tests/clock.so
	$(Q)ASAN_OPTIONS=detect_leaks=0 $(B)/tests/sweep '$(abspath $(B))'
	$(Q)ASAN_OPTIONS=detect_leaks=0 $(B)/tests/sweep -l upkeep '$(abspath $(B))'
	$(Q)ASAN_OPTIONS=detect_leaks=0 $(B)/tests/sweep -l scrub '$(abspath $(B))'

# All kinds of trouble at once: 200 logs, rotations, bursts of 100 MB/s, kills, queries.
SOAK_SECONDS := 600
soak: deps all $(B)/tests/writer
	$(Q)BUILD='$(abspath $(B))' tests/soak/run '$(SOAK_SECONDS)' 200 100000000

# Queries, merges, expiry and seals at once, while a simulated day takes three seconds.
ROTATE_SECONDS := 300
soak-rotate: deps all $(B)/tests/clock.so
	$(Q)BUILD='$(abspath $(B))' TZ=UTC tests/soak/upkeep '$(ROTATE_SECONDS)'

# The days and nights of three months: 20 inputs, 200,000 lines a day.
simulate: deps all $(B)/tests/simulate $(B)/tests/clock.so
	$(Q)$(B)/tests/simulate -d 90 -i 20 -l 10000 -s 24 '$(abspath $(B))'

# For LD_PRELOAD, so without what sanitizers would link to it.
$(B)/tests/clock.so: tests/simulate/clock.c $(B)/flags
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE $(WARNINGS) $(if $(WERROR),-Werror) -O2 -fPIC -shared -o $@ $<

$(B)/tests/writer: $(call objects,$(writer_sources)) $(B)/liblogzip.a
$(B)/tests/sweep: $(call objects,$(sweep_sources)) $(B)/liblogzip.a
$(B)/tests/make_archive: $(call objects,$(maker_sources)) $(B)/liblogzip.a
$(B)/tests/simulate: $(sort $(call objects,$(simulate_sources))) $(B)/liblogzip.a
$(B)/tests/sweep $(B)/tests/writer $(B)/tests/make_archive $(B)/tests/simulate:
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(link) -o $@ $(filter %.o,$^) $(B)/liblogzip.a $(engine_libs)

demo: deps all
	$(Q)BUILD='$(abspath $(B))' SRC='$(SRC)' tests/demo/run

# CORPUS is a directory of plain or .zst files; FILES a pattern of names in it; TOOLS a list.
CORPUS := datasets/samples
FILES := *
TOOLS :=
bench: $(B)/tests/bench $(B)/logzipctl
	$(Q)BUILD='$(abspath $(B))' SRC='$(SRC)' tests/bench/run '$(CORPUS)' '$(FILES)' '$(TOOLS)'

# How fast the daemon reads, journals and seals LOG, made BYTES long; and what IDLE files cost.
LOG := datasets/samples/nginx-access.log.zst
BYTES := 512M
IDLE := 10000
bench-daemon: all $(B)/tests/multiply
	$(Q)BUILD='$(abspath $(B))' tests/bench/daemon '$(LOG)' '$(BYTES)' '$(IDLE)'

# Queries against grep, zgrep, rg and jq, on a week of 1100M (or BYTES=) made of CORPUS. The files
# are kept in KEEP, if it is given; then FRESH=1 makes a new archive of the ones that are there.
KEEP :=
bench-query: all $(B)/tests/multiply
	$(Q)BUILD='$(abspath $(B))' tests/bench/query '$(CORPUS)' '$(KEEP)'

# The same directory with groups/X.txt beside X.log: how well templates are found.
grouping: $(B)/tests/grouping
	$(Q)BUILD='$(abspath $(B))' tests/bench/grouping '$(CORPUS)'

$(B)/tests/bench $(B)/tests/grouping $(B)/tests/multiply: $(B)/tests/%: $(B)/obj/tests/bench/%.o $(B)/liblogzip.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(link) -o $@ $(filter %.o,$^) $(B)/liblogzip.a $(engine_libs)

FUZZ_SECONDS := 60
fuzz:
	$(Q)$(MAKE) --no-print-directory FUZZ=1 CC=clang fuzz-programs
	$(Q)for t in $(fuzz_sources:tests/fuzz/fuzz_%.c=%); do \
	    mkdir -p $(BUILDDIR)/fuzz/corpus/$$t tests/fuzz/corpus/$$t && \
	    $(BUILDDIR)/fuzz/tests/fuzz_$$t -max_total_time=$(FUZZ_SECONDS) -timeout=20 \
	        -artifact_prefix=$(BUILDDIR)/fuzz/$$t- $(BUILDDIR)/fuzz/corpus/$$t \
	        tests/fuzz/corpus/$$t || exit 1; done

fuzz-programs: $(fuzz_tests)

# --- style ---------------------------------------------------------------------------------------

# Scripts are known by their first line.
shell_files = $(shell find scripts .ci tests datasets -type f -size -64k -exec \
    awk 'FNR == 1 { if (/^\#!.*\/(ba)?sh/) print FILENAME; nextfile }' {} +)

# That a signed number is shifted arithmetically is what both compilers promise. The macros of the
# table of formats are more than cppcheck's preprocessor can expand; it's a table of constants.
CPPCHECK_FLAGS := --quiet --error-exitcode=1 --inline-suppr --std=c11 --platform=unix64 \
    -D__GNUC__ --enable=warning,performance,portability --suppress=shiftTooManyBitsSigned \
    --suppress=preprocessorErrorDirective:src/line/timestamp_table.c

# `make -k lint` shows what all of them have to say.
linters := layers length format shell cppcheck manuals gcc clang
.PHONY: $(linters:%=lint-%)
lint: $(linters:%=lint-%)
$(linters:%=lint-%): lint-deps
lint-deps:
	$(Q)scripts/install-deps --lint
# Once, before the two compilers' builds do it at the same time.
lint-config: | lint-deps
	$(Q)$(MAKE) --no-print-directory --silent $(BUILDDIR)/config.mk
lint-layers:
	$(call say,LINT,layers)
	$(Q)scripts/check-layers
lint-length:
	$(call say,LINT,length of functions)
	$(Q)scripts/check-length $(c_files)
lint-format:
	$(call say,LINT,clang-format)
	$(Q)clang-format --dry-run -Werror $(c_files)
lint-shell:
	$(call say,LINT,shellcheck)
	$(Q)shellcheck $(shell_files)
lint-cppcheck:
	$(call say,LINT,cppcheck)
	$(Q)cppcheck $(CPPCHECK_FLAGS) -Iinclude -Isrc src
lint-manuals:
	$(call say,LINT,manual pages)
	$(Q)for f in $(manuals); do \
	    found=$$(groff -man -Tutf8 -ww -z $$f 2>&1); \
	    [ -z "$$found" ] || { echo "$$found" >&2; exit 1; }; done
lint-gcc lint-clang: lint-%: | lint-config
	$(call say,LINT,warnings of $*)
	$(Q)$(MAKE) --no-print-directory VARIANT=lint-$* CC=$* WERROR=1 objects

format:
	$(Q)clang-format -i $(c_files)

# --- installing ----------------------------------------------------------------------------------

DESTDIR :=
EXAMPLES = $(DOCDIR)/examples
manuals := $(sort $(wildcard docs/*.[158]))
documents := $(sort LICENSE $(wildcard README.md docs/*.md))
aliases := logzip unlogzip logzcat
units := $(notdir $(wildcard systemd/*.service systemd/*.timer systemd/*.socket))

# The sources name a distribution's paths; these are the ones where things really are.
relocate = sed -e 's|/usr/sbin/logzip|$(SBINDIR)/logzip|g' -e 's|/usr/bin/logzip|$(BINDIR)/logzip|g' \
    -e 's|/etc/logzip/|$(SYSCONFDIR)/logzip/|g' -e 's|/var/lib/logzip|$(LOCALSTATEDIR)/lib/logzip|g'
put = install -D -m

install: all
	$(call say,INSTALL,$(DESTDIR)$(PREFIX))
	$(Q)$(put) 755 $(B)/logzipd '$(DESTDIR)$(SBINDIR)/logzipd'
	$(Q)$(put) 755 $(B)/logzipctl '$(DESTDIR)$(BINDIR)/logzipctl'
	$(Q)for f in $(aliases); do ln -sf logzipctl '$(DESTDIR)$(BINDIR)'/$$f || exit 1; done
	$(Q)$(put) 644 include/logzip.h '$(DESTDIR)$(INCLUDEDIR)/logzip.h'
	$(Q)$(put) 644 $(B)/liblogzip.a '$(DESTDIR)$(LIBDIR)/liblogzip.a'
	$(Q)$(put) 755 $(B)/liblogzip.so.0 '$(DESTDIR)$(LIBDIR)/liblogzip.so.0'
	$(Q)ln -sf liblogzip.so.0 '$(DESTDIR)$(LIBDIR)/liblogzip.so'
	$(Q)$(put) 644 $(B)/logzip.pc '$(DESTDIR)$(LIBDIR)/pkgconfig/logzip.pc'
	$(Q)for f in $(manuals); do \
	    $(put) 644 $$f "$(DESTDIR)$(MANDIR)/man$${f##*.}/$${f##*/}" || exit 1; done
	$(Q)for f in $(documents); do $(put) 644 $$f "$(DESTDIR)$(DOCDIR)/$${f##*/}" || exit 1; done
	$(Q)for f in $(units); do $(put) 644 $(B)/installed/$$f \
	    "$(DESTDIR)$(SYSTEMDDIR)/systemd/system/$$f" || exit 1; done
	$(Q)$(put) 644 $(B)/installed/logzip.sysusers '$(DESTDIR)$(SYSTEMDDIR)/sysusers.d/logzip.conf'
	$(Q)$(put) 644 $(B)/installed/cron '$(DESTDIR)$(EXAMPLES)/cron.d/logzip'
	$(Q)$(put) 644 docs/examples/search.c '$(DESTDIR)$(EXAMPLES)/search.c'
	$(Q)$(put) 644 conf/logrotate.d/logzip '$(DESTDIR)$(EXAMPLES)/logrotate.d/logzip'
	$(Q)scripts/install-conf conf/logzipd.conf '$(DESTDIR)$(SYSCONFDIR)/logzip/logzipd.conf'

# What has paths in it is made for this installation's.
install: $(B)/installed
$(B)/installed: $(wildcard systemd/* conf/cron.d/*) $(B)/paths
	$(Q)rm -rf $@ && mkdir -p $@
	$(Q)for f in $(units) logzip.sysusers; do $(relocate) systemd/$$f >$@/$$f || exit 1; done
	$(Q)$(relocate) conf/cron.d/logzip >$@/cron

# The configuration and the archive stay.
uninstall:
	$(call say,REMOVE,$(DESTDIR)$(PREFIX))
	$(Q)cd '$(DESTDIR)/' && rm -f '.$(SBINDIR)/logzipd' '.$(BINDIR)/logzipctl' \
	    '.$(INCLUDEDIR)/logzip.h' '.$(LIBDIR)/pkgconfig/logzip.pc' \
	    '.$(LIBDIR)/liblogzip.a' '.$(LIBDIR)/liblogzip.so.0' '.$(LIBDIR)/liblogzip.so' \
	    '.$(SYSTEMDDIR)/sysusers.d/logzip.conf' $(units:%='.$(SYSTEMDDIR)/systemd/system/%')
	$(Q)cd '$(DESTDIR)/' && rm -f $(aliases:%='.$(BINDIR)/%')
	$(Q)cd '$(DESTDIR)/' && for f in $(notdir $(manuals)); do \
	    rm -f ".$(MANDIR)/man$${f##*.}/$$f" || exit 1; done
	$(Q)rm -rf '$(DESTDIR)$(DOCDIR)'

# Of the last commit.
release = logzip-$(shell sed -n 's/^AC_INIT(\[logzip\], \[\(.*\)\])/\1/p' configure.ac)
dist:
	$(call say,DIST,$(BUILDDIR)/$(release).tar.xz)
	$(Q)mkdir -p $(BUILDDIR)
	$(Q)git archive --prefix=$(release)/ -o $(BUILDDIR)/$(release).tar HEAD
	$(Q)xz -9 -f $(BUILDDIR)/$(release).tar

# --- the rest ------------------------------------------------------------------------------------

#? make [TARGET] [VARIABLE=VALUE...]
#?
#?   all                the library and the programs, into build/ (the default)
#?   demo               install what is missing, build, and show the whole path at work
#?   check              install what is missing, build, and run all tests
#?   check-unit         only the unit tests
#?   check-fuzz         only the fuzz targets, on their corpora and mutations of them
#?   check-integration  only the tests that run the programs
#?   soak               SOAK_SECONDS=600 of rotations, bursts, kills and queries
#?   soak-rotate        ROTATE_SECONDS=300 of queries, merges, expiry and seals at once
#?   simulate           90 simulated days and nights of an archive with 20 inputs
#?   check-crash        kill the daemon at, or fail, each of its system calls that change files
#?   grouping           measure how well templates are found (CORPUS with groups/)
#?   bench              compare sizes and CPU time with gzip, zstd and xz
#?   bench-daemon       measure the daemon: MB/s, CPU, memory, idle files
#?                      (CORPUS=DIR FILES=PATTERN TOOLS=LIST)
#?   bench-query        compare queries with grep behind zstd -dc, zgrep, rg and jq
#?                      (CORPUS=DIR KEEP=DIR FRESH=1 BYTES=1100M RUNS=3)
#?   fuzz               fuzz each target for FUZZ_SECONDS=60 (needs clang)
#?   lint               clang-format, compiler warnings, cppcheck, shellcheck, layers
#?   format             let clang-format rewrite the sources
#?   install            into PREFIX=/usr/local (DESTDIR= for packagers)
#?   uninstall          remove what install installs, but for the configuration
#?   dist               build/logzip-VERSION.tar.xz of the last commit
#?   clean, distclean   remove what was built; and what configure found, too
#?
#?   V=1                show the commands
#?   SANITIZE=1         build with ASan and UBSan, in build/sanitize
#?   WERROR=1           take warnings for errors
#?   CC= CFLAGS= LDFLAGS=   override what configure found
#?   BUILDDIR=DIR       build there instead of in build/

clean:
	$(call say,CLEAN,$(BUILDDIR))
	$(Q)[ ! -d $(BUILDDIR) ] || \
	    find $(BUILDDIR) -mindepth 1 -maxdepth 1 ! -name 'config.*' -exec rm -rf {} +

distclean:
	$(call say,CLEAN,$(BUILDDIR) configure)
	$(Q)rm -rf $(BUILDDIR) configure configure~ aclocal.m4 autom4te.cache

help:
	@sed -n 's/^#? \{0,1\}//p' Makefile

FORCE:

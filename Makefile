# The extension, by PGXS. `make packages` installs what is needed to build (as root on Debian; else it says what), `make`
# builds, `make install` installs, `make install-debug` adds the debug information. `make demo`, `make check` and
# `make bench` install what is missing, build, start throw-away servers on loopback, and clean up. `make soak` is the
# same for tests that take hours: SOAK_SECONDS of random calls, SOAK_KILLS kills (test/soak). `make pgtap PGDATABASE=…` looks
# at an installation, as a superuser of a database that has the extensions pgtap and connector. `make deb` puts Debian packages
# into dist, `make dist` the archive for PGXN, and `make check-packages` tests both, and the Dockerfile, in a fresh Debian.
# `make docs` writes what the documents show of the product. `make help` shows this.
#
# PG_CONFIG=…      the PostgreSQL to build for
# WITH_MYSQL=0     leave a provider out; also WITH_POSTGRES, WITH_SQLSERVER, WITH_HIVE, WITH_ODBC
# WITH_HTTP=0      leave the program connector-http out; so does a machine without Boost
# UNIT_DIR=        where its unit for systemd is installed
# OPTIMIZE=, WARNINGS=, PROGRAM_LDFLAGS=   flags of the compiler, and of the linker for the programs
# SANITIZE=1       AddressSanitizer and UBSan, in a build folder of its own
# BUILD=           the folder of the objects
# HOST_BUILD=      the folder below it for what depends on PostgreSQL; one for each major version unless given
# ONLY=, SKIP=     groups of tests for `make check`: unit regress fuzz, and each folder of tests in test/integration
# THOROUGH=1       all tests: `make check` asks one or two servers where a test can ask many, and leaves out PostgreSQL 18
# HOST=            other PostgreSQL versions for `make check`: 16 17 18; `make check-hosts` runs them all
EXTENSION = connector
CONNECTOR_VERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" connector.control)
MODULE_big = connector

WITH_MYSQL ?= 1
WITH_POSTGRES ?= 1
WITH_SQLSERVER ?= 1
WITH_HIVE ?= 1
WITH_ODBC ?= 1
has_header = $(shell echo '\#include <$(1)>' | $(CXX) -E -x c++ - >/dev/null 2>&1 && echo yes)
WITH_HTTP ?= $(if $(call has_header,boost/beast/http.hpp),1,0)
SANITIZE ?= 0
BUILD ?= build/$(if $(filter 1,$(SANITIZE)),sanitize,release)
HOST_BUILD ?= postgresql-$(MAJORVERSION) # from PGXS
ABOVE = $(BUILD)/$(strip $(HOST_BUILD))

# sources.txt is the one list of sources; CMakeLists.txt reads it too.
SOURCES := $(shell cat sources.txt)
ifneq ($(WITH_MYSQL),1)
SOURCES := $(filter-out src/drivers/mysql/%,$(SOURCES))
endif
ifneq ($(WITH_POSTGRES),1)
SOURCES := $(filter-out src/drivers/postgres/%,$(SOURCES))
endif
ifneq ($(WITH_SQLSERVER),1)
SOURCES := $(filter-out src/drivers/sqlserver/%,$(SOURCES))
endif
ifneq ($(WITH_HIVE),1)
SOURCES := $(filter-out src/drivers/hive/%,$(SOURCES))
endif
ifneq ($(WITH_ODBC),1)
SOURCES := $(filter-out src/drivers/odbc/% src/reader/program/%,$(SOURCES))
endif
# The ODBC driver is in the program alone; the library knows only what it says of itself. READER_PROVIDERS: whom else the
# program has, which nobody starts there but for measurements.
READER = connector-reader
READER_PROVIDERS ?= odbc
READER_SOURCES := $(filter src/reader/program/% src/drivers/odbc/%,$(filter-out src/drivers/odbc/info.cpp,$(SOURCES)))
SOURCES := $(filter-out $(READER_SOURCES),$(SOURCES))
# What it shares with the library: frames and rows, core, and no other driver.
READER_OBJS := $(patsubst src/%.cpp,$(BUILD)/%.o,$(READER_SOURCES) $(filter src/core/% src/drivers/odbc/info.cpp \
	src/reader/frame.cpp src/reader/messages.cpp src/reader/scan_messages.cpp src/reader/row_stream.cpp \
	src/reader/value_check.cpp $(foreach provider,$(filter-out odbc,$(READER_PROVIDERS)),src/drivers/$(provider)/%),$(SOURCES)))
# The Import API's program shares with the library what knows neither PostgreSQL nor drivers.
HTTP = connector-http
HTTP_SOURCES := $(filter src/http/%,$(SOURCES))
SOURCES := $(filter-out $(HTTP_SOURCES),$(SOURCES))
HTTP_OBJS := $(patsubst src/%.cpp,$(BUILD)/%.o,$(HTTP_SOURCES) $(filter src/core/base/%,$(SOURCES)))
# The page that it serves is a part of it.
PAGE_FILES := $(sort $(wildcard src/http/page/files/*.* src/http/page/files/*/*.*))
PAGE_TABLE := $(BUILD)/generated/http/page/page_files
HTTP_OBJS += $(PAGE_TABLE).o
BELOW_SOURCES := $(filter src/core/% src/drivers/% src/reader/%,$(SOURCES))
OBJS = $(BELOW_SOURCES:src/%.cpp=$(BUILD)/%.o) \
	$(patsubst src/%.cpp,$(ABOVE)/%.o,$(filter-out $(BELOW_SOURCES),$(SOURCES)))

DATA_built = $(BUILD)/connector--$(CONNECTOR_VERSION).sql
# Scripts of older versions and from each to the next: both ways must end in the same catalog.
DATA = $(wildcard sql/connector--*.sql)

PKG_CONFIG ?= pkg-config
PACKAGES = libcares
PROVIDER_FLAGS :=
ifeq ($(WITH_MYSQL),1)
PACKAGES += libmariadb openssl
PROVIDER_FLAGS += -DWITH_MYSQL=1
endif
ifeq ($(WITH_POSTGRES),1)
PACKAGES += libpq openssl
PROVIDER_FLAGS += -DWITH_POSTGRES=1
endif
ifeq ($(WITH_SQLSERVER),1)
FREETDS = -lsybdb # Debian's freetds-dev has no file for pkg-config
PROVIDER_FLAGS += -DWITH_SQLSERVER=1
endif
ifeq ($(WITH_HIVE),1)
PACKAGES += thrift libsasl2 openssl
PROVIDER_FLAGS += -DWITH_HIVE=1
# What the thrift compiler makes of hiveserver2.thrift.
HIVE_RPC := $(BUILD)/generated/drivers/hive/rpc
HIVE_RPC_FILES := TCLIService hiveserver2_types
OBJS += $(HIVE_RPC_FILES:%=$(HIVE_RPC)/%.o)
endif
SHLIB_LINK = $(shell $(PKG_CONFIG) --libs $(PACKAGES)) $(FREETDS) -lstdc++
ifeq ($(WITH_ODBC),1)
PROVIDER_FLAGS += -DWITH_ODBC=1
READER_PACKAGES = odbc odbcinst
READER_LIBS = $(shell $(PKG_CONFIG) --libs $(READER_PACKAGES) libcares) -lstdc++ -pthread
ifneq ($(filter-out odbc,$(READER_PROVIDERS)),)
READER_LIBS += $(shell $(PKG_CONFIG) --libs $(PACKAGES)) $(FREETDS)
READER_OBJS += $(if $(filter hive,$(READER_PROVIDERS)),$(HIVE_RPC_FILES:%=$(HIVE_RPC)/%.o))
endif
# What tells one build of library and program from another: the version, and the sources that both are made of.
BUILD_ID := $(CONNECTOR_VERSION) $(shell cat $(sort $(wildcard src/core/*/*.?pp src/drivers/odbc/*.?pp src/reader/*.?pp src/reader/program/*.?pp)) | cksum)
endif

ifeq ($(WITH_HTTP),1)
HTTP_PACKAGES = libpq openssl
HTTP_LIBS = $(shell $(PKG_CONFIG) --libs $(HTTP_PACKAGES)) -lstdc++ -pthread
endif

REGRESS = providers refusals remote requests rights servers syncs

EXTRA_CLEAN = build dist

# What is missing of the tools and libraries that the sources need, by the names of Debian's packages.
package_of_libcares = libc-ares-dev
package_of_libmariadb = libmariadb-dev
package_of_openssl = libssl-dev
package_of_libpq = libpq-dev
package_of_thrift = libthrift-dev
package_of_libsasl2 = libsasl2-dev
package_of_odbc = unixodbc-dev
package_of_odbcinst = unixodbc-dev
has_command = $(shell command -v $(firstword $(1)) 2>/dev/null)
missing_packages = $(strip $(if $(call has_command,$(CXX)),,g++) \
	$(if $(call has_command,$(PKG_CONFIG)),$(foreach library,$(sort $(PACKAGES) $(READER_PACKAGES) $(HTTP_PACKAGES)), \
	$(if $(shell $(PKG_CONFIG) --exists $(library) 2>/dev/null && echo yes),,$(package_of_$(library)))),pkg-config) \
	$(if $(call has_header,nlohmann/json_fwd.hpp),,nlohmann-json3-dev) \
	$(if $(FREETDS),$(if $(call has_header,sybdb.h),,freetds-dev)) \
	$(if $(HIVE_RPC),$(if $(call has_command,thrift),,thrift-compiler) \
	$(if $(call has_header,boost/numeric/conversion/cast.hpp),,libboost-dev)))

# Goals that need no PostgreSQL at hand: they install it first, or do without.
ifeq ($(filter-out pgtap demo check check-hosts check-packages bench soak packages deb dist docs format style compilers screenshots clean help,$(or $(MAKECMDGOALS),all)),)
.PHONY: pgtap demo check check-hosts check-packages bench soak packages deb dist docs format style compilers screenshots clean help
# Some shells put a variable of this name into the environment.
host = $(if $(filter command,$(firstword $(origin HOST))),$(HOST))
help: # the lines at the top of this file
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile
packages:
	@test/install-packages
	@echo "all packages that are needed to build are here"
clean:
	rm -rf $(EXTRA_CLEAN) $(MODULE_big).so results regression.diffs regression.out
demo:
	@test/install-packages demo
	@test/demo
# `exec`: who ends make ends the run, and not only the shell around it.
check:
	@test/install-packages check $(if $(findstring hive,$(SKIP)),,hive) $(if $(host),hive) $(filter assert,$(host))
	@ONLY="$(ONLY)" SKIP="$(SKIP)" SANITIZE="$(SANITIZE)" CONNECTOR_TEST_HOST="$(host)" \
		CONNECTOR_TEST_THOROUGH="$(THOROUGH)" exec test/run
# For a database in which the extensions pgtap and connector are: libpq's variables say which one.
pgtap:
	cd test/pgtap && pg_prove *.sql
check-hosts:
	@$(MAKE) --no-print-directory check HOST="16 17 18"
check-packages:
	@test/install-packages demo deb check-packages
	@ONLY=packages exec test/run
deb:
	@test/install-packages build deb
	@debian/build-packages
bench:
	@test/install-packages bench hive
	@test/bench/run
soak:
	@test/install-packages check hive
	@ONLY="$(ONLY)" SKIP="$(SKIP)" SANITIZE="$(SANITIZE)" SOAK_SECONDS="$(SOAK_SECONDS)" SOAK_KILLS="$(SOAK_KILLS)" exec test/soak/run
# The archive for PGXN: what git tracks.
dist:
	mkdir -p dist
	git archive --format=zip --prefix=connector-$(CONNECTOR_VERSION)/ -o dist/connector-$(CONNECTOR_VERSION).zip HEAD
# Tables and pictures of the documents: the extension is built, and a database that has it is asked.
docs:
	@test/install-packages demo
	@test/documents/run
format:
	clang-format-14 -i $$(git ls-files '*.cpp' '*.hpp' '*.h')
style:
	@test/install-packages check
	@ONLY=style STYLE=all exec test/run
# Every screen of the page, wide and narrow, light and dark, to be looked at.
screenshots:
	@test/install-packages check
	@mkdir -p build/screenshots
	@ONLY=http PYTEST_ARGS="-k test_page_screens" CONNECTOR_TEST_PICTURES="$(CURDIR)/build/screenshots" exec test/run
	@echo "pictures: build/screenshots"
compilers:
	@test/install-packages check
	@ONLY=compilers exec test/run
else

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifeq ($(wildcard $(PGXS)),)
$(error $(if $(call has_command,$(PG_CONFIG)),$(PG_CONFIG) is there but PostgreSQL's files for building extensions are not,$(PG_CONFIG) was not found). \
Install postgresql-server-dev-15 (or that of another version; as root on Debian `make packages` installs all that is needed), or say by PG_CONFIG= which one to use)
endif
ifneq ($(missing_packages),)
$(error packages are missing: apt-get install $(missing_packages). \
As root on Debian `make packages` installs all that is needed. WITH_MYSQL=0, WITH_POSTGRES=0, WITH_SQLSERVER=0, WITH_HIVE=0 and WITH_ODBC=0 leave a provider out)
endif
override with_llvm := no
include $(PGXS)

# Test runs build the same sources in several folders; PREFIX_MAP lets one cache serve all clones.
CCACHE := $(shell command -v ccache 2>/dev/null)
ifeq ($(SANITIZE),1)
# g++ sees uninitialised values in instrumented code where there are none.
SANITIZERS := -fsanitize=address,undefined -fno-sanitize=vptr -fno-omit-frame-pointer -O1 -Wno-maybe-uninitialized
SHLIB_LINK += -fsanitize=address,undefined
endif
# gnu++20 for __int128. Hidden by default: only what PostgreSQL calls is exported.
OPTIMIZE ?= -O2 -g
# What is installed has no debug information, which is thirty times as large, but knows the file that has it.
# `make install-debug` puts that file beside it, where debuggers look; `INSTALL_STRIP_FLAG=` leaves all in one.
ifneq ($(SANITIZE),1)
INSTALL_STRIP_FLAG = -s
endif
OBJCOPY ?= objcopy
DEBUG_FILE = $(MODULE_big).so.debug
ifneq ($(INSTALL_STRIP_FLAG),)
install: link-debug
.PHONY: link-debug install-debug
link-debug: install-lib build/$(DEBUG_FILE)
	cd build && $(OBJCOPY) --add-gnu-debuglink=$(DEBUG_FILE) '$(abspath $(DESTDIR)$(pkglibdir))/$(MODULE_big).so'
build/$(DEBUG_FILE): $(MODULE_big).so
	$(OBJCOPY) --only-keep-debug --compress-debug-sections $< $@
install-debug: build/$(DEBUG_FILE) installdirs
	$(INSTALL_DATA) $< '$(DESTDIR)$(pkglibdir)/$(DEBUG_FILE)'
uninstall: uninstall-debug
uninstall-debug:
	rm -f '$(DESTDIR)$(pkglibdir)/$(DEBUG_FILE)'
.PHONY: uninstall-debug
endif
WARNINGS ?= -Wall -Wextra -Werror
PREFIX_MAP = -ffile-prefix-map='$(CURDIR)'=.
CONNECTOR_CXXFLAGS = -std=gnu++20 $(OPTIMIZE) -fPIC -fvisibility=hidden $(PREFIX_MAP) $(WARNINGS) $(PROVIDER_FLAGS) \
	$(SANITIZERS)
BELOW_FLAGS = -Isrc -isystem $(BUILD)/generated $(shell $(PKG_CONFIG) --cflags $(PACKAGES))
ABOVE_FLAGS = -Isrc -isystem $(includedir_server)

objects: $(OBJS)
.PHONY: objects

# The library has one place, whatever it is linked for.
connector.so: build/linked
build/linked: always
	@mkdir -p $(@D)
	@echo '$(ABOVE)' | cmp -s - $@ || echo '$(ABOVE)' >$@
.PHONY: always

# The wall: src/core and src/drivers are compiled without PostgreSQL's include path, so postgres.h can't get in.
$(BUILD)/core/%.o: src/core/%.cpp
	@mkdir -p $(@D)
	$(CCACHE) $(CXX) $(CONNECTOR_CXXFLAGS) $(BELOW_FLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/drivers/%.o: src/drivers/%.cpp
	@mkdir -p $(@D)
	$(CCACHE) $(CXX) $(CONNECTOR_CXXFLAGS) $(BELOW_FLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/reader/%.o: src/reader/%.cpp
	@mkdir -p $(@D)
	$(CCACHE) $(CXX) $(CONNECTOR_CXXFLAGS) $(BELOW_FLAGS) -MMD -MP -c -o $@ $<
ifeq ($(WITH_HIVE),1)
$(HIVE_RPC)/TCLIService.h: src/drivers/hive/hiveserver2.thrift
	@mkdir -p $(@D)
	thrift --gen cpp:no_skeleton -out $(@D) $<
$(HIVE_RPC_FILES:%=$(HIVE_RPC)/%.cpp): $(HIVE_RPC)/TCLIService.h ;
$(filter $(BUILD)/drivers/hive/%,$(OBJS)): $(HIVE_RPC)/TCLIService.h
# Code that nobody wrote is not judged.
$(HIVE_RPC)/%.o: $(HIVE_RPC)/%.cpp
	$(CCACHE) $(CXX) $(CONNECTOR_CXXFLAGS) -w $(BELOW_FLAGS) -c -o $@ $<
endif
$(ABOVE)/%.o: src/%.cpp
	@mkdir -p $(@D)
	$(CCACHE) $(CXX) $(CONNECTOR_CXXFLAGS) $(ABOVE_FLAGS) -MMD -MP -c -o $@ $<
ifeq ($(WITH_ODBC),1)
$(BUILD)/reader/frame.o: CONNECTOR_CXXFLAGS += -DCONNECTOR_BUILD_ID='"$(BUILD_ID)"'
$(BUILD)/reader/frame.o: $(BUILD)/build_id
$(BUILD)/build_id: always
	@mkdir -p $(@D)
	@echo '$(BUILD_ID)' | cmp -s - $@ || echo '$(BUILD_ID)' >$@
$(BUILD)/reader/program/own_providers.o: CONNECTOR_CXXFLAGS += \
	$(shell echo '$(READER_PROVIDERS:%=-DREADER_WITH_%=1)' | tr a-z A-Z | sed 's/-D/ -D/g')
$(BUILD)/reader/program/own_providers.o: $(BUILD)/reader_providers
$(BUILD)/reader_providers: always
	@mkdir -p $(@D)
	@echo '$(READER_PROVIDERS)' | cmp -s - $@ || echo '$(READER_PROVIDERS)' >$@
all: $(BUILD)/$(READER)
$(BUILD)/$(READER): $(READER_OBJS)
	$(CXX) $(SANITIZERS) $(OPTIMIZE) $(PROGRAM_LDFLAGS) -o $@ $^ $(READER_LIBS)
-include $(READER_OBJS:.o=.d)
# Beside the library, which starts it from there and nowhere else.
install: install-program
uninstall: uninstall-program
.PHONY: install-program uninstall-program
install-program: $(BUILD)/$(READER) installdirs
	$(INSTALL_PROGRAM) $< '$(DESTDIR)$(pkglibdir)/$(READER)'
uninstall-program:
	rm -f '$(DESTDIR)$(pkglibdir)/$(READER)'
endif
ifeq ($(WITH_HTTP),1)
$(BUILD)/http/%.o: src/http/%.cpp
	@mkdir -p $(@D)
	$(CCACHE) $(CXX) $(CONNECTOR_CXXFLAGS) -Isrc $(shell $(PKG_CONFIG) --cflags $(HTTP_PACKAGES)) -MMD -MP -c -o $@ $<
$(PAGE_TABLE).cpp: src/http/page/embed-files $(PAGE_FILES) $(BUILD)/page_file_names
	@mkdir -p $(@D)
	src/http/page/embed-files src/http/page/files $(PAGE_FILES:src/http/page/files/%=%) >$@.new
	mv $@.new $@
# Tells of a file that is gone.
$(BUILD)/page_file_names: always
	@mkdir -p $(@D)
	@echo '$(PAGE_FILES)' | cmp -s - $@ || echo '$(PAGE_FILES)' >$@
$(PAGE_TABLE).o: $(PAGE_TABLE).cpp
	$(CCACHE) $(CXX) $(CONNECTOR_CXXFLAGS) -Isrc -MMD -MP -c -o $@ $<
$(BUILD)/http/program/options.o: CONNECTOR_CXXFLAGS += -DCONNECTOR_VERSION='"$(CONNECTOR_VERSION)"'
all: $(BUILD)/$(HTTP)
$(BUILD)/$(HTTP): $(HTTP_OBJS)
	$(CXX) $(SANITIZERS) $(OPTIMIZE) $(PROGRAM_LDFLAGS) -o $@ $^ $(HTTP_LIBS)
-include $(HTTP_OBJS:.o=.d)
install: install-http
uninstall: uninstall-http
.PHONY: install-http uninstall-http
install-http: $(BUILD)/$(HTTP) installdirs
	$(MKDIR_P) '$(DESTDIR)$(bindir)' '$(DESTDIR)$(UNIT_DIR)'
	$(INSTALL_PROGRAM) $< '$(DESTDIR)$(bindir)/$(HTTP)'
	sed 's|@bindir@|$(bindir)|' $(HTTP).service >'$(DESTDIR)$(UNIT_DIR)/$(HTTP).service'
	chmod 644 '$(DESTDIR)$(UNIT_DIR)/$(HTTP).service'
uninstall-http:
	rm -f '$(DESTDIR)$(bindir)/$(HTTP)' '$(DESTDIR)$(UNIT_DIR)/$(HTTP).service'
# A PostgreSQL that is not the system's has all of its files in one folder, which may be all that we can write to.
UNIT_DIR ?= $(if $(filter /usr,$(prefix)),$(SYSTEM_UNIT_DIR),$(prefix)/lib/systemd/system)
SYSTEM_UNIT_DIR = $(or $(shell $(PKG_CONFIG) --variable=systemdsystemunitdir systemd 2>/dev/null),/lib/systemd/system)
endif
$(ABOVE)/api/module.o: CONNECTOR_CXXFLAGS += -DCONNECTOR_VERSION='"$(CONNECTOR_VERSION)"'
-include $(OBJS:.o=.d)

$(BUILD)/connector--$(CONNECTOR_VERSION).sql: sql/connector.sql sql/comments.sql
	@mkdir -p $(@D)
	cat $^ > $@

endif

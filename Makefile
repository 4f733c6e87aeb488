# otlp2parquet: builds the library and the program, runs the tests and the checks. `make help` lists what
# there is.
#
# Objects are made once a configuration (compiler and flags), under build/CONFIGURATION/ in the tree's own
# shape, so that configurations live side by side and nothing is ever cleaned to change flags:
#
#   release                           what `make lib` and `make cli` give; CC, CPPFLAGS, CFLAGS, LDFLAGS rule it
#   gcc-O2 gcc-O3 clang-O2 clang-O3   every warning is an error; all must give the same bytes
#   asan                              AddressSanitizer, UndefinedBehaviorSanitizer, the library's assertions
#   fuzz                              the same under libFuzzer
#   tsan                              ThreadSanitizer

# Functions begin with a line of the cache: else one that changes moves all behind it, and what that does to
# their loops is up to a tenth of the time.
CFLAGS ?= -O3 -falign-functions=64
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
FUZZ_SECONDS ?= 60
# The Python of the tests. The default is made from tests/requirements.txt; another is used as it is.
PYTHON ?= build/venv/bin/python
VENV := $(filter build/venv/%,$(PYTHON))

VERSION := $(shell sed -n 's/^.define O2P_VERSION "\(.*\)"/\1/p' include/otlp2parquet.h)
# While the major version is 0, every minor version may change the binary interface.
SONAME := libotlp2parquet.so.$(basename $(VERSION))

LIB_SOURCES := $(wildcard lib/*.c lib/*/*.c)
CLI_SOURCES := $(wildcard shims/cli/*.c)
SERVER_SOURCES := $(wildcard shims/server/*.c shims/storage/*.c)
EXAMPLE_SOURCES := $(wildcard examples/*.c examples/*/*.c)
BENCH_SOURCES := $(wildcard tests/bench/*.c)
UNIT_SOURCES := $(wildcard tests/unit/*.c)
UNIT_TESTS := $(filter tests/unit/test_%.c,$(UNIT_SOURCES))
UNIT_HELPERS := $(filter-out $(UNIT_TESTS),$(UNIT_SOURCES))
FUZZERS := $(wildcard fuzz/fuzz_*.c)
FUZZ_SOURCES := $(FUZZERS) fuzz/replay.c
ALL_SOURCES := $(LIB_SOURCES) $(CLI_SOURCES) $(SERVER_SOURCES) $(EXAMPLE_SOURCES) $(BENCH_SOURCES) \
    $(UNIT_SOURCES) $(FUZZ_SOURCES)
FORMATTED := $(filter-out %.pb.h,$(wildcard \
    $(foreach folder,include lib lib/* shims/* examples examples/* tests/* fuzz,$(folder)/*.[ch])))

STANDARD := -std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow
# PIC throughout: the static library also goes into other people's shared objects.
SECTIONS := -fPIC -ffunction-sections -fdata-sections
SANITIZE := -O1 -g -fno-omit-frame-pointer -DO2P_ASSERTIONS \
    -fsanitize=address,undefined -fno-sanitize-recover=all
SANITIZE_THREADS := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
LIBS := -lsnappy -lzstd -lz -llz4
# What the server needs besides; the library needs none of it.
SERVER_LIBS := -levent_core -lnghttp2 -lssl -lcrypto -lcyaml -lz -lzstd -lxxhash -pthread

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help deps lib cli server run sample proto clients test unit conformance growth check format asan tsan fuzz \
    bench bench-check bench-scale bench-query bench-server install clean FORCE

help: ## list these targets
	@echo 'otlp2parquet $(VERSION): OpenTelemetry (OTLP) bytes to Parquet'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

deps: ## install what building, testing and checking need and the machine lacks (Debian, Ubuntu)
	@.ci/deps build server test check

lib: build/libotlp2parquet.a build/libotlp2parquet.so ## the library, static and shared, in build/

cli: build/otlp2parquet ## the program build/otlp2parquet

server: ## the same, after installing what `otlp2parquet serve` needs to be built
	@.ci/deps build server
	@$(MAKE) --no-print-directory cli

# ---- one set of objects a configuration --------------------------------------------------------------------

# $(call configuration,NAME,COMPILER,FLAGS). Headers are followed by the compiler's own dependency files;
# `flags` holds the command line, so that a change of it rebuilds. Tests may include nanopb's headers and
# the generated one with its descriptors, which is nobody's code here and so a system header to them.
define configuration
build/$1/flags: FORCE
	@mkdir -p $$(@D)
	@echo '$2 $3' | cmp -s - $$@ || echo '$2 $3' >$$@

build/$1/tests/%.o build/$1/fuzz/%.o: NANOPB := -isystem build/nanopb
$(patsubst %.c,build/$1/%.o,$(UNIT_SOURCES) $(FUZZ_SOURCES)): build/nanopb/otlp.pb.h

build/$1/%.o: %.c build/$1/flags
	@mkdir -p $$(@D)
	$2 $3 -Iinclude $$(NANOPB) -MMD -MP -c $$< -o $$@

build/$1/nanopb.o: build/nanopb/otlp.pb.h build/$1/flags
	$2 $3 -w -Ibuild/nanopb -c build/nanopb/otlp.pb.c -o $$@

build/$1/libotlp2parquet.a: $(LIB_SOURCES:%.c=build/$1/%.o)
	@rm -f $$@
	$$(AR) rcs $$@ $$^

# The server and the storage behind it, for the program and for the tests: never installed.
build/$1/server.a: $(SERVER_SOURCES:%.c=build/$1/%.o)
	@rm -f $$@
	$$(AR) rcs $$@ $$^

build/$1/otlp2parquet: $(CLI_SOURCES:%.c=build/$1/%.o) build/$1/server.a build/$1/libotlp2parquet.a
	$2 $3 $$(LDFLAGS) $$^ $$(LIBS) $$(SERVER_LIBS) -o $$@

$(EXAMPLE_SOURCES:%.c=build/$1/%) $(BENCH_SOURCES:%.c=build/$1/%): %: %.o build/$1/libotlp2parquet.a
	$2 $3 $$(LDFLAGS) $$^ $$(LIBS) -o $$@

$(UNIT_TESTS:%.c=build/$1/%): %: %.o $(UNIT_HELPERS:%.c=build/$1/%.o) \
    build/$1/nanopb.o build/$1/server.a build/$1/libotlp2parquet.a
	$2 $3 $$(LDFLAGS) $$^ $$(LIBS) $$(SERVER_LIBS) -lcmocka -lprotobuf-nanopb -o $$@

# A fuzzer over given files, without libFuzzer.
$(FUZZERS:%.c=build/$1/%.replay): %.replay: %.o build/$1/fuzz/replay.o build/$1/nanopb.o \
    build/$1/server.a build/$1/libotlp2parquet.a
	$2 $3 $$(LDFLAGS) $$^ $$(LIBS) $$(SERVER_LIBS) -lprotobuf-nanopb -o $$@

.PHONY: programs-$1 objects-$1
programs-$1: build/$1/otlp2parquet $(EXAMPLE_SOURCES:%.c=build/$1/%) $(BENCH_SOURCES:%.c=build/$1/%) \
    $(UNIT_TESTS:%.c=build/$1/%) $(FUZZERS:%.c=build/$1/%.replay)
objects-$1: $(ALL_SOURCES:%.c=build/$1/%.o)
endef

$(eval $(call configuration,release,$(CC),$(CPPFLAGS) $(STANDARD) $(SECTIONS) $(CFLAGS)))
$(foreach compiler,gcc clang,$(foreach level,O2 O3,\
    $(eval $(call configuration,$(compiler)-$(level),$(compiler),$(STANDARD) -Werror $(SECTIONS) -$(level)))))
$(eval $(call configuration,asan,clang,$(STANDARD) $(SANITIZE)))
$(eval $(call configuration,tsan,clang,$(STANDARD) $(SANITIZE_THREADS)))
$(eval $(call configuration,fuzz,clang,$(STANDARD) $(SANITIZE) -fsanitize=fuzzer-no-link))

-include $(wildcard build/*/*/*.d build/*/*/*/*.d)

# ---- what is used and installed ----------------------------------------------------------------------------

build/otlp2parquet build/libotlp2parquet.a: build/%: build/release/%
	cp $< $@

# The shared object exports what the header declares, and nothing else.
build/exports.map: include/otlp2parquet.h
	@mkdir -p $(@D)
	{ echo '{ global:'; \
	  sed -n 's/^[a-z].*[ *]\(o2p_[a-z0-9_]*\|otlp_to_parquet\)(.*/    \1;/p' $<; \
	  echo '  local: *; };'; } >$@

build/libotlp2parquet.so: build/exports.map $(LIB_SOURCES:%.c=build/release/%.o)
	$(CC) $(CFLAGS) -shared -Wl,-soname,$(SONAME) -Wl,--version-script,$< -Wl,--no-undefined $(LDFLAGS) \
	    $(filter %.o,$^) $(LIBS) -o $@.$(VERSION)
	ln -sf $(@F).$(VERSION) build/$(SONAME)
	ln -sf $(SONAME) $@

build/otlp2parquet.pc: include/otlp2parquet.h FORCE
	@mkdir -p $(@D)
	@printf '%s\n' 'prefix=$(PREFIX)' 'includedir=$${prefix}/include' 'libdir=$(LIBDIR)' '' \
	    'Name: otlp2parquet' 'Description: OpenTelemetry (OTLP) bytes to Apache Parquet bytes' \
	    'Version: $(VERSION)' 'Cflags: -I$${includedir}' 'Libs: -L$${libdir} -lotlp2parquet' \
	    'Libs.private: $(LIBS) -lstdc++' >$@

install: lib cli build/otlp2parquet.pc ## program, header, libraries, pkg-config file into PREFIX (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(LIBDIR)/pkgconfig
	install -m 755 build/otlp2parquet $(DESTDIR)$(PREFIX)/bin/
	install -m 644 include/otlp2parquet.h $(DESTDIR)$(PREFIX)/include/
	install -m 644 build/libotlp2parquet.a $(DESTDIR)$(LIBDIR)/
	install -m 755 build/libotlp2parquet.so.$(VERSION) $(DESTDIR)$(LIBDIR)/
	ln -sf libotlp2parquet.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libotlp2parquet.so
	install -m 644 build/otlp2parquet.pc $(DESTDIR)$(LIBDIR)/pkgconfig/

# ---- generated from lib/otlp/otlp.proto --------------------------------------------------------------------

# The library takes the field lists from the generated header and nothing from nanopb's run time, hence an
# #include of its own in place of <pb.h> (%.0s swallows the name the generator would put there).
proto: ## regenerate lib/otlp/otlp.pb.h (needs nanopb's generator)
	cd lib/otlp && nanopb_generator.py -q -L '#include "nanopb_types.h"%.0s' otlp.proto && rm otlp.pb.c

# With nanopb's own header and descriptors: for the tests that encode and decode with nanopb.
build/nanopb/otlp.pb.h: lib/otlp/otlp.proto
	@mkdir -p $(@D)
	cd lib/otlp && protoc --nanopb_out=../../$(@D) otlp.proto

# ---- running and testing -----------------------------------------------------------------------------------

# The first of them is run too, where there is a duckdb.
define QUERIES
SELECT ServiceName, count(*) AS spans, avg(Duration) / 1e6 AS ms FROM 'build/sample/traces/**/*.parquet' GROUP BY ALL;
SELECT Timestamp, ServiceName, SeverityText, Body FROM 'build/sample/logs/**/*.parquet' ORDER BY Timestamp LIMIT 10;
SELECT MetricName, count(*) AS points, max(Value) FROM 'build/sample/metrics_sum/**/*.parquet' GROUP BY ALL;
endef
export QUERIES

# Flags of the server that `make run` starts, such as --http 127.0.0.1:5318. What it receives is in data/ and
# wal/, its own defaults, which `make clean` leaves alone.
ARGS ?=
# Status 2 of it: it could not start, and has said why. Without the trap the shell would end at Ctrl-C, and
# make with it, while the server still stores what it has.
run: sample ## convert the samples, then serve what you send into data/, until Ctrl-C; ARGS='...' are its flags
	@trap : INT; build/otlp2parquet serve $(ARGS) || { \
	    status=$$?; \
	    [ $$status -ne 2 ] || echo "with make, flags are in ARGS, such as these of a second server:" \
	        "make run ARGS='--http 127.0.0.1:5318 --grpc 127.0.0.1:5317 --data mine/data --wal mine/wal'"; \
	    exit $$status; }

# A second make, since the compilers and headers that decide what the first one would do may only just be
# there. The samples in JSON are the same telemetry once more.
sample: ## convert the sample telemetry into build/sample and show what to type in DuckDB
	@.ci/deps build server
	@$(MAKE) --no-print-directory cli
	build/otlp2parquet convert --out build/sample $(wildcard examples/telemetry/*.pb examples/telemetry/*.pbs)
	@echo; echo 'The files are in build/sample. Start duckdb in this folder and type, for example:'; echo
	@echo "$$QUERIES" | sed 's/^/    /'
	@! command -v duckdb >/dev/null || duckdb -c "$$(echo "$$QUERIES" | head -n 1)"

# For the tests of the server: OpenTelemetry's SDKs, its Collector and its load generator, each built once into
# build/clients/. What cannot be fetched is told, left out, and tried again next time.
CLIENTS := go java node
clients: $(CLIENTS:%=build/clients/%.built) ## OpenTelemetry's SDKs and Collector, for the tests of the server

$(foreach client,$(CLIENTS),$(eval build/clients/$(client).built: \
    $(wildcard tests/server/clients/build tests/server/clients/$(client)/*)))
$(CLIENTS:%=build/clients/%.built): build/clients/%.built:
	@tests/server/clients/build $*

test: ## everything that shows that it works; installs what it needs
	@.ci/deps build server test
	@$(MAKE) --no-print-directory lib programs-release build/otlp2parquet $(VENV)
	@$(MAKE) --no-print-directory -j3 clients
	@$(PYTHON) tests/run.py unit cli conformance hostile server docs

unit: programs-release ## the cmocka tests, one program a file of the library
	@python3 tests/run.py unit

conformance: programs-release $(VENV) ## what other readers see, against Google's protobuf
	@$(PYTHON) tests/run.py conformance

growth: lib $(VENV) ## time and memory of the worst inputs, from 1 to 64 MB (some ten minutes)
	@O2P_GROWTH=full $(PYTHON) -m pytest -q -p no:cacheprovider tests/hostile

build/venv/bin/python: tests/requirements.txt
	@echo 'making a Python environment in build/venv from tests/requirements.txt'
	@python3 -m venv build/venv
	@build/venv/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

check: ## layout, warnings, layers, symbols, analyzers, sanitizers, determinism; installs what it needs
	@.ci/deps build server test check
	@python3 tests/run.py check

asan: programs-asan $(VENV) ## the tests with AddressSanitizer and UndefinedBehaviorSanitizer
	@$(PYTHON) tests/run.py --configuration asan unit cli conformance server

tsan: build/tsan/otlp2parquet clients $(VENV) ## the server's tests with ThreadSanitizer
	@$(PYTHON) tests/run.py --configuration tsan server

format: ## lay out the C files by .clang-format
	clang-format-14 -i $(FORMATTED)

fuzz: $(FUZZERS:fuzz/%.c=%) ## each fuzzer for FUZZ_SECONDS (60); `make fuzz_logs` runs one

build/fuzz/fuzz/%: build/fuzz/fuzz/%.o build/fuzz/nanopb.o build/fuzz/server.a build/fuzz/libotlp2parquet.a
	clang $(SANITIZE) -fsanitize=fuzzer $^ $(LIBS) $(SERVER_LIBS) -lprotobuf-nanopb -o $@

# What a fuzzer finds on the way stays in build/; the seeds come with the project. READ_TEXT: those to which
# the words of JSON are of more use than those of protobuf; the settings have words of their own.
READ_TEXT := fuzz_batch fuzz_detect fuzz_json fuzz_lines fuzz_oom fuzz_roundtrip
.PHONY: fuzzers $(FUZZERS:fuzz/%.c=%)
fuzzers: $(FUZZERS:%.c=build/fuzz/%)
$(FUZZERS:fuzz/%.c=%): %: build/fuzz/fuzz/%
	@mkdir -p build/fuzz/corpus/$*
	build/fuzz/fuzz/$* -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=build/fuzz/$*- \
	    -dict=fuzz/$(if $(filter $(READ_TEXT),$*),json,$(if $(filter fuzz_settings,$*),settings,protobuf)).dict \
	    build/fuzz/corpus/$* $(wildcard fuzz/corpus/$*)

# ---- speed -------------------------------------------------------------------------------------------------

# The Rust reference is built with cargo where there is one, with the system's allocator and with mimalloc;
# REFERENCE and REFERENCE_MIMALLOC name other programs with the same command line. BENCH_FLAGS go to the
# program that measures, --write among them: it writes what is kept of the results in the project.
CARGO := $(shell command -v cargo)
REFERENCE ?= $(if $(CARGO),build/reference/release/otlp2parquet-reference)
REFERENCE_MIMALLOC ?= $(patsubst build/reference/%,build/reference-mimalloc/%,\
    $(filter build/reference/%,$(REFERENCE)))
BENCH_FLAGS ?=

build/reference-mimalloc/release/otlp2parquet-reference: CARGO_FLAGS := --features mimalloc
build/reference/release/otlp2parquet-reference build/reference-mimalloc/release/otlp2parquet-reference: \
    $(wildcard $(addprefix tests/bench/reference/,src/*.rs Cargo.*))
	CARGO_TARGET_DIR=$(@D:%/release=%) cargo build --quiet --release --locked $(CARGO_FLAGS) \
	    --manifest-path tests/bench/reference/Cargo.toml
	@touch $@

bench: build/otlp2parquet $(REFERENCE) $(REFERENCE_MIMALLOC) $(VENV) ## speed, memory, size beside a Rust crate
	@$(PYTHON) tests/bench/run.py build/otlp2parquet $(REFERENCE) $(REFERENCE_MIMALLOC) $(BENCH_FLAGS)

bench-check: build/otlp2parquet $(VENV) ## which conversions need more instructions than before
	@$(PYTHON) tests/bench/instructions.py build/otlp2parquet $(BENCH_FLAGS)

bench-scale: build/release/tests/bench/batches $(VENV) ## how time, memory and bytes grow with records
	@$(PYTHON) tests/bench/scale.py $< $(BENCH_FLAGS)

bench-query: build/otlp2parquet $(REFERENCE) $(VENV) ## queries over files of several writers
	@$(PYTHON) tests/bench/query.py $< $(REFERENCE) $(BENCH_FLAGS)

# The servers beside this one: the Rust one, built once where there is cargo (ten minutes), and the Collector of
# the tests. RUST_SERVER and COLLECTOR name others.
RUST_SERVER_VERSION := 0.12.0
RUST_SERVER ?= $(if $(CARGO),build/rust-server/bin/otlp2parquet)
COLLECTOR ?= $(if $(shell command -v go),build/clients/go/collector/otelcol)

build/rust-server/bin/otlp2parquet:
	cargo install otlp2parquet --quiet --version $(RUST_SERVER_VERSION) --locked --no-track \
	    --root build/rust-server --target-dir build/rust-server/target
	rm -rf build/rust-server/target

build/clients/go/collector/otelcol: build/clients/go.built ;

bench-server: build/otlp2parquet $(RUST_SERVER) $(COLLECTOR) $(VENV) ## the server beside two others
	@command -v h2load >/dev/null || { echo 'h2load is missing: install nghttp2-client'; exit 1; }
	@$(PYTHON) tests/bench/server.py build/otlp2parquet $(addprefix --rust=,$(RUST_SERVER)) \
	    $(addprefix --collector=,$(COLLECTOR)) $(BENCH_FLAGS)

clean: ## remove build/; data/ and wal/, with what `make run` has received, stay
	rm -rf build

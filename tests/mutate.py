#!/usr/bin/env python3
"""Shows that the tests can fail: makes the small wrong changes of mutations.json one at a time and runs the
quick tests.

    python3 tests/mutate.py [--build FOLDER] [--count N] [--seed TEXT] [--only REGEX] [--jobs N] [--check]

The sources are not changed. A changed file is written into a separate folder and compiled there. Its object
is linked, before the f64 library of the build folder, into a program with the tests that should catch the
change. If they all pass, the other quick tests run. So a mutation takes one compilation, one link and one
test up to its first failure; --jobs of them run at the same time. Mutations that name the tests of CUDA run
in tests_cuda_on_host instead, where the kernels run on the host. Needs Python's standard library and CMake's
Makefiles.

Results are kept in FOLDER/mutate, so an interrupted run can be resumed; a verdict is valid while everything
that it depends on is the same. The exit code is 1 if a mutation is caught by no test or does not compile. A
run over all mutations writes tests/MUTATIONS.md.
"""

import argparse
import collections
import concurrent.futures
import hashlib
import itertools
import json
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests" / "mutations.json"
LIST = ROOT / "tests" / "MUTATIONS.md"
HEADING = ("# Mutations\n\nWritten by `make mutate`: the test that catches each small wrong change, see "
           "[README.md](README.md).\n\n")
# Tests that do not run: they read the sources' text, start the program, are linked with the fuzz targets, or
# take long.
LEFT_OUT = {"mutations_test", "fixture_hashes_test", "layers_test", "cuda_test", "cli_test", "llm_merge_test", "memory_test", "pipeline_test", "safetensors_test", "kill_test", "failing_writes_test",
            "memory_limit_test", "measured_memory_test", "fuzz_regression_test"}
CUDA_TESTS = ["cuda_test", "thread_order_test", "read_back_test", "bf16_test", "models_test", "recommender_models_test"]
# Tests that run on three ranks, if MPI is there, and how Open MPI runs them as root and on few cores.
ON_RANKS = {"communicator_test", "data_parallel_test"} if shutil.which("mpirun") else set()
MPI = {"OMP_NUM_THREADS": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_ALLOW_RUN_AS_ROOT": "1",
       "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}  # fmt: skip
# Limits in seconds and bytes, because a mutation may make a loop endless or use too much memory.
TOO_LONG, MEMORY = 120, 16 << 30


def test_source(name):
    """The path of a test file's source, in any folder."""
    return next((ROOT / "tests").rglob(f"{name}.cpp"), ROOT / "tests" / f"{name}.cpp")


def is_of_cuda(mutation):
    return mutation["tests"][0] in CUDA_TESTS[:3] or mutation["file"].endswith(".cu")


def read_table():
    mutations = json.loads(TABLE.read_text())
    problems = []
    for m in mutations:
        occurrences = (ROOT / m["file"]).read_text().count(m["old"])
        if occurrences != 1:
            problems.append(f"{m['name']}: {m['file']} holds its old text {occurrences} times, expected once: {m['old']!r}")
        if m["old"] == m["new"]:
            problems.append(f"{m['name']}: changes nothing")
        problems += [f"{m['name']}: there is no test file {t}.cpp" for t in m["tests"] if not test_source(t).exists()]
        problems += [f"{m['name']}: {t} is not run here" for t in m["tests"] if t in LEFT_OUT and not is_of_cuda(m)]
    names = collections.Counter(m["name"] for m in mutations)
    problems += [f"{name}: {n} mutations have this name" for name, n in names.items() if n > 1]
    if problems:
        raise SystemExit("\n".join([f"{TABLE}:", *problems]))
    return mutations


def quick_tests():
    names = sorted(path.stem for path in (ROOT / "tests").rglob("*_test.cpp") if path.parent.name != "cuda_on_host")
    return [name for name in names if name not in LEFT_OUT and not name.endswith("_real_test")]


def finish(line, folder, **variables):
    """(exit code, output) of a command; the code is None if it took too long and was killed."""
    # Processor time, because the machine may have other work; wall time too, because a deadlock takes no
    # processor time.
    limits = ["prlimit", f"--cpu={TOO_LONG}", f"--as={MEMORY}"]
    # Several programs run at the same time, so waiting threads must not take processor time.
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive", **variables}
    process = subprocess.Popen([*limits, *map(str, line)], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, errors="replace", start_new_session=True, env=environment)  # fmt: skip
    try:
        output, _ = process.communicate(timeout=20 * TOO_LONG)
        return None if process.returncode in (-signal.SIGXCPU, -signal.SIGKILL) else process.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return None, process.communicate()[0]


def included_in(compiled):
    """The files in the list of dependencies that the compiler wrote for an object."""
    return Path(f"{compiled}.d").read_text().replace("\\\n", " ").split()[1:]


class Broken(Exception):
    """A compilation or link failed; the message is the compiler's."""


class Twin:
    """The f64 build in a build folder, or that for CUDA: its objects, and programs with changed objects."""

    def __init__(self, build, work, jobs, cuda):
        self.build, self.work, self.jobs, self.cuda = build, work, jobs, cuda
        self.tests = build / "tests" / "CMakeFiles" / f"{'tests_cuda_on_host' if cuda else 'tests_f64'}.dir"
        # The folders of objects; the build for CUDA has its own ones of autograd and nn, and the first one counts.
        self.folders = [self.tests.name, "objects_f64.dir", "p2rec_f64.dir"]
        self.commands, self.objects = {}, {}  # source -> words of the command that compiles it, its object
        self.checked = set()  # sources of tests whose objects are up to date
        self.locks = collections.defaultdict(threading.Lock)
        self.passed = set()  # test files that pass with the unchanged sources

    def make(self):
        target = "tests_cuda_on_host" if self.cuda else "p2rec_f64"
        line = ["cmake", "--build", self.build, "-j", str(self.jobs), "--target", target]
        if subprocess.run(line, stdout=subprocess.DEVNULL).returncode != 0:
            raise SystemExit("the unchanged sources do not compile")
        entries = json.loads((self.build / "compile_commands.json").read_text())
        for folder, entry in itertools.product(self.folders, entries):
            line, source = shlex.split(entry["command"]), Path(entry["file"])
            compiled = Path(entry["directory"]) / line[line.index("-o") + 1]
            if f"/{folder}/" in str(compiled) and source not in self.objects and not source.name.startswith("cmake_pch"):
                self.commands[source], self.objects[source] = line, compiled
        of_tests = [s for s in self.objects if any(s.is_relative_to(ROOT / top) for top in ("tests", "tutorials", "bench"))]
        self.library = [s for s in self.objects if s not in of_tests]
        self.helpers = [s for s in of_tests if not s.is_relative_to(ROOT / "tests/fuzz") and not s.stem.endswith("_test")]

    def compile(self, source, compiled, original, first_include=None):
        """Compiles a source with the original's command; headers are first searched in first_include."""
        # All tests have the same command; one that is not part of the f64 build has none.
        line = list(self.commands.get(original, self.commands[ROOT / "tests" / "main.cpp"]))
        line[line.index("-o") + 1], line[line.index("-c") + 1] = compiled, source
        if first_include:
            line.insert(next(i for i, word in enumerate(line) if word.startswith("-I")), f"-I{first_include}")
        compiled.parent.mkdir(parents=True, exist_ok=True)
        # -w, because a mutation may leave a variable unused.
        code, output = finish([*line, "-w", "-MMD", "-MF", f"{compiled}.d"], self.build)
        if code != 0:
            raise Broken(output)
        return compiled

    def is_fresh(self, compiled):
        """True if an object is newer than all files that it is made from."""
        if not compiled.exists() or not Path(f"{compiled}.d").exists():
            return False
        made_from = [self.tests / "flags.make", *map(Path, included_in(compiled))]
        return all(path.exists() and path.stat().st_mtime <= compiled.stat().st_mtime for path in made_from)

    def sources_of(self, tests):
        """The sources of a program of these test files. Compiles those whose objects are not up to date."""
        sources = [*self.helpers, *map(test_source, tests)]
        for source in sources:
            with self.locks[source]:
                if source not in self.checked:
                    built, own = self.objects.get(source), self.work / self.tests.stem / f"{source.stem}.o"
                    fresh = [compiled for compiled in (built, own) if compiled and self.is_fresh(compiled)]
                    self.objects[source] = fresh[0] if fresh else self.compile(source, own, source)
                    self.checked.add(source)
        return sources

    def link(self, program, sources, changed):
        """Links a program of these test sources. `changed`: source -> object that replaces the original."""
        words = [w for w in shlex.split((self.tests / "link.txt").read_text()) if not w.endswith(".o")]
        at = words.index("-o") + 2
        compiler, libraries = words[:at], words[at:]
        compiler[-1] = program
        # The archive's own objects of autograd and nn are not those for CUDA.
        objects = {**{s: self.objects[s] for s in [*sources, *(self.library if self.cuda else [])]}, **changed}
        code, output = finish([*compiler, *objects.values(), *libraries], self.build / "tests")
        if code != 0:
            raise Broken(output)
        return program

    def run(self, program, test):
        """None if a test file passes, else the name of the first test case that fails."""
        line = [program, f"--source-file=*/{test}.cpp", "--abort-after=1"]
        variables = {"P2REC_TEST_DEVICE": "cuda" if self.cuda else "cpu"}
        if test in ON_RANKS and not self.cuda:
            line, variables = ["mpirun", "-n", "3", *line], {**variables, **MPI}
        code, output = finish(line, self.work, **variables)
        if code is None:
            return "does not end"
        return None if code == 0 else failed_case(output) or f"exit code {code}"

    def check_as_they_are(self, test):
        """Stops if a test fails with the unchanged sources, since it would catch every mutation."""
        with self.locks[test]:
            if test in self.passed:
                return
            program = self.link(self.work / f"{test}.{self.tests.stem}", self.sources_of([test]), {})
            if failed := self.run(program, test):
                raise SystemExit(f"the unchanged sources fail {test}: {failed}")
            self.passed.add(test)
            program.unlink()

    def changed_objects(self, mutation, folder, sources):
        """source -> object with the mutation: the changed source, or all that include the changed header."""
        original, path = ROOT / mutation["file"], folder / mutation["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(original.read_text().replace(mutation["old"], mutation["new"]))
        if original in self.objects:
            return {original: self.compile(path, path.with_suffix(".o"), original)}
        including = [s for s in [*self.library, *sources] if str(original) in included_in(self.objects[s])]
        # Sources in two folders may have the same name.
        return {s: self.compile(s, folder / f"{str(s.relative_to(ROOT)).replace('/', '_')}.o", s, folder) for s in including}

    def failure(self, mutation, folder, tests):
        """The first failure of these test files: (file, test case), or None if all pass."""
        for test in tests:
            self.check_as_they_are(test)
        sources = self.sources_of(tests)
        program = self.link(folder / "tests_f64", sources, self.changed_objects(mutation, folder, sources))
        for test in tests:
            if failed := self.run(program, test):
                return test, failed
        return None

    def verdict(self, mutation):
        """(verdict, test file, test case)"""
        folder = self.work / re.sub(r"\W+", "_", mutation["name"])
        shutil.rmtree(folder, ignore_errors=True)
        try:
            others = [test for test in (CUDA_TESTS if self.cuda else quick_tests()) if test not in mutation["tests"]]
            caught = self.failure(mutation, folder, mutation["tests"]) or self.failure(mutation, folder, others)
            return ("caught", *caught) if caught else ("survived", "", "")
        except Broken as broken:
            print(f"{mutation['name']}:\n{broken}"[:3000], flush=True)
            return "does not compile", "", ""
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def failed_case(output):
    """The test case of the first error in doctest's output."""
    name = ""
    for line in output.splitlines():
        if line.startswith("TEST CASE:"):
            name = line.removeprefix("TEST CASE:").strip()
        if "ERROR:" in line:
            return name
    return ""


def digest(*texts):
    found = hashlib.sha256()
    for text in texts:
        found.update(len(text).to_bytes(8, "big") + text)
    return found.hexdigest()


class Results:
    """name -> [verdict, test file, test case], in a file with a digest of everything that a verdict depends
    on.

    The verdict "caught" depends on the sources, the mutation, the test that caught it, and the files that all
    tests share; "survived" depends on every test.
    """

    def __init__(self, path):
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "CMakeLists.txt", "autograd",
                   "nn", "models", "p2rec", "tests"]  # fmt: skip
        names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
        shared, self.tests = [], {}
        for name in sorted(filter(None, names)):
            if not (ROOT / name).is_file() or Path(name) in {p.relative_to(ROOT) for p in (LIST, TABLE, Path(__file__))}:
                continue
            content = (ROOT / name).read_bytes()
            if re.fullmatch(r"tests/(\w+/)*\w+_test\.cpp", name):
                self.tests[Path(name).stem] = content
            else:
                shared += [name.encode(), content]
        self.shared = digest(*shared).encode()
        self.path, self.lock = path, threading.Lock()
        self.found = json.loads(path.read_text()) if path.exists() else {}

    def dependencies(self, mutation, test):
        tests = [self.tests[test]] if test else [self.tests[t] for t in sorted(self.tests)]
        return digest(self.shared, *(mutation[key].encode() for key in ("file", "old", "new")), *tests)

    def of(self, mutation):
        """The verdict, or None if there is no valid one."""
        *verdict, known = self.found.get(mutation["name"], [None, "", "", ""])
        return verdict if known and known == self.dependencies(mutation, verdict[1]) else None

    def add(self, mutation, verdict):
        with self.lock:
            self.found[mutation["name"]] = [*verdict, self.dependencies(mutation, verdict[1])]
            temporary = self.path.with_suffix(".tmp")
            temporary.write_text(json.dumps(self.found, indent=1))
            os.replace(temporary, self.path)


def chosen(mutations, options):
    if options.only:
        mutations = [m for m in mutations if re.search(options.only, m["name"])]
    if options.count and options.count < len(mutations):
        drawn = random.Random(options.seed).sample(range(len(mutations)), options.count)
        mutations = [mutations[i] for i in sorted(drawn)]
    if not mutations:
        raise SystemExit(f"no mutation has a name that matches {options.only!r}")
    return mutations


def run(mutations, twins, results):
    """`twins`: the build without CUDA and the build with CUDA."""
    todo = [m for m in mutations if not results.of(m)]
    print(f"{len(mutations)} mutations, {len(mutations) - len(todo)} of them done before", flush=True)
    if not todo:
        return
    print("building the unchanged sources", flush=True)
    begin = time.monotonic()
    for twin in {twins[is_of_cuda(m)] for m in todo}:
        twin.make()
    print(f"built in {time.monotonic() - begin:.0f} s", flush=True)
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(twins[0].jobs) as pool:
        running = {pool.submit(twins[is_of_cuda(m)].verdict, m): m for m in todo}
        try:
            for i, future in enumerate(concurrent.futures.as_completed(running), 1):
                verdict = future.result()
                results.add(running[future], verdict)
                passed = time.monotonic() - begin
                print(f"[{i}/{len(todo)}, {passed:.0f} s, {passed / i * (len(todo) - i) / 60:.0f} min left] "
                      f"{running[future]['name']}: {' '.join(verdict[:2])}", flush=True)  # fmt: skip
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    if Results(results.path).shared != results.shared:
        raise SystemExit("the sources have changed during the run; hint: run this again")


def table(mutations, results):
    rows = ["| mutation | file | caught by |", "|---|---|---|"]
    verdicts = [results.of(m) for m in mutations]
    for m, (verdict, test, case) in zip(mutations, verdicts):
        by = f"`{test}`: {case}" if verdict == "caught" else f"**{verdict}**"
        rows.append("| " + " | ".join(text.replace("|", "\\|") for text in (m["name"], f"`{m['file']}`", by)) + " |")
    caught = sum(verdict == "caught" for verdict, _, _ in verdicts)
    return "\n".join([f"{caught} of {len(mutations)} mutations are caught.", "", *rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="a build folder with the tests in it")
    parser.add_argument("--count", type=int, default=0, help="number of mutations, drawn at random; 0: all")
    parser.add_argument("--seed", default="1", help="seed of the draw")
    parser.add_argument("--only", default="", help="regular expression for the names of mutations")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--check", action="store_true", help="only check that the table fits the sources")
    options = parser.parse_args()
    mutations = read_table()
    if options.check:
        print(f"{len(mutations)} mutations fit the sources")
        return
    work = options.build.resolve() / "mutate"
    work.mkdir(parents=True, exist_ok=True)
    results = Results(work / "results.json")
    picked = chosen(mutations, options)
    run(picked, [Twin(options.build.resolve(), work, options.jobs, cuda) for cuda in (False, True)], results)
    text = table(picked, results)
    print(text)
    if len(picked) == len(mutations):
        LIST.write_text(f"{HEADING}{text}\n")
    if any(results.of(m)[0] != "caught" for m in picked):
        sys.exit(1)


if __name__ == "__main__":
    main()

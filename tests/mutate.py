#!/usr/bin/env python3
"""Shows that the tests can fail: applies the small wrong changes of mutations.json, one at a time, and runs the quick tests.

    python3 tests/mutate.py [--count N] [--seed TEXT] [--only REGEX] [--work FOLDER] [--jobs N] [--check]

Works on a copy of the sources with a build folder of its own (both under --work), in which one change means one file compiled,
one test program linked, and the tests that are expected to catch it run up to the first failure; if they all pass, the other
quick tests. Needs nothing but Python's standard library, CMake and make. What was found is kept beside the copy, so that an
interrupted run goes on; changed sources or tests begin anew. A mutation that no test catches, or that does not compile, makes
the exit code 1. A run over all mutations writes its table into tests/README.md.
"""

import argparse
import collections
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests" / "mutations.json"
README = ROOT / "tests" / "README.md"
BEGIN, END = "<!-- mutations: written by make mutate -->", "<!-- end of mutations -->"
COPIED = ["CMakeLists.txt", "autograd", "nn", "models", "p2rec", "tests"]
# Not run: what looks at the mutated sources' text, starts the program, needs real data, or takes more than a few seconds.
SLOW = {"mutations_test", "cli_test", "memory_test", "pipeline_test", "safetensors_test", "kill_test", "failing_writes_test",
        "memory_limit_test"}
TOO_LONG = 120  # seconds; a mutation may make a loop endless


def read_table():
    mutations = json.loads(TABLE.read_text())
    problems = []
    for m in mutations:
        occurrences = (ROOT / m["file"]).read_text().count(m["old"])
        if occurrences != 1:
            problems.append(f"{m['name']}: {m['file']} holds its old text {occurrences} times, expected once: {m['old']!r}")
        if m["old"] == m["new"]:
            problems.append(f"{m['name']}: changes nothing")
        problems += [f"{m['name']}: there is no tests/{t}.cpp" for t in m["tests"] if not (ROOT / f"tests/{t}.cpp").exists()]
    names = collections.Counter(m["name"] for m in mutations)
    problems += [f"{name}: {n} mutations have this name" for name, n in names.items() if n > 1]
    if problems:
        raise SystemExit("\n".join([f"{TABLE}:", *problems]))
    return mutations


def write_if_changed(path, content):
    """An unchanged file keeps its time, so that make does not compile it again."""
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


class Scratch:
    """The copy of the sources, its build and its test program."""

    def __init__(self, work, jobs):
        self.sources, self.build, self.jobs = work / "sources", work / "build", jobs
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *COPIED]
        names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
        digest = hashlib.sha256()
        kept = set()
        for name in sorted(filter(None, names)):
            if not (ROOT / name).is_file() or name == "tests/README.md":
                continue
            content = (ROOT / name).read_bytes()
            digest.update(f"{name} {len(content)}\n".encode() + content)
            write_if_changed(self.sources / name, content)
            kept.add(self.sources / name)
        for path in list(self.sources.rglob("*")):
            if path.is_file() and path not in kept:
                path.unlink()
        self.fingerprint = digest.hexdigest()
        self.quick = sorted(path.stem for path in (self.sources / "tests").glob("*_test.cpp")
                            if path.stem not in SLOW and not path.stem.endswith("_real_test"))

    def configure(self):
        launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        # The f64 twin alone: its tolerances leave the least room. -w, since a mutation may leave a variable unused.
        line = ["cmake", "-S", self.sources, "-B", self.build, "-G", "Unix Makefiles", "-DCMAKE_BUILD_TYPE=Debug",
                "-DCMAKE_CXX_FLAGS=-w", "-DCMAKE_CXX_FLAGS_DEBUG=-O1", "-DP2REC_PCH=OFF", "-DP2REC_TUTORIALS=OFF",
                "-DP2REC_ONEDNN=OFF", "-DP2REC_TEST_ALL_TWICE=ON", *launcher]  # fmt: skip
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL)

    def compile(self):
        """Whether it compiles, and what the compiler said. /fast leaves out the program, which the tests run need not."""
        output = ""
        for folder, target in ((self.build, "p2rec_f64"), (self.build / "tests", "tests_f64/fast")):
            done = subprocess.run(["make", "-C", folder, "-j", str(self.jobs), target], capture_output=True, text=True)
            output += done.stdout + done.stderr
            if done.returncode != 0:
                return False, output
        return True, output

    def failure(self, tests):
        """The first failure of these test files: (file, test case), or None if all pass."""
        for test in tests:
            line = [self.build / "tests" / "tests_f64", f"--source-file=*/{test}.cpp", "--abort-after=1"]
            try:
                done = subprocess.run(line, capture_output=True, text=True, errors="replace", timeout=TOO_LONG)
            except subprocess.TimeoutExpired:
                return test, f"takes more than {TOO_LONG} s"
            if done.returncode != 0:
                return test, failed_case(done.stdout) or f"exit code {done.returncode}"
        return None

    def with_mutation(self, mutation):
        """(verdict, test file, test case) of the mutated sources, which are mended afterwards."""
        path = self.sources / mutation["file"]
        original = path.read_text()
        try:
            path.write_text(original.replace(mutation["old"], mutation["new"]))
            compiled, _ = self.compile()
            if not compiled:
                return "does not compile", "", ""
            others = [test for test in self.quick if test not in mutation["tests"]]
            caught = self.failure(mutation["tests"]) or self.failure(others)
            return ("caught", *caught) if caught else ("survived", "", "")
        finally:
            path.write_text(original)


def failed_case(output):
    """The test case of the first error in doctest's output."""
    name = ""
    for line in output.splitlines():
        if line.startswith("TEST CASE:"):
            name = line.removeprefix("TEST CASE:").strip()
        if "ERROR:" in line:
            return name
    return ""


class Results:
    """name -> [verdict, test file, test case], kept in a file as long as sources and tests are the same."""

    def __init__(self, path, fingerprint):
        self.path, self.fingerprint, self.found = path, fingerprint, {}
        if path.exists():
            kept = json.loads(path.read_text())
            self.found = kept["found"] if kept["fingerprint"] == fingerprint else {}

    def add(self, name, verdict):
        self.found[name] = list(verdict)
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(json.dumps({"fingerprint": self.fingerprint, "found": self.found}, indent=1))
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


def run(mutations, scratch, results):
    todo = [m for m in mutations if m["name"] not in results.found]
    print(f"{len(mutations)} mutations, {len(mutations) - len(todo)} of them done before", flush=True)
    if todo:
        print("building the sources as they are", flush=True)
        compiled, output = scratch.compile()
        if not compiled:
            raise SystemExit(f"{output[-4000:]}\nthe sources do not compile as they are")
        if failed := scratch.failure(scratch.quick):
            raise SystemExit(f"the sources as they are fail {failed[0]}: {failed[1]}")
    begin = time.monotonic()
    for i, m in enumerate(todo):
        verdict = scratch.with_mutation(m)
        results.add(m["name"], verdict)
        left = (time.monotonic() - begin) / (i + 1) * (len(todo) - i - 1)
        print(f"[{i + 1}/{len(todo)}, {left / 60:.0f} min left] {m['name']}: {verdict[0]} {verdict[1]}", flush=True)


def table(mutations, results):
    rows = ["| mutation | file | caught by |", "|---|---|---|"]
    for m in mutations:
        verdict, test, case = results.found[m["name"]]
        by = f"`{test}`: {case}" if verdict == "caught" else f"**{verdict}**"
        rows.append(f"| {m['name']} | `{m['file']}` | {by} |".replace("||", "\\|\\|"))
    caught = sum(results.found[m["name"]][0] == "caught" for m in mutations)
    return "\n".join([f"{caught} of {len(mutations)} mutations are caught.", "", *rows])


def write_readme(text):
    before, rest = README.read_text().split(BEGIN)
    README.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=0, help="so many of them, drawn at random; 0: all")
    parser.add_argument("--seed", default="1", help="of the draw")
    parser.add_argument("--only", default="", help="those whose name matches")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "mutate", help="folder of the copy and its build")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--check", action="store_true", help="only check that the table fits the sources")
    options = parser.parse_args()
    mutations = read_table()
    if options.check:
        print(f"{len(mutations)} mutations fit the sources")
        return
    scratch = Scratch(options.work.resolve(), options.jobs)
    scratch.configure()
    results = Results(options.work / "results.json", scratch.fingerprint)
    picked = chosen(mutations, options)
    run(picked, scratch, results)
    text = table(picked, results)
    print(text)
    if len(picked) == len(mutations):
        write_readme(text)
    if any(results.found[m["name"]][0] != "caught" for m in picked):
        sys.exit(1)


if __name__ == "__main__":
    main()

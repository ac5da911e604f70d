# Sums the output of `wc -l` over all sources: lines per top folder, and per folder of p2rec, next to its tests.
$2 != "total" {
  parts = split($2, part, "/")
  of_tests = part[1] == "tests"
  top = part[1 + of_tests]
  if (parts == 2 && of_tests) top = "tests"  # a file directly in tests/
  room = top == "p2rec" && parts > 2 + of_tests ? top "/" part[2 + of_tests] : top
  if (of_tests) tests[room] += $1; else lines[room] += $1
  seen[room]
  if (room != top) {
    if (of_tests) tests[top] += $1; else lines[top] += $1
    seen[top]
  }
  if (of_tests) all_tests += $1; else all += $1
}
END {
  format = "%-20s %7s %7s\n"
  printf format, "folder", "lines", "tests"
  for (room in seen) printf format, room, lines[room] + 0, tests[room] + 0 | "sort"
  close("sort")
  printf format, "total", all, all_tests
}

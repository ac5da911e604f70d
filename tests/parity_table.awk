# Makes tests/PARITY.md from the notes that the tests write (parity.h): the worst of each part and precision,
# in the order of the tests, single operations last.
BEGIN { FS = "\t" }
{
  key = $1 FS $2 FS $3
  if (!(key in seen)) { seen[key] = 1; keys[++count] = key }
  if (!($3 in number)) { number[$3] = ++packages; name[packages] = $3 }
  row = key FS $4
  if (!(row in share) || $7 > share[row]) { tolerance[row] = $5; share[row] = $7 }
  if (!(row in error) || $6 > error[row]) error[row] = $6
}
function percent(x) { return x > 0 && x < 0.001 ? "below 0.1%" : sprintf("%.1f%%", 100 * x) }
function cells(row) {
  return row in share ? sprintf("%s | %s | %s", tolerance[row], error[row], percent(share[row])) : "| |"
}
function print_rows(operations,   i, part) {
  print "| component | part | with | f64 tolerance | error | used | f32 tolerance | error | used |"
  print "|---|---|---|---|---|---|---|---|---|"
  for (i = 1; i <= count; ++i) {
    split(keys[i], part, FS)
    if ((part[1] ~ /^[a-z_]+$/ && part[2] ~ /^(result|gradients)$/) != operations) continue
    printf "| %s | %s | %d | %s | %s |\n", part[1], part[2], number[part[3]], cells(keys[i] FS "f64"), \
           cells(keys[i] FS "f32")
  }
}
END {
  print "# Parity with other packages\n"
  print "Written by `make parity`" (where ? " on " where : "") "."
  print "f64 checks the formula, f32 the code, with the worse of the two backends of the matrix product. The error is"
  print "the largest difference divided by the largest expected magnitude; \"used\" is the share of the tolerance that the"
  print "worst element used. A tolerance is relative + absolute, where the absolute part is multiplied by the largest"
  print "expected magnitude, if not stated otherwise; [README.md](README.md) has the reasons. Compared with:\n"
  for (i = 1; i <= packages; ++i) print i ". " name[i]
  print "\n## Models and the method\n"
  print_rows(0)
  print "\n## Operations\n\nThe worst of all cases of each operation (`op_cases.cpp`).\n"
  print_rows(1)
}

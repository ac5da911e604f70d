# Makes tests/PARITY.md of the notes that the tests leave (parity.h): of each part and precision the worst, in the order in
# which the tests came, single operations last.
BEGIN { FS = "\t" }
{
  key = $1 FS $2 FS $3
  if (!(key in seen)) { seen[key] = 1; keys[++count] = key }
  row = key FS $4
  if (!(row in share) || $7 > share[row]) { tolerance[row] = $5; share[row] = $7 }
  if (!(row in error) || $6 > error[row]) error[row] = $6
}
function print_rows(operations,   i, p, part, row) {
  print "| component | part | compared with | precision | tolerance | achieved error | share used |"
  print "|---|---|---|---|---|---|---|"
  for (i = 1; i <= count; ++i) {
    split(keys[i], part, FS)
    if ((part[1] ~ /^[a-z_]+$/ && part[2] ~ /^(result|gradients)$/) != operations) continue
    for (p = 1; p <= 2; ++p) {
      row = keys[i] FS (p == 1 ? "f64" : "f32")
      if (row in share)
        printf "| %s | %s | %s | %s | %s | %s | %s |\n", part[1], part[2], part[3], p == 1 ? "f64" : "f32", \
               tolerance[row], error[row], percent(share[row])
    }
  }
}
function percent(x) { return x > 0 && x < 0.001 ? "below 0.1%" : sprintf("%.1f%%", 100 * x) }
END {
  print "# Parity with other packages\n"
  print "Written by `make parity`" (where ? " on " where : "") ". f64 proves the formula, f32 the code: there the worse of the"
  print "backends of the matrix product counts. The error is the largest difference as a share of the largest magnitude"
  print "expected, the share that of the tolerance which the worst element used; [README.md](README.md) says what the"
  print "tolerances mean.\n\n## Models and the method\n"
  print_rows(0)
  print "\n## Operations\n\nThe worst of all cases of each operation (`op_cases.cpp`).\n"
  print_rows(1)
}

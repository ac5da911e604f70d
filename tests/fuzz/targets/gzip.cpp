// Compressed files: gzip, and the kinds that are refused by name.
#include "p2rec/data/text_file.h"
#include "tests/fuzz/target.h"

FUZZ_TARGET(gzip) {
  const nn::Path file = fuzz::file("x.gz", bytes);
  fuzz::attempt([&] { FUZZ_CHECK(p2rec::beginning_of_text(file, 100).size() <= 100); });
  p2rec::read_text(file, "file");
}

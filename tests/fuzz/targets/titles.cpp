// Files of titles, for items 1 and 2.
#include "p2rec/data/titles.h"
#include "tests/fuzz/target.h"

FUZZ_TARGET(titles) {
  const p2rec::Titles read = p2rec::read_titles(fuzz::file("x.item", bytes), {"1", "2"}, {});
  FUZZ_CHECK(read.titles.empty() || read.titles.size() == 2);
}

// Files of titles, for items 1 and 2, and as titles and genres of films.
#include "p2rec/data/titles.h"
#include "p2rec/methods/self_guide/genres.h"
#include "tests/fuzz/target.h"

FUZZ_TARGET(titles) {
  fuzz::attempt([&] {
    const auto films = p2rec::read_films(fuzz::file("x.item", bytes));
    FUZZ_CHECK(!films.empty() && !p2rec::genre_task(films).longest_output.empty());
  });
  const p2rec::Titles read = p2rec::read_titles(fuzz::file("x.item", bytes), {"1", "2"}, {});
  FUZZ_CHECK(read.titles.empty() || read.titles.size() == 2);
}

// A configuration file, TOML.
#include "p2rec/run/options.h"

#include "tests/fuzz/target.h"

// What is read is written and read again.
FUZZ_TARGET(options) {
  p2rec::Options first, second;
  p2rec::read_config(first, fuzz::file("x.toml", bytes));
  p2rec::read_config(second, fuzz::file("y.toml", p2rec::to_toml(first)));
  for (const std::string& name : p2rec::option_names()) {
    FUZZ_CHECK(p2rec::option_text(first, name) == p2rec::option_text(second, name));
  }
  p2rec::check_options(first);
}

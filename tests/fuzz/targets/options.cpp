// A configuration file, TOML.
#include "p2rec/run/options.h"
#include "p2rec/methods/settings.h"
#include "tests/fuzz/target.h"

// What is read is written and read again.
FUZZ_TARGET(options) {
  const auto first = p2rec::settings_of(p2rec::read_config(fuzz::file("x.toml", bytes)));
  const std::string text = p2rec::to_toml(first->sections());
  const auto second = p2rec::settings_of(p2rec::read_config(fuzz::file("y.toml", text)));
  FUZZ_CHECK(p2rec::to_toml(second->sections()) == text);
}

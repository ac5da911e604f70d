// How the report writes texts and numbers: each kind of number in one way, everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace p2rec {

// Text for HTML and SVG, between tags and in quoted attributes: & < > " ' become entities, and control characters,
// which XML does not allow, U+FFFD.
std::string escaped(std::string_view text);
// At most so many characters of UTF-8 text, the last of them an ellipsis where something is left out.
std::string shortened(std::string_view text, size_t characters);

// A number that is not finite is written as a dash; a minus is U+2212, which is as wide as a plus.
std::string metric_text(double value);             // 0.1423: HR and NDCG
std::string difference_text(double value);         // +0.0123
std::string loss_text(double value);               // 4.251, 0.00374, 5.5e-06
std::string count_text(int64_t value);             // 100,000
std::string mean_text(double value);               // 15.3: epochs, interactions a user
std::string rate_text(double value);               // 24,800: tokens a second, in three digits
std::string percent_text(double share);            // 12.3 %
std::string memory_text(double mib);               // 404 MiB, 2.66 GiB
std::string seconds_text(double seconds);          // as progress.h writes durations
std::string tick_text(double value, double step);  // on an axis whose ticks are a step apart

}  // namespace p2rec

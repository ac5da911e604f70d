// The building blocks of the report: pieces of HTML, and one format for each kind of number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace p2rec {

// Escapes text for HTML and SVG, between tags and in quoted attributes: & < > " ' become entities; control
// characters, which XML forbids, become U+FFFD.
std::string escaped(std::string_view text);
// At most `characters` of UTF-8 text; if it is cut, the last one is an ellipsis.
std::string shortened(std::string_view text, size_t characters);

// --- pieces of HTML; plots, captions, heads and rows are HTML, too -----------------------------------------

constexpr const char* kMethodClass = R"( class="method")";  // highlights the method's own row or column
std::string figure(const std::string& plot, const std::string& caption);
// `label` names the scrollable region, `head` has the head's cells (column()), `rows` has
// complete rows (row()).
std::string table(const std::string& label, const std::string& caption, const std::string& head,
                  const std::string& rows);
std::string column(const std::string& content, const std::string& css = "");  // a cell of the head
// <tr> with a head and the cells <td>...</td>. `small` is shown below the head in small letters.
std::string row(const std::string& head, const std::string& small, const std::string& cells,
                bool emphasised = false);
std::string cell(const std::string& content, const std::string& small = "");  // <td>
std::string missing(const std::string& why);  // a paragraph in place of something that cannot be shown
std::string code(const std::string& text);    // escapes it

// --- numbers -----------------------------------------------------------------------------------------------

// A number that is not finite becomes a dash. The minus is U+2212, which is as wide as a plus.
std::string metric_text(double value);             // 0.1423: HR and NDCG
std::string difference_text(double value);         // +0.0123
std::string loss_text(double value);               // 4.251, 0.00374, 5.5e-06
std::string count_text(int64_t value);             // 100,000
std::string mean_text(double value);               // 15.3: epochs, interactions per user
std::string rate_text(double value);               // 24,800: tokens per second, in three digits
std::string percent_text(double share);            // 12.3 %
std::string memory_text(double mib);               // 404 MiB, 2.66 GiB
std::string seconds_text(double seconds);          // as progress.h writes durations
std::string tick_text(double value, double step);  // on an axis whose ticks are `step` apart

}  // namespace p2rec

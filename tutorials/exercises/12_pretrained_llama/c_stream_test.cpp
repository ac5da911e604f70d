#include "12_pretrained_llama/c_stream.h"

#include <algorithm>
#include <cstdint>

#include "autograd/check.h"
#include "nn/io/text.h"

using namespace exercise::n12c;

namespace {

// Bytes outside of ASCII as \xE4, so that a report can be read everywhere.
std::string shown(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) {
    char code[8];
    std::snprintf(code, sizeof code, "\\x%02X", static_cast<uint8_t>(byte));
    text += byte == '\n' ? "\\n" : byte >= ' ' ? std::string(1, byte) : code;
  }
  return "'" + text + "'";
}

// What may be printed of the bytes that have come.
std::string printable(const std::string& come, const std::string& stop) {
  if (const size_t at = come.find(stop); !stop.empty() && at != std::string::npos) return come.substr(0, at);
  size_t kept = std::min(come.size(), stop.size());
  while (!come.ends_with(stop.substr(0, kept))) --kept;
  return come.substr(0, std::min(nn::valid_utf8_length(come), come.size() - kept));
}

// Pushes the text in pieces of `size` bytes, and says the first push after which too much or too little is
// printed. True if all is right.
bool judge(exercise::Grade& grade, const std::string& text, const std::string& stop, size_t size) {
  Stream stream{.stop = stop};
  std::string come, printed;
  for (size_t at = 0; at < text.size(); at += size) {
    come += text.substr(at, size);
    printed += push(stream, text.substr(at, size));
    const std::string right = printable(come, stop);
    if (grade.check(printed == right, ag::message("in pieces of ", size, " bytes, after ", shown(come), ", ",
                                                  shown(printed), " is printed, expected ", shown(right))))
      continue;
    const bool early = printed.starts_with(right), late = right.starts_with(printed);
    const bool whole = nn::valid_utf8_length(printed) == printed.size();
    grade.check(!early || whole, "a character is printed in part");
    grade.check(!early || !whole || stop.empty(),
                "the stop text, or what could be its beginning, is printed");
    grade.check(!late, "more could be printed");
    grade.check(early || late, "what was held is lost: it comes before the new bytes");
    return false;
  }
  return grade.check(stream.stopped == (text.find(stop) != std::string::npos && !stop.empty()),
                     stream.stopped ? "`stopped` is set without a stop text" : "`stopped` is not set");
}

}  // namespace

EXERCISE("12c", 4, "Print while the model writes") {
  grade.part("whole characters", [&] {
    for (const auto& [bytes, right] : {std::pair<std::string, int64_t>{"a", 1},
                                       {"a\xC3", 1},
                                       {"a\xC3\xA9", 3},
                                       {"\xE4\xB8", 0},
                                       {"\xE4\xB8\x96!", 4},
                                       {"\xF0\x9F\x98", 0},
                                       {"\xF0\x9F\x98\x80", 4},
                                       {"", 0}}) {
      const auto got = static_cast<int64_t>(whole_characters(bytes));
      if (grade.equal("the length for " + shown(bytes), {got}, {right})) continue;
      grade.check(got != std::ssize(bytes), "it counts the beginning of a character");
      grade.check(got != 0, "nothing is counted: is a char negative here?");
      return;
    }
  });
  grade.part("the beginning of the stop text", [&] {
    const std::string stop = "\nUser:";
    for (const auto& [bytes, right] : {std::pair<std::string, int64_t>{"Yes.", 0},
                                       {"Yes.\n", 1},
                                       {"Yes.\nUse", 4},
                                       {"\n\n", 1},
                                       {"\nUser, ", 0}})
      grade.equal("the length for " + shown(bytes), {static_cast<int64_t>(beginning_of_stop(bytes, stop))},
                  {right});
    if (!grade.equal("the length for 'xaaa' and the stop text 'aaab'",
                     {static_cast<int64_t>(beginning_of_stop("xaaa", "aaab"))}, {3}))
      grade.check(false, "take the longest beginning, not the first that fits");
  });
  grade.part("a text in pieces", [&] {
    const std::string text =
        "Gr\xC3\xBC\xC3\x9F"
        "e, \xE4\xB8\x96\xE7\x95\x8C \xF0\x9F\x98\x80!";
    for (size_t size = 1; size <= text.size(); ++size) {
      if (!judge(grade, text, "", size)) return;
    }
  });
  grade.part("a stop text in pieces", [&] {
    const std::string text = "3 < 4\nUsually, \xC3\xA9.\n\nUser: and then?\nUser: no";
    for (size_t size = 1; size <= text.size(); ++size) {
      if (!judge(grade, text, "\nUser:", size)) return;
    }
  });
  grade.part("the end", [&] {
    Stream open{.stop = "\nUser:"}, stopped = open;
    push(open, "Bye\nUs");
    grade.check(finish(open) == "\nUs", "what is held at the end is text: the stop text did not come");
    push(stopped, "Bye\nUser: no");
    grade.check(finish(stopped).empty() && push(stopped, "more").empty(),
                "after the stop text nothing is printed");
  });
}

// Answer to 12c.
//
// At most three bytes of a character are held, or the stop text but its last byte, so the text
// appears as it is written. A stop text begins at a character, since no byte of UTF-8 that begins one occurs
// inside another: so the shorter of the two lengths ends at a character too.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "tutorials/exercises/grade.h"

namespace exercise::n12c {

struct Stream {
  std::string stop = "";
  std::string held = "";
  bool stopped = false;
};

inline size_t whole_characters(const std::string& bytes) {
  size_t end = 0;
  while (end < bytes.size()) {
    const auto first = static_cast<uint8_t>(bytes[end]);
    const size_t length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (end + length > bytes.size()) break;
    end += length;
  }
  return end;
}

inline size_t beginning_of_stop(const std::string& bytes, const std::string& stop) {
  size_t length = std::min(bytes.size(), stop.size());
  while (!bytes.ends_with(stop.substr(0, length))) --length;
  return length;
}

inline std::string push(Stream& stream, const std::string& bytes) {
  if (stream.stopped) return "";
  stream.held += bytes;
  size_t end = std::min(whole_characters(stream.held),
                        stream.held.size() - beginning_of_stop(stream.held, stream.stop));
  if (const size_t at = stream.held.find(stream.stop); !stream.stop.empty() && at != std::string::npos) {
    end = at;
    stream.stopped = true;
  }
  const std::string text = stream.held.substr(0, end);
  stream.held.erase(0, end);
  return text;
}

inline std::string finish(Stream& stream) { return stream.stopped ? "" : std::exchange(stream.held, ""); }

}  // namespace exercise::n12c

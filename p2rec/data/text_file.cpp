#include "p2rec/data/text_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <sstream>

#include "autograd/check.h"
#include "nn/io/text.h"

namespace p2rec {
namespace {

// --- bytes -------------------------------------------------------------------------------------------------

using namespace std::string_view_literals;

constexpr std::string_view kGzip = "\x1F\x8B";

struct OtherKind {
  // conversion: a command in which {} stands for the file, or the pandas function that reads it.
  std::string_view first_bytes, name, conversion;
};
constexpr std::array kOtherKinds = {
    OtherKind{"PAR1"sv, "a Parquet file", "read_parquet"},
    OtherKind{"FEA1"sv, "a Feather file", "read_feather"},
    OtherKind{"ARROW1"sv, "an Arrow file", "read_feather"},
    OtherKind{"PK\3\4"sv, "a zip archive or an Excel file (.xlsx)",
              "unzip '{}', or for Excel python3 -c \"import pandas; "
              "pandas.read_excel('{}').to_csv('{}.csv', index=False)\""},
    OtherKind{"ORC"sv, "an ORC file", "read_orc"},
    OtherKind{"\x93NUMPY"sv, "a NumPy file",
              "python3 -c \"import numpy; numpy.savetxt('{}.csv', numpy.load('{}'), '%s', ',')\""},
    OtherKind{"Obj\1"sv, "an Avro file",
              "python3 -c \"import fastavro, pandas; "
              "pandas.DataFrame(fastavro.reader(open('{}', 'rb'))).to_csv('{}.csv', index=False)\""},
    OtherKind{"\xFD\x37zXZ\0"sv, "compressed with xz", "xz -dk '{}'"},
    OtherKind{"BZh"sv, "compressed with bzip2", "bunzip2 -k '{}'"},
    OtherKind{"\x28\xB5\x2F\xFD"sv, "compressed with zstd", "zstd -dk '{}'"},
    OtherKind{"7z\xBC\xAF\x27\x1C"sv, "a 7z archive", "7z x '{}'"},
    OtherKind{"Rar!\x1A\7"sv, "a rar archive", "unrar x '{}'"},
    OtherKind{"\x89HDF\r\n\x1A\n"sv, "an HDF5 file", "read_hdf"},
    OtherKind{"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv, "an Excel file (.xls)", "read_excel"},
    OtherKind{"SQLite format 3\0"sv, "an SQLite database",
              "sqlite3 -header -csv '{}' 'SELECT * FROM TABLE' > '{}.csv'"},
    OtherKind{"\x80\4\x95"sv, "a Python pickle", "read_pickle"},
    OtherKind{"\x80\5\x95"sv, "a Python pickle", "read_pickle"},
};

void refuse_other_kinds(const nn::Path& path, std::string_view content, const std::string& what) {
  const auto kind = std::ranges::find_if(
      kOtherKinds, [&](const OtherKind& k) { return content.starts_with(k.first_bytes); });
  if (kind == kOtherKinds.end()) return;
  // Text may begin with BZh or ORC.
  if (kind->first_bytes == "BZh" && content.substr(0, 10).find("1AY&SY") == content.npos) return;
  if (kind->first_bytes == "ORC" && find_text_fault(content).line == 0) return;
  std::string conversion(kind->conversion);
  if (conversion.starts_with("read_"))
    conversion =
        "python3 -c \"import pandas; pandas." + conversion + "('{}').to_csv('{}.csv', index=False)\"";
  const std::string file = path.string();
  for (size_t at = 0; (at = conversion.find("{}", at)) != conversion.npos; at += file.size())
    conversion.replace(at, 2, file);
  throw ag::InputError(ag::message(path.string(), ": this is ", std::string(kind->name), "; expected the ",
                                   what, " to be text, plain or compressed with gzip; hint: ", conversion));
}

// The text in gzip data, or its first `most` bytes. Sets `whole` to true if the last member is complete.
std::string gunzip(std::string_view bytes, size_t most, bool& whole) {
  z_stream stream = {};
  AG_CHECK(inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK, "zlib cannot be set up");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  std::string text;
  std::array<char, 1 << 16> buffer;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  size_t given = 0;
  int state = Z_OK;
  while (text.size() < most) {
    // zlib counts in 32 bits.
    if (stream.avail_in == 0)
      given += stream.avail_in = static_cast<uInt>(std::min<size_t>(bytes.size() - given, 1 << 30));
    if (state == Z_STREAM_END && (stream.avail_in == 0 || inflateReset(&stream) != Z_OK)) break;
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = buffer.size();
    state = inflate(&stream, Z_NO_FLUSH);
    text.append(buffer.data(), buffer.size() - stream.avail_out);
    if (state != Z_OK && state != Z_STREAM_END) break;
  }
  whole = state == Z_STREAM_END && stream.avail_in == 0 && given == bytes.size();
  return text.substr(0, most);
}

// --- text --------------------------------------------------------------------------------------------------

// Some editors write it at the beginning of UTF-8 files; it is not part of the text.
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string hex(char c) { return fmt::format("0x{:02X}", static_cast<unsigned char>(c)); }

bool is_control(std::string_view text, size_t i) {
  const char c = text[i];
  if (c == '\t' || c == '\n') return false;
  if (c == '\r') return i + 1 < text.size() && text[i + 1] != '\n';
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

bool may_be_latin1(std::string_view content) {
  const std::string_view line = content.substr(0, content.find('\n'));
  return !line.starts_with("{") && (line.find("::") != line.npos || line.find('|') != line.npos);
}

// Latin-1 is the first 256 characters of Unicode.
std::string latin1_to_utf8(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code >= 0x80) result += static_cast<char>(0xC0 | code >> 6);
    result += static_cast<char>(code < 0x80 ? code : 0x80 | (code & 0x3F));
  }
  return result;
}

}  // namespace

TextFault find_text_fault(std::string_view content) {
  int64_t line = 1;
  for (size_t i = 0; i < content.size();) {
    if (is_control(content, i))
      return {line, "the byte " + hex(content[i]) + " does not belong in a text file"};
    const size_t length = nn::utf8_length(content.substr(i));
    if (length == 0) return {line, "the byte " + hex(content[i]) + " is not UTF-8"};
    line += content[i] == '\n';
    i += length;
  }
  return {};
}

std::vector<Line> non_blank_lines(std::string_view content) {
  if (content.starts_with(kByteOrderMark)) content.remove_prefix(kByteOrderMark.size());
  std::vector<Line> lines;
  for (int64_t number = 1; !content.empty(); ++number) {
    const size_t end = std::min(content.find('\n'), content.size());
    std::string_view text = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.find_first_not_of(" \t") != text.npos) lines.push_back({number, text});
  }
  return lines;
}

void split_at_blanks(std::string_view text, std::vector<std::string_view>& fields) {
  fields.clear();
  for (size_t begin = 0, end = 0; (begin = text.find_first_not_of(" \t", end)) != text.npos;) {
    end = std::min(text.find_first_of(" \t", begin), text.size());
    fields.push_back(text.substr(begin, end - begin));
  }
}

void split_at(std::string_view separator, std::string_view text, std::vector<std::string_view>& fields) {
  fields.clear();
  for (;;) {
    const size_t end = text.find(separator);
    fields.push_back(text.substr(0, end));
    if (end == text.npos) return;
    text.remove_prefix(end + separator.size());
  }
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

size_t columns_of(std::string_view text) {
  size_t columns = 0;
  for (const char c : text) {
    if (nn::begins_character(c)) columns += static_cast<unsigned char>(c) >= 0xE1 ? 2 : 1;
  }
  return columns;
}

std::string_view cut(std::string_view text, size_t columns) {
  size_t used = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((used += columns_of(text.substr(i, 1))) > columns) return text.substr(0, i);
  }
  return text;
}

std::string wrapped(const std::string& text, size_t indent, size_t begin) {
  constexpr size_t kWidth = 80;
  std::string result;
  size_t used = begin;  // columns of the current line
  bool is_empty = true;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const size_t columns = columns_of(word);
    if (!is_empty && used + 1 + columns > kWidth) {
      result += "\n" + std::string(indent, ' ');
      used = indent;
      is_empty = true;
    }
    result += (is_empty ? "" : " ") + word;
    used += (is_empty ? 0 : 1) + columns;
    is_empty = false;
  }
  return result;
}

std::string read_text(const nn::Path& path, const std::string& what) {
  std::string content = nn::read_file(path, what);
  if (content.starts_with(kGzip)) {
    bool whole = false;
    content = gunzip(content, std::string::npos, whole);
    INPUT_CHECK(whole, path.string(), ": the gzip data are damaged or end early, after ", content.size(),
                " bytes of text; hint: fetch the file again");
  }
  refuse_other_kinds(path, content, what);
  return content;
}

std::string beginning_of_text(const nn::Path& path, size_t most) {
  std::string content(most, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(content.data(), static_cast<std::streamsize>(most));
  content.resize(static_cast<size_t>(in.gcount()));
  bool whole = false;
  if (content.starts_with(kGzip)) content = gunzip(content, most, whole);
  refuse_other_kinds(path, content, "file");
  return content;
}

TextFile::TextFile(const nn::Path& path, const std::string& what)
    : name_(path.string()), content_(read_text(path, what)) {
  INPUT_CHECK(!content_.empty(), name_, ": the ", what, " is empty");
  if (may_be_latin1(content_) && nn::valid_utf8_length(content_) < content_.size())
    content_ = latin1_to_utf8(content_);
  const TextFault fault = find_text_fault(content_);
  const bool utf16 = content_.starts_with("\xFF\xFE") || content_.starts_with("\xFE\xFF");
  INPUT_CHECK(fault.line == 0, at(fault.line), fault.what, "; expected the ", what, " to be text in UTF-8",
              "; hint: is it the right file? `iconv -f ", utf16 ? "UTF-16" : "ENCODING",
              " -t utf-8 FILE > NEW` converts ", utf16 ? "it" : "from other encodings");
  lines_ = non_blank_lines(content_);
  INPUT_CHECK(!lines_.empty(), name_, ": the ", what, " holds nothing but blank lines");
}

std::string TextFile::at(int64_t line) const { return ag::message(name_, ":", line, ": "); }

}  // namespace p2rec

#include "p2rec/data/text_source.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "autograd/check.h"

namespace p2rec {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kGzip = "\x1F\x8B";

struct OtherKind {
  std::string_view first_bytes, name, conversion;  // in the conversion, {} stands for the file
};
constexpr std::string_view
    kParquet = "python3 -c \"import pandas; pandas.read_parquet('{}').to_csv('{}.csv', index=False)\"",
    kFeather = "python3 -c \"import pandas; pandas.read_feather('{}').to_csv('{}.csv', index=False)\"",
    kExcel = "python3 -c \"import pandas; pandas.read_excel('{}').to_csv('{}.csv', index=False)\"",
    kHdf = "python3 -c \"import pandas; pandas.read_hdf('{}').to_csv('{}.csv', index=False)\"",
    kPickle = "python3 -c \"import pandas; pandas.read_pickle('{}').to_csv('{}.csv', index=False)\"";
constexpr std::array kOtherKinds = {
    OtherKind{"PAR1"sv, "a Parquet file", kParquet},
    OtherKind{"FEA1"sv, "a Feather file", kFeather},
    OtherKind{"ARROW1"sv, "an Arrow file", kFeather},
    OtherKind{"PK\3\4"sv, "a zip archive or an Excel file (.xlsx)",
              "unzip '{}', or for Excel pandas.read_excel"},
    OtherKind{"\xFD"
              "7zXZ\0"sv,
              "compressed with xz", "xz -dk '{}'"},
    OtherKind{"BZh"sv, "compressed with bzip2", "bunzip2 -k '{}'"},
    OtherKind{"\x28\xB5\x2F\xFD"sv, "compressed with zstd", "zstd -dk '{}'"},
    OtherKind{"7z\xBC\xAF\x27\x1C"sv, "a 7z archive", "7z x '{}'"},
    OtherKind{"Rar!\x1A\7"sv, "a rar archive", "unrar x '{}'"},
    OtherKind{"\x89HDF\r\n\x1A\n"sv, "an HDF5 file", kHdf},
    OtherKind{"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv, "an Excel file (.xls)", kExcel},
    OtherKind{"SQLite format 3\0"sv, "an SQLite database",
              "sqlite3 -header -csv '{}' 'SELECT * FROM TABLE' > '{}.csv'"},
    OtherKind{"\x80\4\x95"sv, "a Python pickle", kPickle},
    OtherKind{"\x80\5\x95"sv, "a Python pickle", kPickle},
};

void refuse_other_kinds(const nn::Path& path, std::string_view content, const std::string& what) {
  const auto kind = std::ranges::find_if(
      kOtherKinds, [&](const OtherKind& k) { return content.starts_with(k.first_bytes); });
  // Text may begin with these letters, but no bzip2 file holds a line of text.
  const bool is_text = kind != kOtherKinds.end() && kind->first_bytes == "BZh" &&
                       content.substr(0, 10).find("1AY&SY") == content.npos;
  if (kind == kOtherKinds.end() || is_text) return;
  std::string conversion(kind->conversion);
  for (size_t at; (at = conversion.find("{}")) != conversion.npos;) conversion.replace(at, 2, path.string());
  throw ag::InputError(ag::message(path.string(), ": this is ", std::string(kind->name), "; expected the ",
                                   what, " to be text, plain or compressed with gzip; hint: ", conversion));
}

// Inflates the members of a gzip file one after the other.
class Gunzip {
 public:
  Gunzip() { AG_CHECK(inflateInit2(&stream_, 16 + MAX_WBITS) == Z_OK, "zlib cannot be set up"); }
  ~Gunzip() { inflateEnd(&stream_); }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  // The text, or its first `most` bytes. Sets `whole` where the last member is complete.
  std::string text(std::string_view bytes, size_t most, bool& whole) {
    std::string text;
    std::array<char, 1 << 16> buffer;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    size_t given = 0;
    int state = Z_OK;
    while (text.size() < most) {
      // zlib counts in 32 bits.
      if (stream_.avail_in == 0)
        given += stream_.avail_in = static_cast<uInt>(std::min<size_t>(bytes.size() - given, 1 << 30));
      if (state == Z_STREAM_END && (stream_.avail_in == 0 || inflateReset(&stream_) != Z_OK)) break;
      stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream_.avail_out = buffer.size();
      state = inflate(&stream_, Z_NO_FLUSH);
      text.append(buffer.data(), buffer.size() - stream_.avail_out);
      if (state != Z_OK && state != Z_STREAM_END) break;
    }
    whole = state == Z_STREAM_END && stream_.avail_in == 0 && given == bytes.size();
    return text.substr(0, most);
  }

 private:
  z_stream stream_ = {};
};

}  // namespace

std::string read_text(const nn::Path& path, const std::string& what) {
  std::string content = nn::read_file(path, what);
  if (content.starts_with(kGzip)) {
    bool whole = false;
    content = Gunzip().text(content, std::string::npos, whole);
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
  if (content.starts_with(kGzip)) content = Gunzip().text(content, most, whole);
  refuse_other_kinds(path, content, "file");
  return content;
}

}  // namespace p2rec

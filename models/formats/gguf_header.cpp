#include "models/formats/gguf_header.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <limits>

#include "models/formats/ggml_types.h"
#include "nn/io/text.h"

namespace models {
namespace {

static_assert(std::endian::native == std::endian::little,
              "GGUF files are little-endian and read as they are");

constexpr uint64_t kSmallestString = 8;                     // its length, no bytes
constexpr uint64_t kSmallestValue = 8 + 4 + 1;              // empty key, type, one byte
constexpr uint64_t kSmallestInfo = 8 + 4 + 4 + 8;           // empty name, rank, type, offset
constexpr uint64_t kLongestKey = 65535, kLongestName = 64;  // the limits of the format
constexpr uint32_t kMostDimensions = 4;
constexpr uint64_t kDefaultAlignment = 32;

constexpr const char* kTypeNames[] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                      "bool", "string", "array", "u64", "i64", "f64"};
constexpr uint64_t kTypeBytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};  // per value; 0: not a number
const char* name_of(GgufType type) { return kTypeNames[static_cast<size_t>(type)]; }
uint64_t bytes_of(GgufType type) { return kTypeBytes[static_cast<size_t>(type)]; }

template <class T>
T element(const std::string& bytes, uint64_t i) {
  T value;
  std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
  return value;
}

// Reads in order, and never allocates more memory than there are bytes left in the file.
class Reader {
 public:
  explicit Reader(const nn::Path& path) : file_(path.string()), in_(nn::open_file(path, "GGUF file")) {
    std::error_code error;
    size_ = std::filesystem::file_size(path, error);
    INPUT_CHECK(!error, file_, ": the GGUF file cannot be read: ", error.message());
  }

  const std::string& file() const { return file_; }
  uint64_t position() const { return position_; }
  uint64_t size() const { return size_; }

  // Checks that `count` things of at least `each` bytes can follow. Divides, so that nothing overflows.
  void expect(uint64_t count, uint64_t each, const std::string& what) const {
    const uint64_t left = size_ - position_;
    INPUT_CHECK(count <= left / each, file_, ": cut short or damaged: ", what, " at byte ", position_,
                " would take at least ", count, " x ", each, " bytes, but ", left, " are left");
  }

  std::string bytes(uint64_t count, const std::string& what) {
    expect(count, 1, what);
    std::string result(count, '\0');
    in_.read(result.data(), static_cast<std::streamsize>(count));
    INPUT_CHECK(in_, file_, ": cannot be read at byte ", position_);
    position_ += count;
    return result;
  }

  template <class T>
  T number(const std::string& what) {
    return element<T>(bytes(sizeof(T), what), 0);
  }

  std::string string(const std::string& what) { return bytes(number<uint64_t>(what), what); }

  std::string name(uint64_t longest, const std::string& what) {
    const uint64_t length = number<uint64_t>(what);
    INPUT_CHECK(length <= longest, file_, ": damaged: ", what, " at byte ", position_, " has ", length,
                " bytes; the format allows ", longest);
    return bytes(length, what);
  }

 private:
  std::string file_;
  std::ifstream in_;
  uint64_t position_ = 0, size_ = 0;
};

GgufType read_type(Reader& in, const std::string& what) {
  const uint32_t type = in.number<uint32_t>(what);
  INPUT_CHECK(type < std::size(kTypeNames), in.file(), ": damaged: ", what, " has the type ", type,
              "; the types are 0 to ", std::size(kTypeNames) - 1);
  return static_cast<GgufType>(type);
}

void read_elements(Reader& in, GgufValue& value, const std::string& what) {
  if (value.type == GgufType::String) {
    in.expect(value.count, kSmallestString, what);
    for (uint64_t i = 0; i < value.count; ++i) value.strings.push_back(in.string(what));
    return;
  }
  const uint64_t width = bytes_of(value.type);
  in.expect(value.count, width, what);
  value.bytes = in.bytes(value.count * width, what);
  if (value.type == GgufType::Bool) {
    for (char c : value.bytes)
      INPUT_CHECK(c == 0 || c == 1, in.file(), ": damaged: ", what, " is a bool with the value ", int{c});
  }
}

GgufValue read_value(Reader& in, const std::string& what) {
  GgufValue value;
  value.type = read_type(in, what);
  if (value.type == GgufType::Array) {
    value.array = true;
    value.type = read_type(in, what);
    INPUT_CHECK(value.type != GgufType::Array, in.file(), ": ", what,
                " is an array of arrays, which is not supported");
    value.count = in.number<uint64_t>(what);
  }
  read_elements(in, value, what);
  return value;
}

// The size in bytes of a tensor of this shape and type.
uint64_t tensor_bytes(const Reader& in, const GgufTensorInfo& info, const GgmlType& type) {
  int64_t count = 1, bytes = 0;
  bool fits = true;
  for (int64_t d : info.shape) fits = fits && !__builtin_mul_overflow(count, d, &count);
  fits = fits && !__builtin_mul_overflow(count / type.block_values, int64_t{type.block_bytes}, &bytes);
  INPUT_CHECK(fits, in.file(), ": damaged: tensor ", nn::quote(info.name), " of shape ", info.shape,
              " is larger than any file");
  INPUT_CHECK(info.shape.back() % type.block_values == 0, in.file(), ": tensor ", nn::quote(info.name),
              " of shape ", info.shape, " has rows of ", info.shape.back(), " numbers; its type ", type.name,
              " stores them in blocks of ", type.block_values);
  return static_cast<uint64_t>(bytes);
}

GgufTensorInfo read_info(Reader& in) {
  GgufTensorInfo info;
  info.name = in.name(kLongestName, "a tensor's name");
  const std::string what = "tensor " + nn::quote(info.name);
  const uint32_t rank = in.number<uint32_t>(what);
  INPUT_CHECK(rank >= 1 && rank <= kMostDimensions, in.file(), ": damaged: ", what, " has ", rank,
              " dimensions; 1 to ", kMostDimensions, " are allowed");
  for (uint32_t i = 0; i < rank; ++i) {
    const uint64_t d = in.number<uint64_t>(what);
    INPUT_CHECK(d >= 1 && d <= uint64_t{std::numeric_limits<int64_t>::max()}, in.file(), ": damaged: ", what,
                " has a dimension of ", d);
    info.shape.insert(info.shape.begin(), static_cast<int64_t>(d));
  }
  info.type = in.number<uint32_t>(what);
  const GgmlType* type = find_ggml_type(info.type);
  INPUT_CHECK(type, in.file(), ": ", what, " has the unknown type ", info.type,
              "; types that can be read: ", supported_ggml_types());
  INPUT_CHECK(type->block_values, in.file(), ": ", what, " has the type ", type->name,
              "; types that can be read: ", supported_ggml_types());
  info.bytes = tensor_bytes(in, info, *type);
  info.offset = in.number<uint64_t>(what);
  return info;
}

// The next multiple of `to`.
uint64_t aligned(uint64_t place, uint64_t to) { return (place + to - 1) / to * to; }

uint64_t alignment(const Reader& in, const GgufHeader& header) {
  const auto found = header.values.find("general.alignment");
  if (found == header.values.end()) return kDefaultAlignment;
  const GgufValue& value = found->second;
  INPUT_CHECK(!value.array && value.type == GgufType::U32, in.file(), ": key 'general.alignment' is ",
              value.description(), "; expected u32");
  const uint64_t result = value.unsigned_integer(0);
  INPUT_CHECK(std::has_single_bit(result), in.file(), ": key 'general.alignment' is ", result,
              "; expected a power of two");
  return result;
}

// Checks that zeros fill the space up to the data. Other bytes mean that
// the header is longer than it declares.
void check_padding(Reader& in, uint64_t end) {
  while (in.position() < std::min(end, in.size())) {
    const uint64_t at = in.position();
    INPUT_CHECK(in.number<uint8_t>("the padding") == 0, in.file(), ": damaged: the header ends at byte ", at,
                ", but what follows is not the padding's zeros; hint: does it list more than it declares?");
  }
}

void check_tensor_place(const Reader& in, const GgufTensorInfo& info, uint64_t aligned_to, uint64_t data) {
  INPUT_CHECK(info.offset % aligned_to == 0, in.file(), ": damaged: tensor ", nn::quote(info.name),
              " begins at ", info.offset, ", which is not a multiple of the alignment ", aligned_to);
  INPUT_CHECK(info.offset <= data && info.bytes <= data - info.offset, in.file(),
              ": cut short or damaged: tensor ", nn::quote(info.name), " takes ", info.bytes, " bytes from ",
              info.offset, ", but the file has ", data, " bytes of tensors");
}

// Checks that the tensors are one after the other, each at the next aligned place, and fill the file. Bytes
// that are left would mean that the header declares too few tensors. ggml checks the places too.
void check_places(const Reader& in, const GgufHeader& header, uint64_t aligned_to) {
  const uint64_t data = in.size() - std::min(in.size(), header.data_begin);
  std::vector<const GgufTensorInfo*> by_offset;
  for (const GgufTensorInfo& info : header.tensors) {
    check_tensor_place(in, info, aligned_to, data);
    by_offset.push_back(&info);
  }
  std::sort(by_offset.begin(), by_offset.end(), [](auto* a, auto* b) { return a->offset < b->offset; });
  const std::string hint =
      ag::message("; hint: the header declares ", header.tensors.size(), " tensors; is that all of them?");
  uint64_t filled = 0;
  for (size_t i = 0; i < by_offset.size(); ++i) {
    const GgufTensorInfo& info = *by_offset[i];
    INPUT_CHECK(info.offset >= filled, in.file(), ": damaged: tensors ", nn::quote(by_offset[i - 1]->name),
                " and ", nn::quote(info.name), " overlap");
    INPUT_CHECK(info.offset == filled, in.file(), ": damaged: tensor ", nn::quote(info.name), " begins at ",
                info.offset, "; expected ", filled, ", after the one before it", hint);
    filled = aligned(info.offset + info.bytes, aligned_to);
  }
  INPUT_CHECK(data < filled + aligned_to, in.file(), ": damaged: its tensors end at byte ", filled,
              " of the data, but the file has ", data, hint);
}

void read_values(Reader& in, GgufHeader& header, uint64_t count) {
  in.expect(count, kSmallestValue, "the metadata");
  for (uint64_t i = 0; i < count; ++i) {
    const std::string key = in.name(kLongestKey, "a key");
    const bool is_new = header.values.emplace(key, read_value(in, "key " + nn::quote(key))).second;
    INPUT_CHECK(is_new, in.file(), ": damaged: key ", nn::quote(key), " occurs twice");
  }
}

void read_infos(Reader& in, GgufHeader& header, uint64_t count) {
  in.expect(count, kSmallestInfo, "the list of tensors");
  std::unordered_map<std::string, bool> seen;
  for (uint64_t i = 0; i < count; ++i) {
    header.tensors.push_back(read_info(in));
    const std::string& name = header.tensors.back().name;
    INPUT_CHECK(seen.emplace(name, true).second, in.file(), ": damaged: tensor ", nn::quote(name),
                " occurs twice");
  }
}

}  // namespace

bool GgufValue::is_integer() const { return bytes_of(type) > 0 && !is_float() && type != GgufType::Bool; }

std::string GgufValue::description() const {
  const std::string name = name_of(type);
  if (!array) return name;
  return ag::message("an array of ", count, " ", name, count == 1 ? "" : "s");
}

int64_t GgufValue::integer(uint64_t i) const {
  AG_CHECK(is_integer() || type == GgufType::Bool, "GgufValue: ", description(), " is not an integer");
  const uint64_t width = bytes_of(type), unused_bits = 64 - 8 * width;
  uint64_t bits = 0;
  std::memcpy(&bits, bytes.data() + i * width, width);
  const bool is_signed = name_of(type)[0] == 'i';
  return is_signed ? static_cast<int64_t>(bits << unused_bits) >> unused_bits : static_cast<int64_t>(bits);
}

double GgufValue::number(uint64_t i) const {
  if (type == GgufType::F32) return element<float>(bytes, i);
  if (type == GgufType::F64) return element<double>(bytes, i);
  if (type == GgufType::U64) return static_cast<double>(unsigned_integer(i));
  return static_cast<double>(integer(i));
}

GgufHeader read_gguf_header(const nn::Path& path) {
  Reader in(path);
  INPUT_CHECK(in.bytes(4, "the file's mark") == "GGUF", in.file(),
              ": not a GGUF file: it does not begin with 'GGUF'");
  const auto version = in.number<uint32_t>("the version");
  INPUT_CHECK((version & 0xFFFF) != 0, in.file(),
              ": a big-endian GGUF file; only little-endian ones can be read");
  INPUT_CHECK(version == 2 || version == 3, in.file(), ": GGUF version ", version,
              "; versions 2 and 3 can be read");
  GgufHeader header;
  const auto tensors = in.number<uint64_t>("the number of tensors"),
             values = in.number<uint64_t>("the number of metadata values");
  read_values(in, header, values);
  read_infos(in, header, tensors);
  const uint64_t aligned_to = alignment(in, header);
  header.data_begin = aligned(in.position(), aligned_to);
  check_padding(in, header.data_begin);
  check_places(in, header, aligned_to);
  return header;
}

}  // namespace models

#include "p2rec/data/table.h"

#include <algorithm>
#include <array>

#include "autograd/check.h"
#include "nn/io/json.h"

namespace p2rec {
namespace {

using Fields = std::vector<std::string_view>;

constexpr std::array<std::string_view, 4> kColumnTypes = {"token", "token_seq", "float", "float_seq"};
constexpr std::array<std::string_view, 5> kSeparators = {"\t", ",", "::", "|", " "};

std::string separator_name(std::string_view separator) {
  return separator == "\t"  ? "TSV"
         : separator == "," ? "CSV"
                            : "columns separated by " + std::string(separator == " " ? "blanks" : separator);
}

std::string without_controls(std::string text) {
  std::ranges::replace_if(
      text, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return text;
}

void split_line(std::string_view separator, std::string_view text, Fields& fields) {
  if (separator == " ") return split_at_blanks(text, fields);
  split_at(separator, text, fields);
}

// The records of a file: its lines, split at the separator. With commas (RFC 4180) a field in quotes may have
// commas, line breaks, and doubled quotes.
class Records {
 public:
  using Place = std::function<std::string(int64_t line)>;  // for messages
  Records(std::span<const Line> lines, const std::string& separator, Place place)
      : lines_(lines), separator_(separator), place_(std::move(place)) {}

  // False at the end of the file. The fields are views into this object and the file.
  bool next(Fields& fields) {
    if (next_ == lines_.size()) return false;
    line_ = lines_[next_].number;
    rest_ = lines_[next_++].text;
    if (separator_ != ",") {
      split_line(separator_, rest_, fields);
      return true;
    }
    texts_.assign(1, "");
    while (read_field()) texts_.emplace_back();
    fields.assign(texts_.begin(), texts_.end());
    return true;
  }
  int64_t line() const { return line_; }  // where the record began

 private:
  // Reads the next field into the last text, and the comma after it; false if there is no comma.
  bool read_field() {
    std::string& text = texts_.back();
    if (rest_.starts_with('"')) {
      rest_.remove_prefix(1);
      while (!read_quoted(text)) next_line(text);
    }
    const size_t end = std::min(rest_.find(','), rest_.size());
    text += rest_.substr(0, end);
    const bool more = end < rest_.size();
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return more;
  }
  // Reads to the closing quote; false if the line ends before.
  bool read_quoted(std::string& text) {
    for (;;) {
      const size_t end = rest_.find('"');
      text += rest_.substr(0, end);
      if (end == rest_.npos) return false;
      rest_.remove_prefix(end + 1);
      if (!rest_.starts_with('"')) return true;
      text += '"';
      rest_.remove_prefix(1);
    }
  }
  void next_line(std::string& text) {
    INPUT_CHECK(next_ < lines_.size(), place_(line_),
                "a field in quotes begins in this row and does not end");
    text += ' ';
    rest_ = lines_[next_++].text;
  }

  std::span<const Line> lines_;
  const std::string& separator_;
  Place place_;
  size_t next_ = 0;
  int64_t line_ = 0;
  std::string_view rest_;
  std::vector<std::string> texts_;
};

nn::Json object_of(std::string_view line, const std::string& place) {
  try {
    nn::Json object = nn::parse_json<nn::Json>(std::string(line), place.substr(0, place.size() - 2));
    INPUT_CHECK(object.is_object(), place, "expected a JSON object on each line");
    return object;
  } catch (const nn::Json::parse_error&) {
    throw ag::InputError(
        place +
        "expected a JSON object on each line, but this line is not one; hint: python3 -c \"import ast, json, "
        "sys; [print(json.dumps(ast.literal_eval(line))) for line in sys.stdin]\" makes JSON of Python's "
        "dictionaries");
  }
}

std::string text_of_value(const nn::Json& value) {
  if (value.is_string()) return without_controls(value.get<std::string>());
  if (value.is_number()) return nn::json_text(value);
  if (value.is_boolean()) return value.get<bool>() ? "1" : "0";
  return "";
}

bool is_atomic_header(std::string_view line) {
  Fields fields;
  split_at("\t", line, fields);
  return std::ranges::any_of(fields, [](std::string_view field) {
    const size_t colon = field.rfind(':');
    return colon != field.npos && std::ranges::count(kColumnTypes, field.substr(colon + 1)) > 0;
  });
}

}  // namespace

std::optional<Layout> layout_by_header(std::string_view first_line, const DataConfig& config) {
  using enum Layout::Kind;
  if (is_atomic_header(first_line)) return Layout{Atomic, "\t", "RecBole atomic file"};
  if (first_line.starts_with("{")) return Layout{JsonLines, "", "JSON lines"};
  const auto is_id = [&](std::string_view field) {
    const bool is_named = field == config.user_column || field == config.item_column;
    return names_an_id(field) || (is_named && !field.empty() && !is_digits(field));
  };
  Fields fields;
  for (const std::string_view separator : kSeparators) {
    std::string line(first_line);
    if (separator == ",") std::erase(line, '"');
    split_line(separator, line, fields);
    const auto ids = std::ranges::count_if(fields, is_id);
    // A sentence may have one such word.
    if (fields.size() >= 2 && ids >= (separator == " " ? 2 : 1))
      return Layout{Header, std::string(separator), separator_name(separator) + " with a header"};
  }
  return std::nullopt;
}

Layout layout_without_header(std::string_view first_line) {
  const auto separator = std::ranges::find_if(
      kSeparators, [&](std::string_view s) { return s == " " || first_line.find(s) != first_line.npos; });
  return {Layout::Kind::NoHeader, std::string(*separator), separator_name(*separator) + " without a header"};
}

std::vector<Column> columns_in(std::string_view first_line, const Layout& layout, const std::string& place) {
  using enum Layout::Kind;
  std::vector<Column> columns;
  if (layout.kind == JsonLines) {
    const nn::Json object = object_of(first_line, place);
    for (const auto& entry : object.items()) columns.push_back({entry.key(), ""});
    return columns;
  }
  Fields fields;
  const Line header{0, first_line};
  Records record({&header, 1}, layout.separator, [&](int64_t) { return place; });
  record.next(fields);
  for (const std::string_view field : fields) {
    const size_t colon = layout.kind == Atomic ? std::min(field.rfind(':'), field.size()) : field.size();
    std::string name = without_controls(std::string(field.substr(0, colon)));
    if (layout.kind == NoHeader) name = std::to_string(columns.size() + 1);
    const std::string_view type = field.substr(std::min(colon + 1, field.size()));
    columns.push_back({name, std::string(type)});
    INPUT_CHECK(layout.kind != Atomic || std::ranges::count(kColumnTypes, type) > 0, place, "the column '",
                field,
                "' of the header has no known type; expected name:type with one of token, token_seq, "
                "float, float_seq");
  }
  return columns;
}

Table::Table(const TextFile& file, Layout layout)
    : file_(file),
      layout_(std::move(layout)),
      columns_(columns_in(file.lines().front().text, layout_, place())) {
  constexpr size_t kEnough = 1000;
  const size_t objects = layout_.kind == Layout::Kind::JsonLines ? file.lines().size() : 0;
  for (const Line& line : std::span(file.lines()).first(std::min(kEnough, objects))) {
    for (Column& column : columns_in(line.text, layout_, file.at(line.number))) {
      if (!std::ranges::count(columns_, column.name, &Column::name)) columns_.push_back(std::move(column));
    }
  }
  for (const Column& column : columns_) {
    INPUT_CHECK(std::ranges::count(columns_, column.name, &Column::name) == 1, place(), "the column '",
                column.name, "' occurs twice");
  }
}

size_t Table::require(Role role, const DataConfig& config) const {
  const int column = find(role, config);
  if (column >= 0) return static_cast<size_t>(column);
  const std::string what = role == Role::User ? "user" : "item";
  throw ag::InputError(ag::message(place(), "there is no column '", what, "_id'; found ",
                                   quoted_names(columns_), "; hint: --", what, "-column NAME names it",
                                   layout_.separator == "\t" ? "; columns are separated by tabs" : ""));
}

void Table::each_row(const std::function<void(const Row&)>& use) const {
  if (layout_.kind == Layout::Kind::JsonLines) return each_object(use);
  Fields fields;
  Records records(file_.lines(), layout_.separator, [&](int64_t line) { return file_.at(line); });
  const bool header = layout_.kind != Layout::Kind::NoHeader;
  if (header) records.next(fields);
  while (records.next(fields)) {
    INPUT_CHECK(fields.size() == columns_.size(), file_.at(records.line()), "found ", fields.size(),
                " columns, but the ", header ? "header names " : "first line has ", columns_.size(),
                layout_.separator == "\t"  ? "; hint: columns are separated by tabs"
                : layout_.separator == "," ? "; hint: a value that contains a comma needs quotes"
                                           : "");
    use({records.line(), fields});
  }
}

void Table::each_object(const std::function<void(const Row&)>& use) const {
  std::vector<std::string> texts(columns_.size());
  Fields fields(columns_.size());
  for (const Line& line : file_.lines()) {
    const nn::Json object = object_of(line.text, file_.at(line.number));
    for (size_t i = 0; i < columns_.size(); ++i) {
      const auto value = object.find(columns_[i].name);
      texts[i] = value == object.end() ? "" : text_of_value(*value);
      fields[i] = texts[i];
    }
    use({line.number, fields});
  }
}

std::string_view Table::id(const Row& row, size_t column) const {
  INPUT_CHECK(!row[column].empty(), at(row), "the column '", columns_[column].name,
              "' is empty; expected an id");
  INPUT_CHECK(row[column].find('\t') == std::string_view::npos, at(row), "the column '",
              columns_[column].name, "' holds a tab");
  return row[column];
}

}  // namespace p2rec

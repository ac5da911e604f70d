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

// The records of comma-separated lines (RFC 4180): a field in quotes may hold commas, line breaks, and quotes written twice.
class CsvRecords {
 public:
  using Place = std::function<std::string(int64_t line)>;  // for messages
  CsvRecords(const std::vector<Line>& lines, Place place) : lines_(lines), place_(std::move(place)) {}

  // False at the end of the file. The fields are views into this.
  bool next(Fields& fields) {
    if (next_ == lines_.size()) return false;
    texts_.assign(1, "");
    line_ = lines_[next_].number;
    rest_ = lines_[next_++].text;
    while (read_field()) texts_.emplace_back();
    fields.assign(texts_.begin(), texts_.end());
    return true;
  }
  int64_t line() const { return line_; }  // where the record began

 private:
  // Reads the field at the beginning of rest_ into the last text, and its comma; false where there is none.
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
  // Up to the closing quote, or to the end of the line: then false.
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

  const std::vector<Line>& lines_;
  Place place_;
  size_t next_ = 0;
  int64_t line_ = 0;
  std::string_view rest_;
  std::vector<std::string> texts_;
};

void split_line(const std::string& separator, std::string_view text, Fields& fields) {
  if (separator == " ") return split_at_blanks(text, fields);
  split_at(separator, text, fields);
}

nn::Json object_of(std::string_view line, const std::string& place) {
  try {
    nn::Json object = nn::parse_json<nn::Json>(std::string(line), place.substr(0, place.size() - 2));
    INPUT_CHECK(object.is_object(), place, "expected a JSON object on each line");
    return object;
  } catch (const nn::Json::parse_error&) {
    throw ag::InputError(
        place +
        "expected a JSON object on each line, but this is none; hint: python3 -c \"import ast, json, sys; "
        "[print(json.dumps(ast.literal_eval(line))) for line in sys.stdin]\" makes JSON of Python's "
        "dictionaries");
  }
}

std::string text_of_value(const nn::Json& value) {
  if (value.is_string()) return without_controls(value.get<std::string>());
  if (value.is_number()) return nn::json_text(value);
  if (value.is_boolean()) return value.get<bool>() ? "1" : "0";
  return "";
}

}  // namespace

bool is_atomic_header(std::string_view line) {
  Fields fields;
  split_at("\t", line, fields);
  return std::ranges::any_of(fields, [](std::string_view field) {
    const size_t colon = field.rfind(':');
    return colon != field.npos && std::ranges::count(kColumnTypes, field.substr(colon + 1)) > 0;
  });
}

std::optional<Layout> layout_by_header(std::string_view first_line, const DataConfig& config) {
  using enum Layout::Kind;
  if (is_atomic_header(first_line)) return Layout{Atomic, "\t", "RecBole atomic file"};
  if (first_line.starts_with("{")) return Layout{JsonLines, "", "JSON lines"};
  const auto is_id = [&](std::string_view field) {
    const bool number = field.find_first_not_of("0123456789") == field.npos;
    return names_an_id(field) || (!number && (field == config.user_column || field == config.item_column));
  };
  Fields fields;
  for (const std::string_view separator : kSeparators) {
    const std::string unquoted = [&] {
      std::string text(first_line);
      if (separator == ",") std::erase(text, '"');
      return text;
    }();
    split_line(std::string(separator), unquoted, fields);
    const auto ids = std::ranges::count_if(fields, is_id);
    // A sentence may hold one such word.
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
  const std::vector<Line> header = {{0, first_line}};
  CsvRecords records(header, [&](int64_t) { return place; });
  if (layout.separator == ",") {
    records.next(fields);
  } else {
    split_line(layout.separator, first_line, fields);
  }
  for (const std::string_view field : fields) {
    const size_t colon = std::min(field.rfind(':'), field.size());
    if (layout.kind == NoHeader) {
      columns.push_back({std::to_string(columns.size() + 1), ""});
    } else if (layout.kind == Header) {
      columns.push_back({without_controls(std::string(field)), ""});
    } else {
      const std::string_view type = field.substr(std::min(colon + 1, field.size()));
      INPUT_CHECK(std::ranges::count(kColumnTypes, type) > 0, place, "the column '", field,
                  "' of the header has no known type; expected name:type with one of token, token_seq, "
                  "float, float_seq");
      columns.push_back({std::string(field.substr(0, colon)), std::string(type)});
    }
  }
  return columns;
}

Table::Table(const TextFile& file, Layout layout)
    : file_(file),
      layout_(std::move(layout)),
      columns_(columns_in(file.lines().front().text, layout_, place())) {
  constexpr size_t kEnough = 1000;
  for (size_t i = 1; layout_.kind == Layout::Kind::JsonLines && i < std::min(kEnough, file.lines().size());
       ++i) {
    const Line& line = file.lines()[i];
    for (Column& column : columns_in(line.text, layout_, file.at(line.number))) {
      if (std::ranges::find(columns_, column.name, &Column::name) == columns_.end())
        columns_.push_back(std::move(column));
    }
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    const bool twice = std::ranges::count(columns_, columns_[i].name, &Column::name) > 1;
    INPUT_CHECK(!twice, place(), "the column '", columns_[i].name, "' occurs twice");
  }
}

int Table::find(Role role, const DataConfig& config) const {
  return find_column(columns_, role, config, place());
}

size_t Table::require(Role role, const DataConfig& config) const {
  const int column = find(role, config);
  if (column >= 0) return static_cast<size_t>(column);
  const std::string what = role == Role::User ? "user" : "item";
  throw ag::InputError(ag::message(place(), "there is no column '", what, "_id'; found ",
                                   quoted_names(columns_), "; hint: ", what, "-column names it",
                                   layout_.separator == "\t" ? "; columns are separated by tabs" : ""));
}

void Table::each_row(const std::function<void(const Row&)>& use) const {
  if (layout_.kind == Layout::Kind::JsonLines) return each_object(use);
  const bool csv = layout_.separator == ",";
  Fields fields;
  CsvRecords records(file_.lines(), [&](int64_t line) { return file_.at(line); });
  const auto use_fields = [&](int64_t line) {
    INPUT_CHECK(fields.size() == columns_.size(), file_.at(line), "found ", fields.size(),
                " columns, but the ",
                layout_.kind == Layout::Kind::NoHeader ? "first line has " : "header names ", columns_.size(),
                layout_.separator == "\t" ? "; hint: columns are separated by tabs" : "");
    use({line, fields});
  };
  size_t i = 0;
  const bool header = layout_.kind != Layout::Kind::NoHeader;
  if (csv) {
    for (; records.next(fields); ++i) {
      if (!header || i > 0) use_fields(records.line());
    }
    return;
  }
  for (const Line& line : file_.lines()) {
    if (header && i++ == 0) continue;
    split_line(layout_.separator, line.text, fields);
    use_fields(line.number);
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
  INPUT_CHECK(!row[column].empty(), at(row), "the column '", columns_[column].name, "' is empty");
  INPUT_CHECK(row[column].find('\t') == std::string_view::npos, at(row), "the column '",
              columns_[column].name, "' holds a tab");
  return row[column];
}

}  // namespace p2rec

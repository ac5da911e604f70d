// Reading lines of ids and atomic files: details and errors. The leave-one-out split, compared with NumPy.
#include "p2rec/data/interactions.h"

#include <cmath>
#include <fstream>
#include <sstream>

#include "p2rec/data/load_data.h"
#include "p2rec/data/text_file.h"
#include "tests/testing.h"

using p2rec::Interactions;
using p2rec::load_data;
using p2rec::Target;

namespace {

using Ids = std::vector<std::string>;
using Sequences = std::vector<std::vector<int32_t>>;
using Times = std::vector<std::vector<int64_t>>;

void write(const std::filesystem::path& path, const std::string& content) {
  std::ofstream out(path, std::ios::binary);
  out << content;
}

Interactions read_text(const std::string& content) {
  const testing::TemporaryFolder folder;
  write(folder / "data.txt", content);
  return load_data(folder / "data.txt");
}

// The message of the InputError of reading this content, or "".
std::string error_of(const std::string& content, const std::string& items = "") {
  const testing::TemporaryFolder folder;
  write(folder / "data.txt", content);
  if (!items.empty()) write(folder / "data.item", items);
  try {
    load_data(folder / "data.txt");
  } catch (const ag::InputError& error) {
    return error.what();
  }
  return "";
}

std::string folder_error(const std::vector<std::pair<std::string, std::string>>& files) {
  const testing::TemporaryFolder folder;
  for (const auto& [name, content] : files) write(folder / name, content);
  try {
    load_data(folder.path());
  } catch (const ag::InputError& error) {
    return error.what();
  }
  return "";
}

Ids ids_of(const Interactions& data, p2rec::Sequence items) {
  Ids ids;
  for (int32_t item : items) ids.push_back(data.item_ids[size_t(item)]);
  return ids;
}

Ids ids_between(const ag::Tensor& packed, const ag::Tensor& offsets, int64_t i) {
  Ids ids;
  for (int32_t at = offsets.ints()[i]; at < offsets.ints()[i + 1]; ++at)
    ids.push_back(std::to_string(packed.ints()[at]));
  return ids;
}

}  // namespace

TEST_CASE("interactions: the same data in three formats") {
  const Sequences expected = {{1, 0, 1}, {2}, {0, 2, 1, 3}};
  const Interactions pairs = read_text("2 10\n10 9\n2 9\n9 20\n10 20\n10 10\n2 10\n10 100\n");
  const Interactions lines = read_text("10 9 20 10 100\n2 10 9 10\n9 20\n");
  const Interactions atomic = read_text(
      "rating:float\titem_id:token\ttimestamp:float\tuser_id:token\n"
      "1\t10\t5\t2\n1\t9\t4.5\t2\n1\t10\t-"
      "1e3\t2\n1\t9\t1\t10\n3\t100\t8e9\t10\n3\t10\t8\t10\n3\t20\t2\t10\n1\t20\t0\t9\n");
  for (const Interactions* data : {&pairs, &lines, &atomic}) {
    CAPTURE(data->format);
    CHECK(data->user_ids == Ids{"2", "9", "10"});
    CHECK(data->item_ids == Ids{"9", "10", "20", "100"});
    CHECK(data->sequences == expected);
    CHECK(data->interactions() == 8);
    CHECK(data->titles.empty());
  }
  CHECK(pairs.format.find("pair") != std::string::npos);
  CHECK(lines.format.find("one line per user") != std::string::npos);
  CHECK(atomic.format.find("RecBole") != std::string::npos);
}

TEST_CASE("interactions: equal times keep the file's order, and so do files without times") {
  const std::string head = "user_id:token\titem_id:token";
  CHECK(read_text(head + "\ttimestamp:float\n1\t5\t7\n1\t3\t7\n1\t4\t6\n1\t3\t7\n").sequences ==
        Sequences{{1, 2, 0, 0}});
  CHECK(read_text(head + "\n1\t5\n1\t3\n1\t4\n1\t3\n").sequences == Sequences{{2, 0, 1, 0}});
}

TEST_CASE("interactions: times are compared and kept as integers, with their ratings") {
  const std::string head = "user_id:token\titem_id:token\ttimestamp:float";
  const std::string nanoseconds =
      "1\t3\t1600000000000000130\n1\t4\t1600000000000000120\n1\t5\t160000000000000011";
  for (const char* last_digits : {"0", "0.0", "0.25"}) {
    const Interactions data = read_text(head + "\n" + nanoseconds + last_digits + "\n");
    CHECK(data.sequences == Sequences{{2, 1, 0}});
    CHECK(data.times == Times{{1600000000000000110, 1600000000000000120, 1600000000000000130}});
    CHECK(data.ratings.empty());
  }
  const Interactions data =
      read_text(head + "\trating:float\n1\t3\t5.75\t4\n1\t4\t5.5\t2.5\n2\t3\t-1.5\t-1\n" +
                "2\t3\t-9223372036854775808\t5\n2\t4\t9223372036854775807\t1\n2\t4\t1e9\t3\n");
  CHECK(data.sequences == Sequences{{1, 0}, {0, 0, 1, 1}});
  CHECK(data.times == Times{{5, 5}, {INT64_MIN, -2, 1'000'000'000, INT64_MAX}});
  CHECK(data.ratings == std::vector<std::vector<float>>{{2.5f, 4}, {5, -1, 3, 1}});
  CHECK(read_text("1 2\n1 3\n").times.empty());
}

TEST_CASE("interactions: files with two columns are pairs; both readings agree if no user occurs twice") {
  CHECK(read_text("1 7\n2 7\n3 8\n").sequences == Sequences{{0}, {0}, {1}});
  CHECK(read_text("1 7\n2 7 8\n3 8\n").sequences == Sequences{{0}, {0, 1}, {1}});
  CHECK(read_text("1 7\n1 8\n").sequences == Sequences{{0, 1}});
  CHECK(read_text("1 7\n").sequences == Sequences{{0}});
}

TEST_CASE(
    "interactions: ids are in numeric order if all are numbers, of any length, else in the order of bytes") {
  CHECK(read_text("1 100 20 3\n").item_ids == Ids{"3", "20", "100"});
  CHECK(read_text("1 100 20 3 x\n").item_ids == Ids{"100", "20", "3", "x"});
  CHECK(read_text("1 100 20 3 -4\n").item_ids == Ids{"-4", "100", "20", "3"});
  CHECK(read_text("1 7 007 06 08 000 0\n").item_ids == Ids{"0", "000", "06", "007", "7", "08"});
  CHECK(read_text("1 100000000000000000000000 99999999999999999999999 5\n").item_ids ==
        Ids{"5", "99999999999999999999999", "100000000000000000000000"});
  CHECK(read_text("b 1 2 3\na 1 1\nB 3 4\n").user_ids == Ids{"B", "a", "b"});  // only users, not items
}

TEST_CASE("interactions: one user's last item and the order of lines do not change the other numbers") {
  const Interactions a = read_text("1 10 20 30\n2 20 30 10\n"), b = read_text("2 20 30 10\n1 10 20 30\n");
  CHECK(a.sequences == b.sequences);
  const Interactions c = read_text("1 10 20 20\n2 20 30 10\n");
  CHECK(c.item_ids == a.item_ids);
  CHECK(c.sequences[1] == a.sequences[1]);
}

TEST_CASE("interactions: CRLF, a missing last newline, blank lines, a byte-order mark, runs of blanks") {
  const Sequences expected = {{0, 1, 2}, {2, 0}};
  for (const char* text : {"1 5 6 7\n2 7 5\n", "1 5 6 7\n2 7 5", "1 5 6 7\r\n2 7 5\r\n", "1 5 6 7\r\n2 7 5\r",
                           "\xEF\xBB\xBF"
                           "1 5 6 7\n2 7 5\n",
                           "\n\n1 5 6 7\n \t \n2 7 5\n\n\n", "  1\t5  6 7 \n\t2 7\t\t5\t\n"}) {
    CAPTURE(text);
    const Interactions data = read_text(text);
    CHECK(data.sequences == expected);
    CHECK(data.user_ids == Ids{"1", "2"});
    CHECK(data.item_ids == Ids{"5", "6", "7"});
  }
  const Interactions atomic =
      read_text("\xEF\xBB\xBF\r\nitem_id:token\tuser_id:token\r\n\r\n5\tanna b\r\n6\tanna b\r");
  CHECK(atomic.user_ids == Ids{"anna b"});  // in an atomic file only tabs separate
  CHECK(atomic.item_ids == Ids{"5", "6"});
}

TEST_CASE("interactions: leave-one-out views") {
  const Interactions data = read_text("1 5 6 7 8 5\n2 5 6 7\n3 5 6\n4 5\n");
  for (const Target target : {Target::Validation, Target::Test}) {
    CHECK(p2rec::has_target(data, 0, target));
    CHECK(p2rec::has_target(data, 1, target));
    CHECK(!p2rec::has_target(data, 2, target));
    CHECK(!p2rec::has_target(data, 3, target));
  }
  CHECK(ids_of(data, p2rec::training_part(data, 0)) == Ids{"5", "6", "7"});
  CHECK(ids_of(data, p2rec::training_part(data, 1)) == Ids{"5"});
  CHECK(ids_of(data, p2rec::training_part(data, 2)) == Ids{"5", "6"});
  CHECK(ids_of(data, p2rec::training_part(data, 3)) == Ids{"5"});
  CHECK(data.item_ids[size_t(p2rec::target_item(data, 0, Target::Validation))] == "8");
  CHECK(data.item_ids[size_t(p2rec::target_item(data, 0, Target::Test))] == "5");
  CHECK(ids_of(data, p2rec::target_history(data, 0, Target::Validation)) == Ids{"5", "6", "7"});
  CHECK(ids_of(data, p2rec::target_history(data, 0, Target::Test)) == Ids{"5", "6", "7", "8"});
  CHECK_THROWS_AS(p2rec::target_item(data, 2, Target::Test), ag::Error);
  CHECK_THROWS_AS(p2rec::target_history(data, 3, Target::Validation), ag::Error);
  CHECK_THROWS_AS(p2rec::training_part(data, 4), ag::Error);
  CHECK_THROWS_AS(p2rec::has_target(data, -1, Target::Test), ag::Error);
}

TEST_CASE("interactions: targets that a stage may not see are hidden") {
  const std::string head = "user_id:token\titem_id:token\ttimestamp:float\trating:float\n";
  const Interactions all =
      read_text(head + "1\t5\t1\t1\n1\t6\t2\t2\n1\t7\t3\t3\n1\t8\t4\t4\n2\t5\t1\t1\n2\t6\t2\t2\n");
  const auto visible = [&](p2rec::Sees sees) { return p2rec::hide_targets(all, sees); };
  const Interactions training = visible(p2rec::Sees::Training), validation = visible(p2rec::Sees::Validation);
  for (const Interactions* data : {&training, &validation}) {
    CHECK(has_target(*data, 0, Target::Test));
    CHECK_FALSE(has_target(*data, 1, Target::Test));
    CHECK(ids_of(*data, training_part(*data, 0)) == Ids{"5", "6"});
    CHECK(ids_of(*data, training_part(*data, 1)) == Ids{"5", "6"});
    CHECK(ids_of(*data, target_history(*data, 0, Target::Validation)) == Ids{"5", "6"});
    CHECK(item_counts(*data, p2rec::CountedPart::Training) == item_counts(all, p2rec::CountedPart::Training));
    CHECK_THROWS_WITH_AS(item_counts(*data, p2rec::CountedPart::Everything),
                         doctest::Contains("hidden from this stage"), ag::Error);
    CHECK_THROWS_WITH_AS(target_item(*data, 0, Target::Test),
                         doctest::Contains("user 0: a held-out item is hidden"), ag::Error);
    CHECK(data->times[0][3] == INT64_MIN);
    CHECK(std::isnan(data->ratings[0][3]));
    CHECK(data->times[1] == all.times[1]);
  }
  CHECK_THROWS_AS(target_item(training, 0, Target::Validation), ag::Error);
  CHECK_THROWS_AS(target_history(training, 0, Target::Test), ag::Error);
  CHECK(training.times[0][2] == INT64_MIN);
  CHECK(target_item(validation, 0, Target::Validation) == target_item(all, 0, Target::Validation));
  CHECK(ids_of(validation, target_history(validation, 0, Target::Test)) == Ids{"5", "6", "7"});
  CHECK(validation.times[0][2] == 3);
  const Interactions everything = visible(p2rec::Sees::Test);
  CHECK(everything.sequences == all.sequences);
  CHECK(everything.times == all.times);
  CHECK(everything.ratings == all.ratings);
}

TEST_CASE("interactions: hashes depend on the training parts and on each kind of target") {
  const std::string rows = "1\t5\t1\t1\n1\t6\t2\t2\n1\t5\t3\t3\n1\t6\t4\t4\n";
  const auto hashes = [&](const std::string& changed, const std::string& to) {
    std::string text = "user_id:token\titem_id:token\ttimestamp:float\trating:float\n" + rows;
    if (!changed.empty()) text.replace(text.find(changed), changed.size(), to);
    return p2rec::hashes_of(read_text(text));
  };
  const auto check = [&](const std::string& changed, const std::string& to, bool training, bool validation,
                         bool test) {
    CAPTURE(to);
    const p2rec::DataHashes before = hashes("", ""), after = hashes(changed, to);
    CHECK((before.training != after.training) == training);
    CHECK((before.validation != after.validation) == validation);
    CHECK((before.test != after.test) == test);
  };
  check("1\t6\t2\t2", "1\t5\t2\t2", true, false, false);
  check("1\t6\t2\t2", "1\t6\t2.9\t1", true, false, false);
  check("1\t5\t3\t3", "1\t6\t3\t3", false, true, false);
  check("1\t5\t3\t3", "1\t5\t3\t5", false, true, false);
  check("1\t6\t4\t4", "1\t5\t4\t4", false, false, true);
  check("1\t6\t4\t4", "1\t6\t9\t4", false, false, true);
  check("1\t6\t4\t4", "1\t6\t4\t4", false, false, false);
}

TEST_CASE("interactions: order, repeats and split equal NumPy's") {
  const nn::TensorFile file = testing::fixture("ranking.safetensors");
  const auto ints = [&](const std::string& name) { return file.at("split." + name).ints(); };
  std::string text = "timestamp:float\tuser_id:token\titem_id:token\n";
  for (int64_t i = 0; i < file.at("split.user").numel(); ++i) {
    text += ag::message(ints("time")[i], '\t', ints("user")[i], '\t', ints("item")[i], '\n');
  }
  const Interactions data = read_text(text);
  REQUIRE(data.users() == file.at("split.user_ids").numel());
  REQUIRE(data.items() == file.at("split.item_ids").numel());
  for (int64_t i = 0; i < data.items(); ++i)
    CHECK(data.item_ids[size_t(i)] == std::to_string(ints("item_ids")[i]));
  int64_t without = 0;
  for (int64_t user = 0; user < data.users(); ++user) {
    CAPTURE(user);
    CHECK(data.user_ids[size_t(user)] == std::to_string(ints("user_ids")[user]));
    const auto expected = [&](const std::string& name) {
      return ids_between(file.at("split." + name), file.at("split." + name + "_offsets"), user);
    };
    CHECK(ids_of(data, p2rec::training_part(data, user)) == expected("training"));
    CHECK(p2rec::has_target(data, user, Target::Test) == (ints("test_target")[user] >= 0));
    if (!p2rec::has_target(data, user, Target::Test)) {
      ++without;
      continue;
    }
    for (const auto& [target, name] :
         {std::pair(Target::Validation, std::string("validation")), {Target::Test, "test"}}) {
      CHECK(ids_of(data, p2rec::target_history(data, user, target)) == expected(name + "_history"));
      CHECK(data.item_ids[size_t(p2rec::target_item(data, user, target))] ==
            std::to_string(ints(name + "_target")[user]));
    }
  }
  CHECK(without == 4);
}

TEST_CASE("interactions: titles come from the .item file in the same folder") {
  const testing::TemporaryFolder folder;
  write(folder / "x.inter", "user_id:token\titem_id:token\n1\t5\n1\t6\n2\t7\n");
  const auto titles_of = [&](const std::string& items) {
    write(folder / "x.item", items);
    const Ids by_file = load_data(folder / "x.inter").titles, by_folder = load_data(folder.path()).titles;
    CHECK(by_file == by_folder);
    return by_file;
  };
  // Columns may have any order. An item without a row has no title. Items without interactions are left out.
  CHECK(titles_of("year:float\tmovie_title:token_seq\titem_id:token\n1995\tToy "
                  "Story\t6\n1994\tUnseen\t99\n1\t\t5\n") == Ids{"", "Toy Story", ""});
  // "title" is preferred to "name", "name" to the first token_seq, and only columns of text count.
  CHECK(titles_of("item_id:token\tkind:token_seq\tname:token\ttitle:token\n5\tk\tn\tt\n") ==
        Ids{"t", "", ""});
  CHECK(titles_of("item_id:token\tkind:token_seq\tname:token\ttitle:float\n5\tk\tn\t1\n") ==
        Ids{"n", "", ""});
  CHECK(titles_of("item_id:token\tasin:token\tkind:token_seq\tmore:token_seq\n5\ta\tk\tm\n") ==
        Ids{"k", "", ""});
  CHECK(titles_of("item_id:token\tyear:float\n5\t1990\n").empty());
  CHECK(titles_of("item_id:token\ttitle:token_seq\r\n7\tCaf\xC3\xA9 \xF0\x9F\x8E\xAC\r\n") ==
        Ids{"", "", "Caf\xC3\xA9 \xF0\x9F\x8E\xAC"});
}

TEST_CASE("interactions: a folder is searched by content") {
  const testing::TemporaryFolder folder;
  const std::string items = "item_id:token\ttitle:token_seq\n5\tFive\n";
  write(folder / "sequences.dat", "1 5 6\n2 6\n");
  write(folder / "README.md", "# Notes 1\n\nThese are 2 users' items.\n");
  write(folder / "things.item", items);
  write(folder / "x.kg", "head_id:token\trelation_id:token\ttail_id:token\n1\t2\t3\n");
  write(folder / "x.user", "user_id:token\tage:token\n1\t30\n");
  write(folder / "image.png", std::string("\x89PNG\r\n\x1A\n\0\0\0\r", 12));
  write(folder / ".hidden", "1 2 3\n");
  write(folder / "empty", "");
  std::filesystem::create_directory(folder / "more");
  write(folder / "more/other.txt", "1 2 3\n");
  const Interactions data = load_data(folder.path());
  CHECK(data.sequences == Sequences{{0, 1}, {1}});
  CHECK(data.titles == Ids{"Five", ""});
  CHECK(data.source == (folder / "sequences.dat").string());
  CHECK(load_data(folder / "sequences.dat").titles.empty());  // there is no sequences.item

  // Of several .item files, the one with the interactions' name is read.
  write(folder / "sequences.item", "item_id:token\ttitle:token_seq\n6\tSix\n");
  CHECK(load_data(folder.path()).titles == Ids{"", "Six"});
}

TEST_CASE("interactions: a long first line is recognised in a folder too") {
  const testing::TemporaryFolder folder;
  std::string line = "1";
  for (int i = 0; i < 40000; ++i) line += " " + std::to_string(i);
  write(folder / "long.txt", line);
  CHECK(load_data(folder.path()).interactions() == 40000);
}

TEST_CASE("interactions: a folder without data or with too many files is an error that lists the files") {
  const std::string none = folder_error({{"README.md", "Nothing here.\n"}, {"x.item", "item_id:token\n1\n"}});
  CHECK(none.find("found 0") != std::string::npos);
  CHECK(none.find("README.md: neither") != std::string::npos);
  CHECK(none.find("x.item: items") != std::string::npos);
  CHECK(folder_error({}).find("nothing") != std::string::npos);
  const std::string two =
      folder_error({{"a.inter", "user_id:token\titem_id:token\n1\t2\n"}, {"b.txt", "1 2 3\n"}});
  CHECK(two.find("found 2") != std::string::npos);
  CHECK(two.find("a.inter: interactions") != std::string::npos);
  CHECK(two.find("b.txt: interactions") != std::string::npos);
  CHECK(two.find("hint") != std::string::npos);
  const std::string items = folder_error(
      {{"a.txt", "1 2 3\n"}, {"b.item", "item_id:token\n2\n"}, {"c.item", "item_id:token\n2\n"}});
  CHECK(items.find("one named a.item") != std::string::npos);
  // A damaged .item file is not ignored.
  for (const char* damaged : {"", "\xFF\xFE", "5 Five\n", "id:token\n5\n"}) {
    CAPTURE(damaged);
    CHECK(folder_error({{"a.txt", "1 2 3\n"}, {"b.item", damaged}}).find("b.item:") != std::string::npos);
  }
}

TEST_CASE("interactions: every malformed file is an error that names file, line and what was expected") {
  const std::string head = "user_id:token\titem_id:token\ttimestamp:float\n";
  const std::string rated = "user_id:token\titem_id:token\trating:float\n";
  struct Case {
    std::string content, expected;
  };
  for (const Case& c : {
           Case{"", "data.txt: the interactions file is empty"},
           Case{"\n \t\r\n\n", "nothing but blank lines"},
           Case{"\xEF\xBB\xBF", "nothing but blank lines"},
           Case{"1 2\n3\n", "data.txt:2: found one column"},
           Case{"1,2,5\n1,3,5\n",
                "data.txt:1: found commas, but no column with a usual name of users or items"},
           Case{"user;item\n1;2\n",
                "data.txt:1: found semicolons; expected columns that are separated by commas"},
           Case{"[{\"user\": 1, \"item\": 2}]\n",
                "this is a JSON array; expected a JSON object on each line"},
           Case{"[\n{\"user\": 1, \"item\": 2}\n]\n", "this is a JSON array"},
           Case{"[a 2\n[a\n", "data.txt:2: found one column"},
           Case{"user,item\n1,2,3\n",
                "found 3 columns, but the header names 2; hint: a value that contains a comma"},
           Case{std::string("\xFF\xFEu\0\n\0", 6), "iconv -f UTF-16 -t utf-8"},
           Case{"1 2 3\n\n1 4 5\n", "data.txt:3: the user '1' has a line already, line 1"},
           Case{"1 2\n1 3\n2 4 5\n2 6\n", "data.txt:2: the user '1' has a line already, line 1"},
           Case{"196 242 3 8812509\n186 302 3 8917177\n196 377 1 8788871\n", "timestamp:float"},
           Case{"who what\n1 2\n1 3\n", "data.txt:1: the user 'who' is the only one that is not a number"},
           Case{head, "there is no row below the header"},
           Case{head + "1\t2\t3\n1\t2\n", "data.txt:3: found 2 columns, but the header names 3"},
           Case{head + "1\t2\t3\t4\n", "data.txt:2: found 4 columns, but the header names 3"},
           Case{head + "1 2 3\n",
                "found 1 columns, but the header names 3; hint: columns are separated by tabs"},
           Case{head + "1\t2\tnoon\n", "data.txt:2: the timestamp 'noon' is not a number"},
           Case{head + "1\t2\t12:30\n", "'12:30' is not a number"},
           Case{head + "1\t2\t2024-01-27\n",
                "hint: pandas.to_datetime(COLUMN).astype('int64') makes numbers of"},
           Case{head + "1\t2\t\n", "'' is not a number"},
           Case{head + "1\t2\tnan\n", "'nan' is not a number"},
           Case{head + "1\t2\tinf\n", "'inf' is not a number"},
           Case{head + "1\t2\t1e999\n", "'1e999' is not a number"},
           Case{head + "1\t2\t9223372036854775808\n",
                "'9223372036854775808' is not a number of at most 64 bits"},
           Case{head + "1\t2\t1.5e\n", "'1.5e' is not a number"},
           Case{rated + "1\t2\tgood\n", "data.txt:2: the rating 'good' is not a number"},
           Case{rated + "1\t2\tnan\n", "data.txt:2: the rating 'nan' is not a number"},
           Case{head + "\t2\t3\n", "data.txt:2: the column 'user_id' is empty"},
           Case{head + "1\t\t3\n", "data.txt:2: the column 'item_id' is empty"},
           Case{"user_id:token\ttimestamp:float\n1\t2\n",
                "there is no column 'item_id'; found 'user_id', 'timestamp'"},
           Case{"item_id:token\ttitle:token_seq\n1\tx\n", "data.txt:1: there is no column 'user_id'"},
           Case{"user_id:token item_id:token\n1 2\n", "there is no column 'user_id'"},
           Case{"user_id:token\titem_id\n1\t2\n", "the column 'item_id' of the header has no known type"},
           Case{"user_id:token\titem_id:text\n1\t2\n",
                "the column 'item_id:text' of the header has no known type"},
           Case{"user_id:token\titem_id:token\titem_id:token\n1\t2\t3\n",
                "the column 'item_id' occurs twice"},
           Case{std::string("1 2\n\0\0\0", 7), "data.txt:2: the byte 0x00 does not belong in a text file"},
           Case{"1 2\n3 \x1B[0m4\n", "data.txt:2: the byte 0x1B"},
           Case{"1 2\r3 4\r", "the byte 0x0D"},
           Case{"1 2\n1 caf\xE9\n", "data.txt:2: the byte 0xE9 is not UTF-8"},
           Case{"\xFF\xFE"
                "1",
                "data.txt:1: the byte 0xFF is not UTF-8"},
       }) {
    CAPTURE(c.content);
    const std::string message = error_of(c.content);
    CAPTURE(message);
    CHECK(message.find(c.expected) != std::string::npos);
  }
  const testing::TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(load_data(folder / "missing"),
                       doctest::Contains("missing: there is no such file or folder"), ag::InputError);
}

TEST_CASE("interactions: every malformed .item file is an error, too") {
  struct Case {
    std::string items, expected;
  };
  for (const Case& c : {
           Case{"title:token_seq\nx\n", "data.item:1: there is no column 'item_id'"},
           Case{"5 Five\n", "data.item:1: expected a header"},
           Case{"item_id:token\ttitle:token_seq\n5\tFive\tcinq\n", "data.item:2: found 3 columns"},
           Case{"item_id:token\ttitle:token_seq\n5\tFive\n5\tCinq\n",
                "data.item:3: the item '5' has another title already in line 2"},
           Case{"item_id:token\ttitle:token_seq\n50\tFifty\n", "none of its 1 items is among the 2"},
           Case{"item_id:token\ttitle:token_seq\n\tFifty\n", "data.item:2: the column 'item_id' is empty"},
           Case{"item_id:token\ttitle:token_seq\n5\tCaf\xE9\n", "data.item:2: the byte 0xE9 is not UTF-8"},
       }) {
    CAPTURE(c.items);
    const std::string message = error_of("1 5 6\n", c.items);
    CAPTURE(message);
    CHECK(message.find(c.expected) != std::string::npos);
  }
  CHECK(error_of("1 5 6\n", "item_id:token\ttitle:token_seq\n5\tFive\n5\tFive\n")
            .empty());  // the same row twice is allowed
}

TEST_CASE("text: what is UTF-8 and what is not (Unicode 15, table 3-7)") {
  for (const char* good : {"", "a\tb\r\n", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                           "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    CHECK(p2rec::find_text_fault(good).line == 0);
  }
  for (const char* bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xC3(", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE2\x82",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF0\x9F\x8E", "\x7F", "\x01"}) {
    CHECK(p2rec::find_text_fault(bad).line == 1);
    CHECK(p2rec::find_text_fault(std::string("a\nb\n") + bad).line == 3);
  }
}

TEST_CASE("interactions: p2rec stats prints what was read, in 80 columns") {
  Interactions data = read_text("1 5 6 7 8 5\n2 5 6 7\n3 5 6\n4 5\n");
  data.facts = {
      {"columns", "user " + std::string(40, 'u') + ", item " + std::string(40, 'i') + "; not used: x"}};
  data.user_ids[0] = std::string(100, 'u');
  data.titles = {std::string(200, 't'), "", "Caf\xC3\xA9", ""};
  for (int i = 0; i < 60; ++i) data.titles[1] += "\xE6\x98\xA0";  // two columns wide
  for (int i = 0; i < 300; ++i) data.sequences[1].push_back(3);
  const std::string text = p2rec::stats_text(data);
  for (const char* expected : {"uuu, item\n              iii",
                               "iii; not used: x\ncounts        users 4, items 4, interactions 311\n",
                               "mean 77.8, median 3.5, min 1, max 303", "tttt...", "item          title"}) {
    CAPTURE(text);
    CHECK(text.find(expected) != std::string::npos);
  }
  CHECK(p2rec::find_text_fault(text).line == 0);  // no character was split
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    size_t width = 0;
    for (char c : line)
      width += (static_cast<unsigned char>(c) & 0xC0) == 0x80 ? 0
               : static_cast<unsigned char>(c) >= 0xE1        ? 2
                                                              : 1;
    CHECK(width <= 80);
  }
  data.titles.clear();
  CHECK(p2rec::stats_text(data).find("title") == std::string::npos);
}

// The usual kinds of files: each is read with the right values, or the error says what it may mean.
#include <fstream>

#include "p2rec/data/load_data.h"
#include "p2rec/data/text_file.h"
#include "tests/testing.h"

using p2rec::DataConfig;
using p2rec::Interactions;

namespace {

using Ids = std::vector<std::string>;

// Files in a new folder.
class Files {
 public:
  Files(const std::vector<std::pair<std::string, std::string>>& files) {
    for (const auto& [name, content] : files) {
      std::filesystem::create_directories((folder_ / name).parent_path());
      std::ofstream(folder_ / name, std::ios::binary) << content;
    }
  }
  Interactions load(const std::string& name, DataConfig config = {}) const {
    config.name = (folder_ / name).string();
    if (!config.titles.empty()) config.titles = (folder_ / config.titles).string();
    return p2rec::load_data(config);
  }
  std::string error(const std::string& name, const DataConfig& config = {}) const {
    try {
      load(name, config);
    } catch (const ag::InputError& problem) {
      return problem.what();
    }
    return "";
  }

 private:
  testing::TemporaryFolder folder_;
};

Ids items_of(const Interactions& data, const std::string& user) {
  const auto found = std::ranges::find(data.user_ids, user);
  REQUIRE(found != data.user_ids.end());
  Ids ids;
  for (const int32_t item : data.sequences[static_cast<size_t>(found - data.user_ids.begin())])
    ids.push_back(data.item_ids[static_cast<size_t>(item)]);
  return ids;
}

std::string fact(const Interactions& data, const std::string& label) {
  std::string text;
  for (const auto& [name, fact] : data.facts) {
    if (name == label) text += fact + "\n";
  }
  return text;
}

void check_has(const std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    CAPTURE(text);
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
  }
}

const std::string kHeader = "user_id:token\titem_id:token\ttimestamp:float\n";

}  // namespace

TEST_CASE("files: MovieLens in its four forms, with titles and out of time order") {
  const Files files({
      {"csv/ratings.csv", "userId,movieId,rating,timestamp\n1,30,4.0,20\n1,2,0.5,10\n2,30,3.5,5\n"},
      {"csv/movies.csv",
       "movieId,title,genres\r\n2,\"Made-up \"\"Film\"\", The (1963)\",Drama|Comedy\r\n30,Plain "
       "(1970),Drama\r\n"},
      {"1m/ratings.dat", "1::30::4::20\n1::2::1::10\n2::30::3::5\n"},
      {"1m/movies.dat", "2::Caf\xE9 (1963)::Drama\n30::Plain (1970)::Drama\n"},
      {"100k/u.data", "1\t30\t4\t880000020\n1\t2\t1\t880000010\n2\t30\t3\t880000005\n"},
      {"100k/u.item", "2|Caf\xE9 (1963)|01-Jan-1963||x|0|1\n30|Plain (1970)|||x|0|1\n"},
      {"tsv/header.tsv", "user\titem\trating\ttimestamp\n1\t30\t4\t20\n1\t2\t1\t10\n2\t30\t3\t5\n"},
  });
  for (const char* name :
       {"csv/ratings.csv", "csv", "1m/ratings.dat", "1m", "100k/u.data", "100k", "tsv/header.tsv", "tsv"}) {
    CAPTURE(name);
    const Interactions data = files.load(name);
    CHECK(items_of(data, "1") == Ids{"2", "30"});
    CHECK(items_of(data, "2") == Ids{"30"});
    CHECK(data.times[0][1] - data.times[0][0] == 10);
    CHECK(data.ratings[0][1] == 4);
  }
  CHECK(files.load("csv").titles == Ids{"Made-up \"Film\", The (1963)", "Plain (1970)"});
  for (const char* name : {"1m/ratings.dat", "1m", "100k/u.data", "100k"})
    CHECK(files.load(name).titles == Ids{"Caf\xC3\xA9 (1963)", "Plain (1970)"});
  CHECK(files.load("tsv").titles.empty());
  CHECK(files.load("tsv/header.tsv", {.titles = "csv/movies.csv"}).titles[1] == "Plain (1970)");
  CHECK(fact(files.load("csv"), "columns") ==
        "user = userId, item = movieId, time = timestamp, rating = rating (no filter); not used: none\n");
  CHECK(fact(files.load("csv"), "format") == "CSV with a header\n");
}

TEST_CASE("files: a field in quotes holds commas, quotes and line breaks (RFC 4180)") {
  const Files files({{"a.csv",
                      "\"user_id\",item_id,note\n\"u,1\",\"i \"\"1\"\"\",\"two\n\nlines, "
                      "\"\"quoted\"\"\"\nu2,i2,\n\"\n1\",i3,\n"},
                     {"open.csv", "user_id,item_id\n1,\"2\n3,4\n"},
                     {"short.csv", "user_id,item_id\n1,2\n\n3,4,5\n"}});
  const Interactions data = files.load("a.csv");
  CHECK(data.user_ids == Ids{" 1", "u,1", "u2"});
  CHECK(data.item_ids == Ids{"i \"1\"", "i2", "i3"});
  check_has(files.error("open.csv"), {"open.csv:2: a field in quotes begins in this row and does not end"});
  check_has(files.error("short.csv"), {"short.csv:4: found 3 columns, but the header names 2"});
}

TEST_CASE("files: Amazon's reviews as JSON lines, with the names of 2014 and of 2023, and their metadata") {
  const std::string old_reviews =
      R"({"reviewerID": "A8", "asin": "B13", "helpful": [0, 1], "reviewText": "a \"b\"\n", "overall": 4.0, "unixReviewTime": 20})"
      "\n"
      R"({"reviewerID": "A8", "asin": "B12", "overall": 1.5, "unixReviewTime": 10, "reviewerName": null})"
      "\n";
  const std::string new_reviews =
      R"({"rating": 4.0, "title": "Five", "asin": "X1", "parent_asin": "B13", "user_id": "A8", "timestamp": 1600000000020, "verified_purchase": true})"
      "\n"
      R"({"rating": 1.5, "title": "One", "asin": "X2", "parent_asin": "B12", "user_id": "A8", "timestamp": 1600000000010, "verified_purchase": false})"
      "\n";
  const Files files({{"old/reviews_Toys_5.json", old_reviews},
                     {"old/meta_Toys.json", R"({"asin": "B12", "price": 1})"
                                            "\n"
                                            R"({"asin": "B13", "title": "Blocks"})"
                                            "\n"},
                     {"new/Toys.jsonl", new_reviews},
                     {"new/meta_Toys.jsonl", R"({"title": "Caf\u00e9", "parent_asin": "B13", "features": []})"
                                             "\n"},
                     {"asin.jsonl", R"({"user_id": "u", "asin": "B1", "timestamp": 1, "rating": 2})"
                                    "\n"},
                     {"python.json", "{'reviewerID': 'A8', 'asin': 'B13'}\n"},
                     {"twice.json", R"({"user_id": "u", "user_id": "v", "asin": "B1"})"
                                    "\n"},
                     {"list.json", R"({"user_id": "u", "asin": "B1"})"
                                   "\n[1, 2]\n"},
                     {"lacks.json", R"({"user_id": "u", "asin": "B1"})"
                                    "\n"
                                    R"({"user_id": "u"})"
                                    "\n"}});
  for (const char* name : {"old/reviews_Toys_5.json", "old", "new/Toys.jsonl", "new"}) {
    CAPTURE(name);
    const Interactions data = files.load(name);
    CHECK(items_of(data, "A8") == Ids{"B12", "B13"});
    CHECK(data.ratings == std::vector<std::vector<float>>{{1.5f, 4}});
  }
  CHECK(files.load("old").titles == Ids{"", "Blocks"});
  CHECK(files.load("new").titles == Ids{"", "Caf\xC3\xA9"});
  CHECK(files.load("new").times[0][1] == 1600000000020);
  check_has(fact(files.load("new"), "columns"),
            {"item = parent_asin", "not used: asin, title, verified_purchase"});
  CHECK(files.load("asin.jsonl").item_ids == Ids{"B1"});
  check_has(files.error("python.json"), {"python.json:1: expected a JSON object", "ast.literal_eval"});
  check_has(files.error("twice.json"), {"twice.json:1"});
  check_has(files.error("list.json"), {"list.json:2: expected a JSON object on each line"});
  check_has(files.error("lacks.json"), {"lacks.json:2: the column 'asin' is empty"});
}

TEST_CASE("files: gzip is read completely, with all members; damaged files are refused") {
  using namespace std::string_literals;
  const std::string first =
      "\x1f\x8b\x08\0\0\0\0\0\x02\x03\x2b\x2d\x4e\x2d\x8a\xcf\x4c\xb1\x2a\xc9\xcf\x4e\xcd\xe3\xcc\x2c\x49\xcd"
      "\x85\xf3\xb8\x0c\x39"
      "\x8d\xb8\0\x35\xb8\x8e\x9f\x20\0\0\0"s;
  const std::string second =
      "\x1f\x8b\x08\0\0\0\0\0\x02\x03\x33\xe4\x34\xe6\x02\0\x79\xf7\xbc\x72\x04\0\0\0"s;
  std::string flipped = first;
  flipped[20] ^= 1;
  const Files files({{"d.inter.gz", first},
                     {"two.gz", first + second},
                     {"cut.gz", first.substr(0, first.size() - 1)},
                     {"cut_second.gz", first + second.substr(0, 15)},
                     {"flipped.gz", flipped},
                     {"more.gz", first + "x"},
                     {"head.gz", first.substr(0, 6)}});
  CHECK(items_of(files.load("d.inter.gz"), "1") == Ids{"2"});
  CHECK(items_of(files.load("two.gz"), "1") == Ids{"2", "3"});
  for (const char* name : {"cut.gz", "cut_second.gz", "flipped.gz", "more.gz", "head.gz"}) {
    CAPTURE(name);
    check_has(files.error(name), {"the gzip data are damaged or end early", "hint: fetch the file again"});
  }
}

TEST_CASE("files: other kinds are refused by name, and the hint says how to convert them") {
  using namespace std::string_literals;
  const Files files({{"a.parquet", "PAR1\x15\x04"s},
                     {"a.zip", "PK\3\4\x14"s},
                     {"a.xz",
                      "\xFD"
                      "7zXZ\0\0"s},
                     {"a.orc", "ORC\x0A\x03\0"s},
                     {"a.npy", "\x93NUMPY\1"s},
                     {"a.avro", "Obj\1\4"s},
                     {"orc.txt", "ORC1 5 6\nORC2 6\n"s},
                     {"a.zst", "\x28\xB5\x2F\xFD\x04"s},
                     {"a.bz2", "BZh91AY&SY\x01"s},
                     {"a.h5", "\x89HDF\r\n\x1A\n\0"s},
                     {"a.xls", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0"s},
                     {"lfs.csv", "version https://git-lfs.github.com/spec/v1\noid x\n"s},
                     {"text.txt", "BZh1 5 6\nBZh2 6\n"s},
                     {"more.txt", "1 2 3\n"s}});
  check_has(files.error("a.parquet"),
            {"this is a Parquet file", "pandas.read_parquet('", "a.parquet.csv', index=False"});
  check_has(files.error("a.zip"), {"this is a zip archive", "unzip '"});
  check_has(files.error("a.xz"), {"compressed with xz", "xz -dk '"});
  check_has(files.error("a.orc"), {"this is an ORC file", "pandas.read_orc('"});
  check_has(files.error("a.npy"), {"this is a NumPy file", "numpy.load('"});
  check_has(files.error("a.avro"), {"this is an Avro file", "fastavro.reader(open('"});
  CHECK(items_of(files.load("orc.txt"), "ORC1") == Ids{"5", "6"});
  check_has(files.error("a.zst"), {"compressed with zstd"});
  check_has(files.error("a.bz2"), {"compressed with bzip2"});
  check_has(files.error("a.h5"), {"an HDF5 file", "read_hdf"});
  check_has(files.error("a.xls"), {"an Excel file"});
  check_has(files.error("lfs.csv"), {"this is a git-lfs pointer", "git lfs pull"});
  CHECK(items_of(files.load("text.txt"), "BZh1") == Ids{"5", "6"});
  check_has(files.error("."), {"a.parquet: ", "this is a Parquet file", "text.txt: interactions"});
}

TEST_CASE("files: ambiguous files are refused with both meanings, and an option chooses one") {
  const std::string once = "8\t13\t1\t880024602\n9\t14\t2\t880029665\n";
  const Files files({{"once.data", once},
                     {"timed.txt", "8 13 880024602\n9 14 880029665\n"},
                     {"rows.txt", "8 13 1\n8 14 2\n"},
                     {"comma.txt", "1\t2,3,4,5\n2\t3,4,6\n"},
                     {"plain.csv", "8,13,5,880024602\n8,14,5,880024601\n"},
                     {"ordinary.txt", "8 13 14\n9 14 13\n"}});
  check_has(files.error("once.data"),
            {"may be `user item rating time`", "a user's sequence `user item item item`",
             "--rating-column 3 --time-column 4 for the first, --user-lines for the second"});
  const DataConfig table{.user_column = "1", .item_column = "2", .time_column = "4", .rating_column = "3"};
  CHECK(items_of(files.load("once.data", table), "8") == Ids{"13"});
  CHECK(items_of(files.load("once.data", {.user_lines = true}), "8") == Ids{"13", "1", "880024602"});
  check_has(files.error("timed.txt"), {"`user item time`", "--user-lines"});
  check_has(files.error("rows.txt"), {"rows.txt:2: the user '8' has a line already", "--user-column 1"});
  CHECK(items_of(files.load("rows.txt", {.user_column = "1", .item_column = "2", .rating_column = "3"}),
                 "8") == Ids{"13", "14"});
  check_has(files.error("comma.txt"),
            {"comma.txt:1: found '2,3,4,5', which may be one id with commas in it, or several ids"});
  CHECK(items_of(files.load("comma.txt", {.user_column = "1", .item_column = "2"}), "1") == Ids{"2,3,4,5"});
  check_has(files.error("plain.csv"),
            {"plain.csv:1: found commas, but no column", "by number, --user-column 1"});
  CHECK(items_of(files.load("plain.csv", table), "8") == Ids{"14", "13"});
  CHECK(items_of(files.load("ordinary.txt"), "8") == Ids{"13", "14"});
  check_has(files.error("plain.csv", {.user_column = "5", .item_column = "2"}),
            {"user-column: there is no column '5'; found '1', '2', '3', '4'"});
  check_has(files.error("plain.csv", {.item_column = "2"}),
            {"there is no column 'user_id'", "--user-column NAME names it"});
  check_has(files.error("once.data", {.user_column = "1", .user_lines = true}),
            {"user-lines: found together"});
}

TEST_CASE("files: columns are found by their usual names, or by an option") {
  const std::string rows = "1\t3\t30\n1\t4\t20\n1\t5\t10\n";
  const Files files({{"time.inter", "user_id:token\titem_id:token\ttime:float\n" + rows},
                     {"steam.inter", "user_id:token\tproduct_id:token\ttimestamp:float\n" + rows},
                     {"session.inter", "session_id:token\titem_id:token\ttimestamp:float\n" + rows},
                     {"when.inter", "user_id:token\titem_id:token\twhen:float\n" + rows},
                     {"both.csv", "userId,user,item\n1,2,3\n"},
                     {"own.csv", "session_id,user_id,item_id\n7,1,3\n"},
                     {"mine.csv", "who,what,when\n1,3,20\n1,4,10\n"}});
  for (const char* name : {"time.inter", "steam.inter", "session.inter"}) {
    CAPTURE(name);
    CHECK(items_of(files.load(name), "1") == Ids{"5", "4", "3"});
    CHECK(fact(files.load(name), "order") == "by time, equal times in the file's order\n");
  }
  const Interactions untimed = files.load("when.inter");
  CHECK(items_of(untimed, "1") == Ids{"3", "4", "5"});
  CHECK(fact(untimed, "columns") == "user = user_id, item = item_id; not used: when\n");
  CHECK(fact(untimed, "order") == "as in the file\n");
  CHECK(items_of(files.load("when.inter", {.time_column = "when"}), "1") == Ids{"5", "4", "3"});
  check_has(files.error("both.csv"),
            {"the columns 'userId' and 'user' could both be meant; hint: choose one with --user-column"});
  CHECK(files.load("both.csv", {.user_column = "user"}).user_ids == Ids{"2"});
  CHECK(files.load("own.csv").user_ids == Ids{"1"});
  CHECK(items_of(files.load("mine.csv", {.user_column = "who", .item_column = "what", .time_column = "when"}),
                 "1") == Ids{"4", "3"});
  check_has(files.error("mine.csv"), {"found commas, but no column", "with a header --user-column NAME"});
  check_has(files.error("time.inter", {.time_column = "date"}),
            {"time-column: there is no column 'date'; found 'user_id', 'item_id', 'time'"});
}

TEST_CASE("files: lists of items, one row per user or per target") {
  const Files files(
      {{"sequence.inter", "user_id:token\titem_id:token_seq\n1\t2 3 4 5\n2\t3 4 6\n"},
       {"list.inter",
        "user_id:token\titem_id_list:token_seq\titem_id:token\n1\t2 3 4 5 6\t7\n2\t5 6 2 3\t4\n"},
       {"rows.inter",
        "user_id:token\titem_id:token\ttimestamp:float\titem_id_list:token_seq\n"
        "1\t4\t11\t2 3\n1\t3\t10\t2\n1\t5\t12\t3 4\n1\t9\t13\t2 3 4 5 8\n"},
       {"broken.inter", "user_id:token\titem_id:token\titem_id_list:token_seq\n1\t3\t2\n1\t4\t9 3\n"},
       {"empty.inter", "user_id:token\titem_id_list:token_seq\n1\t\n"}});
  CHECK(items_of(files.load("sequence.inter"), "1") == Ids{"2", "3", "4", "5"});
  CHECK(items_of(files.load("list.inter"), "1") == Ids{"2", "3", "4", "5", "6", "7"});
  CHECK(items_of(files.load("rows.inter"), "1") == Ids{"2", "3", "4", "5", "8", "9"});
  CHECK(files.load("rows.inter").times.empty());
  check_has(files.error("broken.inter"),
            {"broken.inter: the items of a row for the user '1' are neither the end nor a continuation of"});
  check_has(files.error("empty.inter"), {"empty.inter:2: the list of items is empty"});
}

TEST_CASE("files: RecBole's three files keep their split") {
  const std::string head = "user_id:token\titem_id:token\ttimestamp:float\titem_id_list:token_seq\n";
  const Files files({{"toy/toy.train.inter",
                      head + "1\t3\t10\t2\n1\t4\t11\t2 3\n1\t5\t12\t2 3 4\n2\t6\t10\t5\n2\t2\t11\t5 6\n"},
                     {"toy/toy.valid.inter", head + "1\t6\t13\t2 3 4 5\n2\t3\t12\t5 6 2\n"},
                     {"toy/toy.test.inter", head + "1\t7\t14\t2 3 4 5 6\n3\t4\t13\t5 6\n"},
                     {"part/x.train.inter", kHeader + "1\t3\t10\n"},
                     {"plain/x.train.inter", kHeader + "1\t3\t10\n1\t4\t9\n"},
                     {"plain/x.valid.inter", kHeader + "1\t5\t12\n1\t6\t11\n"},
                     {"plain/x.test.inter", kHeader + "1\t7\t13\n1\t8\t14\n"},
                     {"plain/x.item", "item_id:token\ttitle:token_seq\n3\tThree\n"}});
  for (const char* name : {"toy", "toy/toy.valid.inter"}) {
    CAPTURE(name);
    const Interactions data = files.load(name);
    CHECK(items_of(data, "1") == Ids{"2", "3", "4", "5", "6", "7"});
    CHECK(items_of(data, "2") == Ids{"5", "6", "2", "3"});
    const auto parts = [&](int64_t user) {
      return std::pair(parts_of(data, user).training, parts_of(data, user).history);
    };
    CHECK(parts(0) == std::pair(4, 5));
    CHECK(parts(1) == std::pair(3, 4));  // without a test target
    CHECK(parts(2) == std::pair(2, 2));  // without a validation target
    check_has(fact(data, "split"),
              {"given: by the data's own files", "users with a validation target: 2, with a test target: 2"});
    check_has(fact(data, "data"), {"toy.train.inter, toy.valid.inter, toy.test.inter"});
  }
  const Interactions plain = files.load("plain");
  CHECK(items_of(plain, "1") == Ids{"4", "3", "6", "5", "7"});
  CHECK(target_item(plain, 0, p2rec::Target::Validation) == 3);  // item 6
  CHECK(target_history(plain, 0, p2rec::Target::Test).size() == 4);
  CHECK(plain.titles[0] == "Three");
  CHECK(items_of(files.load("plain", {.split = p2rec::SplitRule::LeaveOneOut}), "1") ==
        Ids{"4", "3", "6", "5", "7", "8"});
  check_has(files.error("part/x.train.inter"), {"x.valid.inter: there is no such file", "one of three"});
}

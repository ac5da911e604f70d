#include <algorithm>
#include <iostream>
#include <memory>
#include <set>

#include "p2rec/cli/commands.h"
#include "p2rec/data/load_data.h"
#include "p2rec/data/write_interactions.h"
#include "p2rec/methods/common/compare.h"
#include "p2rec/methods/common/curves.h"
#include "p2rec/methods/common/recommend.h"
#include "p2rec/methods/registry.h"
#include "p2rec/methods/settings.h"
#include "p2rec/run/results_file.h"

namespace p2rec {
namespace {

// Adds a command with the option --out, the folder of a run.
CLI::App* add_command_on_a_run(CLI::App& app, const std::string& name, const std::string& help) {
  CLI::App* command = app.add_subcommand(name, help);
  add_string(*command, "out", "DIR", "folder of a run");
  return command;
}

nn::Path run_folder(CLI::App& command) { return required_value(command, "out", "the folder of a run"); }

void recommend_from(const nn::Path& folder, const RecommendRequest& request) {
  const auto settings = settings_of_run(folder);
  const Sections sections = settings->sections();
  INPUT_CHECK(std::ranges::count(sections, "recommender", &Section::name) > 0, "recommend: the method '",
              settings->choice.name, "' of ", folder.string(),
              " trains no recommender; expected the run of a method that does, for example p2rec");
  recommend(request,
            {folder, settings->run, section_named(sections, "recommender").as<RecommenderConfig>(),
             section_named(sections, "starts").as<ItemInitConfig>(), settings->choice.name},
            std::cout);
}

// Reads a file with one user id per line.
std::vector<std::string> read_ids(const nn::Path& path) {
  INPUT_CHECK(std::filesystem::exists(path), "--users: there is no file '", path.string(),
              "'; expected a file with one id per line, or all; hint: --user ID for one user");
  const TextFile file(path, "list of users");
  std::vector<std::string> ids;
  for (const Line& line : file.lines()) ids.emplace_back(line.text);
  return ids;
}

// Sets the users or the one history. Exactly one of the four options must be given.
void set_recipients(RecommendRequest& request, CLI::App& command) {
  std::vector<std::string> ways;
  for (const char* name : {"user", "users", "item", "items"}) {
    if (given(command, name)) ways.push_back(std::string("--") + name);
  }
  INPUT_CHECK(ways.size() == 1, "--user, --users, --item, --items: found ",
              ways.empty() ? "none" : ways[0] + " and " + ways[1], "; expected one of them",
              help_hint(command));
  const std::string users = value_of(command, "users");
  request.all_users = users == "all";
  request.users = users.empty() || request.all_users ? values_of(command, "user") : read_ids(users);
  request.items =
      given(command, "items") ? split_at_commas(value_of(command, "items")) : values_of(command, "item");
}

ListFormat format_of(CLI::App& command) {
  const std::map<std::string, ListFormat> formats = {{"", ListFormat::Table},
                                                     {"table", ListFormat::Table},
                                                     {"tsv", ListFormat::Tsv},
                                                     {"json", ListFormat::Json}};
  const auto format = formats.find(value_of(command, "format"));
  INPUT_CHECK(format != formats.end(), "--format: found '", value_of(command, "format"),
              "'; expected table, tsv or json", help_hint(command));
  return format->second;
}

void add_recommend(CLI::App& app, Actions& actions) {
  const auto request = std::make_shared<RecommendRequest>();
  CLI::App* command =
      add_command_on_a_run(app, "recommend", "recommends the top items for users or for a history");
  add_strings(*command, "user", "ID", "a user of the data, by id");
  add_string(*command, "users", "FILE|all", "instead: a file with one user id per line; or all users");
  add_strings(*command, "item", "ID", "instead of users: one item of a history, the latest one last");
  add_string(*command, "items", "ID,ID,...", "the history as one list, if no id contains a comma");
  add_number(*command, "top", request->top, "number of items (default 10)");
  add_string(*command, "format", "table|tsv|json",
             "table (default), tab-separated values, or one line of JSON per user");
  add_string(*command, "start", "NAME",
             "use the recommender with this start (default: the method's own, else the run's first)");
  add_number(*command, "seed", request->seed,
             "use the recommender with this seed (default: the run's first)");
  add_machine_options(*command);
  actions[command] = [=] {
    use_machine(*command);
    const nn::Path folder = run_folder(*command);
    set_recipients(*request, *command);
    request->format = format_of(*command);
    request->start = value_of(*command, "start");
    INPUT_CHECK(request->top >= 1, "--top: found ", request->top, "; expected at least 1",
                help_hint(*command));
    recommend_from(folder, *request);
  };
}

void add_results(CLI::App& app, Actions& actions) {
  CLI::App* command = add_command_on_a_run(
      app, "results", "prints a run's results again, also split by item frequency and history length");
  actions[command] = [=] {
    const nn::Path folder = run_folder(*command);
    settings_of_run(folder);  // throws unless this is the folder of a run
    const auto results = ResultsFile(folder).read().results;
    INPUT_CHECK(results, folder.string(),
                ": has no results; expected a finished run; hint: p2rec evaluate --out ", folder.string());
    std::cout << splits_text(*results);
  };
}

void add_curves(CLI::App& app, Actions& actions) {
  CLI::App* command = add_command_on_a_run(
      app, "curves",
      "prints each recommender's validation NDCG@10 after each epoch, as tab-separated values");
  actions[command] = [=] {
    const nn::Path folder = run_folder(*command);
    settings_of_run(folder);  // throws unless this is the folder of a run
    print_curves(folder, std::cout);
  };
}

// Short names of folders: their last parts, or the whole paths if two last parts are equal.
std::vector<std::string> names_of(const std::vector<std::string>& folders) {
  std::vector<std::string> names;
  for (const std::string& folder : folders)
    names.push_back((nn::Path(folder) / "").lexically_normal().parent_path().filename().string());
  const std::set<std::string> distinct(names.begin(), names.end());
  return distinct.size() == names.size() && !distinct.contains("") ? names : folders;
}

void add_compare(CLI::App& app, Actions& actions) {
  CLI::App* command = app.add_subcommand(
      "compare", "compares runs with the same data and ranking over the users that they share");
  CLI::Option* runs = command->add_option("runs")->type_name("RUN RUN ...")->description("folders of runs");
  runs->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
  add_string(*command, "baseline", "RUN/START",
             "row that the others are compared with (default: the first run's random, else its first row)");
  actions[command] = [=] {
    const std::vector<std::string> folders = runs->results();
    const std::set<std::string> distinct(folders.begin(), folders.end());
    INPUT_CHECK(folders.size() > 1 && distinct.size() == folders.size(), "compare: found ",
                counted(std::ssize(distinct), "run"), "; expected two or more different ones",
                help_hint(*command));
    const std::vector<std::string> names = names_of(folders);
    std::vector<RankedRun> read;
    for (size_t i = 0; i < folders.size(); ++i) {
      settings_of_run(folders[i]);  // throws unless this is the folder of a run
      read.push_back(read_ranked_run(folders[i]));
      read.back().name = names[i];
    }
    std::cout << comparison_text(read, value_of(*command, "baseline"));
  };
}

void add_report(CLI::App& app, Actions& actions) {
  CLI::App* command = add_command_on_a_run(
      app, "report", "writes a run's report.html again from its other files, also for an unfinished run");
  actions[command] = [=] {
    const nn::Path folder = run_folder(*command);
    std::cout << write_report(folder, report_plan(*settings_of_run(folder))).string() << "\n";
  };
}

// Adds a command with the data options, which loads the data and calls `use`.
CLI::App* add_command_on_data(CLI::App& app, Actions& actions, const std::string& name,
                              const std::string& help,
                              const std::function<void(CLI::App&, const Interactions&)>& use) {
  CLI::App* command = app.add_subcommand(name, help);
  const auto config = std::make_shared<DataConfig>();
  const Sections sections = {Section::of("data", "Data", *config)};
  add_options(*command, sections);
  actions[command] = [=] {
    with_help_hint(*command, [&] { set_options(sections, given_options(*command, sections)); });
    use(*command, load_data(*config));
  };
  return command;
}

void add_stats(CLI::App& app, Actions& actions) {
  add_command_on_data(app, actions, "stats", "prints statistics of the data: users, items, lengths, examples",
                      [](CLI::App&, const Interactions& data) { std::cout << stats_text(data); });
}

void add_convert(CLI::App& app, Actions& actions) {
  CLI::App* command = add_command_on_data(
      app, actions, "convert", "writes the filtered and split data as RecBole atomic files",
      [](CLI::App& self, const Interactions& data) {
        const nn::Path folder = required_value(self, "out", "a folder to write");
        write_interactions(folder, data);
        std::cerr << facts_text(data);
        std::cout << folder.string() << ": written as RecBole atomic files\n";
      });
  add_string(*command, "out", "DIR", "folder to write");
}

void add_methods(CLI::App& app, Actions& actions) {
  CLI::App* command = app.add_subcommand(
      "methods", "lists the methods: paper, stages, cost, what is as in the paper and what is not");
  actions[command] = [] { std::cout << methods_text(); };
}

}  // namespace

void add_run_commands(CLI::App& app, Actions& actions) {
  add_methods(app, actions);
  add_recommend(app, actions);
  add_results(app, actions);
  add_curves(app, actions);
  add_compare(app, actions);
  add_report(app, actions);
  add_stats(app, actions);
  add_convert(app, actions);
}

}  // namespace p2rec

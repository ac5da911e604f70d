#include "p2rec/cli/run_commands.h"

#include <iostream>
#include <memory>

#include "p2rec/data/large_data.h"
#include "p2rec/data/load_data.h"
#include "p2rec/data/stats.h"
#include "p2rec/evaluation/published_rows.h"
#include "p2rec/methods/common/recommend.h"
#include "p2rec/methods/report_plan.h"
#include "p2rec/methods/settings.h"
#include "p2rec/run/results_file.h"

namespace p2rec {
namespace {

void recommend_from(const nn::Path& folder, const RecommendRequest& request) {
  const auto settings = settings_of_run(folder);
  const Sections sections = settings->sections();
  recommend(request,
            {folder, settings->run, section_named(sections, "recommender").as<RecommenderConfig>(),
             section_named(sections, "starts").as<ItemInitConfig>(), settings->choice.name},
            std::cout);
}

void add_recommend(CLI::App& app, Actions& actions) {
  CLI::App* command = app.add_subcommand("recommend", "recommends the top items for a user or a history");
  const auto request = std::make_shared<RecommendRequest>();
  const auto folder = std::make_shared<std::string>();
  command->add_option("--out", *folder, "folder of a run")->type_name("DIR");
  command->add_option("--user", request->user, "a user of the data, by id")->type_name("ID");
  command->add_option("--items")
      ->type_name("ID,ID,...")
      ->description("or a history: item ids, the latest one last");
  add_number(*command, "top", request->top, "number of items (default 10)");
  command
      ->add_option("--start", request->start,
                   "which of the trained recommenders (default: the method's own, or the run's first)")
      ->type_name("NAME");
  add_number(*command, "seed", request->seed, "of which seed (default: the run's first)");
  add_machine_options(*command);
  actions[command] = [=] {
    use_machine(*command);
    const std::string hint = "; hint: p2rec recommend --help";
    INPUT_CHECK(!folder->empty(), "--out: not given; expected the folder of a run", hint);
    if (const auto* items = given(*command, "items"))
      request->items = CLI::detail::split(items->as<std::string>(), ',');
    INPUT_CHECK(request->user.empty() != request->items.empty(), "--user, --items: found ",
                request->user.empty() ? "neither" : "both", "; expected one of them", hint);
    INPUT_CHECK(request->top >= 1, "--top: found ", request->top, "; expected at least 1", hint);
    recommend_from(*folder, *request);
  };
}

// A command that needs the folder of a run and nothing else.
void add_command_on_a_run(CLI::App& app, Actions& actions, const char* name, const char* help,
                          void (*act)(const nn::Path& folder)) {
  CLI::App* command = app.add_subcommand(name, help);
  const auto folder = std::make_shared<std::string>();
  command->add_option("--out", *folder, "folder of a run")->type_name("DIR");
  actions[command] = [=] {
    INPUT_CHECK(!folder->empty(), "--out: not given; expected the folder of a run; hint: p2rec ", name,
                " --help");
    act(*folder);
  };
}

void print_results(const nn::Path& folder) {
  settings_of_run(folder);  // throws unless this is the folder of a run
  const auto results = ResultsFile(folder).read().results;
  INPUT_CHECK(results, folder.string(),
              ": holds no results; expected a run whose last stage is done; hint: p2rec evaluate --out ",
              folder.string());
  std::cout << splits_text(*results);
}

void print_report(const nn::Path& folder) {
  std::cout << write_report(folder, report_plan(*settings_of_run(folder))).string() << "\n";
}

void add_stats(CLI::App& app, Actions& actions) {
  CLI::App* command = app.add_subcommand("stats", "prints what was read: users, items, lengths, examples");
  const auto config = std::make_shared<RunConfig>();
  const Sections sections = {Section::of("run", "Input and output", *config)};
  add_options(*command, sections, {"data"});
  actions[command] = [=] {
    set_options(sections, given_options(*command, sections));
    std::cout << stats_text(load_data(config->data));
  };
}

void add_rows(CLI::App& app, Actions& actions) {
  CLI::App* command =
      app.add_subcommand("rows", "prints published figures beside those of runs; `make rows` makes the runs");
  struct Request {
    std::string published = "p2rec/configs/rows/published.tsv", out;
  };
  const auto request = std::make_shared<Request>();
  command
      ->add_option("--published", request->published,
                   "table of published rows (default " + request->published + ")")
      ->type_name("FILE");
  command->add_option("--out", request->out, "folder that holds a run for each row, of the row's name")
      ->type_name("DIR");
  actions[command] = [=] {
    INPUT_CHECK(!request->out.empty(),
                "--out: not given; expected a folder of runs; hint: p2rec rows --help");
    print_rows(request->published, request->out, std::cout);
  };
}

void add_synthesize(CLI::App& app, Actions& actions) {
  CLI::App* command = app.add_subcommand(
      "synthesize",
      "writes made-up interactions of any size, one line per user, to try out what a size costs");
  const auto config = std::make_shared<LargeDataConfig>();
  const auto file = std::make_shared<std::string>();
  add_number(*command, "users", config->users, "users (default " + std::to_string(config->users) + ")");
  add_number(*command, "items", config->items, "items (default " + std::to_string(config->items) + ")");
  add_number(*command, "mean-length", config->mean_length, "items of a user on average (default 8.9)");
  add_number(*command, "seed", config->seed, "of what is drawn (default 1)");
  command->add_option("--out", *file, "file to write")->type_name("FILE");
  actions[command] = [=] {
    INPUT_CHECK(!file->empty(), "--out: not given; expected a file to write; hint: p2rec synthesize --help");
    write_large_data(*file, *config);
  };
}

}  // namespace

void add_run_commands(CLI::App& app, Actions& actions) {
  add_recommend(app, actions);
  add_command_on_a_run(
      app, actions, "results",
      "prints a run's results again, also for rare and frequent items, short and long histories",
      print_results);
  add_command_on_a_run(app, actions, "report",
                       "makes a run's report.html again from its other files, also of an unfinished run",
                       print_report);
  add_stats(app, actions);
  add_rows(app, actions);
  add_synthesize(app, actions);
}

}  // namespace p2rec

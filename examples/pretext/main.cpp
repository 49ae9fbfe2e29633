// SPDX-License-Identifier: MIT
// The command-line tool: parses flags and config files, runs one verb, and turns every failure into one clear
// line.
#include <CLI/CLI.hpp>
#include <iostream>
#include <pretext/core/config.hpp>
#include <pretext/core/error.hpp>
#include <pretext/train/stop_signals.hpp>

#include "verbs.hpp"

namespace {

void add_flags(CLI::App& command, Verb& verb, std::string& config) {
  for (Settings::Field& field : verb.settings.fields()) {
    const std::string name = field.positional ? field.name : "--" + field.name;
    std::visit(
        [&](auto* value) {
          CLI::Option* option = nullptr;
          if constexpr (std::is_same_v<decltype(value), bool*>)
            option = command.add_flag(name + ",!--no-" + field.name, *value, field.help);
          else
            option = command.add_option(name, *value, field.help)->capture_default_str();
          option->take_last();
          option->each([&field](const std::string&) { field.given = true; });
        },
        field.value);
  }
  command.add_option("--config", config, "A TOML file with settings; flags outrank it");
}

/// The flags of the command that was meant, for a suggestion.
std::vector<std::string> known_flags(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

/// What is wrong with the command line, in one line with a suggestion.
std::string explain(const CLI::App& app, const std::vector<Verb>& verbs, int argc, char** argv,
                    const CLI::ParseError& error) {
  std::vector<std::string> known;
  for (const Verb& verb : verbs) known.push_back(verb.name);
  if (argc < 2) return "name a verb; 'pretext --help' lists them";
  const std::string first = argv[1];
  if (first[0] != '-' && std::ranges::find(known, first) == known.end())
    return "there is no verb '" + first + "'." + suggestion(first, known);
  if (const auto chosen = app.get_subcommands(); !chosen.empty()) {
    known = known_flags(*chosen[0]);
    for (int i = 2; i < argc; ++i) {
      const std::string flag = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
      if (flag.starts_with("--") && std::ranges::find(known, flag) == known.end())
        return "'" + first + "' has no flag '" + flag + "'." + suggestion(flag, known);
    }
  }
  return error.what();
}

int run(int argc, char** argv) {
  CLI::App app(
      "pretext learns image representations from unlabelled pictures and measures what they are worth.");
  app.set_version_flag("--version", PRETEXT_VERSION);
  app.require_subcommand(1);
  std::vector<Verb> verbs = all_verbs();
  std::vector<std::string> configs(verbs.size());
  std::vector<CLI::App*> commands;
  for (std::size_t i = 0; i < verbs.size(); ++i) {
    commands.push_back(app.add_subcommand(verbs[i].name, verbs[i].help));
    add_flags(*commands.back(), verbs[i], configs[i]);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::cerr << "pretext: " << explain(app, verbs, argc, argv, error) << "\n";
    return 2;
  }
  for (std::size_t i = 0; i < verbs.size(); ++i) {
    if (!commands[i]->parsed()) continue;
    if (!configs[i].empty()) verbs[i].settings.read_toml(std::filesystem::path(configs[i]));
    verbs[i].settings.set_command(argc, argv);
    return verbs[i].run(verbs[i].settings);
  }
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const pretext::train::Interrupted& stop) {
    std::cerr << "pretext: " << stop.what() << "\n";
    return stop.exit_code();
  } catch (const std::exception& error) {
    std::cerr << "pretext: " << error.what() << "\n";
    return 1;
  }
}

// SPDX-License-Identifier: MIT
// The command-line tool: parses flags and config files, runs one verb, and turns every failure into one clear
// line.
#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <pretext/core/config.hpp>
#include <pretext/core/error.hpp>
#include <pretext/train/stop_signals.hpp>

#include "verbs.hpp"

namespace {

/// Help in which the second name of a switch goes without "{false}", and what it is unless given follows:
/// "--mirror,--no-mirror=on".
class Help : public CLI::Formatter {
 public:
  Help() { column_width(34); }

  std::string make_option_name(const CLI::Option* option, bool positional) const override {
    std::string name = CLI::Formatter::make_option_name(option, positional);
    const auto at = name.find("{false}");
    return at == std::string::npos ? name : name.erase(at);
  }
};

/// Throws unless the whole text is a number of the kind.
template <class T>
void require_number(const std::string& flag, const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool good = error == std::errc() && end == text.data() + text.size();
  if constexpr (std::is_same_v<T, double>) good = good && std::isfinite(value);
  std::string kind = std::is_same_v<T, double> ? "a number" : "a whole number";
  if (error == std::errc::result_out_of_range) kind += " that 64 bits can hold";
  if (!good) throw CLI::ValidationError(flag + " must be " + kind + ", not '" + text + "'");
}

void add_flags(CLI::App& command, Verb& verb, std::string& config) {
  for (Settings::Field& field : verb.settings.fields()) {
    const std::string name = field.positional ? field.name : "--" + field.name;
    std::visit(
        [&](auto* value) {
          CLI::Option* option = nullptr;
          if constexpr (std::is_same_v<decltype(value), bool*>)
            option = command.add_flag(name + ",!--no-" + field.name, *value, field.help)
                         ->default_str(*value ? "on" : "off");
          else
            option = command.add_option(name, *value, field.help)->capture_default_str();
          using T = std::remove_pointer_t<decltype(value)>;
          if constexpr (std::is_same_v<T, std::int64_t> || std::is_same_v<T, double>)
            option->check([name](const std::string& text) {
              require_number<T>(name, text);
              return std::string();
            });
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
      if (!flag.starts_with("--") || std::ranges::find(known, flag) != known.end()) continue;
      const bool of_cells =
          first == "study" && std::ranges::count(known_flags(*app.get_subcommand("pretrain")), flag) > 0;
      return "'" + first + "' has no flag '" + flag + "'." +
             (of_cells ? " --train \"" + flag + " ...\" hands it to every cell." : suggestion(flag, known));
    }
    if (const auto extras = chosen[0]->remaining(); !extras.empty())
      return "'" + first + "' does not know what '" + extras[0] + "' is for." +
             (std::ranges::find(known, "--run") != known.end() ? " Did you mean '--run " + extras[0] + "'?"
                                                               : "");
  }
  const std::string text = error.what();
  const std::size_t named = text.find(": --");  // the flag once more, which our own checks name
  return named == std::string::npos ? text : text.substr(named + 2);
}

int run(int argc, char** argv) {
  CLI::App app(
      "pretext learns image representations from unlabelled pictures and measures what they are worth.");
  app.formatter(std::make_shared<Help>());
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
  } catch (const std::bad_alloc&) {
    std::cerr << "pretext: out of memory; take a smaller network, batch or set of pictures\n";
    return 1;
  } catch (const std::filesystem::filesystem_error& error) {
    std::cerr << "pretext: " << error.path1().string() << ": " << error.code().message() << "\n";
    return 1;
  } catch (const std::exception& error) {
    std::cerr << "pretext: " << error.what() << "\n";
    return 1;
  }
}

// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// One list of named values behind the flags of a verb, its config file, and the config stored with a run.
class Settings {
 public:
  using Value = std::variant<std::int64_t*, double*, bool*, std::string*>;

  struct Field {
    std::string name, help;
    Value value;
    bool positional = false;
    bool stored = true;  ///< part of a run's config; false for what only says how to run (such as --force)
    bool given = false;  ///< set on the command line, which outranks the config file
  };

  void add(std::string name, Value value, std::string help) {
    fields_.push_back({std::move(name), std::move(help), value});
  }
  void add_positional(std::string name, Value value, std::string help) {
    fields_.push_back({std::move(name), std::move(help), value, true});
  }
  void add_unstored(std::string name, Value value, std::string help) {
    fields_.push_back({std::move(name), std::move(help), value, false, false});
  }

  std::vector<Field>& fields() { return fields_; }

  /// Whether a value stood on the command line.
  bool given(std::string_view name) const {
    return std::ranges::any_of(fields_, [&](const Field& f) { return f.name == name && f.given; });
  }

  /// The command line that the values came from, as a shell reads it: stored with results.
  const std::string& command() const { return command_; }
  void set_command(int argc, char** argv);

  /// All stored values as TOML text: reading it back gives the same run.
  std::string toml() const;

  /// Takes the values of a TOML file for what was not given on the command line. An unknown key or a value of
  /// another type is an Error that names the file, the line and the nearest known key.
  void read_toml(const std::filesystem::path& file);
  void read_toml(const std::string& text, const std::string& name);

 private:
  std::vector<Field> fields_;
  std::string command_;
};

/// The flag that has a verb check its settings and stop.
class DryRun {
 public:
  void add_to(Settings& settings) {
    settings.add_unstored("dry-run", &asked_, "Check the settings, print them and stop");
  }
  bool asked() const { return asked_; }
  /// Prints the config and what would have been done with it, as comments after it. Returns 0.
  int say(const Settings& settings, const std::string& would) const;

 private:
  bool asked_ = false;
};

/// What `pretext NAME` does.
struct Verb {
  std::string name, help;
  Settings settings;
  std::function<int(Settings&)> run;
};

/// " Did you mean 'x'?" with the known word nearest to a mistyped one; empty where none is near.
std::string suggestion(const std::string& word, const std::vector<std::string>& known);

/// Throws unless `name` is known: that there is no such `kind`, and which there are.
void require_known(const std::string& kind, const std::string& name, const std::vector<std::string>& known);

/// The words of a list with commas between them.
std::vector<std::string> split_list(const std::string& text);

/// The numbers of a list, none below 0: whole ones, or others. `flag` is what an error names.
template <class T>
std::vector<T> split_numbers(const std::string& flag, const std::string& text);

/// "1 picture", "2 pictures"
std::string counted(std::int64_t count, const std::string& what);

/// Makes the folder that a file is to be written to, where it is missing.
void make_folder_of(const std::filesystem::path& file);

/// Makes the folder too, and throws where the file cannot be written: before hours are spent on what it is to
/// hold. Leaves no file.
void require_writable(const std::filesystem::path& file);

/// The text of a small file; throws where it cannot be read or has more bytes than the limit.
std::string read_text(const std::filesystem::path& file, std::uintmax_t limit = 100'000'000);

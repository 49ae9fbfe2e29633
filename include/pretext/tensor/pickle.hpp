// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <utility>
#include <vector>

#include "pretext/core/json.hpp"
#include "pretext/tensor/pickle_value.hpp"

namespace pretext::detail::pickle {

/// Runs the opcodes that a state dict is made of.
class Machine {
 public:
  /// More values than `most` are refused, so that what is made is bounded by whoever knows the file.
  Machine(Span<const std::uint8_t> code, std::size_t most) : code_(code), most_(most) {}

  Value run() {
    while (step()) {
    }
    if (stack_.size() != 1) refuse("it leaves ", stack_.size(), " values instead of one");
    return stack_.back();
  }

  /// What a tuple, list, dict, storage or tensor holds.
  const std::vector<Value>& items(const Value& of) const {
    return objects_[static_cast<std::size_t>(of.number)];
  }
  std::size_t objects() const { return objects_.size(); }

 private:
  template <class... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const {
    fail("at byte ", at_, " of its pickle: ", parts...);
  }

  Span<const std::uint8_t> take(std::size_t size) {
    if (size > code_.size() - next_) refuse("it is cut off");
    return code_.subspan(std::exchange(next_, next_ + size), size);
  }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  using Action = void (*)(Machine&);

  /// What an opcode does; null where it has no place in a state dict.
  static Action action_of(int op) {
    using M = Machine&;
    static constexpr std::pair<int, Action> actions[] = {
        {0x80, [](M m) { m.check_protocol(m.number<std::uint8_t>()); }},
        {'}', [](M m) { m.push(m.made(Kind::dict, {})); }},
        {']', [](M m) { m.push(m.made(Kind::list, {})); }},
        {')', [](M m) { m.push(m.made(Kind::tuple, {})); }},
        {'(', [](M m) { m.push(Value::of(Kind::mark)); }},
        {'t', [](M m) { m.push(m.made(Kind::tuple, m.since_mark())); }},
        {0x85, [](M m) { m.push(m.made(Kind::tuple, m.last(1))); }},
        {0x86, [](M m) { m.push(m.made(Kind::tuple, m.last(2))); }},
        {0x87, [](M m) { m.push(m.made(Kind::tuple, m.last(3))); }},
        {'N', [](M m) { m.push(Value()); }},
        {0x88, [](M m) { m.push(Value::of(Kind::boolean, 1)); }},
        {0x89, [](M m) { m.push(Value::of(Kind::boolean, 0)); }},
        {'K', [](M m) { m.push(Value::of(Kind::integer, m.number<std::uint8_t>())); }},
        {'M', [](M m) { m.push(Value::of(Kind::integer, m.number<std::uint16_t>())); }},
        {'J', [](M m) { m.push(Value::of(Kind::integer, m.number<std::int32_t>())); }},
        {0x8A, [](M m) { m.push(Value::of(Kind::integer, m.long_integer())); }},
        {'G', [](M m) { m.push(m.real()); }},
        {'X', [](M m) { m.push(m.text(m.number<std::uint32_t>())); }},
        {'c', [](M m) { m.push(m.global()); }},
        {'q', [](M m) { m.put(m.number<std::uint8_t>()); }},
        {'r', [](M m) { m.put(m.number<std::uint32_t>()); }},
        {'h', [](M m) { m.get(m.number<std::uint8_t>()); }},
        {'j', [](M m) { m.get(m.number<std::uint32_t>()); }},
        {'a', [](M m) { m.extend(Kind::list, m.last(1)); }},
        {'e', [](M m) { m.extend(Kind::list, m.since_mark()); }},
        {'s', [](M m) { m.extend(Kind::dict, m.last(2)); }},
        {'u', [](M m) { m.extend(Kind::dict, m.since_mark()); }},
        {'R', [](M m) { m.reduce(); }},
        {'Q', [](M m) { m.make_storage(); }},
        {'b', [](M m) { m.build(); }}};
    for (const auto& [code, action] : actions)
      if (code == op) return action;
    return nullptr;
  }

  /// Runs one opcode; false at the end of the program.
  bool step() {
    at_ = next_;
    const int op = number<std::uint8_t>();
    if (op == '.') return false;
    const Action action = action_of(op);
    if (action == nullptr) refuse_opcode(op);
    action(*this);
    return true;
  }

  [[noreturn]] void refuse_opcode(int op) const {
    constexpr std::pair<int, const char*> names[] = {
        {'i', "INST"},   {'o', "OBJ"},      {0x81, "NEWOBJ"}, {0x92, "NEWOBJ_EX"}, {0x93, "STACK_GLOBAL"},
        {'P', "PERSID"}, {0x82, "EXT1"},    {0x83, "EXT2"},   {0x84, "EXT4"},      {'0', "POP"},
        {'2', "DUP"},    {'1', "POP_MARK"}, {'I', "INT"},     {'S', "STRING"},     {'U', "SHORT_BINSTRING"},
        {0x8B, "LONG4"}};
    const char* known = "";
    for (const auto& [code, name] : names)
      if (code == op) known = name;
    refuse("the opcode ", op, *known != 0 ? " " : "", known, " has no place in a state dict");
  }

  void check_protocol(int protocol) const {
    if (protocol != 2)
      refuse("it has the protocol ", protocol, "; torch.save writes 2 unless it is told otherwise");
  }

  void count() {
    if (++made_ > most_) refuse("it makes over ", most_, " values, too many for a file of this size");
  }
  void push(Value value) {
    count();
    stack_.push_back(value);
  }
  Value pop() {
    if (stack_.empty() || stack_.back().kind == Kind::mark) refuse("a value is missing");
    const Value value = stack_.back();
    stack_.pop_back();
    return value;
  }
  Value made(Kind kind, std::vector<Value> items) {
    objects_.push_back(std::move(items));
    return Value::of(kind, static_cast<std::int64_t>(objects_.size() - 1));
  }

  /// The last values of the stack, in order, which are taken from it.
  std::vector<Value> last(std::size_t size) {
    if (size > stack_.size()) refuse("a value is missing");
    const auto first = stack_.end() - static_cast<std::ptrdiff_t>(size);
    std::vector<Value> values(first, stack_.end());
    for (const Value& value : values)
      if (value.kind == Kind::mark) refuse("a value is missing");
    stack_.erase(first, stack_.end());
    return values;
  }
  std::vector<Value> since_mark() {
    std::size_t size = 0;
    while (size < stack_.size() && stack_[stack_.size() - 1 - size].kind != Kind::mark) ++size;
    if (size == stack_.size()) refuse("no mark was set");
    std::vector<Value> values = last(size);
    stack_.pop_back();
    return values;
  }

  void put(std::uint32_t index) {
    if (stack_.empty() || stack_.back().kind == Kind::mark) refuse("there is nothing to remember");
    if (index > memo_.size()) refuse("value ", index, " is remembered before value ", memo_.size());
    if (index == memo_.size()) count(), memo_.emplace_back();
    memo_[index] = stack_.back();
  }
  void get(std::uint32_t index) {
    if (index >= memo_.size()) refuse("value ", index, " was never remembered");
    push(memo_[index]);
  }

  std::int64_t long_integer() {
    const auto bytes = take(number<std::uint8_t>());
    if (bytes.size() > 8) refuse("a whole number of ", bytes.size(), " bytes is too large");
    std::uint64_t value = !bytes.empty() && bytes.back() >= 0x80 ? ~std::uint64_t{0} : 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
    return static_cast<std::int64_t>(value);
  }
  Value real() {
    std::uint64_t bits = 0;
    for (const std::uint8_t byte : take(8)) bits = bits << 8 | byte;
    Value value;
    value.kind = Kind::real;
    std::memcpy(&value.real, &bits, sizeof bits);
    return value;
  }
  Value text(std::uint32_t length) {
    Value value;
    value.kind = Kind::text;
    value.length = length;
    value.text = reinterpret_cast<const char*>(take(length).data());
    return value;
  }

  std::string_view line() {
    const auto rest = code_.subspan(next_);
    const auto* end = rest.empty() ? nullptr : std::memchr(rest.data(), '\n', rest.size());
    if (end == nullptr) refuse("a name is cut off");
    const auto bytes =
        take(static_cast<std::size_t>(static_cast<const std::uint8_t*>(end) - rest.data()) + 1);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size() - 1};
  }
  Value global() {
    const std::string_view module = line(), name = line();
    for (const KnownGlobal& known : known_globals)
      if (known.module == module && known.name == name)
        return Value::of(Kind::global, &known - known_globals);
    refuse("it asks for ", json_string(module.substr(0, 200)), " ", json_string(name.substr(0, 200)),
           ", which no tensor needs; nothing was executed. Save the weights alone: "
           "torch.save(model.state_dict(), file)");
  }

  void extend(Kind kind, const std::vector<Value>& values) {
    if (stack_.empty() || stack_.back().kind != kind) refuse("only lists and dicts can take values");
    if (kind == Kind::dict && values.size() % 2 != 0) refuse("a key has no value");
    auto& items = objects_[static_cast<std::size_t>(stack_.back().number)];
    items.insert(items.end(), values.begin(), values.end());
  }

  /// What one of the known functions would make of its arguments.
  void reduce() {
    const Value arguments = pop(), function = pop();
    if (function.kind != Kind::global || arguments.kind != Kind::tuple)
      refuse("only known names make values");
    const std::vector<Value>& given = items(arguments);
    const auto takes = [&](std::size_t index, Kind kind) {
      return index < given.size() && given[index].kind == kind;
    };
    switch (function.global()->what) {
      case Global::ordered_dict:
        if (given.empty()) return push(made(Kind::dict, {}));
        break;
      case Global::size:
        if (given.size() == 1 && takes(0, Kind::tuple)) return push(given[0]);
        break;
      case Global::tensor:
        if (takes(0, Kind::storage) && takes(1, Kind::integer) && takes(2, Kind::tuple) &&
            takes(3, Kind::tuple))
          return push(made(Kind::tensor, {given.begin(), given.begin() + 4}));
        break;
      case Global::parameter:
        if (takes(0, Kind::tensor)) return push(given[0]);
        break;
      case Global::storage:
        break;
    }
    refuse("these are not the arguments of ", function.global()->name);
  }

  /// ('storage', type, key, location, number of elements)
  void make_storage() {
    const Value id = pop();
    if (id.kind == Kind::tuple) {
      const std::vector<Value>& given = items(id);
      if (given.size() == 5 && given[0].view() == "storage" && given[1].is(Global::storage) &&
          given[2].kind == Kind::text && given[4].kind == Kind::integer)
        return push(Value::of(Kind::storage, id.number));
    }
    refuse("a storage is described by other things than its type, key, place and size");
  }

  /// The attributes of an object, such as the versions of a state dict's modules: not needed.
  void build() {
    pop();
    if (stack_.empty() || stack_.back().kind != Kind::dict) refuse("only dicts may have attributes");
  }

  Span<const std::uint8_t> code_;
  std::size_t most_, at_ = 0, next_ = 0, made_ = 0;
  std::vector<Value> stack_, memo_;
  std::vector<std::vector<Value>> objects_;
};

}  // namespace pretext::detail::pickle

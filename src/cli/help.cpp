#include "help.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace qwenfit::cli {
namespace {

using report::Tone;

constexpr int kIndent = 2;
constexpr int kNames = 30;  // columns of the options' names

/// "-c, --context TOKENS", "--[no-]mmproj".
std::string names_of(const CLI::Option& option) {
  if (!option.nonpositional()) return option.get_name(true);
  std::string out;
  const auto add = [&](const std::string& name) { out += (out.empty() ? "" : ", ") + name; };
  for (const std::string& name : option.get_snames()) add("-" + name);
  for (const std::string& name : option.get_lnames()) {
    const auto& off = option.get_fnames();
    if (std::find(off.begin(), off.end(), name) != off.end()) continue;
    const bool both = std::find(off.begin(), off.end(), "no-" + name) != off.end();
    add((both ? "--[no-]" : "--") + name);
  }
  if (option.get_items_expected_max() > 0) {
    // What a check says of itself stands behind the name of the type; the description says it in words.
    const std::string type = option.get_type_name();
    out += " " + type.substr(0, std::min({type.find(":{"), type.find(":INT"), type.find(":FLOAT"),
                                          type.find(":POSITIVE"), type.size()}));
  }
  return out;
}

void add_group(std::string& out, const std::string& title, const std::vector<const CLI::Option*>& options,
               const report::Style& style) {
  if (options.empty()) return;
  out += "\n" + paint(title, Tone::strong, style) + "\n";
  for (const CLI::Option* option : options)
    add_entry(out, names_of(*option), option->get_description(), style, kNames);
}

}  // namespace

void add_entry(std::string& out, const std::string& names, const std::string& text,
               const report::Style& style, int column) {
  column = std::min(column, style.width / 2);
  std::string lead = std::string(kIndent, ' ') + names;
  if (report::columns(lead) + 2 > column) {
    out += lead + "\n";
    lead.clear();
  }
  for (const std::string& line : report::wrap(text, style.width - column)) {
    out += report::pad(lead, column) + line + "\n";
    lead.clear();
  }
}

void add_examples(CLI::App& app, std::initializer_list<Example> examples) {
  std::string text;
  for (const Example& e : examples) text += fmt::format("  {}\n    {}\n", e.question, e.command);
  app.footer(text);
}

std::string help_text(const CLI::App& app, const report::Style& style) {
  std::vector<const CLI::Option*> words =
      app.get_options([](const CLI::Option* o) { return o->get_positional(); });
  std::string usage = app.get_name();
  for (const CLI::Option* word : words)
    usage += word->get_required() ? " " + word->get_name(true) : fmt::format(" [{}]", word->get_name(true));
  std::string out;
  for (const std::string& line : report::wrap(app.get_description(), style.width)) out += line + "\n";
  out += fmt::format("\n{} {} [OPTIONS]\n", paint("Usage:", Tone::strong, style), usage);
  add_group(out, "Arguments", words, style);
  for (const std::string& group : app.get_groups()) {
    if (group.empty()) continue;  // hidden
    add_group(out, group, app.get_options([&](const CLI::Option* o) {
      return o->get_group() == group && o->nonpositional() && o != app.get_help_ptr();
    }),
              style);
  }
  if (!app.get_footer().empty())
    out += "\n" + paint("Examples", Tone::strong, style) + "\n" + app.get_footer();
  return report::for_locale(std::move(out), style);
}

namespace {

/// Text in which roff sees nothing but text.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') out += "\\e";
    else if (c == '-') out += "\\-";
    else if (c == '\'' || c == '.')
      out += (out.empty() || out.back() == '\n' ? "\\&" : "") + std::string(1, c);
    else out += c;
  }
  return out;
}

HelpForm current_form = HelpForm::text;
std::string typed_prefix;
std::string asked_option;
OptionWords told;

/// Of "TEXT:{shell,compose}" or "layer|row".
std::vector<std::string> words_of(const std::string& type) {
  const std::size_t open = type.find(":{");
  const std::size_t close = type.find('}', open == std::string::npos ? 0 : open);
  if (open != std::string::npos && close != std::string::npos)
    return CLI::detail::split(type.substr(open + 2, close - open - 2), ',');
  const std::string plain = type.substr(0, type.find(':'));
  if (plain.find('|') == std::string::npos) return {};
  return CLI::detail::split(plain, '|');
}

OptionWords option_words(const CLI::App& app, const std::string& name) {
  const CLI::Option* option = nullptr;
  if (!name.empty()) option = app.get_option_no_throw(name);
  for (const CLI::Option* o : app.get_options()) {
    if (name.empty() && o->get_positional() && !option) option = o;
  }
  if (!option || option->get_items_expected_max() == 0) return {};
  return {true, words_of(option->get_type_name())};
}

}  // namespace

void ask_for_words(std::string option) {
  current_form = HelpForm::words;
  asked_option = std::move(option);
  told = {};
}

const OptionWords& words_told() {
  return told;
}

void set_help_form(HelpForm form, std::string prefix) {
  current_form = form;
  typed_prefix = std::move(prefix);
}

std::string help_man(const CLI::App& app) {
  std::string out = fmt::format(".SS {}\n{}\n", roff(app.get_name()), roff(app.get_description()));
  for (const CLI::Option* option : app.get_options()) {
    if (option == app.get_help_ptr() || option->get_group().empty()) continue;
    const std::string names = option->get_positional() ? option->get_name(true) : names_of(*option);
    if (names.empty()) continue;  // a key that JSON alone has
    out += fmt::format(".TP\n.B {}\n{}\n", roff(names), roff(option->get_description()));
  }
  if (!app.get_footer().empty()) out += ".PP\nExamples:\n.PP\n.nf\n" + roff(app.get_footer()) + ".fi\n";
  return out;
}

std::string help_names(const CLI::App& app, std::string_view typed) {
  std::string out;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      if (("--" + name).starts_with(typed)) out += fmt::format("--{}\n", name);
    }
    for (const std::string& name : option->get_snames()) {
      if (("-" + name).starts_with(typed)) out += fmt::format("-{}\n", name);
    }
  }
  return out;
}

std::string requested_help(const CLI::App& app, const report::Style& style) {
  switch (current_form) {
    case HelpForm::names: return help_names(app, typed_prefix);
    case HelpForm::man: return help_man(app);
    case HelpForm::words: told = option_words(app, asked_option); return "";
    case HelpForm::text: break;
  }
  return help_text(app, style);
}

}  // namespace qwenfit::cli

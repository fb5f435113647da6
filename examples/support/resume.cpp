#include "support/resume.hpp"

#include <figment/io/checkpoints.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "support/command_line.hpp"

namespace examples {

namespace fs = std::filesystem;

namespace {

/// What take_up found out, for the one run of this process.
struct Start {
  std::string program;
  std::vector<std::string> arguments;
  fs::path data;  // where they were found
  fs::path dir, checkpoint;
  std::vector<char*> argv;
  figment::io::FolderLock lock;  // of dir
} start;

/// Sets start.checkpoint and puts the arguments of its run before the given ones.
void find_run(const std::string& dir) {
  const auto list = [&] { return figment::io::list_checkpoints(fs::path(dir) / "checkpoints"); };
  figment::ensure(!list().empty(), "--resume {}: there is no checkpoint in {}/checkpoints", dir, dir);
  try {
    start.lock = figment::io::FolderLock(dir);
  } catch (const figment::io::WriteError&) {
  }  // it can only be read: the results may go elsewhere, and are refused where they do not
  start.dir = dir;
  const auto files = list();
  for (auto file = files.rbegin(); file != files.rend(); ++file) {
    try {
      const auto metadata = figment::io::SafetensorsReader(*file).metadata();
      const auto text = [&](const char* name) {
        const auto found = metadata.find(name);
        figment::ensure(found != metadata.end(), "{}: its metadata has no '{}'", file->string(), name);
        return found->second;
      };
      const std::string program = text("program");
      figment::ensure(program == start.program, "{}: is of {}", file->string(), program);
      const auto arguments = nlohmann::json::parse(text("arguments"), nullptr, false);
      figment::ensure(arguments.is_array(), "{}: its arguments are not a JSON array", file->string());
      std::vector<std::string> all;
      for (const auto& word : arguments) all.push_back(word.is_string() ? word.get<std::string>() : "");
      all.push_back("--out=" + dir);
      all.insert(all.end(), start.arguments.begin(), start.arguments.end());
      start.arguments = std::move(all);
      start.checkpoint = *file;
      return;
    } catch (const figment::Error& e) {
      if (file + 1 == files.rend()) throw;
      std::cerr << start.program << ": " << e.what() << "; trying the checkpoint before it\n";
    }
  }
}

}  // namespace

void take_up(const std::string& program, int& argc, char**& argv) {
  start = {program, {argv + 1, argv + argc}, {}, {}, {}, {}, {}};
  if (const std::string dir = peek(argc, argv, "--resume", ""); !dir.empty()) {
    try {
      find_run(dir);
    } catch (const std::exception& e) {
      std::cerr << program << ": " << e.what() << "\n";
      std::exit(1);
    }
    start.argv.push_back(argv[0]);
    for (std::string& word : start.arguments) start.argv.push_back(word.data());
    argc = static_cast<int>(start.argv.size());
    start.argv.push_back(nullptr);
    argv = start.argv.data();
  }
}

void remember_data(const fs::path& place) { start.data = place; }

std::string resume_command(const fs::path& out) { return start.program + " --resume " + out.string(); }

void describe_run(figment::io::Checkpoint& checkpoint) {
  // A resumed run may be started in another directory, by another environment.
  auto arguments = start.arguments;
  if (!start.data.empty()) arguments.push_back("--data=" + fs::absolute(start.data).string());
  checkpoint.add_text("program", start.program).add_text("arguments", nlohmann::json(arguments).dump());
}

const fs::path& resumed_checkpoint() { return start.checkpoint; }

bool goes_on_in(const fs::path& out) {
  std::error_code none;
  return !start.checkpoint.empty() && fs::equivalent(out, start.dir, none);
}

figment::io::FolderLock lock_folder(const fs::path& out) {
  if (goes_on_in(out) && start.lock) return std::move(start.lock);
  return figment::io::FolderLock(out);
}

}  // namespace examples

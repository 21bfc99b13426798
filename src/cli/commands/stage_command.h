// Commands that run the pipeline up to one stage.
#pragma once

#include "cli/command.h"
#include "cli/stages.h"

namespace twin::cli {

class StageCommand : public Command {
 public:
  StageCommand(std::string name, std::string description, std::vector<std::string> targets)
      : name_(std::move(name)), description_(std::move(description)), targets_(std::move(targets)) {}
  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] std::string description() const override { return description_; }
  void declare(Options& options) override;
  int run(Session& session) override;

 protected:
  /// As --force.
  void force() { force_ = true; }

 private:
  std::string name_, description_;
  std::vector<std::string> targets_;
  bool force_ = false;
};

}  // namespace twin::cli

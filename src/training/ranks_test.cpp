#include "training/ranks.h"

#include <doctest/doctest.h>

#include <map>

using namespace twin;
using namespace twin::training;

namespace {

Result<RankSpec> of(std::map<std::string, std::string> variables) {
  return ranks_from([variables = std::move(variables)](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  });
}

}  // namespace

TEST_CASE("ranks: torchrun's variables, srun's, or one process") {
  CHECK(of({}).value().size == 1);
  const auto torchrun =
      of({{"RANK", "1"}, {"WORLD_SIZE", "4"}, {"MASTER_ADDR", "10.0.0.1"}, {"MASTER_PORT", "12345"}}).value();
  CHECK(torchrun.rank == 1);
  CHECK(torchrun.size == 4);
  CHECK(torchrun.address == "10.0.0.1");
  CHECK(torchrun.port == 12345);
  CHECK_FALSE(torchrun.served);
  CHECK(of({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}}).value().port == 29500);
  CHECK(of({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}, {"TORCHELASTIC_USE_AGENT_STORE", "True"}})
            .value()
            .served);
  CHECK(of({{"RANK", "0"}, {"WORLD_SIZE", "1"}}).value().size == 1);
  CHECK(of({{"RANK", "0"}}).value().size == 1);  // half of it says nothing

  std::map<std::string, std::string> slurm = {{"SLURM_PROCID", "3"},
                                              {"SLURM_NTASKS", "8"},
                                              {"SLURM_STEP_NODELIST", "node[07-09,12],big1"},
                                              {"SLURM_JOB_ID", "1234567"}};
  CHECK(of(slurm).value().size == 1);  // a batch script, outside any step
  slurm["SLURM_STEP_ID"] = "0";
  const auto srun = of(slurm).value();
  CHECK(srun.rank == 3);
  CHECK(srun.size == 8);
  CHECK(srun.address == "node07");
  CHECK(srun.port == 29500 + 567);
  slurm["MASTER_ADDR"] = "login";
  CHECK(of(slurm).value().address == "login");
}

TEST_CASE("ranks: wrong variables are named") {
  struct Case {
    std::map<std::string, std::string> variables;
    std::string where;
  };
  for (const Case& wrong : std::vector<Case>{
           {{{"RANK", "2"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}}, "RANK"},
           {{{"RANK", "-1"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}}, "RANK"},
           {{{"RANK", "0"}, {"WORLD_SIZE", "two"}, {"MASTER_ADDR", "a"}}, "WORLD_SIZE"},
           {{{"RANK", "0"}, {"WORLD_SIZE", "2"}}, "MASTER_ADDR"},
           {{{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "70000"}}, "MASTER_PORT"}}) {
    CAPTURE(wrong.where);
    const auto spec = of(wrong.variables);
    REQUIRE_FALSE(spec.has_value());
    CHECK(spec.error().kind == ErrorKind::usage);
    CHECK(spec.error().where == wrong.where);
  }
}

TEST_CASE("ranks: the first host of a Slurm list") {
  CHECK(first_host("node1") == "node1");
  CHECK(first_host("node1,node2") == "node1");
  CHECK(first_host("node[1-3]") == "node1");
  CHECK(first_host("node[10,12]") == "node10");
  CHECK(first_host("a,node[1-3]") == "a");
}

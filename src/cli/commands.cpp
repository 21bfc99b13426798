#include "cli/commands.h"

#include "core/i18n.h"

namespace twin::cli {

std::map<std::string, std::string> command_groups() {
  return {{"docs", tr("Documents of the warehouse")},  {"warehouse", tr("The warehouse as a whole")},
          {"run", tr("One run: what it did and why")}, {"source", tr("One place where writing is")},
          {"models", tr("Models on this machine")},    {"config", tr("The resolved configuration")}};
}

std::vector<std::unique_ptr<Command>> all_commands() {
  using Make = std::unique_ptr<Command> (*)();
  constexpr Make makers[] = {init_command,
                             up_command,
                             collect_command,
                             index_command,
                             index_copy_command,
                             index_doctor_command,
                             index_map_command,
                             index_models_command,
                             index_tune_command,
                             dataset_command,
                             dataset_stats_command,
                             dataset_export_command,
                             dataset_import_command,
                             dataset_clean_command,
                             dataset_review_command,
                             dataset_pull_command,
                             dataset_push_command,
                             train_command,
                             eval_command,
                             eval_show_command,
                             eval_questions_command,
                             eval_compare_command,
                             eval_retrieval_command,
                             serve_command,
                             sources_command,
                             source_test_command,
                             ask_command,
                             chat_command,
                             search_command,
                             extract_command,
                             embed_command,
                             docs_list_command,
                             docs_show_command,
                             docs_duplicates_command,
                             docs_export_command,
                             docs_import_command,
                             warehouse_stats_command,
                             warehouse_verify_command,
                             warehouse_copy_command,
                             runs_command,
                             run_show_command,
                             run_why_command,
                             models_list_command,
                             models_pull_command,
                             models_import_command,
                             models_export_command,
                             models_merge_command,
                             models_quantize_command,
                             models_verify_command,
                             models_remove_command,
                             traces_command,
                             doctor_command,
                             config_show_command};
  std::vector<std::unique_ptr<Command>> commands;
  for (const Make make : makers) commands.push_back(make());
  return commands;
}

}  // namespace twin::cli

// The list of commands.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "cli/command.h"

namespace twin::cli {

/// Descriptions of the two-word groups ("docs", "models" …).
[[nodiscard]] std::map<std::string, std::string> command_groups();

std::unique_ptr<Command> init_command();
std::unique_ptr<Command> up_command();
std::unique_ptr<Command> collect_command();
std::unique_ptr<Command> index_command();
std::unique_ptr<Command> index_copy_command();
std::unique_ptr<Command> index_doctor_command();
std::unique_ptr<Command> index_map_command();
std::unique_ptr<Command> index_models_command();
std::unique_ptr<Command> index_tune_command();
std::unique_ptr<Command> dataset_command();
std::unique_ptr<Command> dataset_stats_command();
std::unique_ptr<Command> dataset_export_command();
std::unique_ptr<Command> dataset_import_command();
std::unique_ptr<Command> dataset_clean_command();
std::unique_ptr<Command> dataset_review_command();
std::unique_ptr<Command> dataset_pull_command();
std::unique_ptr<Command> dataset_push_command();
std::unique_ptr<Command> train_command();
std::unique_ptr<Command> eval_command();
std::unique_ptr<Command> eval_show_command();
std::unique_ptr<Command> eval_questions_command();
std::unique_ptr<Command> eval_compare_command();
std::unique_ptr<Command> eval_retrieval_command();
std::unique_ptr<Command> embed_command();
std::unique_ptr<Command> serve_command();
std::unique_ptr<Command> sources_command();
std::unique_ptr<Command> source_test_command();
std::unique_ptr<Command> ask_command();
std::unique_ptr<Command> chat_command();
std::unique_ptr<Command> search_command();
std::unique_ptr<Command> extract_command();
std::unique_ptr<Command> docs_list_command();
std::unique_ptr<Command> docs_show_command();
std::unique_ptr<Command> docs_duplicates_command();
std::unique_ptr<Command> docs_export_command();
std::unique_ptr<Command> docs_import_command();
std::unique_ptr<Command> warehouse_stats_command();
std::unique_ptr<Command> warehouse_verify_command();
std::unique_ptr<Command> warehouse_copy_command();
std::unique_ptr<Command> runs_command();
std::unique_ptr<Command> run_show_command();
std::unique_ptr<Command> run_why_command();
std::unique_ptr<Command> models_list_command();
std::unique_ptr<Command> models_pull_command();
std::unique_ptr<Command> models_import_command();
std::unique_ptr<Command> models_export_command();
std::unique_ptr<Command> models_merge_command();
std::unique_ptr<Command> models_quantize_command();
std::unique_ptr<Command> models_verify_command();
std::unique_ptr<Command> models_remove_command();
std::unique_ptr<Command> traces_command();
std::unique_ptr<Command> doctor_command();
std::unique_ptr<Command> config_show_command();

}  // namespace twin::cli

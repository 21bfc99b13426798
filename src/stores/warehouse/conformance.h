// What every warehouse must do. Each implementation's test calls test_warehouse() with a way to open one.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "stores/warehouse/warehouse.h"

namespace twin::stores {

/// Opens the warehouse of a folder (or of a database named after it); opening it again finds what was written.
using WarehouseFactory = std::function<std::unique_ptr<Warehouse>(const std::filesystem::path& folder)>;

/// Call from one TEST_CASE.
void test_warehouse(const WarehouseFactory& open);

/// A document with something in every field, made from its number.
[[nodiscard]] Document sample_document(int number, const std::string& body = "body");

}  // namespace twin::stores

#include "models/engines/encoders.h"

#include "core/log.h"

namespace twin::models {
namespace {

EncoderLaunch launch_of(EncoderLaunch launch, bool questions) {
  launch.alone = questions;
  return launch;
}

}  // namespace

Encoders::Encoders(const EncoderLaunch& launch)
    : passages_(launch_of(launch, false)), questions_(launch_of(launch, true)) {}

void Encoders::expect_questions() {
  starting_ = std::jthread([this] { static_cast<void>(of(true)); });
}

EncoderProcess* Encoders::of(bool questions) {
  Side& side = questions ? questions_ : passages_;
  std::call_once(side.started, [&] {
    const auto started = side.process.start();
    side.usable = started.has_value();
    if (!started) log::info("the embedding model runs in llama-server, not in twin-encode: {}", started.error().text());
  });
  return side.usable ? &side.process : nullptr;
}

void Encoders::give_up_questions(const Error& why) {
  if (questions_.usable.exchange(false))
    log::warn("questions are embedded by llama-server from now on: {}", why.text());
}

}  // namespace twin::models

#include "training/trainer/world.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <vector>

#include "core/i18n.h"
#include "training/trainer/beats.h"

namespace twin::training {
namespace {

using beats::beat_every;
using beats::Beats;
using beats::bytes;
using beats::text;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds quiet{3};                   // a rank that said nothing for so long may be the one that broke the line
constexpr seconds blame_for{10};              // how long the others look for it
constexpr milliseconds look_every{200};       // at the store, while waiting for others to start
constexpr milliseconds connect_for{5'000};    // one attempt to reach rank 0
constexpr std::chrono::hours patience{1000};  // of a collective: who is gone is found out by the beats instead

/// The first sentence of what c10d or Gloo says, without the place in their source before it.
std::string reason(const std::string& message) {
  const auto begin = message.starts_with('[') ? message.find("] ") : std::string::npos;
  const auto from = begin == std::string::npos ? 0 : begin + 2;
  const auto end = std::min(message.find('\n', from), message.find(". ", from));
  return message.substr(from, end == std::string::npos ? end : end - from);
}
std::string hint_resume() {
  return tr("run the same command again to go on from the last checkpoint");
}

class Group final : public World {
 public:
  explicit Group(const JoinOptions& options) : options_(options), ranks_(options.ranks) {
    const auto deadline = beats::Clock::now() + seconds(options_.timeout_s);
    store_ = connect(ranks_.rank == 0 && !ranks_.served, deadline);
    beats_ = std::make_unique<Beats>(connect(/*serve=*/false, deadline), ranks_.rank, ranks_.size);
    gather(deadline);
    beats_->start();
    auto settings = c10d::ProcessGroupGloo::Options::create(seconds(options_.timeout_s));
    settings->devices.push_back(device());
    try {
      group_ = c10::make_intrusive<c10d::ProcessGroupGloo>(c10::make_intrusive<c10d::PrefixStore>("gloo", store_),
                                                           ranks_.rank, ranks_.size, settings);
    } catch (const std::exception& e) {
      lost(e.what());
    }
  }

  ~Group() override {
    // Its destructor waits for what is under way, which without the rank that is gone never ends.
    if (pending_) (void)group_.release();
  }

  [[nodiscard]] int rank() const override { return ranks_.rank; }
  [[nodiscard]] int size() const override { return ranks_.size; }

  void sum(at::Tensor values) override {
    std::vector<at::Tensor> tensors{std::move(values)};
    c10d::AllreduceOptions how;
    how.timeout = patience;
    wait([&] { return group_->allreduce(tensors, how); });
  }
  void broadcast(at::Tensor values) override {
    std::vector<at::Tensor> tensors{std::move(values)};
    c10d::BroadcastOptions how;
    how.timeout = patience;
    wait([&] { return group_->broadcast(tensors, how); });
  }

 private:
  void check_stop() const {
    if (options_.stop != nullptr && options_.stop->load())
      throw Fatal(ErrorKind::cancelled, tr("Stopped while waiting for the other ranks"));
  }

  [[nodiscard]] std::string meeting() const { return fmt::format("{}:{}", ranks_.address, ranks_.port); }

  c10::intrusive_ptr<c10d::Store> connect(bool serve, beats::Clock::time_point deadline) const {
    c10d::TCPStoreOptions how;
    how.port = static_cast<std::uint16_t>(ranks_.port);
    how.isServer = serve;
    how.waitWorkers = false;  // gather() says who is missing
    how.timeout = connect_for;
    for (;;) {
      try {
        auto store = c10::make_intrusive<c10d::TCPStore>(ranks_.address, how);
        store->setTimeout(seconds(options_.timeout_s));
        return c10::make_intrusive<c10d::PrefixStore>("twin" + ranks_.attempt, store);
      } catch (const std::exception& e) {
        if (serve) {
          throw Fatal(ErrorKind::network, tr("Rank 0 cannot listen at {}: {}", meeting(), reason(e.what())),
                      "MASTER_PORT", tr("set another MASTER_PORT"));
        }
      }
      check_stop();
      if (beats::Clock::now() > deadline) {
        throw Fatal(ErrorKind::network, tr("Rank 0 does not answer at {} after {} s", meeting(), options_.timeout_s),
                    "MASTER_ADDR", tr("start all ranks together, or raise rank_timeout"));
      }
    }
  }

  /// Every rank says which job it has, and reads what the others say.
  void gather(beats::Clock::time_point deadline) {
    try {
      compare_jobs(deadline);
    } catch (const Fatal&) {
      throw;
    } catch (const std::exception& e) {
      throw Fatal(ErrorKind::network, tr("Rank 0 is gone before training began: {}", reason(e.what())), meeting());
    }
  }

  void compare_jobs(beats::Clock::time_point deadline) {
    const auto name = [](int rank) { return fmt::format("job/{}", rank); };
    store_->set(name(ranks_.rank), bytes(options_.key));
    for (int rank = 0; rank < ranks_.size; ++rank) {
      while (!store_->check({name(rank)})) {
        check_stop();
        if (beats::Clock::now() > deadline) {
          throw Fatal(ErrorKind::network,
                      tr("Rank {} of {} did not start within {} s", rank, ranks_.size, options_.timeout_s), meeting(),
                      tr("start all ranks together, or raise rank_timeout"));
        }
        std::this_thread::sleep_for(look_every);
      }
      if (text(store_->get(name(rank))) == text(store_->get(name(0)))) continue;
      tell(true, ranks_.size);
      throw Fatal(ErrorKind::usage,
                  tr("Rank {} has another job than rank 0: data, model and settings must be the same", rank),
                  meeting());
    }
  }

  [[nodiscard]] std::shared_ptr<gloo::transport::Device> device() const {
    if (const char* interface = std::getenv("GLOO_SOCKET_IFNAME"); interface != nullptr && *interface != '\0')
      return c10d::ProcessGroupGloo::createDeviceForInterface(interface);
    if (ranks_.address == "localhost" || ranks_.address.starts_with("127."))
      return c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1");
    return c10d::ProcessGroupGloo::createDefaultDevice();
  }

  void wait(const std::function<c10::intrusive_ptr<c10d::Work>()>& begin) {
    c10::intrusive_ptr<c10d::Work> work;
    pending_ = true;
    try {
      work = begin();
    } catch (const std::exception& e) {
      lost(e.what());
    }
    for (;;) {
      try {
        work->wait(beat_every);
        pending_ = false;
        return;
      } catch (const std::exception& e) {
        if (work->isCompleted()) lost(e.what());
      }
      if (while_waiting) while_waiting();
      if (beats_->lost()) lost(tr("another rank lost the connection to it"));
      if (beats_->silent(seconds(options_.timeout_s))) lost(tr("nothing heard for {} s", options_.timeout_s));
    }
  }

  /// Finds out which rank broke the line, tells the others, and ends this one.
  [[noreturn]] void lost(const std::string& what) {
    if (while_waiting) while_waiting();  // all are being stopped: that is why
    const auto rank = blame();
    const auto why = reason(what);
    if (rank) {
      throw Fatal(ErrorKind::network, tr("Rank {} of {} is gone: {}", *rank, ranks_.size, why), meeting(),
                  hint_resume());
    }
    throw Fatal(ErrorKind::network, tr("The connection between the {} ranks broke: {}", ranks_.size, why), meeting(),
                hint_resume());
  }

  std::optional<int> blame() {
    std::optional<int> found;
    for (const auto end = beats::Clock::now() + blame_for; beats::Clock::now() < end && !found;
         std::this_thread::sleep_for(look_every)) {
      found = beats_->lost();
      if (found) break;
      try {
        if (store_->check({"lost"})) {
          found = std::stoi(text(store_->get("lost")));
        } else if (const auto silent = beats_->silent(quiet)) {
          // The first to say so is right: those that end because of it fall silent, too.
          found = std::stoi(text(store_->compareSet("lost", {}, bytes(std::to_string(*silent)))));
        }
      } catch (const std::exception&) {
        if (ranks_.rank != 0) found = 0;
      }
    }
    tell(found.has_value(), ranks_.size - 1);
    return found;
  }

  /// Rank 0 holds the store: it stays until so many ranks, itself among them, have read what is wrong.
  void tell(bool found, int ranks) {
    try {
      if (found) store_->add("told", 1);
      const auto end = beats::Clock::now() + quiet;
      while (ranks_.rank == 0 && beats::Clock::now() < end && store_->add("told", 0) < ranks)
        std::this_thread::sleep_for(look_every);
    } catch (const std::exception&) {
      return;
    }
  }

  JoinOptions options_;
  RankSpec ranks_;
  c10::intrusive_ptr<c10d::Store> store_;
  std::unique_ptr<Beats> beats_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
  bool pending_ = false;  ///< a collective did not come to its end
};

}  // namespace

double World::sum(double value) {
  if (size() == 1) return value;
  auto one = at::full({1}, value, at::kDouble);
  sum(one);
  return one.item<double>();
}

double World::broadcast(double value) {
  if (size() == 1) return value;
  auto one = at::full({1}, value, at::kDouble);
  broadcast(one);
  return one.item<double>();
}

std::unique_ptr<World> join_world(const JoinOptions& options) {
  if (options.ranks.size == 1) return std::make_unique<World>();
  return std::make_unique<Group>(options);
}

}  // namespace twin::training

#include "feature/collect/collect.h"

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/hash.h"
#include "core/i18n.h"
#include "feature/clean/clean.h"
#include "feature/collect/events.h"
#include "feature/collect/host_board.h"
#include "feature/collect/source_run.h"
#include "feature/collect/sweep.h"
#include "feature/collect/worker_pool.h"
#include "feature/collect/writer.h"

namespace twin::feature {
namespace {

/// What was taken is stored when nothing more comes for so long: slow sources lose little in a crash.
constexpr std::chrono::milliseconds patience{500};

/// Nobody is told any more when it ends, in whatever way.
class Observing {
 public:
  Observing(const std::function<void(HostObserver)>& observe, HostObserver observer) : observe_(observe) {
    if (observe_) observe_(std::move(observer));
  }
  ~Observing() {
    if (observe_) observe_(nullptr);
  }
  Observing(const Observing&) = delete;
  Observing& operator=(const Observing&) = delete;

 private:
  const std::function<void(HostObserver)>& observe_;
};

class Collecting {
 public:
  Collecting(const CollectConfig& config, const std::vector<SourceConfig>& sources, const std::vector<Author>& authors,
             const CollectContext& context, const CollectSelection& selection)
      : config_(config),
        sources_(sources),
        authors_(authors),
        context_(context),
        selection_(selection),
        events_(context.progress, context.clock),
        progress_(context.progress.start("collect", "documents")),
        writer_(config, context, report_, events_, *progress_),
        board_(events_, context.clock, *progress_) {}

  CollectReport run() {
    make_runs();
    std::vector<std::string> names;
    for (const auto& run : runs_) {
      if (run) names.push_back(run->summary.name);
    }
    events_.start(names);
    {
      const Observing observing(context_.observe_hosts, [this](const HostState& state) { board_.update(state); });
      read_and_write();
    }
    if (!context_.stop.stop_requested()) settle();
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (runs_[i]) report_.sources[i] = runs_[i]->summary;
    }
    events_.summary(report_);
    return std::move(report_);
  }

 private:
  void make_runs() {
    for (const auto& source : sources_) {
      SourceSummary& summary = report_.sources.emplace_back();
      summary.name = source.display_name();
      summary.type = source.type;
      summary.state = SourceSummary::State::left_out;
      if (source.source != nullptr) summary.location = source.source->location();
      runs_.push_back(selection_.takes(source) ? make_run(source, summary) : nullptr);
    }
  }

  /// Null, with the failure in the report, when it cannot be read at all.
  std::unique_ptr<SourceRun> make_run(const SourceConfig& source, SourceSummary& summary) {
    auto problem = problem_of(source, context_);
    if (!problem) return std::make_unique<SourceRun>(config_, source, authors_, context_, selection_);
    summary.state = SourceSummary::State::failed;
    ++summary.failed;
    ++report_.failed;
    report_.failures.emplace_back(std::move(*problem), summary.name);
    events_.failure(report_.failures.back());
    return nullptr;
  }

  /// Readers and cleaners run until the writer has everything, or cannot go on.
  void read_and_write() {
    std::stop_source stop;
    const std::stop_callback forward(context_.stop, [&] { stop.request_stop(); });
    WorkerPool pool(config_.workers);
    std::atomic<std::size_t> next{0};
    std::vector<std::jthread> readers;
    // On every way out: nobody must wait for room in a lane.
    const struct Ending {
      std::stop_source& stop;
      std::vector<std::unique_ptr<SourceRun>>& runs;
      ~Ending() {
        stop.request_stop();
        for (const auto& run : runs) {
          if (run) run->lane.abandon();
        }
      }
    } ending{stop, runs_};
    const std::size_t count = std::min(static_cast<std::size_t>(config_.parallel), runs_.size());
    for (std::size_t i = 0; i < count; ++i) {
      readers.emplace_back([&] {
        for (std::size_t at = next++; at < runs_.size(); at = next++) {
          SourceRun* run = runs_[at].get();
          if (run == nullptr) continue;
          events_.source(run->summary, "started");
          run->read(stop.get_token(), [&pool, run](std::shared_ptr<Entry> entry) {
            pool.submit([run, entry = std::move(entry)] { run->prepare(entry); });
          });
        }
      });
    }
    // In the order of twin.yaml, so that what is stored does not depend on which server was faster.
    for (const auto& run : runs_) {
      if (run) write(*run);
    }
    writer_.flush();
  }

  void write(SourceRun& run) {
    for (;;) {
      std::shared_ptr<Entry> entry;
      const Lane::Next next = run.lane.pop(entry, patience);
      if (next == Lane::Next::end) break;
      if (next == Lane::Next::late) {
        writer_.flush();
        continue;
      }
      progress_->note(note_of(*entry));
      writer_.take(run, std::move(entry));
    }
    if (run.broken) std::rethrow_exception(run.broken);
    writer_.flush();
    SourceSummary& summary = run.summary;
    if (run.problem) {
      writer_.fail(run, *run.problem);
      summary.state = SourceSummary::State::failed;
    } else if (!run.report) {  // stopped
      summary.state = SourceSummary::State::stopped;
    } else if (run.report->unchanged) {
      summary.state = SourceSummary::State::unchanged;
    }
    if (run.report) {
      for (auto& note : run.report->notes) {
        if (note.where.empty()) note.where = run.location();
        writer_.note(std::move(note));
      }
    }
    events_.source(summary, to_string(summary.state));
  }

  [[nodiscard]] std::string note_of(const Entry& entry) const {
    const std::string hosts = board_.line();
    return hosts.empty() ? entry.shown : hosts;
  }

  /// After everything was read: what is gone, and the cursors, in one transaction. A document that moved from one
  /// source to another is not gone.
  void settle() {
    std::vector<const SourceRun*> done;
    for (const auto& run : runs_) {
      if (!run || std::find(done.begin(), done.end(), run.get()) != done.end()) continue;
      std::vector<SourceRun*> group;  // entries of twin.yaml that read the same place
      for (const auto& other : runs_) {
        if (other && other->source().type == run->source().type && other->location() == run->location()) {
          group.push_back(other.get());
          done.push_back(other.get());
        }
      }
      settle(group);
    }
  }

  void settle(const std::vector<SourceRun*>& group) {
    const auto complete = [](const SourceRun* run) {
      return run->whole() && run->report && run->report->complete && !run->report->unchanged;
    };
    const bool all = std::all_of(group.begin(), group.end(), complete) && group.size() == entries_of(*group.front());
    Sweep found;
    if (all && config_.delete_missing) found = sweep_of(group);
    if (found.suspicious) {
      writer_.fail(*group.front(),
                   {ErrorKind::limit,
                    tr("{} of {} documents are no longer there; none was marked deleted", found.absent, found.known),
                    group.front()->location(), tr("If they are really gone: twin collect --confirm-deletions")});
      return;
    }
    context_.warehouse.batch([&] {
      for (const auto& origin : found.gone) {
        context_.warehouse.tombstone(stores::document_id(origin.url), context_.clock.now());
        context_.warehouse.remove_origin(origin.url);
      }
      for (const auto* some : {&found.missing, &found.back}) {
        for (const auto& origin : *some) context_.warehouse.set_origin(origin);
      }
      for (const auto* run : group) {
        if (!run->whole() || !run->report || run->report->unchanged || run->spoilt > 0) continue;
        if (run->summary.failed == 0 || run->report->cursor_by_item)
          context_.warehouse.set_cursor(run->key_of_cursor(), run->report->cursor);
      }
    });
    SourceSummary& summary = group.front()->summary;
    for (const auto& origin : found.gone) {
      ++report_.deleted;
      ++summary.deleted;
      events_.item(summary.name, origin.url, Outcome::deleted, stores::document_id(origin.url), 0);
    }
  }

  Sweep sweep_of(const std::vector<SourceRun*>& group) {
    std::vector<stores::Origin> known;
    context_.warehouse.each_origin(group.front()->source().type, group.front()->location(),
                                   [&](stores::Origin&& origin) {
                                     known.push_back(std::move(origin));
                                     return true;
                                   });
    const auto shown = [&](const stores::Origin& origin) {
      return writer_.came_up(origin.url) || std::any_of(group.begin(), group.end(), [&](const SourceRun* run) {
               return run->showed(origin.shown) || run->showed(origin.url);
             });
    };
    return sweep(group.front()->location(), std::move(known), shown, config_);
  }

  /// How many entries of twin.yaml read the same place, those left out of this run included.
  [[nodiscard]] std::size_t entries_of(const SourceRun& run) const {
    return static_cast<std::size_t>(std::count_if(sources_.begin(), sources_.end(), [&](const SourceConfig& source) {
      return source.source != nullptr && source.type == run.source().type &&
             source.source->location() == run.location();
    }));
  }

  const CollectConfig& config_;
  const std::vector<SourceConfig>& sources_;
  const std::vector<Author>& authors_;
  const CollectContext& context_;
  const CollectSelection& selection_;
  CollectReport report_;
  Events events_;
  std::unique_ptr<Progress> progress_;
  Writer writer_;
  HostBoard board_;
  std::vector<std::unique_ptr<SourceRun>> runs_;  ///< of each source; null: left out, or cannot be read
};

}  // namespace

bool CollectSelection::takes(const SourceConfig& source) const {
  const std::string name = source.display_name();
  if (!only.empty() && std::find(only.begin(), only.end(), name) == only.end()) return false;
  return !retry || std::any_of(failures.begin(), failures.end(),
                               [&](const CollectFailure& failure) { return failure.source == name; });
}

std::string_view to_string(SourceSummary::State state) {
  switch (state) {
    case SourceSummary::State::done:
      return "done";
    case SourceSummary::State::unchanged:
      return "unchanged";
    case SourceSummary::State::failed:
      return "failed";
    case SourceSummary::State::stopped:
      return "stopped";
    case SourceSummary::State::left_out:
      return "left out";
  }
  return "";
}

CollectReport collect(const CollectConfig& config, const std::vector<SourceConfig>& sources,
                      const std::vector<Author>& authors, const CollectContext& context,
                      const CollectSelection& selection) {
  return Collecting(config, sources, authors, context, selection).run();
}

std::string fingerprint(const std::vector<SourceConfig>& sources, const CollectContext& context) {
  Sha256 hash;
  hash.field(std::to_string(clean_version));
  for (const auto& source : sources) {
    if (source.source == nullptr) return {};
    SourceContext with = source_context(CollectConfig{}, source, {}, context, context.stop);
    const auto now = source.source->fingerprint(with);
    if (!now) return {};
    hash.field(source.type).field(source.source->location()).field(*now);
  }
  return hash.hex();
}

}  // namespace twin::feature

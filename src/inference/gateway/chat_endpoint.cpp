// POST /v1/chat/completions
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/log.h"
#include "inference/gateway/chat_request.h"
#include "inference/gateway/chat_response.h"
#include "inference/gateway/endpoints.h"

namespace twin::inference {
namespace {

/// Runs the question; a Fatal of a store becomes an error of this request.
Result<Answer> ask(Assistant& assistant, const AskRequest& request,
                   const std::function<bool(std::string_view)>& on_delta = {}) {
  try {
    return assistant.ask(request, on_delta);
  } catch (const Fatal& fatal) {
    log::error("{}", fatal.what());
    return tl::unexpected(fatal.error());
  } catch (const std::exception& error) {
    log::error("a question failed: {}", error.what());
    return fail(ErrorKind::internal, error.what());
  }
}

std::string error_event(const Error& error) {
  return "data: " + to_json(from_error(error)).dump() + "\n\n";
}

/// Role first, text as it comes, then the final chunk with the sources, the usage when asked for, and [DONE].
void stream_answer(Assistant& assistant, const ChatCall& call, const Writer& write) {
  const CompletionHead head = completion_head(call.ask.model, call.include_usage);
  if (!write(role_event(head))) return;
  Utf8Pieces pieces;
  const auto answer = ask(assistant, call.ask, [&](std::string_view delta) {
    const std::string piece = pieces.feed(delta);
    return piece.empty() || write(text_event(head, piece));
  });
  if (!answer) {
    if (answer.error().kind == ErrorKind::cancelled) return;
    log::warn("chat: {}", answer.error().text());
    if (!write(error_event(answer.error()))) return;
  } else {
    if (!write(final_event(head, *answer))) return;
    if (call.include_usage && !write(usage_event(head, answer->usage))) return;
  }
  write(done_event());
}

}  // namespace

ApiResponse Endpoints::chat(const ApiRequest& request) const {
  auto call = parse_chat_call(request.body, config);
  if (!call) return to_response(call.error());
  if (!parts.ready()) return to_response(still_loading());
  auto entry = (call->ask.prompt_only ? queues.searches : queues.answers).enter(request.cancel);
  if (entry.outcome != Admission::Outcome::admitted) return to_response(refused(entry.outcome));
  auto assistant = parts.assistant();  // only now: the adapter may have changed while we waited
  if (!assistant) return to_response(still_loading());
  call->ask.cancel = request.cancel;
  if (!call->query_options.empty()) {
    auto query = query_config_of(call->query_options, assistant->config().query);
    if (!query) return to_response(query.error());
    call->ask.query = std::move(*query);
  }

  ApiResponse response;
  if (call->stream) {
    response.content_type = "text/event-stream; charset=utf-8";
    response.headers["Cache-Control"] = "no-cache";
    response.headers["X-Accel-Buffering"] = "no";
    response.stream = [assistant, ticket = entry.ticket, call = std::move(*call)](const Writer& write) mutable {
      stream_answer(*assistant, call, write);
      assistant.reset();  // before the connection is done with: others wait for both
      ticket.reset();
    };
    return response;
  }
  const auto answer = ask(*assistant, call->ask);
  if (!answer) return to_response(from_error(answer.error()));
  response.body = completion_json(completion_head(call->ask.model, false), *answer);
  return response;
}

}  // namespace twin::inference

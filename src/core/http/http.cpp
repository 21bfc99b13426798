#include "core/http/http.h"

#include "core/i18n.h"

namespace twin {

std::string_view HttpResponse::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

Result<HttpResponse> FakeHttp::send(const HttpRequest& request) {
  requests.push_back(request);
  const auto page = pages.find(request.url);
  if (page == pages.end()) return fail(ErrorKind::network, tr("no answer"), request.url);
  HttpResponse response = page->second;
  if (response.status == 0) response.status = 200;
  if (response.url.empty()) response.url = request.url;
  if (response.body.size() > request.max_bytes) {
    return fail(ErrorKind::limit, tr("the answer is larger than the limit of {} bytes", request.max_bytes),
                request.url);
  }
  if (request.on_data && response.status / 100 == 2) {
    request.on_data(response.body);
    response.body.clear();
  }
  return response;
}

}  // namespace twin

// GMime brings a dozen libraries. Loaded when the first mail is read, it costs nobody else anything.
#include <dlfcn.h>
#include <gmime/gmime.h>

#include <memory>
#include <mutex>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/clean/charset.h"
#include "feature/sources/mbox/mail.h"

namespace twin::feature::mail {
namespace {

/// Parts nested deeper, or more of them, are no mail that a person wrote.
constexpr int max_depth = 20;
constexpr int max_parts = 500;

/// The functions of GMime (and of the GLib it brings) that are used here.
struct Library {
  void* handle = nullptr;
// A declared name cannot stand in parentheses. NOLINTNEXTLINE(bugprone-macro-parentheses)
#define TWIN_GMIME(name) decltype(&::name) name = nullptr
  TWIN_GMIME(g_mime_init);
  TWIN_GMIME(g_mime_stream_mem_new);
  TWIN_GMIME(g_mime_stream_mem_new_with_buffer);
  TWIN_GMIME(g_mime_stream_mem_get_byte_array);
  TWIN_GMIME(g_mime_parser_new_with_stream);
  TWIN_GMIME(g_mime_parser_construct_message);
  TWIN_GMIME(g_mime_message_get_subject);
  TWIN_GMIME(g_mime_message_get_message_id);
  TWIN_GMIME(g_mime_message_get_date);
  TWIN_GMIME(g_mime_message_get_from);
  TWIN_GMIME(g_mime_message_get_mime_part);
  TWIN_GMIME(g_mime_object_get_content_type);
  TWIN_GMIME(g_mime_object_get_disposition);
  TWIN_GMIME(g_mime_content_type_is_type);
  TWIN_GMIME(g_mime_content_type_get_parameter);
  TWIN_GMIME(g_mime_multipart_get_type);
  TWIN_GMIME(g_mime_multipart_get_count);
  TWIN_GMIME(g_mime_multipart_get_part);
  TWIN_GMIME(g_mime_part_get_type);
  TWIN_GMIME(g_mime_part_get_content);
  TWIN_GMIME(g_mime_data_wrapper_write_to_stream);
  TWIN_GMIME(internet_address_list_length);
  TWIN_GMIME(internet_address_list_get_address);
  TWIN_GMIME(internet_address_get_name);
  TWIN_GMIME(internet_address_mailbox_get_type);
  TWIN_GMIME(internet_address_mailbox_get_addr);
  TWIN_GMIME(g_type_check_instance_is_a);
  TWIN_GMIME(g_object_unref);
  TWIN_GMIME(g_date_time_to_unix);
#undef TWIN_GMIME

  template <class Function>
  bool find(const char* name, Function& function) {
    function = reinterpret_cast<Function>(::dlsym(handle, name));
    return function != nullptr;
  }

  bool load() {
    handle = ::dlopen("libgmime-3.0.so.0", RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return false;
#define TWIN_GMIME(name) find(#name, name)
    const bool all = TWIN_GMIME(g_mime_init) && TWIN_GMIME(g_mime_stream_mem_new) &&
                     TWIN_GMIME(g_mime_stream_mem_new_with_buffer) && TWIN_GMIME(g_mime_stream_mem_get_byte_array) &&
                     TWIN_GMIME(g_mime_parser_new_with_stream) && TWIN_GMIME(g_mime_parser_construct_message) &&
                     TWIN_GMIME(g_mime_message_get_subject) && TWIN_GMIME(g_mime_message_get_message_id) &&
                     TWIN_GMIME(g_mime_message_get_date) && TWIN_GMIME(g_mime_message_get_from) &&
                     TWIN_GMIME(g_mime_message_get_mime_part) && TWIN_GMIME(g_mime_object_get_content_type) &&
                     TWIN_GMIME(g_mime_object_get_disposition) && TWIN_GMIME(g_mime_content_type_is_type) &&
                     TWIN_GMIME(g_mime_content_type_get_parameter) && TWIN_GMIME(g_mime_multipart_get_type) &&
                     TWIN_GMIME(g_mime_multipart_get_count) && TWIN_GMIME(g_mime_multipart_get_part) &&
                     TWIN_GMIME(g_mime_part_get_type) && TWIN_GMIME(g_mime_part_get_content) &&
                     TWIN_GMIME(g_mime_data_wrapper_write_to_stream) && TWIN_GMIME(internet_address_list_length) &&
                     TWIN_GMIME(internet_address_list_get_address) && TWIN_GMIME(internet_address_get_name) &&
                     TWIN_GMIME(internet_address_mailbox_get_type) && TWIN_GMIME(internet_address_mailbox_get_addr) &&
                     TWIN_GMIME(g_type_check_instance_is_a) && TWIN_GMIME(g_object_unref) &&
                     TWIN_GMIME(g_date_time_to_unix);
#undef TWIN_GMIME
    if (all) g_mime_init();
    return all;
  }
};

/// Null when GMime is not installed. Never unloaded: GLib does not allow it.
const Library* library() {
  static const std::unique_ptr<Library> loaded = [] {
    auto fresh = std::make_unique<Library>();
    return fresh->load() ? std::move(fresh) : nullptr;
  }();
  return loaded.get();
}

struct Unref {
  void operator()(void* object) const { library()->g_object_unref(object); }
};
template <class T>
using Owned = std::unique_ptr<T, Unref>;

bool is_a(const Library& g, void* object, GType type) {
  return object != nullptr && g.g_type_check_instance_is_a(static_cast<GTypeInstance*>(object), type) != 0;
}

std::string string_of(const char* text) {
  return text == nullptr ? std::string() : text::repair_utf8(text);
}

/// The first plain text and the first HTML of a message.
class Parts {
 public:
  explicit Parts(const Library& g) : g_(g) {}

  void walk(GMimeObject* object, int depth) {
    if (object == nullptr || depth > max_depth || ++seen_ > max_parts) return;
    if (is_a(g_, object, g_.g_mime_multipart_get_type())) {
      auto* multipart = reinterpret_cast<GMimeMultipart*>(object);
      const int count = g_.g_mime_multipart_get_count(multipart);
      for (int i = 0; i < count; ++i) walk(g_.g_mime_multipart_get_part(multipart, i), depth + 1);
      return;
    }
    if (!is_a(g_, object, g_.g_mime_part_get_type())) {
      ++attachments;  // a forwarded message
      return;
    }
    GMimeContentType* type = g_.g_mime_object_get_content_type(object);
    const std::string disposition = text::fold(string_of(g_.g_mime_object_get_disposition(object)));
    const bool is_plain = g_.g_mime_content_type_is_type(type, "text", "plain") != 0;
    const bool is_html = g_.g_mime_content_type_is_type(type, "text", "html") != 0;
    if (disposition == "attachment" || (!is_plain && !is_html)) {
      ++attachments;
      return;
    }
    std::string& target = is_plain ? plain : html;
    // Some programs cut a text in two around an image.
    const std::string content = text_of(object, type);
    if (!target.empty() && !content.empty()) target += "\n";
    target += content;
  }

  std::string plain, html;
  int attachments = 0;

 private:
  std::string text_of(GMimeObject* object, GMimeContentType* type) {
    GMimeDataWrapper* content = g_.g_mime_part_get_content(reinterpret_cast<GMimePart*>(object));
    if (content == nullptr) return {};
    const Owned<GMimeStream> stream(g_.g_mime_stream_mem_new());
    if (g_.g_mime_data_wrapper_write_to_stream(content, stream.get()) < 0) return {};
    const GByteArray* bytes = g_.g_mime_stream_mem_get_byte_array(reinterpret_cast<GMimeStreamMem*>(stream.get()));
    if (bytes == nullptr || bytes->data == nullptr) return {};
    const std::string_view raw(reinterpret_cast<const char*>(bytes->data), bytes->len);
    auto decoded = decode(raw, string_of(g_.g_mime_content_type_get_parameter(type, "charset")));
    return decoded ? std::move(decoded->text) : std::string();
  }

  const Library& g_;
  int seen_ = 0;
};

}  // namespace

Result<Message> parse_message(const std::string& bytes) {
  const Library* g = library();
  if (g == nullptr) {
    return fail(ErrorKind::not_found, tr("The library GMime is needed for mail and not installed"), {},
                tr("apt-get install {}", "libgmime-3.0-0"));
  }
  static std::mutex one_at_a_time;  // GMime's charset tables are shared
  const std::scoped_lock lock(one_at_a_time);
  const Owned<GMimeStream> stream(g->g_mime_stream_mem_new_with_buffer(bytes.data(), bytes.size()));
  const Owned<GMimeParser> parser(g->g_mime_parser_new_with_stream(stream.get()));
  const Owned<GMimeMessage> message(g->g_mime_parser_construct_message(parser.get(), nullptr));
  if (message == nullptr) return fail(ErrorKind::invalid, tr("This is no e-mail message"));

  Message out;
  out.id = string_of(g->g_mime_message_get_message_id(message.get()));
  out.subject = string_of(g->g_mime_message_get_subject(message.get()));
  if (GDateTime* date = g->g_mime_message_get_date(message.get()); date != nullptr) {
    out.sent = g->g_date_time_to_unix(date) * 1000;
  }
  if (InternetAddressList* from = g->g_mime_message_get_from(message.get()); from != nullptr) {
    for (int i = 0; i < g->internet_address_list_length(from); ++i) {
      InternetAddress* address = g->internet_address_list_get_address(from, i);
      Address entry{string_of(g->internet_address_get_name(address)), {}};
      if (is_a(*g, address, g->internet_address_mailbox_get_type())) {
        entry.address =
            string_of(g->internet_address_mailbox_get_addr(reinterpret_cast<InternetAddressMailbox*>(address)));
      }
      out.from.push_back(std::move(entry));
    }
  }
  Parts parts(*g);
  parts.walk(g->g_mime_message_get_mime_part(message.get()), 0);
  out.attachments = parts.attachments;
  out.html = text::trim(parts.plain).empty() && !text::trim(parts.html).empty();
  out.text = std::move(out.html ? parts.html : parts.plain);
  return out;
}

}  // namespace twin::feature::mail

#include "feature/clean/charset_labels.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/text/ascii.h"
#include "core/text/unicode.h"

namespace twin::feature {

std::string charset_of_label(std::string_view label) {
  using Entry = std::pair<std::string_view, std::string_view>;
  static constexpr auto table = std::to_array<Entry>({
      {"utf-8", "utf-8"},
      {"utf8", "utf-8"},
      {"unicode-1-1-utf-8", "utf-8"},
      {"x-unicode20utf8", "utf-8"},
      {"utf-16", "utf-16le"},
      {"utf-16le", "utf-16le"},
      {"unicode", "utf-16le"},
      {"ucs-2", "utf-16le"},
      {"utf-16be", "utf-16be"},
      {"unicodefffe", "utf-16be"},
      {"euc-kr", "cp949"},
      {"euc_kr", "cp949"},
      {"euckr", "cp949"},
      {"cseuckr", "cp949"},
      {"korean", "cp949"},
      {"iso-ir-149", "cp949"},
      {"ks_c_5601-1987", "cp949"},
      {"ks_c_5601-1989", "cp949"},
      {"ks_c_5601", "cp949"},
      {"ksc5601", "cp949"},
      {"ksc_5601", "cp949"},
      {"csksc56011987", "cp949"},
      {"uhc", "cp949"},
      {"cp949", "cp949"},
      {"ms949", "cp949"},
      {"x-windows-949", "cp949"},
      {"windows-949", "cp949"},
      {"johab", "johab"},
      {"iso-2022-kr", "iso-2022-kr"},
      {"iso-8859-1", "cp1252"},
      {"iso8859-1", "cp1252"},
      {"iso_8859-1", "cp1252"},
      {"latin1", "cp1252"},
      {"l1", "cp1252"},
      {"us-ascii", "cp1252"},
      {"ascii", "cp1252"},
      {"windows-1252", "cp1252"},
      {"cp1252", "cp1252"},
      {"iso-8859-2", "iso-8859-2"},
      {"latin2", "iso-8859-2"},
      {"iso-8859-3", "iso-8859-3"},
      {"iso-8859-4", "iso-8859-4"},
      {"iso-8859-5", "iso-8859-5"},
      {"iso-8859-6", "iso-8859-6"},
      {"iso-8859-7", "iso-8859-7"},
      {"iso-8859-8", "iso-8859-8"},
      {"iso-8859-9", "cp1254"},
      {"latin5", "cp1254"},
      {"iso-8859-10", "iso-8859-10"},
      {"iso-8859-13", "iso-8859-13"},
      {"iso-8859-14", "iso-8859-14"},
      {"iso-8859-15", "iso-8859-15"},
      {"latin-9", "iso-8859-15"},
      {"iso-8859-16", "iso-8859-16"},
      {"iso-8859-11", "cp874"},
      {"tis-620", "cp874"},
      {"windows-874", "cp874"},
      {"windows-1250", "cp1250"},
      {"windows-1251", "cp1251"},
      {"cp1251", "cp1251"},
      {"windows-1253", "cp1253"},
      {"windows-1254", "cp1254"},
      {"windows-1255", "cp1255"},
      {"windows-1256", "cp1256"},
      {"windows-1257", "cp1257"},
      {"windows-1258", "cp1258"},
      {"koi8-r", "koi8-r"},
      {"koi8-u", "koi8-u"},
      {"ibm866", "cp866"},
      {"macintosh", "macintosh"},
      {"shift_jis", "cp932"},
      {"shift-jis", "cp932"},
      {"sjis", "cp932"},
      {"x-sjis", "cp932"},
      {"windows-31j", "cp932"},
      {"euc-jp", "euc-jp"},
      {"x-euc-jp", "euc-jp"},
      {"iso-2022-jp", "iso-2022-jp"},
      {"gb2312", "gb18030"},
      {"gbk", "gb18030"},
      {"gb18030", "gb18030"},
      {"x-gbk", "gb18030"},
      {"big5", "big5-hkscs"},
      {"big5-hkscs", "big5-hkscs"},
  });
  const std::string name = text::ascii_lower(text::trim(label));
  const auto* found = std::find_if(table.begin(), table.end(), [&](const Entry& entry) { return entry.first == name; });
  return found == table.end() ? std::string() : std::string(found->second);
}

}  // namespace twin::feature

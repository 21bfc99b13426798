#include "feature/clean/phrases.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "core/text/unicode.h"
#include "feature/clean/characters.h"

namespace twin::feature::html {
namespace {

/// Whole lines, folded, without the punctuation around them. A trailing "*" takes any ending.
struct Lines {
  Phrase phrase;
  std::string_view lines;
};

constexpr std::array tables{
    Lines{
        Phrase::related,
        "related|related articles|related posts|related stories|related news|related content|related topics|"
        "related links|related reading|related coverage|read more|read also|read next|also read|see also|"
        "more from*|more on this*|more about*|more stories*|more articles*|more news*|more posts*|more like this*|"
        "further reading|recommended|recommended for you|recommended stories|recommended articles|recommended reading|"
        "you may also like*|you might also like*|you may like*|you might like*|also on*|don't miss|trending*|"
        "most read*|most popular*|popular posts*|popular articles*|popular stories*|popular videos|popular now|"
        "latest news*|latest posts*|latest articles*|latest stories*|recent posts*|recent articles*|recent stories*|"
        "top stories|next article|previous article|up next|watch next|watch this next|keep reading|continue reading|"
        "explore more|editor's picks|editors' picks|what to read next|around the web|from the web|in other news|"
        "suggested articles|similar articles|similar posts|similar stories|other articles*|other posts*|"
        "verwandte artikel|verwandte beiträge|verwandte themen|ähnliche beiträge|ähnliche artikel|ähnliche themen|"
        "mehr zum thema*|mehr zu*|mehr aus*|mehr von*|mehr artikel|mehr lesen|mehr news*|weitere artikel*|"
        "weitere beiträge*|weitere news*|weitere meldungen*|weitere themen*|weitere nachrichten*|weitere informationen|"
        "weitere links|lesen sie auch*|lesen sie mehr*|lesen sie dazu*|lesen sie hier*|auch interessant*|"
        "auch lesenswert*|das könnte sie auch interessieren*|das könnte dich auch interessieren*|"
        "das könnte ihnen auch gefallen*|das könnte dir auch gefallen*|könnte dich auch interessieren|"
        "könnte sie auch interessieren|meistgelesen*|meist gelesen*|beliebte beiträge*|beliebte artikel*|"
        "beliebt|neueste beiträge*|neueste artikel*|neueste nachrichten*|neuste beiträge*|letzte beiträge*|letzte "
        "meldungen*|aktuelle beiträge*|"
        "aktuelle meldungen*|aktuelle artikel*|aktuelle nachrichten*|passend zum thema*|zum thema|zum weiterlesen|"
        "siehe auch|empfehlungen*|empfohlene artikel*|empfehlungen der redaktion|nächster artikel|nächster beitrag|"
        "vorheriger artikel|vorheriger beitrag|schlagzeilen|top-themen|"
        "à lire aussi*|a lire aussi*|lire aussi*|à lire*|sur le même sujet*|sur le même thème*|voir aussi*|"
        "articles similaires*|articles liés*|articles récents*|les plus lus*|à voir aussi*|plus d'articles*|"
        "lea también*|lee también*|te puede interesar*|también te puede interesar*|noticias relacionadas*|"
        "artículos relacionados*|más noticias*|más leídas*|lo más leído*|lo más visto*|visto ahora|ver también*|"
        "leggi anche*|articoli correlati*|potrebbe interessarti*|ti potrebbe interessare*|altri articoli*|"
        "notizie correlate*|leia também*|leia mais*|artigos relacionados*|notícias relacionadas*|veja também*|"
        "czytaj też*|czytaj także*|czytaj również*|przeczytaj także*|przeczytaj też*|zobacz także*|zobacz też*|"
        "zobacz również*|polecane*|polecamy*|najnowsze*|najczęściej czytane*|podobne artykuły*|powiązane*|"
        "inne artykuły*|lees ook*|gerelateerde*|meest gelezen*|meer over*|läs också*|läs även*|les også*|læs også*|"
        "lue myös*|lue lisää*|luetuimmat*|viz také*|čtěte také*|související*|olvasta már*|kapcsolódó*|"
        "okumaya devam*|ilgili haberler*|benzer*|читайте также*|похожие*|по теме*|ещё по теме*|"
        "関連記事*|おすすめ*|あわせて読みたい*|人気記事*|相关文章*|相关阅读*|推荐阅读*|延伸阅读*|"
        "관련 글*|관련글*|관련 기사*|관련기사*|관련 뉴스*|관련뉴스*|관련 포스트*|관련 게시물*|관련 콘텐츠*|"
        "관련 링크|연관 글*|연관글*|연관 기사*|추천 글*|추천글*|추천 기사*|추천기사*|추천 뉴스*|추천 콘텐츠*|"
        "추천 포스트*|인기 글*|인기글*|인기 기사*|인기기사*|인기 뉴스*|인기 포스트*|많이 본 뉴스*|많이 본 기사*|"
        "많이 읽은*|많이 본*|가장 많이*|최신 글*|최신글*|최신 기사*|최신기사*|최신 뉴스*|최근 글*|최근글*|최근 "
        "게시물*|주요 뉴스*|"
        "주요뉴스*|다른 글*|다른글*|이 카테고리의 다른 글*|카테고리의 다른 글*|같은 카테고리*|함께 보면 좋은*|"
        "함께 읽으면*|함께 본*|이 기사와 함께*|이어서 읽기*|이전 글*|이전글*|다음 글*|다음글*|이전 기사*|다음 기사*|더 "
        "보기|더보기|이 시각*|실시간*|"
        "오늘의 추천*|오늘의 핫*|핫이슈*|관심 있을 만한*|관심 있을만한*|당신이 관심*|태그된 다른*|이 블로그의*|이 "
        "블로그 인기*|시리즈의 다른*"},
    Lines{
        Phrase::comments,
        "comments|comment|leave a comment*|leave a reply*|post a comment*|add a comment*|add comment|write a comment*|"
        "join the conversation*|join the discussion*|view comments*|show comments|no comments*|no responses|responses|"
        "# comments*|# comment|# responses*|# thoughts on*|# replies|# kommentare*|# kommentar|# commentaires*|"
        "# comentarios*|comments are closed*|reader comments|discussion|trackbacks*|"
        "kommentare*|kommentar|kommentar schreiben|kommentieren|schreibe einen kommentar*|schreiben sie einen "
        "kommentar*|"
        "hinterlasse einen kommentar*|hinterlassen sie einen kommentar*|kommentar hinterlassen|kommentar verfassen|"
        "keine kommentare*|noch keine kommentare*|es gibt noch keine kommentare*|ihre meinung*|diskutieren sie "
        "mit*|leserkommentare*|"
        "commentaires|commentaire|laisser un commentaire*|ajouter un commentaire|laissez un commentaire*|comentarios|"
        "deja un comentario*|deja una respuesta*|deixe um comentário*|comentários|commenti|lascia un commento*|"
        "komentarze*|dodaj komentarz*|skomentuj*|reacties*|plaats een reactie*|geef een reactie*|kommentarer*|"
        "lämna en kommentar*|kommentit|jätä kommentti*|комментарии*|コメント|コメントを残す|评论|发表评论|"
        "댓글|댓글 #|댓글 #개|댓글#|댓글 쓰기*|댓글 달기*|댓글을 남기*|댓글 남기기|댓글을 작성*|답글*|전체 댓글*|#개의 "
        "댓글|# 댓글|"
        "덧글|의견 남기기|의견쓰기|기사 댓글*|트랙백*|comments #|comment #|방명록"},
    Lines{Phrase::promotion,
          "newsletter*|subscribe*|sign up for*|sign up to*|signup for*|get the newsletter|get our newsletter*|"
          "join our newsletter*|join our mailing list*|follow us*|follow me|support us*|support our*|donate*|"
          "stay up to date*|stay in touch|never miss*|get the latest*|become a member*|download the app*|"
          "about the author*|about the authors*|about author|about me|über den autor*|über die autorin*|"
          "zur person|à propos de l'auteur*|sobre el autor*|o autorze|"
          "abonnieren*|jetzt abonnieren*|newsletter abonnieren*|zum newsletter*|newsletteranmeldung|unterstützen "
          "sie*|unterstütze *|"
          "folgen sie uns*|folge uns*|abonnez-vous*|inscrivez-vous*|suscríbete*|suscribirse*|iscriviti*|zapisz się*|"
          "구독하기|구독|뉴스레터*|후원하기|후원*|정기 구독*|정기구독*|채널 추가|채널추가|작가 소개|저자 소개|"
          "글쓴이|작가의 멤버십*|제보하기|기사 제보|기사제보"},
    Lines{Phrase::share,
          "share|share this*|share on*|share article|share via|share your thoughts*|share the article|sharing is "
          "caring*|share:|sharen mit|tweet|pin it|email|"
          "print|print this*|like this|like this:|gefällt mir|gefällt mir:|wird geladen...|loading...|teilen*|diesen "
          "artikel teilen*|artikel teilen*|"
          "diesen beitrag teilen*|beitrag teilen*|teile diesen*|teilen mit|teilen sie*|auf facebook teilen|drucken|"
          "weitersagen|partager*|partagez*|compartir*|comparte*|condividi*|compartilhar*|compartilhe*|podziel się*|"
          "udostępnij*|deel dit*|dela*|jaa|поделиться*|シェア|分享*|"
          "공유|공유하기*|이 글 공유하기|이 글을 공유*|기사 공유하기|sns 공유*|sns "
          "기사보내기|페이스북|트위터|카카오톡|카카오스토리|네이버 블로그|밴드|url 복사*|링크 복사*|주소 복사*|기사 "
          "스크랩하기|스크랩|프린트|인쇄|글자크기*|글자 크기*|"
          "가가|좋아요|좋아요 #|공감|공감 #|공감하기|추천 #|신고|신고하기|본문 듣기|기사 듣기*"},
    Lines{Phrase::label,
          "advertisement*|advertising|ad|ads|anzeige|werbung|publicité|publicidad|pubblicità|reklama|annons|annonse|"
          "mainos|sponsored*|광고|"
          "tags|tag|tagged|tagged:|filed under*|topics|topic|keywords|categories|category|schlagworte*|schlagwörter*|"
          "stichworte*|themen|kategorie|kategorien|mots-clés|étiquettes|etiquetas|tagi|태그|키워드|카테고리|"
          "externer inhalt|external content|video|bildergalerie|fotostrecke|login|log in|sign "
          "in|register|menu|suche|search|skip to*|zum inhalt*|back to top|top|"
          "nach oben|zurück|back|zurück zu*|zurück zur*|zurück zum*|go back|목록|목록으로|글목록|위로|맨 "
          "위로|top으로|저작자표시*|무단 전재*|무단전재*|"
          "all rights reserved*|copyright*|© *|©*|ⓒ*|(c) *|저작권자*"},
};

struct Match {
  Phrase phrase;
  bool prefix;
};

const std::unordered_map<std::string_view, Match>& phrases() {
  static const auto table = [] {
    std::unordered_map<std::string_view, Match> out;
    out.reserve(1024);
    for (const Lines& lines : tables) {
      for (std::size_t at = 0; at < lines.lines.size();) {
        const std::size_t end = std::min(lines.lines.find('|', at), lines.lines.size());
        auto line = lines.lines.substr(at, end - at);
        const bool prefix = line.ends_with('*');
        if (prefix) line.remove_suffix(1);
        while (line.ends_with(' ')) line.remove_suffix(1);
        out.try_emplace(line, Match{lines.phrase, prefix});
        at = end + 1;
      }
    }
    return out;
  }();
  return table;
}

/// Folded, white space collapsed, numbers as "#", typographic apostrophes plain, marks at either end off.
std::string line_key(std::string_view text) {
  std::string out;
  const std::string folded = text::fold(text);
  for (const auto& point : text::codepoints(folded)) {
    if (text::is_space(point.value)) {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else if (point.value < 0x80 && is_digit(static_cast<char>(point.value))) {
      if (out.empty() || out.back() != '#') out += '#';
    } else if (point.value == 0x2019) {
      out += '\'';
    } else {
      out += std::string_view(folded).substr(point.offset, point.length);
    }
  }
  return out;
}

}  // namespace

Phrase phrase_of(std::string_view text) {
  constexpr std::size_t longest = 120;
  text = text::trim(text);
  if (text.empty() || text.size() > longest) return Phrase::none;
  std::string key = line_key(text);
  constexpr std::string_view marks = " :.!?…>»›▶▼▲●■◆-–—|[]()\"'<#*·";
  // ASCII marks only: cutting a multi-byte one byte-wise would leave rubbish, and rubbish matches nothing.
  const auto ascii_mark = [&](char c) {
    return static_cast<unsigned char>(c) < 0x80 && marks.find(c) != std::string_view::npos;
  };
  std::string_view line = key;
  while (!line.empty() && ascii_mark(line.back()) && line.back() != '#') line.remove_suffix(1);
  while (!line.empty() && ascii_mark(line.front()) && line.front() != '#') line.remove_prefix(1);
  const auto whole = phrases().find(line);
  if (whole != phrases().end()) return whole->second.phrase;
  // The longest beginning at a word's end that takes any ending.
  for (std::size_t end = line.size(); end > 0; --end) {
    const bool boundary =
        end == line.size() || line[end] == ' ' || line[end] == ':' || line[end] == ',' ||
        (static_cast<unsigned char>(line[end]) >= 0xC0 && static_cast<unsigned char>(line[end - 1]) >= 0x80);
    if (!boundary) continue;
    const auto found = phrases().find(line.substr(0, end));
    if (found != phrases().end() && found->second.prefix) return found->second.phrase;
  }
  return Phrase::none;
}

}  // namespace twin::feature::html

#include "feature/clean/hints.h"

#include <array>
#include <vector>

#include "core/text/ascii.h"
#include "feature/clean/characters.h"

namespace twin::feature::html {
namespace {

struct Group {
  std::uint32_t hint;
  /// Separated by commas: a word, or up to four words that stand in a row. camelCase, "-" and "_" separate words.
  std::string_view phrases;
};

constexpr std::array groups{
    Group{hint_comments,
          "comment,comments,commentlist,commentform,comment list,disqus,livefyre,spotim,respond,reply,replies,"
          "kommentar,kommentare,commentaire,commentaires,comentarios,komentarze,kommentit,reacties,guestbook,trackback,"
          "trackbacks,pingback,pingbacks,pings,cmt,cmts,commentbox,commentarea,discussion,utterances,giscus,"
          "leave a reply,u cbox,cbox,reactions,daetgul,memo list,fb comments"},
    Group{hint_share,
          "share,sharing,shares,sharedaddy,sharebar,sharebox,sharebuttons,sharelinks,sharethis,sharetools,sharer,"
          "shareaholic,social,socials,socialmedia,socialbar,socialshare,socialicons,addthis,addtoany,a2a,shariff,ssba,"
          "heateor,sociable,teilen,partager,partage,compartir,udostepnij,sns,jp post flair,post flair,wpulike,likes,"
          "like button,postbtn,container postbtn,btn like,like btn,like area,spi sns,bookmarks,snsbox,"
          "follow us,followus,social links,tweet button,fb like,mashsb,essb,swp social,kakao share,copy url,url copy"},
    Group{hint_related,
          "related,relatedposts,relatedarticles,relatedarticle,relatednews,relatedcontent,relateds,recommended,"
          "recommendation,recommendations,recommend,recommends,similar,similars,more articles,more posts,more stories,"
          "more news,more from,more on,read more,readmore,read also,readalso,see also,most read,mostread,most popular,"
          "mostpopular,popular,trending,latest posts,latest news,latest articles,latest stories,recent posts,"
          "recent articles,recent stories,recentposts,verwandte,weitere artikel,mehr artikel,mehr zum thema,"
          "lesen sie auch,lire aussi,a lire aussi,sur le meme,taboola,outbrain,zergnet,plista,ligatus,yarpp,crp,"
          "up next,upnext,next article,prev next,prevnext,next prev,nextprev,post nav,postnav,also like,"
          "you may like,may interest,suggested,suggestions,another category,other articles,other posts,more links,"
          "linked articles,article list,articlelist,news list,newslist,post list,postlist,teaser list,rel article,"
          "rel articles,relation,relations,polecane,czytaj,leggi anche,lea tambien,lees ook,linkbox,"
          "link box,linklist,link list,onward,readon,read on,explore more,top stories,topstories,ranking,rank news,"
          "besides,area related,kwd article,series nav,mini series,og recommend,promoted,trc related,collection links"},
    Group{hint_navigation,
          "nav,navbar,navi,navigation,navlinks,menu,menus,submenu,megamenu,mainmenu,topmenu,breadcrumb,breadcrumbs,"
          "crumb,crumbs,pathway,pagination,pager,paging,paginate,page numbers,wp pagenavi,skip link,skiplink,skip,"
          "sitemap,topbar,toolbar,gnb,lnb,snb,location path,prev next post,post navigation,subnav,quicklinks,"
          "quick links,jumplinks,language switcher,lang switcher,langswitch,docnav,navheader,navfooter,backlink,"
          "pagenav,anchor links,paginator"},
    Group{hint_advertising,
          "ad,ads,advert,adverts,advertisement,advertisements,advertising,adsense,adsbygoogle,adslot,adbox,adunit,"
          "adcontainer,adwrapper,adwrap,adzone,adspace,adblock,adspot,adv,banner ad,ad banner,banner,banners,sponsor,"
          "sponsors,sponsored,sponsoring,werbung,anzeige,anzeigen,reklama,reklam,publicidad,publicite,dfp,revenue unit,"
          "google ad,google auto placed,commercial,affiliate,product box,revenue,shopping,adfit,dable,"
          "ad manager,skyscraper,leaderboard,mpu"},
    Group{
        hint_promotion,
        "newsletter,newsletters,newsletterbox,newslettersignup,subscribe,subscriber,subscribers,subscription,"
        "subscriptions,signup,sign up,optin,opt in,mailchimp,mc embed,mc4wp,paywall,call to action,calltoaction,"
        "cta,donate,donation,donations,spenden,spende,membership,abonnement,abo,abobox,abo box,promo,promos,promotion,"
        "promobox,app promo,app download,appbanner,email form,campaign,marketing,patreon,steady paywall,support us,"
        "supportus,event teaser,magazin teaser,inline newsletter,fundraising,gudog"},
    Group{hint_author,
          "author box,authorbox,author bio,authorbio,author info,authorinfo,author card,author profile,author desc,"
          "author description,author about,about author,about the author,authorabout,author wrap,author block,"
          "author section,author area,saboxplugin,bio box,biobox,author details,authors box,post author box,"
          "writer profile,writer info,journalist,reporter,reporter area,writer area,autorenbox,autor box,autorbox,"
          "autoreninfo,author widget,abh box,m a box,molongui,profile box,wrap profile,about me,entry author,"
          "author content,contributor,contributors"},
    Group{hint_tags,
          "tags,taglist,tagcloud,taglinks,tag list,tag cloud,tag links,tag label,post tags,posttags,hashtags,hashtag,"
          "schlagworte,schlagwoerter,topics,topic list,keywords,cat links,categories,category list,post categories,"
          "entry tags,entry categories,article tags,article topics,tagtrail,tagging,tagged,tag wrap,wrap tag,"
          "tag area,post tag,filed under,box tag,keyword list,wrap keyword,tags links"},
    Group{hint_byline,
          "byline,bylines,dateline,timestamp,postmeta,post meta,entry meta,entrymeta,article meta,articlemeta,"
          "meta info,metainfo,metadata,meta data,post info,postinfo,article info,articleinfo,reading time,readingtime,"
          "readtime,read time,post date,postdate,entry date,article date,pubdate,publish date,published,posted on,"
          "postedon,date header,dateheader,post footer,postfooter,entry footer,article footer,post author,"
          "author name,entry utility,meta,date,author,authors,autor,autoren,datum,post data,submitted,"
          "blog info,post header info,news info,updated,last modified,lastmodified,view info,wordcount,post views,"
          "view count,hit count,credits line"},
    Group{hint_sidebar,
          "sidebar,sidebars,widget,widgets,widgetarea,rail,right rail,complementary,right col,rightcol,"
          "right column,rightcolumn,left col,leftcol,left column,leftcolumn,secondary,marginal,marginalspalte,"
          "randspalte,seitenleiste,aside,sidecolumn,sidecontent,side content,lateral,infobox,info box,infobar,"
          "sidenav"},
    Group{hint_legal,
          "footer,footers,siteinfo,site info,site footer,copyright,copyrights,colophon,imprint,impressum,legal,"
          "disclaimer,disclosure,cookie,cookies,cookieconsent,consent,gdpr,privacy,onetrust,didomi,usercentrics,"
          "page footer,pagefooter,license,licence,ccl,terms,bottom bar,creative commons"},
    Group{hint_interface,
          "popup,popups,popover,modal,modals,overlay,lightbox,tooltip,tooltips,dropdown,offcanvas,off canvas,drawer,"
          "login,signin,sign in,loginbox,register,registration,search,searchform,searchbox,searchbar,suche,noprint,"
          "no print,printonly,print only,skipnav,spinner,loading,back to top,backtotop,to top,totop,scroll top,"
          "scrolltop,rating,ratings,rate,vote,votes,voting,poll,toast,notification,notifications,player,audioplayer,"
          "audio player,video player,videoplayer,vjs,jw player,jwplayer,read aloud,speech,tts,flash message,qr,"
          "edit link,font size,fontsize,feedback,contact form,wpcf7,contactform,bookmark,"
          "slideshow controls,controls,buttons,btn area,btn wrap,error message,noscript,tools,article tools,"
          "post tools,page tools,actions,action bar"},
    Group{hint_hidden,
          "headerlink,anchorjs link,gutter,lineno,linenos,line numbers rows,line numbers,screen reader only,"
          "screen reader text,screen reader response,sr only,visually hidden,visuallyhidden,a11y hidden,"
          "element invisible,assistive text,assistive,blind,mw editsection"},
    Group{hint_contents,
          "toc,tocs,table of contents,tableofcontents,toc container,tablecontents,ez toc,lwptoc,page toc,on this page,"
          "inhaltsverzeichnis,book toc btn,toctree wrapper,indexterm"},
    Group{hint_credit,
          "credit,credits,photo credit,photocredit,image credit,imagecredit,image source,photo source,bildnachweis,"
          "copyright holder,img credit,media credit,picture credit,img author,image author,photo author,image "
          "credits,photo credits,photographer,fotograf,bildquelle,image copyright,"
          "caption credit"},
    Group{hint_teaser, "teaser,teasers,teasertext,teaserbox,excerpt,excerpts,card,cards,preview,promo item,tile,tiles"},
    Group{hint_header, "header,masthead,site header,page header,head,topheader"},
    Group{hint_body,
          "entry content,post content,postcontent,article content,articlecontent,article body,articlebody,story body,"
          "storybody,post body,postbody,entry body,entrybody,article text,articletext,article txt,content body,"
          "contentbody,news body,newsbody,news text,newstext,news content,newscontent,post text,posttext,post entry,"
          "entry text,blog content,blog post content,single content,single post content,td post content,story text,"
          "storytext,story content,storycontent,field name body,field body,body text,bodytext,text content,"
          "article main,main text,maintext,article copy,body copy,bodycopy,art text,arttext,article detail,"
          "article section,artikeltext,artikel text,artikelinhalt,textbody,cikktext,body main,artikel content,"
          "rich text body,theme content,post single content,page content text,wysiwyg,cms content,"
          "se main container,se viewer,post view area,postviewarea,post ct,tt article useless,contents style,"
          "article view,area view,wrap body,wrap article,view content,view contents,viewcontent,view body,read body,"
          "rd body,bo v con,board view,view con,fr view,bbs view,news cnt,article cont,art body,art cont,cont body,"
          "cont art,detail cont,board txt area,board contents,post article,user content,markdown body,rst content,"
          "notion page content,e content,mw parser output,post markdown,md content,gh content,document content,"
          "read content,doc content,dbdata,bd view,articleview,newsview,news view,news article,viewer content"},
    Group{hint_content,
          "content,contents,article,articles,post,posts,entry,story,text,main,body,blog,news,page content,artikel,"
          "hentry,inhalt,contenu,contenido,paragraph,prose,detail"},
    Group{hint_lead,
          "lead,lede,leadtext,intro,introtext,introduction,standfirst,subtitle,subheadline,article summary,dek,"
          "deck,kicker text,vorspann,chapo,article lead,abstract,einleitung,article intro,entry summary,"
          "post excerpt,article excerpt,teaser text,article teaser,excerpt,teaser"},
    Group{hint_name_of_author,
          "author,byline,author name,authorname,post author,entry author,writer,nickname,nick,reporter name,"
          "journalist name,by author,byline name,autor,writer name,author link,p author,user name,username,"
          "blogger,reporter,journalist,txt writer,user id,byline s"},
    Group{hint_date,
          "date,published,pubdate,entry date,post date,postdate,publish date,publishdate,timestamp,article date,"
          "datetime,posted on,regdate,reg date,write date,created,publish time,txt date,info date,updated,modified,"
          "datum,se date,date time,article info,article meta,post meta,entry meta,byline,info text,view info,meta,"
          "wdate,txt info,info view,article head info,date header,submitted,postinfo,post info"},
};

/// Longest phrase of the table, in words.
constexpr std::size_t longest_phrase = 4;

const std::unordered_map<std::string_view, std::uint32_t>& table() {
  static const auto phrases = [] {
    std::unordered_map<std::string_view, std::uint32_t> out;
    out.reserve(2048);
    for (const Group& group : groups) {
      for (std::size_t at = 0; at < group.phrases.size();) {
        const std::size_t end = std::min(group.phrases.find(',', at), group.phrases.size());
        out[group.phrases.substr(at, end - at)] |= group.hint;
        at = end + 1;
      }
    }
    return out;
  }();
  return phrases;
}

/// "postBody entry-content" → "post body entry content ", and where words and names end.
struct Words {
  std::string text;
  std::vector<std::pair<std::size_t, std::size_t>> spans;
  std::vector<std::size_t> name_ends;  ///< index into spans
};

Words split_names(std::string_view names) {
  // Generated class names of some builders run to kilobytes; what matters stands at their beginning.
  constexpr std::size_t longest = 400;
  names = names.substr(0, longest);
  Words words;
  std::size_t start = 0;
  const auto end_word = [&](bool name) {
    while (words.text.size() > start && is_digit(words.text.back())) words.text.pop_back();  // "widget1"
    if (words.text.size() > start) {
      words.spans.emplace_back(start, words.text.size());
      words.text += ' ';
      start = words.text.size();
    }
    if (name) words.name_ends.push_back(words.spans.size());
  };
  for (std::size_t i = 0; i < names.size(); ++i) {
    const char c = names[i];
    const bool camel =
        i > 0 && text::is_ascii_upper(c) && !text::is_ascii_upper(names[i - 1]) && is_alpha(names[i - 1]);
    if (camel || !is_alpha(c)) {
      const bool digit_inside = is_digit(c) && words.text.size() > start;
      if (!digit_inside) end_word(is_space(c));
    }
    if (is_alpha(c) || (is_digit(c) && words.text.size() > start)) {
      words.text += static_cast<char>(text::is_ascii_upper(c) ? c + ('a' - 'A') : c);
    }
  }
  end_word(true);
  return words;
}

/// WordPress writes what a post is about into its classes: "category-newsletter tag-comments".
bool is_subject(std::string_view first_word) {
  return first_word == "category" || first_word == "tag" || first_word == "author";
}

std::uint32_t read_names(std::string_view names) {
  const Words words = split_names(names);
  const bool post = names.find("type-post") != std::string_view::npos || names.find("hentry") != std::string_view::npos;
  std::uint32_t hints = 0;
  std::size_t first = 0;
  for (const std::size_t end : words.name_ends) {
    if (post && end > first + 1) {
      const auto [from, to] = words.spans[first];
      if (is_subject(std::string_view(words.text).substr(from, to - from))) first = end;
    }
    for (std::size_t i = first; i < end; ++i) {
      for (std::size_t n = 1; n <= longest_phrase && i + n <= end; ++n) {
        const std::size_t from = words.spans[i].first;
        const auto phrase = std::string_view(words.text).substr(from, words.spans[i + n - 1].second - from);
        const auto found = table().find(phrase);
        if (found != table().end()) hints |= found->second;
      }
    }
    first = end;
  }
  return hints;
}

}  // namespace

std::string_view hint_name(std::uint32_t hint) {
  constexpr std::array<std::pair<std::uint32_t, std::string_view>, 16> names{{
      {hint_comments, "comments"},
      {hint_share, "share"},
      {hint_related, "related"},
      {hint_advertising, "advertising"},
      {hint_promotion, "promotion"},
      {hint_navigation, "navigation"},
      {hint_author, "about the author"},
      {hint_tags, "tags"},
      {hint_contents, "table of contents"},
      {hint_legal, "page footer"},
      {hint_interface, "controls"},
      {hint_sidebar, "sidebar"},
      {hint_credit, "picture credit"},
      {hint_byline, "byline"},
      {hint_teaser, "teaser"},
      {hint_hidden, "not shown"},
  }};
  for (const auto& [bit, name] : names) {
    if ((hint & bit) != 0) return name;
  }
  return {};
}

std::uint32_t HintReader::read(std::string_view names) {
  if (names.empty()) return 0;
  const auto [entry, added] = seen_.try_emplace(names, 0);
  if (added) entry->second = read_names(names);
  return entry->second;
}

void read_hints(PageMap& page) {
  HintReader reader;
  for (std::size_t i = 0; i < page.size(); ++i) {
    Element& element = page[i];
    element.hints = reader.read(class_of(element.node)) | reader.read(id_of(element.node));
  }
}

}  // namespace twin::feature::html

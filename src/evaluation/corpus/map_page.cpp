// The map as one HTML page that fetches nothing.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/html.h"
#include "core/text/html_page.h"
#include "evaluation/corpus/map_picture.h"

namespace twin::evaluation {
namespace {

using text::html_escaped;

constexpr std::string_view kMapStyle = R"(
:root { color-scheme: light dark; --line: #8884; --back: #fff; --ink: #222; }
@media (prefers-color-scheme: dark) { :root { --back: #17181a; --ink: #eee; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; background: var(--back); color: var(--ink); }
main { display: flex; flex-wrap: wrap; gap: 1rem; padding: 1rem; }
h1 { font-size: 1.2rem; margin: 0 0 .4rem; }
svg { flex: 1 1 36rem; min-width: 0; max-height: 92vh; }
aside { flex: 0 1 21rem; min-width: 15rem; }
.name { font-weight: 600; paint-order: stroke; stroke: var(--back); stroke-width: 4px; fill: var(--ink);
        pointer-events: none; }
.p { fill-opacity: .75; cursor: pointer; }
.p:hover, .p.on { stroke: var(--ink); stroke-width: 2; fill-opacity: 1; }
.p.dim { fill-opacity: .08; }
label { display: block; margin: .4rem 0; }
input, select { font: inherit; max-width: 100%; }
ul { list-style: none; padding: 0; margin: .6rem 0; max-height: 40vh; overflow: auto; }
li button { font: inherit; color: inherit; background: none; border: 0; padding: .1rem 0; text-align: left;
            cursor: pointer; }
li button[aria-pressed=true] { font-weight: 600; text-decoration: underline; }
.dot { display: inline-block; width: .8em; height: .8em; border-radius: 50%; margin-right: .4em; }
#about { border-top: 1px solid var(--line); margin-top: .6rem; padding-top: .6rem; overflow-wrap: anywhere; }
#about p { margin: .3rem 0; }
.small { font-size: .85rem; opacity: .8; }
)";

// Texts go in by textContent, links only when they are http(s): what a document says is never markup here.
constexpr std::string_view kMapScript = R"(
'use strict';
const map = JSON.parse(document.getElementById('data').textContent);
const dots = [...document.querySelectorAll('.p')];
const names = [...document.querySelectorAll('.name')];
const byId = id => document.getElementById(id);
let chosen = null;
let pinned = -1;
for (const dot of dots) dot.querySelector('title')?.remove();
const valueOf = (i, field) => field === 'group' ? map.groups[map.points[i].group] : map.points[i][field];
function show(i) {
  const point = map.points[i];
  byId('title').textContent = point.title || point.url;
  byId('heading').textContent = point.heading || '';
  byId('text').textContent = point.text;
  byId('facts').textContent = [point.source, point.category, point.language].filter(Boolean).join(' · ');
  const link = byId('link');
  const web = /^https?:\/\//i.test(point.url);
  link.textContent = point.url;
  if (web) link.href = point.url; else link.removeAttribute('href');
  for (const dot of dots) dot.classList.toggle('on', +dot.dataset.i === i);
}
function paint() {
  const field = byId('field').value;
  const wanted = byId('words').value.trim().toLowerCase();
  const counts = new Map();
  map.points.forEach((_, i) => counts.set(valueOf(i, field), (counts.get(valueOf(i, field)) || 0) + 1));
  const values = [...counts.keys()];
  if (field === 'group') values.sort((a, b) => map.groups.indexOf(a) - map.groups.indexOf(b));
  else values.sort((a, b) => counts.get(b) - counts.get(a) || (a < b ? -1 : 1));
  const colour = new Map(values.map((value, n) => [value, map.colours[n % map.colours.length]]));
  if (!counts.has(chosen)) chosen = null;
  for (const dot of dots) {
    const i = +dot.dataset.i;
    const point = map.points[i];
    const said = (point.title + ' ' + point.heading + ' ' + point.text).toLowerCase();
    dot.setAttribute('fill', colour.get(valueOf(i, field)));
    dot.classList.toggle('dim', (chosen !== null && valueOf(i, field) !== chosen) || !said.includes(wanted));
  }
  for (const name of names) name.style.display = field === 'group' ? '' : 'none';
  byId('legend').replaceChildren(...values.map(value => {
    const item = document.createElement('li');
    const button = document.createElement('button');
    const dot = document.createElement('span');
    dot.className = 'dot';
    dot.style.background = colour.get(value);
    button.append(dot, (value || '–') + ' (' + counts.get(value) + ')');
    button.setAttribute('aria-pressed', value === chosen);
    button.onclick = () => { chosen = chosen === value ? null : value; paint(); };
    item.append(button);
    return item;
  }));
}
for (const dot of dots) {
  const i = +dot.dataset.i;
  dot.addEventListener('mouseenter', () => { if (pinned < 0) show(i); });
  dot.addEventListener('click', () => { pinned = pinned === i ? -1 : i; show(i); });
}
byId('field').onchange = () => { chosen = null; paint(); };
byId('words').oninput = paint;
byId('tools').hidden = false;
paint();
)";

/// JSON that may stand inside a script element: no "</script>", no "<!--".
std::string inside_script(const Json& json) {
  std::string out;
  for (const char c : json.dump()) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

Json page_data(const CorpusMap& map) {
  Json points = Json::array(), groups = Json::array(), colours = Json::array();
  for (const MapPoint& point : map.points) {
    points.push_back({{"title", point.title},
                      {"heading", point.heading},
                      {"text", point.text},
                      {"url", point.url},
                      {"source", point.source},
                      {"category", point.category},
                      {"language", point.language},
                      {"group", point.group}});
  }
  for (const MapGroup& group : map.groups) groups.push_back(group.name);
  for (int i = 0; i < 12; ++i) colours.push_back(group_colour(i));
  return {{"points", std::move(points)}, {"groups", std::move(groups)}, {"colours", std::move(colours)}};
}

}  // namespace

std::string to_html(const CorpusMap& map) {
  const MapDrawing drawing = draw_map(map);
  const std::string title = html_escaped(tr("Map of the corpus"));
  std::string out = text::html_page_start(tr("Map of the corpus"), kMapStyle) + "<main>\n";
  out += fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" font-size=\"14\" role=\"img\" aria-label=\"{}\">\n{}</svg>\n",
                     drawing.width, drawing.height, title, drawing.shapes);
  out += fmt::format("<aside>\n<h1>{}</h1>\n<p class=\"small\">{}</p>\n<div id=\"tools\" hidden>\n", title,
                     html_escaped(map_caption(map)));
  out += fmt::format("<label>{} <select id=\"field\">", html_escaped(tr("Colour by")));
  for (const auto& [field, label] : {std::pair{"group", tr("group")}, std::pair{"source", tr("source")},
                                     std::pair{"category", tr("category")}, std::pair{"language", tr("language")}}) {
    out += fmt::format("<option value=\"{}\">{}</option>", field, html_escaped(label));
  }
  out += fmt::format(
      "</select></label>\n<label>{} <input id=\"words\" type=\"search\"></label>\n<ul id=\"legend\"></ul>\n",
      html_escaped(tr("Search")));
  out += fmt::format(
      "<div id=\"about\"><p><b id=\"title\">{}</b></p><p id=\"heading\"></p><p id=\"text\"></p><p class=\"small\" "
      "id=\"facts\"></p><p class=\"small\"><a id=\"link\" rel=\"noopener "
      "noreferrer\"></a></p></div>\n</div>\n</aside>\n"
      "</main>\n",
      html_escaped(tr("Rest the mouse on a point; a click keeps it.")));
  out += "<script type=\"application/json\" id=\"data\">" + inside_script(page_data(map)) + "</script>\n<script>" +
         std::string(kMapScript) + "</script>\n";
  out += text::html_page_end();
  return out;
}

}  // namespace twin::evaluation

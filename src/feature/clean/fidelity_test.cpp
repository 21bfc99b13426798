// What Markdown keeps of HTML beyond paragraphs: mathematics, definition lists, task lists, verse, figures, code.
#include <doctest/doctest.h>

#include "feature/clean/clean.h"

using namespace twin;
using namespace twin::feature;

namespace {

std::string fidelity(const std::string& html) {
  RawDocument raw;
  raw.url = "https://example.org/blog/post";
  raw.media_type = "text/html";
  raw.bytes = "<body>" + html;
  CleanRules rules;
  rules.main_selectors = {"body"};
  const auto out = clean(raw, rules);
  REQUIRE_MESSAGE(out, (out ? std::string() : out.error().text()));
  return out->markdown;
}

}  // namespace

TEST_CASE("mathematics becomes TeX, whatever shows it") {
  CHECK(fidelity("<p>so <math><semantics><mrow><mi>x</mi></mrow><annotation encoding='application/x-tex'>x_1^2"
                 "</annotation></semantics></math> holds</p>") == "so $`x_1^2`$ holds");
  CHECK(fidelity("<p><math alttext='a*b'><mi>a</mi></math></p>") == "$`a*b`$");
  CHECK(fidelity("<p><math><mfrac><mn>1</mn><msup><mi>x</mi><mn>2</mn></msup></mfrac></math></p>") ==
        "$`\\frac1{x^2}`$");
  CHECK(fidelity("<p>a</p><math display='block'><msqrt><mi>y</mi></msqrt></math><p>b</p>") ==
        "a\n\n```math\n\\sqrt{y}\n```\n\nb");
  CHECK(fidelity("<p>KaTeX <span class='katex'><span class='katex-mathml'><math><semantics><mi>E</mi><annotation "
                 "encoding='application/x-tex'>E=mc^2</annotation></semantics></math></span><span class='katex-html' "
                 "aria-hidden='true'>E=mc2</span></span>.</p>") == "KaTeX $`E=mc^2`$.");
  CHECK(fidelity("<p>MathJax <span class='MathJax_Preview'>[p]</span><span class='MathJax'>n!</span>"
                 "<script type='math/tex'>n!</script> end</p>") == "MathJax $`n!`$ end");
  CHECK(fidelity("<p>x</p><script type='math/tex; mode=display'>\\sum_i i</script>") == "x\n\n```math\n\\sum_i i\n```");
  CHECK(fidelity("<p>WordPress <img src='/l.png' class='latex' alt='\\alpha'></p>") == "WordPress $`\\alpha`$");
  CHECK(fidelity("<p>wiki <span class='mwe-math-element'><span class='mwe-math-mathml-inline mwe-math-mathml-a11y' "
                 "style='display: none;'><math alttext='{\\displaystyle q}'><mi>q</mi></math></span><img src='/q.svg' "
                 "class='mwe-math-fallback-image-inline' alt='q'></span></p>") == "wiki $`q`$");
  CHECK(prose_view(fidelity("<p>so <math alttext='x_1 * y_1 * z'><mi>x</mi></math></p>")).text == "so $x_1 * y_1 * z$");
}

TEST_CASE("lists: nested, numbered, of definitions, of tasks") {
  CHECK(fidelity("<ul><li>a<ol start=3><li>b<li>c</ol><li>d</ul>") == "- a\n\n  3. b\n  4. c\n\n- d");
  CHECK(fidelity("<dl><dt>Term<dd>What it means<dt>Other<dd>One<dd>Two</dl>") ==
        "- **Term**\n\n  What it means\n\n- **Other**\n\n  One\n\n  Two");
  CHECK(fidelity("<ul><li><input type=checkbox checked> done<li><input type=checkbox> open</ul>") ==
        "- [x] done\n- [ ] open");
}

TEST_CASE("verse keeps its lines and its stanzas") {
  CHECK(fidelity("<p>산에는 꽃 피네<br>꽃이 피네<br><br>갈 봄 여름 없이<br>꽃이 피네</p>") ==
        "산에는 꽃 피네\\\n꽃이 피네\n\n갈 봄 여름 없이\\\n꽃이 피네");
}

TEST_CASE("figures, captions and tables") {
  CHECK(fidelity("<figure><img src='/a.png' alt='A [cat]'><figcaption>The cat, asleep</figcaption></figure>") ==
        "![A \\[cat\\]](https://example.org/a.png)\n\nThe cat, asleep");
  // A title that says more than the alternative text is kept.
  CHECK(fidelity("<p><img src='/a.png' alt='A cat' title='Say \"hi\" & go'></p>") ==
        R"(![A cat](https://example.org/a.png "Say \"hi\" \& go"))");
  CHECK(prose_view(fidelity("<p><img src='/a.png' alt='A cat' title='Say \"hi\" & go'></p>")).text ==
        "A cat (Say \"hi\" & go)");
  CHECK(fidelity("<p><img src='/a.png' alt='A cat' title=' A  cat '></p>") == "![A cat](https://example.org/a.png)");
  // Saved pages hold their pictures as data; what stands in for a picture that is loaded later is small.
  const std::string data(5000, 'A');
  CHECK(fidelity("<p>x <img src='data:image/png;base64," + data + "' alt='저장된 그림'></p>") ==
        "x ![저장된 그림](<>)");
  CHECK(fidelity("<p>x <img src='data:image/gif;base64,R0lGOD' alt='later'></p>") == "x");
  CHECK(prose_view("x ![저장된 그림](<>)").text == "x 저장된 그림");
  CHECK(fidelity("<table><caption>Prices</caption><tr><th>What<th>How much<tr><td>Tea<td>3 | 4</table>") ==
        "Prices\n\n| What | How much |\n| --- | --- |\n| Tea | 3 \\| 4 |");
}

TEST_CASE("code keeps its language and loses its line numbers") {
  CHECK(
      fidelity("<div class='highlight'><table class='rouge-table'><tr><td class='gutter gl'><pre class='lineno'>1\n2\n"
               "</pre></td><td class='code'><pre>a\nb\n</pre></td></tr></table></div>")
          .find("```\na\nb\n```") != std::string::npos);
  CHECK(fidelity("<pre class='rust' data-ke-language='rust'><code>fn main() {}</code></pre>") ==
        "```rust\nfn main() {}\n```");
}

TEST_CASE("no-break spaces and invisible characters do not stick to words") {
  CHECK(fidelity("<p>a&nbsp;b&shy;c&#8203;d</p>") == "a bcd");
}

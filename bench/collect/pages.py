"""Web pages for measuring the full line, made the same on every machine: pages.py FOLDER COUNT [SEED].

Six shapes (a blog engine, Velog, Tistory, a Naver blog, a manual, news), half of them Korean, with what pages carry
beside the text: navigation, side bars, scripts, comments, share buttons, lists of other posts. The mean page
has 32 KB. One page in twenty is a near copy of an earlier one.
"""

import html
import pathlib
import random
import sys

ENGLISH = """the of and to in that is was for it with as his on be at by this had not are but from or have an they which one
you were all her she there would their we him been has when who will no more if out so up said what its about than into
them can only other time new some could these two may first then do any like my now over such our man me even most made
after also did many off before must well back through years where much your way down should because long each just state
people those mister how too little good world make very year still see own work men day get here old life both between
being under three never know same last another while us might great go come since against right came take used himself
house use during without again place around however home small found thought went say part once general high upon school
every does got united left number course war until always away something fact water less public put thing almost hand
enough far took head yet better set told nothing night end why called eyes find going look asked later point knew next
program city business give group toward days young let room president side social present given order several national
second possible rather face among form important things looked early white john case large big need four within felt
children along saw best church ever least power development light thing server cache thread compile bread dough yeast
kernel module package release system network driver memory window editor keyboard garden river mountain letter library
""".split()

KOREAN = """오늘 우리는 그래서 하지만 사람들이 생각하는 것을 다시 한번 살펴보고 새로운 방법으로 문제를 풀었다 서버를 배포하면서
처음에는 느렸던 질의가 색인을 더하자 빨라졌고 로그를 읽어 보니 원인은 단순했다 반죽을 천천히 발효시키면 맛이 깊어진다
아침마다 강가를 걸으며 책에서 읽은 구절을 떠올린다 코드를 고치기 전에 시험을 먼저 쓰는 습관이 큰 도움이 되었다
데이터베이스의 트랜잭션은 모두 성공하거나 모두 실패해야 한다 그 이유를 설명하려면 장애가 났던 날의 이야기부터 해야 한다
사용자가 늘어나자 메모리가 모자라기 시작했고 우리는 구조를 바꾸기로 했다 작은 모듈로 나누니 읽기 쉬워졌다
여행에서 만난 사람들은 친절했고 음식은 소박했지만 오래 기억에 남았다 글을 쓰는 일은 생각을 정리하는 일이다
비동기 처리를 쓰면 기다리는 시간을 줄일 수 있지만 오류를 다루기가 어려워진다 그 균형을 찾는 것이 설계다
가을이 되자 산은 붉게 물들었고 아이들은 낙엽을 밟으며 뛰어다녔다 컴파일러가 내는 경고를 무시하지 말자""".split()

CODE = """for (int i = 0; i < n; ++i) {
  total += values[i] * weight;
  if (total > limit) return fail("too much", i);
}
"""


class Writer:
    def __init__(self, seed):
        self.chance = random.Random(seed)

    def sentence(self, korean):
        words = [self.chance.choice(KOREAN if korean else ENGLISH) for _ in range(self.chance.randint(7, 24))]
        text = " ".join(words)
        return text + "." if korean else text[0].upper() + text[1:] + "."

    def paragraph(self, korean):
        sentences = [self.sentence(korean) for _ in range(self.chance.randint(2, 7))]
        at = self.chance.randrange(len(sentences))
        if self.chance.random() < 0.3:
            sentences[at] = f'<a href="https://example.org/{self.chance.randrange(9999)}">{sentences[at]}</a>'
        if self.chance.random() < 0.2:
            sentences[0] = f"<strong>{sentences[0]}</strong>"
        return " ".join(sentences)

    def body(self, korean):
        parts = []
        for _ in range(self.chance.randint(2, 6)):
            parts.append(f"<h2>{' '.join(self.sentence(korean).split()[:5])}</h2>")
            for _ in range(self.chance.randint(1, 5)):
                parts.append(f"<p>{self.paragraph(korean)}</p>")
            kind = self.chance.random()
            if kind < 0.2:
                parts.append(f'<pre><code class="language-cpp">{html.escape(CODE * self.chance.randint(1, 6))}</code></pre>')
            elif kind < 0.4:
                parts.append("<ul>" + "".join(f"<li>{self.sentence(korean)}</li>" for _ in range(5)) + "</ul>")
            elif kind < 0.5:
                row = "".join(f"<td>{self.chance.randrange(1000)}</td>" for _ in range(4))
                parts.append("<table><tr><th>a</th><th>b</th><th>c</th><th>d</th></tr>" + f"<tr>{row}</tr>" * 6 + "</table>")
            elif kind < 0.6:
                parts.append(f"<blockquote><p>{self.sentence(korean)}</p></blockquote>")
            elif kind < 0.75:
                parts.append(f'<figure><img src="/i/{self.chance.randrange(999)}.png" alt="{self.sentence(korean)}"></figure>')
        return parts

    def links(self, korean, count, name):
        items = "".join(
            f'<li class="{name}-item"><a class="{name}-link" data-id="{i}" href="/{name}/{self.chance.randrange(99999)}">'
            f'<span class="icon icon-{i % 7}"></span>{" ".join(self.sentence(korean).split()[:6])}</a></li>'
            for i in range(count)
        )
        return f'<div class="{name} widget"><ul>{items}</ul></div>'

    def script(self):
        values = ",".join(str(self.chance.randrange(10**6)) for _ in range(self.chance.randint(200, 1500)))
        return f"<script>window.__DATA__=[{values}];</script>"


def shape_blog(w, korean, title, body):
    return f"""<body class="home blog"><header><nav>{w.links(korean, 12, "menu")}</nav></header><main>
<article class="post"><header><h1 class="entry-title">{title}</h1><span class="byline">by <a rel="author">Mina Park</a></span>
<time datetime="2023-05-0{w.chance.randint(1, 9)}T10:00:00Z">May</time></header><div class="entry-content">{"".join(body)}</div>
<div class="sharedaddy">{w.links(korean, 6, "share")}</div></article>
<div id="comments">{"".join(f'<div class="comment"><p>{w.sentence(korean)}</p></div>' for _ in range(8))}</div>
<aside>{w.links(korean, 30, "recent")}</aside></main><footer>{w.links(korean, 20, "footer")}</footer></body>"""


def shape_velog(w, korean, title, body):
    return f"""<body><div id="root"><div class="sc-head">{w.links(korean, 5, "gnb")}</div><div class="sc-eGRUor"><div class="head-wrapper">
<h1>{title}</h1><div class="information"><span class="username"><a href="/@mina">mina</a></span><span>2023년 5월 3일</span></div>
</div><div class="sc-cZMNgc"><div class="sc-jlZhew atom-one markdown-body">{"".join(body)}</div></div>
{w.links(korean, 24, "interest")}<div class="comments">{"".join(f"<div><p>{w.sentence(korean)}</p></div>" for _ in range(5))}</div>
</div></div>{w.script()}</body>"""


def shape_tistory(w, korean, title, body):
    return f"""<body id="tt-body-page"><div id="header">{w.links(korean, 20, "category")}</div><div id="content"><div class="inner">
<div class="post-cover"><h1>{title}</h1><span class="meta"><span class="date">2022. 11. 3. 08:30</span></span></div>
<div class="entry-content"><div class="tt_article_useless_p_margin contents_style">{"".join(body)}</div>
<div class="container_postbtn">{w.links(korean, 6, "postbtn")}</div>
<div class="another_category">{w.links(korean, 10, "another")}</div></div></div></div>
<aside>{w.links(korean, 40, "sidebar")}</aside>{w.script()}</body>"""


def shape_naver(w, korean, title, body):
    parts = "".join(
        f'<div class="se-component se-text se-l-default"><div class="se-component-content"><div class="se-section se-section-text">'
        f'<div class="se-module se-module-text">{part.replace("<p>", chr(60) + "p class=" + chr(34) + "se-text-paragraph" + chr(34) + "><span class=" + chr(34) + "se-fs-fs16" + chr(34) + ">").replace("</p>", "</span></p>")}'
        f"</div></div></div></div>"
        for part in body
    )
    return f"""<body><div id="blog-profile">{w.links(korean, 15, "blogmenu")}</div><div id="postListBody"><div class="se-viewer">
<div class="se-documentTitle"><span class="se-fs-">{title}</span></div><div class="se-main-container">{parts}</div></div>
<div class="area_sympathy">{w.links(korean, 4, "sympathy")}</div></div>{w.script()}</body>"""


def shape_manual(w, korean, title, body):
    return f"""<body><div class="navheader">{w.links(korean, 3, "nav")}</div><div class="chapter"><div class="titlepage"><h1 class="title">{title}</h1>
</div><div class="toc">{w.links(korean, 25, "toc")}</div>{"".join(body)}<div class="note"><p>{w.sentence(korean)}</p></div></div>
<div class="navfooter">{w.links(korean, 3, "nav")}</div></body>"""


def shape_news(w, korean, title, body):
    return f"""<body><div class="gnb">{w.links(korean, 40, "section")}</div><div class="news_view"><h2 class="tit">{title}</h2>
<span class="txt_info">Mina Park</span><div id="articleBody">{"".join(body)}</div><p class="copyright">Copyright 2023</p></div>
<div class="ranking">{w.links(korean, 60, "rank")}</div><div class="ad"><iframe src="/ad"></iframe></div>{w.script()}{w.script()}</body>"""


SHAPES = [shape_blog, shape_velog, shape_tistory, shape_naver, shape_manual, shape_news]


def page(number, seed):
    """One page by its number alone, so that a larger set begins with the smaller one."""
    # A near copy repeats the text of an earlier page in another shape.
    source = number - 7 if number % 20 == 19 else number
    w = Writer(seed * 1_000_003 + source)
    korean = source % 2 == 0
    title = " ".join(w.sentence(korean).split()[:7])
    body = w.body(korean)
    if source != number:
        body[-1] = f"<p>{w.sentence(korean)}</p>"
    shape = SHAPES[number % len(SHAPES)]
    head = f"""<!doctype html><html lang="{"ko" if korean else "en"}"><head><meta charset="utf-8"><title>{title} - Site</title>
<meta property="og:title" content="{title}"><meta name="description" content="{w.sentence(korean)}">
<meta property="article:published_time" content="2023-0{1 + number % 9}-11T09:00:00Z"><meta name="author" content="Mina Park">
<link rel="stylesheet" href="/a.css"><style>{".x{margin:0;padding:0}" * 60}</style>{w.script()}</head>"""
    return head + shape(w, korean, title, body) + "</html>"


def main():
    folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    total = 0
    for number in range(count):
        below = folder / f"{number // 1000:03}"
        below.mkdir(parents=True, exist_ok=True)
        data = page(number, seed).encode()
        total += len(data)
        (below / f"{number:06}.html").write_bytes(data)
    print(f"{count} pages, {total / 1e6:.1f} MB, mean {total / count / 1000:.1f} KB")


if __name__ == "__main__":
    main()

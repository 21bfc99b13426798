import { useEffect, useRef, useState } from "react";
import type { Finished, Passage } from "../api/types";
import { t } from "../lib/i18n";
import { Icon } from "./Icon";

/** Only addresses that a browser may follow from here. */
export function webAddress(url: string): string | undefined {
  return /^https?:\/\//i.test(url) ? url : undefined;
}

/** The path of headings below the title, which is shown already. */
export function headingBelow(title: string, heading: string): string {
  if (heading === title) return "";
  const start = `${title} › `;
  return heading.startsWith(start) ? heading.slice(start.length) : heading;
}

/** Enough text that it is folded at first. */
const longText = 320;

interface CardProps {
  n: number;
  passage: Passage;
  cited: boolean;
  active: boolean;
}

function SourceCard({ n, passage, cited, active }: CardProps) {
  const card = useRef<HTMLLIElement>(null);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    if (!active) return;
    setOpen(true);
    card.current?.scrollIntoView({ block: "nearest", behavior: "smooth" });
    card.current?.focus({ preventScroll: true });
  }, [active]);
  const address = webAddress(passage.url);
  const heading = headingBelow(passage.title, passage.heading);

  return (
    <li
      ref={card}
      className="source"
      data-active={active}
      data-cited={cited}
      tabIndex={-1}
      aria-label={`${t("source", n)}: ${passage.title}`}
    >
      <header>
        <span className="source-number">{n}</span>
        <span className="source-title">{passage.title || passage.url}</span>
        {cited && <span className="badge">{t("cited")}</span>}
      </header>
      {heading && <p className="source-heading">{heading}</p>}
      <p className="source-text" data-open={open || passage.text.length <= longText}>
        {passage.text}
      </p>
      <footer>
        {passage.text.length > longText && (
          <button className="link-button" aria-expanded={open} onClick={() => setOpen(!open)}>
            {t(open ? "less" : "more")}
          </button>
        )}
        {address ? (
          <a href={address} target="_blank" rel="noopener noreferrer">
            {t("open")} <Icon name="open" />
          </a>
        ) : (
          <span className="source-url" title={passage.url}>
            {passage.url}
          </span>
        )}
      </footer>
    </li>
  );
}

interface Props {
  answer?: Finished | undefined;
  active?: { n: number; at: number } | undefined;
  compact?: boolean;
}

/** The passages behind an answer, the cited ones first. `active.at` changes whenever a mark is pressed again. */
export function Sources({ answer, active, compact = false }: Props) {
  if (!answer) return compact ? null : <p className="hint">{t("sourcesHint")}</p>;
  if (answer.passages.length === 0) return <p className="hint">{t("noSources")}</p>;
  const cited = answer.citations.map((citation) => citation.n);
  const all = answer.passages.map((_, i) => i + 1);
  const order = [...cited.filter((n) => all.includes(n)), ...all.filter((n) => !cited.includes(n))];
  return (
    <ol className="sources">
      {order.map((n) => {
        const passage = answer.passages[n - 1];
        if (!passage) return null;
        const isActive = active?.n === n;
        return (
          <SourceCard
            key={`${n}-${isActive ? active.at : 0}`}
            n={n}
            passage={passage}
            cited={cited.includes(n)}
            active={isActive}
          />
        );
      })}
    </ol>
  );
}

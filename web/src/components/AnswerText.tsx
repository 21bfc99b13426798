import { memo, useMemo } from "react";
import Markdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { t } from "../lib/i18n";
import { markNumber, remarkMarks } from "../lib/marks";

interface Props {
  text: string;
  numbers: readonly number[];
  active?: number | undefined;
  onMark?: (n: number) => void;
}

/**
 * An answer's Markdown. Raw HTML stays text, images are named instead of loaded (they would tell another server what is
 * read here), links open in a tab of their own, and marks of known sources are buttons.
 */
export const AnswerText = memo(function AnswerText({ text, numbers, active, onMark }: Props) {
  const list = numbers.join(",");
  const plugins = useMemo(() => {
    const known = new Set(list === "" ? [] : list.split(",").map(Number));
    return [remarkGfm, remarkMarks(known)];
  }, [list]);
  const components = useMemo<Components>(
    () => ({
      a: ({ href, children }) => {
        const n = markNumber(href);
        if (n === undefined) {
          return (
            <a href={href} target="_blank" rel="noopener noreferrer">
              {children}
            </a>
          );
        }
        return (
          <button className="mark" aria-pressed={active === n} aria-label={t("source", n)} onClick={() => onMark?.(n)}>
            {n}
          </button>
        );
      },
      img: ({ alt }) => <span className="image-name">{alt}</span>,
    }),
    [active, onMark],
  );
  return (
    <div className="answer-text">
      <Markdown remarkPlugins={plugins} components={components}>
        {text}
      </Markdown>
    </div>
  );
});

import { useState } from "react";
import type { Turn } from "../lib/conversation";
import { t } from "../lib/i18n";
import { AnswerText } from "./AnswerText";
import { Icon } from "./Icon";

interface Props {
  turn: Turn;
  active?: number | undefined;
  onMark?: (n: number) => void;
  onRetry?: () => void;
}

const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(1);

function Facts({ turn }: { turn: Turn }) {
  const { answer } = turn;
  const facts: string[] = [];
  if (turn.status === "stopped") facts.push(t("stopped"));
  if (answer?.finishReason === "length") facts.push(t("cut"));
  if (answer?.timing) {
    facts.push(t("seconds", seconds(answer.timing.total)));
    facts.push(t("firstWord", seconds(answer.timing.first_token)));
  }
  if (answer?.usage) facts.push(t("tokens", answer.usage.completion_tokens));
  return <span className="facts">{facts.join(" · ")}</span>;
}

function CopyButton({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      window.setTimeout(() => setCopied(false), 1500);
    } catch {
      // The page has no right to the clipboard: the text can still be selected.
    }
  };
  const label = t(copied ? "copied" : "copy");
  return (
    <button className="icon-button small" onClick={() => void copy()} aria-label={label} title={label}>
      <Icon name={copied ? "check" : "copy"} />
    </button>
  );
}

/** One model's answer in each of its states. */
export function Answer({ turn, active, onMark, onRetry }: Props) {
  const running = turn.status === "waiting" || turn.status === "streaming";
  return (
    <div className="answer" aria-busy={running} data-status={turn.status}>
      {turn.status === "waiting" && (
        <p className="pending" role="status">
          <span className="spinner" aria-hidden="true" /> {t("waiting")}
        </p>
      )}
      {turn.text !== "" && (
        <div className={turn.status === "streaming" ? "streaming" : undefined}>
          <AnswerText
            text={turn.text}
            numbers={turn.answer?.citations.map((c) => c.n) ?? []}
            active={active}
            onMark={onMark}
          />
        </div>
      )}
      {turn.status === "failed" && (
        <div className="failure" role="alert">
          <span>{turn.error}</span>
          {onRetry && <button onClick={onRetry}>{t("retry")}</button>}
        </div>
      )}
      {!running && turn.status !== "failed" && (
        <footer className="answer-foot">
          <Facts turn={turn} />
          <CopyButton text={turn.text} />
        </footer>
      )}
    </div>
  );
}

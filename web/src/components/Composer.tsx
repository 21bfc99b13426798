import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { t } from "../lib/i18n";
import { Icon } from "./Icon";

interface Props {
  id: string;
  busy: boolean;
  active: boolean;
  onAsk: (question: string) => void;
  onStop: () => void;
  children?: React.ReactNode;
}

/** The question's field: Enter asks, Shift+Enter breaks the line, Escape stops the answer. */
export function Composer({ id, busy, active, onAsk, onStop, children }: Props) {
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (active) field.current?.focus();
  }, [active]);
  useEffect(() => {
    // As high as its text, up to the limit of the style sheet.
    const area = field.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight}px`;
  }, [text]);

  const ask = () => {
    const question = text.trim();
    if (question === "" || busy) return;
    onAsk(question);
    setText("");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // While Hangul is being composed, Enter belongs to the input method.
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      ask();
    }
    if (event.key === "Escape" && busy) onStop();
  };

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
    >
      <textarea
        id={id}
        ref={field}
        rows={1}
        value={text}
        placeholder={t("placeholder")}
        aria-label={t("placeholder")}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="composer-bar">
        <div className="composer-options">{children}</div>
        {busy ? (
          <button type="button" className="primary" onClick={onStop}>
            <Icon name="stop" /> {t("stop")}
          </button>
        ) : (
          <button className="primary" disabled={text.trim() === ""}>
            <Icon name="send" /> {t("send")}
          </button>
        )}
      </div>
    </form>
  );
}

import { useEffect, useRef, useState } from "react";
import { Answer } from "../components/Answer";
import { Composer } from "../components/Composer";
import { Icon } from "../components/Icon";
import { ModelSelect } from "../components/ModelSelect";
import { Sources } from "../components/Sources";
import { history, load, save, type Turn } from "../lib/conversation";
import { t } from "../lib/i18n";
import { newTurn, useAnswer } from "../lib/useAnswer";

const isRunning = (turn: Turn | undefined) => turn?.status === "waiting" || turn?.status === "streaming";

/** Keeps the end of a growing list in sight, unless the reader scrolled away from it. */
function useFollow(changed: unknown) {
  const box = useRef<HTMLDivElement>(null);
  const follow = useRef(true);
  useEffect(() => {
    const element = box.current;
    if (element && follow.current) element.scrollTop = element.scrollHeight;
  }, [changed]);
  const onScroll = () => {
    const element = box.current;
    if (element) follow.current = element.scrollHeight - element.scrollTop - element.clientHeight < 80;
  };
  return { box, onScroll };
}

export function ChatView({ active, onLocked }: { active: boolean; onLocked: () => void }) {
  const [turns, setTurns] = useState<Turn[]>(() => load(localStorage));
  const [model, setModel] = useState("twin");
  const [shown, setShown] = useState<{ id: string; n: number; at: number }>();
  const { ask, stop } = useAnswer(onLocked);
  const last = turns.at(-1);
  const busy = isRunning(last);
  const { box, onScroll } = useFollow(turns);

  useEffect(() => {
    if (!busy) save(localStorage, turns);
  }, [turns, busy]);

  const answer = (earlier: Turn[], question: string, asked: string) => {
    const turn = newTurn(question, asked);
    setTurns([...earlier, turn]);
    setShown(undefined);
    void ask(asked, history(earlier, question), (change) =>
      setTurns((all) =>
        all.map((one) => (one.id === turn.id ? { ...one, ...(typeof change === "function" ? change(one) : change) } : one)),
      ),
    );
  };
  const shownTurn = turns.find((turn) => turn.id === shown?.id) ?? last;

  return (
    <div className="chat">
      <section className="talk" aria-label={t("chat")}>
        <div className="turns" ref={box} onScroll={onScroll} role="log" aria-live="polite" aria-busy={busy} tabIndex={0}>
          {turns.length === 0 && (
            <div className="empty">
              <img src="/icon.svg" alt="" width="56" height="56" />
              <h1>{t("welcome")}</h1>
              <p>{t("welcomeHint")}</p>
            </div>
          )}
          {turns.map((turn, i) => (
            <article key={turn.id} className="turn">
              <h2 className="question">{turn.question}</h2>
              <Answer
                turn={turn}
                active={shown?.id === turn.id ? shown.n : undefined}
                onMark={(n) => setShown({ id: turn.id, n, at: Date.now() })}
                onRetry={i === turns.length - 1 ? () => answer(turns.slice(0, -1), turn.question, turn.model) : undefined}
              />
            </article>
          ))}
        </div>
        <Composer id="question" busy={busy} active={active} onAsk={(q) => answer(turns, q, model)} onStop={stop}>
          <ModelSelect value={model} onChange={setModel} />
          {turns.length > 0 && (
            <button type="button" className="quiet" disabled={busy} onClick={() => setTurns([])}>
              <Icon name="plus" /> {t("newChat")}
            </button>
          )}
        </Composer>
      </section>
      <aside className="side" aria-label={t("sources")}>
        <h2>{t("sources")}</h2>
        <Sources answer={shownTurn?.answer} active={shown?.id === shownTurn?.id ? shown : undefined} />
      </aside>
    </div>
  );
}

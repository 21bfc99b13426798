import { useState } from "react";
import { Answer } from "../components/Answer";
import { Composer } from "../components/Composer";
import { ModelSelect } from "../components/ModelSelect";
import { Sources } from "../components/Sources";
import type { Turn } from "../lib/conversation";
import { t } from "../lib/i18n";
import { newTurn, useAnswer } from "../lib/useAnswer";

interface ColumnProps {
  side: string;
  model: string;
  onModel: (model: string) => void;
  turn?: Turn | undefined;
  busy: boolean;
  onRetry: () => void;
}

function Column({ side, model, onModel, turn, busy, onRetry }: ColumnProps) {
  const [shown, setShown] = useState<{ n: number; at: number }>();
  return (
    <section className="column" data-side={side} aria-label={model}>
      <ModelSelect value={model} onChange={onModel} disabled={busy} />
      {turn && (
        <>
          <Answer turn={turn} active={shown?.n} onMark={(n) => setShown({ n, at: Date.now() })} onRetry={onRetry} />
          {turn.answer && turn.answer.passages.length > 0 && <Sources answer={turn.answer} active={shown} compact />}
        </>
      )}
    </section>
  );
}

type Sides<T> = { left: T; right: T };

export function CompareView({ active, onLocked }: { active: boolean; onLocked: () => void }) {
  const [models, setModels] = useState<Sides<string>>({ left: "base", right: "twin" });
  const [turns, setTurns] = useState<Partial<Sides<Turn>>>({});
  const left = useAnswer(onLocked);
  const right = useAnswer(onLocked);
  const running = [turns.left, turns.right].some((turn) => turn?.status === "waiting" || turn?.status === "streaming");

  const askSide = (side: keyof Sides<Turn>, question: string) => {
    const turn = newTurn(question, models[side]);
    setTurns((all) => ({ ...all, [side]: turn }));
    const { ask } = side === "left" ? left : right;
    void ask(models[side], [{ role: "user", content: question }], (change) =>
      setTurns((all) => {
        const one = all[side];
        if (one?.id !== turn.id) return all;
        return { ...all, [side]: { ...one, ...(typeof change === "function" ? change(one) : change) } };
      }),
    );
  };
  const question = turns.left?.question ?? turns.right?.question;

  return (
    <div className="compare">
      <div className="compare-scroll" tabIndex={0}>
        {question ? <h1 className="question">{question}</h1> : <p className="hint">{t("compareHint")}</p>}
        <div className="columns">
          {(["left", "right"] as const).map((side) => (
            <Column
              key={`${side}-${turns[side]?.id ?? ""}`}
              side={side}
              model={models[side]}
              onModel={(model) => setModels({ ...models, [side]: model })}
              turn={turns[side]}
              busy={running}
              onRetry={() => askSide(side, turns[side]?.question ?? "")}
            />
          ))}
        </div>
      </div>
      <Composer
        id="compare-question"
        busy={running}
        active={active}
        onAsk={(q) => {
          askSide("left", q);
          askSide("right", q);
        }}
        onStop={() => {
          left.stop();
          right.stop();
        }}
      />
    </div>
  );
}

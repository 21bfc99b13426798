// One question to one model: streams into a Turn and can be stopped.
import { useCallback, useEffect, useRef } from "react";
import { ApiError, streamChat } from "../api/client";
import type { ChatMessage } from "../api/types";
import type { Turn } from "./conversation";
import { errorText } from "./errors";

export type Patch = (change: Partial<Turn> | ((turn: Turn) => Partial<Turn>)) => void;

interface Asked {
  /** Never rejects: what went wrong is in the turn. */
  ask: (model: string, messages: ChatMessage[], patch: Patch) => Promise<void>;
  stop: () => void;
}

export function useAnswer(onLocked: () => void): Asked {
  const controller = useRef<AbortController | null>(null);
  const stop = useCallback(() => controller.current?.abort(), []);
  useEffect(() => stop, [stop]);

  const ask = useCallback(
    async (model: string, messages: ChatMessage[], patch: Patch) => {
      const abort = new AbortController();
      controller.current = abort;
      try {
        const answer = await streamChat(
          model,
          messages,
          (text) => patch((turn) => ({ status: "streaming", text: turn.text + text })),
          abort.signal,
        );
        patch({ status: "done", text: answer.text, answer });
      } catch (error) {
        if (abort.signal.aborted) return patch({ status: "stopped" });
        if (error instanceof ApiError && error.status === 401) onLocked();
        patch({ status: "failed", error: errorText(error) });
      }
    },
    [onLocked],
  );
  return { ask, stop };
}

export function newTurn(question: string, model: string): Turn {
  const id = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
  return { id, question, model, status: "waiting", text: "" };
}

// A conversation, and how it is kept in the browser.
import type { ChatMessage, Finished } from "../api/types";

export type Status = "waiting" | "streaming" | "done" | "stopped" | "failed";

/** One question and what came back. */
export interface Turn {
  id: string;
  question: string;
  model: string;
  status: Status;
  text: string;
  answer?: Finished;
  error?: string;
}

const key = "twin.conversation.v1";
const keptTurns = 50;

/** What is sent with the next question: the answered turns. */
export function history(turns: readonly Turn[], question: string): ChatMessage[] {
  const answered = turns.filter((turn) => (turn.status === "done" || turn.status === "stopped") && turn.text !== "");
  return [
    ...answered.flatMap((turn): ChatMessage[] => [
      { role: "user", content: turn.question },
      { role: "assistant", content: turn.text },
    ]),
    { role: "user", content: question },
  ];
}

function isTurn(value: unknown): value is Turn {
  const turn = value as Turn | null;
  return typeof turn === "object" && turn !== null &&
    [turn.id, turn.question, turn.model, turn.status, turn.text].every((field) => typeof field === "string");
}

/** The kept turns; anything unreadable is dropped. A turn that was being answered when the page closed was stopped. */
export function load(storage: Pick<Storage, "getItem">): Turn[] {
  try {
    const turns: unknown = JSON.parse(storage.getItem(key) ?? "[]");
    if (!Array.isArray(turns)) return [];
    return turns
      .filter(isTurn)
      .map((turn) => (turn.status === "waiting" || turn.status === "streaming" ? { ...turn, status: "stopped" } : turn));
  } catch {
    return [];
  }
}

/** Keeps the newest turns; a full or forbidden storage is not an error. */
export function save(storage: Pick<Storage, "setItem">, turns: readonly Turn[]): void {
  try {
    storage.setItem(key, JSON.stringify(turns.slice(-keptTurns)));
  } catch {
    // The conversation lives on in this tab.
  }
}

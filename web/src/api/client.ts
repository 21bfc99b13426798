// The calls to the gateway.
import { SseParser } from "./sse";
import type { ChatMessage, Citation, Finished, Passage, Timing, Usage } from "./types";

const keyName = "twin.key";

export function saveKey(key: string): void {
  sessionStorage.setItem(keyName, key);
}

function headers(): Record<string, string> {
  const key = sessionStorage.getItem(keyName);
  return { "Content-Type": "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}) };
}

/** What the gateway said no with; status 0 when it could not be reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code = "",
  ) {
    super(message);
  }
}

interface ErrorBody {
  error?: { message?: string; code?: string | null };
}

async function request(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers: headers() });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, "");
  }
  if (response.ok) return response;
  const body = (await response.json().catch(() => ({}))) as ErrorBody;
  throw new ApiError(response.status, body.error?.message ?? response.statusText, body.error?.code ?? "");
}

interface Chunk extends ErrorBody {
  choices?: {
    delta?: { content?: string; annotated?: string; citations?: Citation[]; passages?: Passage[] };
    finish_reason?: string | null;
  }[];
  usage?: Usage | null;
  timing_ms?: Timing;
}

/** Collects the chunks of one streamed completion. */
export class AnswerReader {
  readonly answer: Finished = { text: "", citations: [], passages: [], finishReason: "" };
  done = false;

  /** Takes one event; returns the text it added. */
  take(data: string): string {
    if (data === "[DONE]") {
      this.done = true;
      return "";
    }
    const chunk = JSON.parse(data) as Chunk;
    if (chunk.error) throw new ApiError(500, chunk.error.message ?? "", chunk.error.code ?? "");
    if (chunk.usage) this.answer.usage = chunk.usage;
    if (chunk.timing_ms) this.answer.timing = chunk.timing_ms;
    const choice = chunk.choices?.[0];
    if (!choice) return "";
    if (choice.finish_reason) this.answer.finishReason = choice.finish_reason;
    const delta = choice.delta ?? {};
    this.answer.citations = delta.citations ?? this.answer.citations;
    this.answer.passages = delta.passages ?? this.answer.passages;
    this.answer.text = delta.annotated ?? this.answer.text + (delta.content ?? "");
    return delta.content ?? "";
  }
}

/** Streams an answer; rejects with ApiError, or AbortError when `signal` is aborted. */
export async function streamChat(
  model: string,
  messages: ChatMessage[],
  onText: (text: string) => void,
  signal: AbortSignal,
): Promise<Finished> {
  const body = JSON.stringify({ model, messages, stream: true, stream_options: { include_usage: true } });
  const response = await request("/v1/chat/completions", { method: "POST", body, signal });
  if (!response.body) throw new ApiError(0, "");
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const events = new SseParser();
  const collected = new AnswerReader();
  for (;;) {
    const { value, done } = await reader.read().catch((error: unknown) => {
      throw signal.aborted ? error : new ApiError(0, "");
    });
    if (done) break;
    for (const data of events.feed(decoder.decode(value, { stream: true }))) {
      const text = collected.take(data);
      if (text) onText(text);
    }
  }
  if (!collected.done) throw new ApiError(0, ""); // the connection ended in the middle of the answer
  return collected.answer;
}

/** The newest evaluation, or undefined before the first. */
export async function fetchReport(signal: AbortSignal): Promise<unknown> {
  try {
    return await (await request("/v1/report", { signal })).json();
  } catch (error) {
    if (error instanceof ApiError && error.code === "no_report") return undefined;
    throw error;
  }
}

export async function isReady(): Promise<boolean> {
  try {
    return (await fetch("/health/ready")).ok;
  } catch {
    return false;
  }
}

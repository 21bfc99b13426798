import { describe, expect, it } from "vitest";
import { AnswerReader, ApiError } from "./client";

const chunk = (delta: object, finish: string | null = null) =>
  JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }], usage: null });

describe("AnswerReader", () => {
  it("adds up the text and replaces it by the annotated one at the end", () => {
    const reader = new AnswerReader();
    expect(reader.take(chunk({ role: "assistant", content: "" }))).toBe("");
    expect(reader.take(chunk({ content: "Use " }))).toBe("Use ");
    reader.take(chunk({ content: "apt." }));
    expect(reader.answer.text).toBe("Use apt.");
    reader.take(chunk({ annotated: "Use apt. [1]", citations: [{ n: 1 }], passages: [{ rank: 1 }] }, "stop"));
    reader.take(JSON.stringify({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } }));
    expect(reader.done).toBe(false);
    reader.take("[DONE]");
    expect(reader.done).toBe(true);
    expect(reader.answer).toMatchObject({
      text: "Use apt. [1]",
      finishReason: "stop",
      citations: [{ n: 1 }],
      usage: { total_tokens: 5 },
    });
  });

  it("throws the error that ends a stream", () => {
    const event = JSON.stringify({ error: { message: "the worker is gone", code: "worker_unavailable" } });
    expect(() => new AnswerReader().take(event)).toThrow(ApiError);
  });
});

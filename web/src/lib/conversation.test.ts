import { describe, expect, it } from "vitest";
import { history, load, save, type Turn } from "./conversation";

const turn = (id: string, status: Turn["status"], text: string): Turn => ({
  id,
  question: `q${id}`,
  model: "twin",
  status,
  text,
});

class FakeStorage {
  value: string | null = null;
  getItem = () => this.value;
  setItem = (_key: string, value: string) => {
    this.value = value;
  };
}

describe("history", () => {
  it("holds answered turns in order and the new question last", () => {
    const turns = [turn("1", "done", "a1"), turn("2", "failed", ""), turn("3", "stopped", "a3"), turn("4", "stopped", "")];
    expect(history(turns, "new").map((m) => m.content)).toEqual(["q1", "a1", "q3", "a3", "new"]);
  });
});

describe("keeping", () => {
  it("gives back what was kept", () => {
    const storage = new FakeStorage();
    save(storage, [turn("1", "done", "답")]);
    expect(load(storage)).toEqual([turn("1", "done", "답")]);
  });
  it("keeps the newest turns only", () => {
    const storage = new FakeStorage();
    save(storage, Array.from({ length: 60 }, (_, i) => turn(String(i), "done", "x")));
    expect(load(storage).map((t) => t.id)).toEqual(Array.from({ length: 50 }, (_, i) => String(i + 10)));
  });
  it("marks an interrupted turn as stopped", () => {
    const storage = new FakeStorage();
    save(storage, [turn("1", "streaming", "half")]);
    expect(load(storage)[0]?.status).toBe("stopped");
  });
  it.each([null, "", "{", "{}", '[1, null, {"id": 3}]'])("drops %s", (value) => {
    const storage = new FakeStorage();
    storage.value = value;
    expect(load(storage)).toEqual([]);
  });
  it("survives a full storage", () => {
    const full = {
      setItem: () => {
        throw new Error("quota");
      },
    };
    expect(() => save(full, [turn("1", "done", "x")])).not.toThrow();
  });
});

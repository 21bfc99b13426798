import { describe, expect, it } from "vitest";
import { SseParser } from "./sse";

describe("SseParser", () => {
  it("returns the data of complete events only", () => {
    const parser = new SseParser();
    expect(parser.feed("data: a\n\ndata: b")).toEqual(["a"]);
    expect(parser.feed("\n")).toEqual([]);
    expect(parser.feed("\n")).toEqual(["b"]);
  });

  it("does not care where the stream is cut", () => {
    const stream = 'data: {"text":"안녕"}\r\n\r\n: ping\n\ndata: one\ndata: two\n\ndata: [DONE]\n\n';
    const expected = ['{"text":"안녕"}', "one\ntwo", "[DONE]"];
    for (let size = 1; size <= stream.length; size++) {
      const parser = new SseParser();
      const events: string[] = [];
      for (let at = 0; at < stream.length; at += size) events.push(...parser.feed(stream.slice(at, at + size)));
      expect(events).toEqual(expected);
    }
  });

  it("takes away one blank behind the colon, and only one", () => {
    expect(new SseParser().feed("data:  x\n\ndata:y\n\ndata\n\n")).toEqual([" x", "y", ""]);
  });

  it("ignores other fields and events without data", () => {
    expect(new SseParser().feed("event: ping\nid: 7\nretry: 100\n\ndatabase: no\n\n")).toEqual([]);
  });
});

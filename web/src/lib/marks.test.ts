import { describe, expect, it } from "vitest";
import { markNumber, remarkMarks, splitMarks } from "./marks";

const known = new Set([1, 2, 3]);

describe("splitMarks", () => {
  it("finds single and grouped marks", () => {
    expect(splitMarks("Use apt. [1] Or dpkg [2, 3].", known)).toEqual(["Use apt. ", 1, " Or dpkg ", 2, 3, "."]);
    expect(splitMarks("패키지를 설치합니다. [1][2]", known)).toEqual(["패키지를 설치합니다. ", 1, 2]);
  });
  it("leaves numbers that are no source", () => {
    expect(splitMarks("in [2019] or [7] or [1, 7]", known)).toEqual(["in [2019] or [7] or [1, 7]"]);
    expect(splitMarks("", known)).toEqual([]);
  });
});

describe("remarkMarks", () => {
  it("turns marks of text into links, not those of code or links", () => {
    const tree = {
      type: "root",
      children: [
        { type: "paragraph", children: [{ type: "text", value: "a [1]" }, { type: "inlineCode", value: "x[1]" }] },
        { type: "link", url: "https://example.org", children: [{ type: "text", value: "[2]" }] },
      ],
    };
    remarkMarks(known)()(tree);
    expect(tree).toEqual({
      type: "root",
      children: [
        {
          type: "paragraph",
          children: [
            { type: "text", value: "a " },
            { type: "link", url: "#source-1", children: [{ type: "text", value: "1" }] },
            { type: "inlineCode", value: "x[1]" },
          ],
        },
        { type: "link", url: "https://example.org", children: [{ type: "text", value: "[2]" }] },
      ],
    });
  });
  it("recognises its own links", () => {
    expect(markNumber("#source-12")).toBe(12);
    expect(markNumber("https://example.org/#source-1")).toBeUndefined();
    expect(markNumber(undefined)).toBeUndefined();
  });
});

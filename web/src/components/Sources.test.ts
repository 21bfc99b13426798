import { describe, expect, it } from "vitest";
import { headingBelow, webAddress } from "./Sources";

describe("a source's card", () => {
  it("links to web addresses only", () => {
    expect(webAddress("https://example.org/a")).toBe("https://example.org/a");
    expect(webAddress("HTTP://example.org")).toBe("HTTP://example.org");
    for (const url of ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "//example.org", ""]) {
      expect(webAddress(url)).toBeUndefined();
    }
  });
  it("does not repeat the title", () => {
    expect(headingBelow("Book", "Book › Chapter › Section")).toBe("Chapter › Section");
    expect(headingBelow("Book", "Book")).toBe("");
    expect(headingBelow("Book", "Bookkeeping")).toBe("Bookkeeping");
  });
});

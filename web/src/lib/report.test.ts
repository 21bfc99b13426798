import { describe, expect, it } from "vitest";
import { formatNumber, metricNames, position, readReport } from "./report";

const estimate = { mean: 0.5, low: 0.4, high: 0.6, n: 20 };

describe("readReport", () => {
  it("reads arms, sections and questions", () => {
    const report = readReport({
      arms: [
        { name: "base", metrics: { support: estimate }, answers: [{ text: "a", passages: [] }] },
        { name: "tuned", metrics: { support: estimate, style_distance: estimate }, answers: [] },
      ],
      retrieval: { "recall@5": estimate },
      perplexity: {},
      questions: [{ question: "q?", reference: "r" }],
      failures: [{}],
    });
    expect(report?.arms.map((a) => a.name)).toEqual(["base", "tuned"]);
    expect(report?.arms[0]?.answers).toEqual(["a"]);
    expect(report?.sections).toEqual([{ name: "retrieval", rows: { "recall@5": estimate } }]);
    expect(metricNames(report?.arms ?? [])).toEqual(["support", "style_distance"]);
    expect(report?.failures).toBe(1);
  });
  it.each([undefined, null, 3, [], {}, { arms: "x", retrieval: { a: 1 } }])("finds nothing in %j", (json) => {
    expect(readReport(json)).toBeUndefined();
  });
  it("takes the mean for a missing interval", () => {
    const report = readReport({ perplexity: { base: { mean: 12 } } });
    expect(report?.sections[0]?.rows["base"]).toEqual({ mean: 12, low: 12, high: 12, n: 0 });
  });
});

describe("numbers", () => {
  it("shows what matters", () => {
    expect([0, 0.85734, -0.2, 12.345, 1234.5, 0.00001, NaN].map(formatNumber)).toEqual(
      ["0", "0.857", "-0.2", "12.3", "1234.5", "1.0e-5", "–"]);
  });
  it("places values on a scale", () => {
    expect([position(5, 0, 10), position(-1, 0, 10), position(11, 0, 10), position(1, 1, 1)]).toEqual([50, 0, 100, 50]);
  });
});

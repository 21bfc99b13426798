// The evaluation report as tables. Tolerant: a report of another version shows what can be read.

/** A mean with its 95 % interval. */
export interface Estimate {
  mean: number;
  low: number;
  high: number;
  n: number;
}

export interface Arm {
  name: string;
  metrics: Record<string, Estimate>;
  answers: string[];
}

export interface Report {
  arms: Arm[];
  sections: { name: string; rows: Record<string, Estimate> }[];
  questions: { question: string; reference: string }[];
  failures: number;
}

type Unknown = Record<string, unknown>;
const isObject = (value: unknown): value is Unknown => typeof value === "object" && value !== null && !Array.isArray(value);
const asArray = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const asText = (value: unknown): string => (typeof value === "string" ? value : "");

function estimates(value: unknown): Record<string, Estimate> {
  if (!isObject(value)) return {};
  const rows: Record<string, Estimate> = {};
  for (const [name, entry] of Object.entries(value)) {
    if (!isObject(entry) || typeof entry.mean !== "number") continue;
    const { mean, low, high, n } = entry;
    rows[name] = {
      mean,
      low: typeof low === "number" ? low : mean,
      high: typeof high === "number" ? high : mean,
      n: typeof n === "number" ? n : 0,
    };
  }
  return rows;
}

function arm(value: unknown): Arm | undefined {
  if (!isObject(value) || typeof value.name !== "string") return undefined;
  const answers = asArray(value.answers).map((answer) => (isObject(answer) ? asText(answer.text) : asText(answer)));
  return { name: value.name, metrics: estimates(value.metrics), answers };
}

export function readReport(json: unknown): Report | undefined {
  if (!isObject(json)) return undefined;
  const arms = asArray(json.arms).flatMap((value) => arm(value) ?? []);
  const sections = ["retrieval", "perplexity", "differences"]
    .map((name) => ({ name, rows: estimates(json[name]) }))
    .filter((section) => Object.keys(section.rows).length > 0);
  if (arms.length === 0 && sections.length === 0) return undefined;
  const questions = asArray(json.questions)
    .filter(isObject)
    .map((q) => ({ question: asText(q.question), reference: asText(q.reference) }));
  return { arms, sections, questions, failures: asArray(json.failures).length };
}

/** Every metric that some arm has, in order of first appearance. */
export function metricNames(arms: readonly Arm[]): string[] {
  return [...new Set(arms.flatMap((a) => Object.keys(a.metrics)))];
}

/** Four significant digits at most: 0.8573, 12.34, 1234. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(1);
  return String(Number(value.toPrecision(Math.abs(value) >= 1000 ? 6 : 3)));
}

/** Where a value lies between the ends of a scale, in percent. */
export function position(value: number, low: number, high: number): number {
  if (!(high > low)) return 50;
  return Math.min(100, Math.max(0, ((value - low) / (high - low)) * 100));
}

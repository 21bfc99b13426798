// Citation marks: "[1]" in an answer becomes a link to its source.

interface Node {
  type: string;
  value?: string;
  url?: string;
  children?: Node[];
}

const mark = /\[(\d{1,2}(?:\s*,\s*\d{1,2})*)\]/g;
const prefix = "#source-";

/** The number behind the link of a mark, or undefined for any other link. */
export function markNumber(url: string | undefined): number | undefined {
  return url?.startsWith(prefix) ? Number(url.slice(prefix.length)) : undefined;
}

/** The pieces of a text: plain strings, and numbers where a mark of a known source stands. */
export function splitMarks(text: string, known: ReadonlySet<number>): (string | number)[] {
  const pieces: (string | number)[] = [];
  let at = 0;
  for (const match of text.matchAll(mark)) {
    const numbers = (match[1] ?? "").split(",").map(Number);
    if (!numbers.every((n) => known.has(n))) continue;
    if (match.index > at) pieces.push(text.slice(at, match.index));
    pieces.push(...numbers);
    at = match.index + match[0].length;
  }
  if (at < text.length) pieces.push(text.slice(at));
  return pieces;
}

/** A remark plug-in: marks in running text become links to #source-N; code and existing links are left alone. */
export function remarkMarks(known: ReadonlySet<number>) {
  const visit = (node: Node): void => {
    if (!node.children || node.type === "link") return;
    node.children = node.children.flatMap((child) => {
      visit(child);
      if (child.type !== "text" || !child.value) return [child];
      return splitMarks(child.value, known).map((piece): Node =>
        typeof piece === "string"
          ? { type: "text", value: piece }
          : { type: "link", url: prefix + piece, children: [{ type: "text", value: String(piece) }] },
      );
    });
  };
  return () => visit;
}

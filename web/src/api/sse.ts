// Server-sent events (WHATWG HTML, section 9.2), the part that a chat stream uses: the data of each event.

/** Takes the stream in pieces of any size and returns the data of each event that is complete. */
export class SseParser {
  private buffer = "";
  private data: string[] = [];

  feed(piece: string): string[] {
    this.buffer += piece;
    const events: string[] = [];
    for (;;) {
      const end = this.lineEnd();
      if (end === undefined) return events;
      const line = this.buffer.slice(0, end.at);
      this.buffer = this.buffer.slice(end.next);
      if (line === "") {
        if (this.data.length > 0) events.push(this.data.join("\n"));
        this.data = [];
      } else {
        this.field(line);
      }
    }
  }

  /** CR, LF or CRLF; a CR at the very end may be half a CRLF and waits. */
  private lineEnd(): { at: number; next: number } | undefined {
    const at = this.buffer.search(/[\r\n]/);
    if (at < 0) return undefined;
    if (this.buffer[at] === "\n") return { at, next: at + 1 };
    if (at + 1 === this.buffer.length) return undefined;
    return { at, next: this.buffer[at + 1] === "\n" ? at + 2 : at + 1 };
  }

  private field(line: string): void {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    if (name !== "data") return; // comments (empty name), event, id, retry
    const value = colon < 0 ? "" : line.slice(colon + 1);
    this.data.push(value.startsWith(" ") ? value.slice(1) : value);
  }
}

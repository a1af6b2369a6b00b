/** One server-sent event, as the HTML standard's event stream interpretation yields it. */
export interface ServerEvent {
  id: string;
  event: string;
  data: string;
}

// A line longer than this is no event of ours; a server that sends one is cut off rather than kept in memory.
const longestLine = 4 << 20;

/** Reads an event stream piece by piece, wherever the pieces break. */
export class EventParser {
  /** The id of the newest event, which stays until another comes; what `Last-Event-ID` takes. */
  lastId = "";
  /** Milliseconds that the server asks to wait before coming back. */
  retry: number | undefined;

  #rest = "";
  #data: string[] = [];
  #event = "";
  #begun = false;

  /** The events that this piece completes. */
  push(piece: string): ServerEvent[] {
    let text = this.#rest + piece;
    if (!this.#begun && text !== "") {
      this.#begun = true;
      if (text.startsWith("\uFEFF")) text = text.slice(1);
    }
    const events: ServerEvent[] = [];
    let from = 0;
    for (;;) {
      const at = lineEnd(text, from);
      if (at === undefined) break;
      const event = this.#line(text.slice(from, at.end));
      if (event) events.push(event);
      from = at.next;
    }
    this.#rest = text.slice(from);
    if (this.#rest.length > longestLine) throw new Error("a line of the event stream is too long");
    return events;
  }

  #line(line: string): ServerEvent | undefined {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    switch (field) {
      case "data": this.#data.push(value); break;
      case "event": this.#event = value; break;
      case "id": if (!value.includes("\0")) this.lastId = value; break;
      case "retry": if (/^\d+$/.test(value)) this.retry = Number(value); break;
    }
    return undefined;
  }

  #dispatch(): ServerEvent | undefined {
    const [data, event] = [this.#data, this.#event];
    this.#data = [];
    this.#event = "";
    return data.length === 0 ? undefined : { id: this.lastId, event: event === "" ? "message" : event, data: data.join("\n") };
  }
}

// Where the line from `from` on ends, and where the next begins. A CR at the very end waits: an LF may follow.
function lineEnd(text: string, from: number): { end: number; next: number } | undefined {
  for (let at = from; at < text.length; at++) {
    const c = text[at];
    if (c === "\n") return { end: at, next: at + 1 };
    if (c !== "\r") continue;
    if (at + 1 === text.length) return undefined;
    return { end: at, next: text[at + 1] === "\n" ? at + 2 : at + 1 };
  }
  return undefined;
}

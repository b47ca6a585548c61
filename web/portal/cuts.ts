/** Following the public's cut: a word from the server's stream for each new one. */

export interface Cut {
  cut_at: string | null;
  /** Where its state array lies; nothing before the first. */
  state: string | null;
}

const REOPEN_MS_MIN = 2_000;
const REOPEN_MS_MAX = 120_000;

/**
 * An EventSource returns by itself after a broken connection, with the id of the last word; it gives up for good on an
 * HTTP error, as where too many listen, and then a new one is opened, later each time.
 */
export class CutStream {
  private reopenMs = REOPEN_MS_MIN;

  constructor(
    private readonly address: string,
    private readonly tell: (cut: Cut) => void,
  ) {}

  open(): void {
    const source = new EventSource(this.address);
    source.addEventListener("cut", (event: MessageEvent<string>) => {
      this.reopenMs = REOPEN_MS_MIN;
      this.tell(JSON.parse(event.data) as Cut);
    });
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(() => this.open(), this.reopenMs);
      this.reopenMs = Math.min(2 * this.reopenMs, REOPEN_MS_MAX);
    });
  }
}

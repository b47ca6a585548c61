/** The live stream of the server: typed messages, and a connection that comes back by itself. */
import type { Evidence, Label } from "./labels";

export interface SegmentFacts {
  id: number;
  label: Label;
  share: number;
  at: string | null;
  evidence: Evidence;
  /** How sure the road is, in whole percent. */
  confidence: number;
}

/** A snapshot has every segment with some fact; a delta has those that changed since the number before. */
export interface SegmentsMessage {
  number: number;
  segments: SegmentFacts[];
}

export interface Machine {
  device: string;
  lat: number;
  lon: number;
  course_deg: number | null;
  speed_mps: number | null;
  working: boolean | null;
  at: string;
  segment: number | null;
  silent: boolean;
}

/** Where machines are by their newest fix alone; states are settled and come as deltas. */
export interface HeadsMessage {
  provisional: true;
  machines: Machine[];
}

export interface Summary {
  now: string;
  number: number;
  event_start: string;
  segments: { total: number; by_label: Record<Label, number> };
  machines: { known: number; working: number; silent: number };
  fixes: { total: number; per_s: number };
  freshness_ms: { p50: number | null; p99: number | null };
}

export type Connection = "live" | "connecting";

export interface LiveHandlers {
  snapshot(message: SegmentsMessage): void;
  delta(message: SegmentsMessage): void;
  heads(message: HeadsMessage): void;
  summary(message: Summary): void;
  connection(state: Connection): void;
}

/** The summary comes about once a second, so a longer silence means that the connection is dead. */
const SILENCE_MS = 15_000;
const REOPEN_MS_MIN = 1_000;
const REOPEN_MS_MAX = 30_000;

/**
 * An EventSource returns by itself after a broken connection and resumes with the number it has. It gives up for good
 * on an HTTP error and does not notice a silent network; in both cases a new one is opened, which begins with a snapshot.
 */
export class LiveStream {
  private source: EventSource | undefined;
  private silence: number | undefined;
  private reopenMs = REOPEN_MS_MIN;

  constructor(
    private readonly address: string,
    private readonly handlers: LiveHandlers,
  ) {}

  open(): void {
    this.handlers.connection("connecting");
    const source = new EventSource(this.address);
    this.source = source;
    this.listen<SegmentsMessage>(source, "snapshot", (message) => this.handlers.snapshot(message));
    this.listen<SegmentsMessage>(source, "delta", (message) => this.handlers.delta(message));
    this.listen<HeadsMessage>(source, "heads", (message) => this.handlers.heads(message));
    this.listen<Summary>(source, "summary", (message) => this.handlers.summary(message));
    source.addEventListener("error", () => this.onError(source));
    this.awaitSound();
  }

  private listen<Message>(source: EventSource, name: string, handle: (message: Message) => void): void {
    source.addEventListener(name, (event: MessageEvent<string>) => {
      this.awaitSound();
      this.reopenMs = REOPEN_MS_MIN;
      handle(JSON.parse(event.data) as Message);
      this.handlers.connection("live");
    });
  }

  private onError(source: EventSource): void {
    this.handlers.connection("connecting");
    if (source.readyState === EventSource.CLOSED) this.reopenLater();
  }

  private awaitSound(): void {
    clearTimeout(this.silence);
    this.silence = window.setTimeout(() => this.reopenLater(), SILENCE_MS);
  }

  private reopenLater(): void {
    this.source?.close();
    this.handlers.connection("connecting");
    clearTimeout(this.silence);
    this.silence = window.setTimeout(() => this.open(), this.reopenMs);
    this.reopenMs = Math.min(this.reopenMs * 2, REOPEN_MS_MAX);
  }
}

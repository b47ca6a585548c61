/** What residents are told: each public cut of the state of the roads, as it is made. */
import { ServerFailure, fetchBytes } from "../shared/server";
import { readStateArray, type StateArray } from "../shared/stateArray";
import { ADDRESSES, type PublicCut } from "./api";

const REOPEN_MS = 5_000;

export interface CutHandlers {
  cut(state: StateArray): void;
  nothingYet(): void;
  failed(failure: unknown): void;
}

export class PublicCuts {
  private source: EventSource | undefined;
  private reopening: number | undefined;

  constructor(private readonly handlers: CutHandlers) {}

  /** Begins anew when it is open already. */
  open(): void {
    this.close();
    const source = new EventSource(ADDRESSES.publicLive);
    this.source = source;
    source.addEventListener("cut", (event: MessageEvent<string>) => void this.follow(source, JSON.parse(event.data) as PublicCut));
    source.addEventListener("error", () => {
      // Otherwise it comes back by itself.
      if (source.readyState === EventSource.CLOSED) this.reopenLater(source, new ServerFailure("unreachable", ADDRESSES.publicLive));
    });
  }

  close(): void {
    clearTimeout(this.reopening);
    this.source?.close();
    this.source = undefined;
  }

  private async follow(source: EventSource, { state }: PublicCut): Promise<void> {
    if (state === null) return this.handlers.nothingYet();
    try {
      const array = readStateArray(await fetchBytes(state));
      // Meanwhile somebody may have left.
      if (source === this.source) this.handlers.cut(array);
    } catch (failure) {
      this.reopenLater(source, failure);
    }
  }

  /** A stream that is opened anew says at once which cut is the latest. */
  private reopenLater(source: EventSource, failure: unknown): void {
    if (source !== this.source) return;
    this.handlers.failed(failure);
    this.close();
    this.reopening = window.setTimeout(() => this.open(), REOPEN_MS);
  }
}

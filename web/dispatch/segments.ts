/** What is known of every segment now: snapshots replace, deltas add, older numbers are ignored. */
import type { Label } from "../shared/labels";
import type { SegmentFacts, SegmentsMessage } from "../shared/live";

export class SegmentStates {
  private facts = new Map<number, SegmentFacts>();
  private number = -1;

  /** Returns the segments that have to be drawn anew; a segment without facts any more comes back as never cleared. */
  replace(message: SegmentsMessage): SegmentFacts[] {
    const before = this.facts;
    this.facts = new Map(message.segments.map((segment) => [segment.id, segment]));
    this.number = message.number;
    const forgotten = [...before.keys()].filter((id) => !this.facts.has(id)).map(neverCleared);
    return [...forgotten, ...message.segments];
  }

  add(message: SegmentsMessage): SegmentFacts[] {
    if (message.number <= this.number) return [];
    this.number = message.number;
    for (const segment of message.segments) this.facts.set(segment.id, segment);
    return message.segments;
  }

  /** Nothing for a segment without any fact. */
  of(id: number): SegmentFacts | undefined {
    return this.facts.get(id);
  }
}

function neverCleared(id: number): SegmentFacts {
  const label: Label = "never";
  return { id, label, share: 0, at: null, evidence: null, confidence: 0 };
}

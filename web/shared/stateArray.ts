/** Reads a state array: how each segment of a network read at one moment, a byte each (docs/state-array.md). */
import { LABELS, type Label } from "./labels";

const MAGIC = "snst";
const VERSION = 1;
/** Magic word and length of the head. */
const FRONT_BYTES = 8;

export interface StateArray {
  /** The network whose rows these are; rows of another one mean other segments. */
  network: string;
  /** When the cut was made; nothing before the first. */
  at: Date | null;
  segments: number;
  /** Nothing for a row that the array does not have. */
  label(row: number): Label | undefined;
  /** From how many minutes on its age counts; nothing where nobody worked in this event. */
  fromMinutes(row: number): number | undefined;
  /** Up to how many minutes it counts as of that age; nothing for the highest one, and where there is none. */
  untilMinutes(row: number): number | undefined;
  /** From how many percent on its confidence counts; nothing where nobody worked in this event. */
  confidenceFrom(row: number): number | undefined;
}

interface Head {
  version: number;
  network: string;
  at: string | null;
  segments: number;
  labels: Label[];
  age_min: number[];
  confidence: number[];
}

/** Throws when these bytes are no state array, or one that this page cannot read without telling wrong states. */
export function readStateArray(buffer: ArrayBuffer): StateArray {
  const head = readHead(buffer);
  const states = new Uint8Array(buffer, buffer.byteLength - head.segments);
  const labels = head.labels.length;
  const ages = head.age_min.length + 1;
  // Beyond the array there is no byte, and none of the tables has a place NaN.
  const byteOf = (row: number) => states[row] ?? Number.NaN;
  const ageOf = (row: number) => Math.floor(byteOf(row) / labels) % ages;
  return {
    network: head.network,
    at: head.at === null ? null : new Date(head.at),
    segments: head.segments,
    label: (row) => head.labels[byteOf(row) % labels],
    fromMinutes: (row) => head.age_min[ageOf(row) - 1],
    untilMinutes: (row) => (ageOf(row) > 0 ? head.age_min[ageOf(row)] : undefined),
    confidenceFrom: (row) => head.confidence[Math.floor(byteOf(row) / (labels * ages)) - 1],
  };
}

function readHead(buffer: ArrayBuffer): Head {
  const text = (start: number, bytes: number) => new TextDecoder().decode(new Uint8Array(buffer, start, bytes));
  if (buffer.byteLength < FRONT_BYTES || text(0, MAGIC.length) !== MAGIC) throw new Error("This is no state array.");
  const headBytes = new DataView(buffer).getUint32(MAGIC.length, true);
  if (FRONT_BYTES + headBytes > buffer.byteLength) throw new Error("The state array is cut off.");
  const head = JSON.parse(text(FRONT_BYTES, headBytes)) as Head;
  if (head.version !== VERSION) throw new Error(`State arrays of version ${head.version} are not known.`);
  const strange = head.labels.filter((label) => !LABELS.includes(label));
  if (strange.length > 0) throw new Error(`The state array has labels that are not known: ${strange.join(", ")}.`);
  if (FRONT_BYTES + headBytes + head.segments !== buffer.byteLength) throw new Error("The state array is not whole.");
  return head;
}

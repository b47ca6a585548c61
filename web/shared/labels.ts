/** The one table from a segment's label to how it is drawn: colour, and pattern for eyes that see few colours. */

export const LABELS = ["done", "under_way", "partly", "aged", "snowed_over", "due", "never", "unknown", "closed"] as const;

export type Label = (typeof LABELS)[number];
export type Evidence = "blade" | "inferred" | "reported" | null;

/** After Okabe and Ito; the tests hold every pair apart for the three kinds of colour blindness. */
export const LABEL_COLOURS: Readonly<Record<Label, string>> = {
  done: "#0072b2",
  under_way: "#d55e00",
  partly: "#56b4e9",
  aged: "#f0d000",
  snowed_over: "#aa55ff",
  due: "#dd1144",
  never: "#7d8794",
  unknown: "#5b1a5e",
  closed: "#111111",
};

/** A white pattern on top of the colour. */
export type Pattern = "plain" | "dashed" | "dotted";

export function patternOf(label: Label, evidence: Evidence): Pattern {
  if (label === "unknown") return "dotted";
  return evidence === "inferred" ? "dashed" : "plain";
}

/** In multiples of the pattern line's width. */
export const PATTERN_DASHES: Readonly<Record<Exclude<Pattern, "plain">, [number, number]>> = {
  dashed: [4, 3],
  dotted: [1, 1.4],
};

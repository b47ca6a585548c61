/** Times as people in Ishikawa read them: always Asia/Tokyo, whatever the computer's own zone is. */

const ZONE = "Asia/Tokyo";

const dayFormat = new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE, dateStyle: "short" });
const minuteFormat = new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE, timeStyle: "short" });
const secondFormat = new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE, timeStyle: "medium" });

/** `2026-01-15` */
export function tokyoDay(at: Date): string {
  return dayFormat.format(at);
}

/** `14:35:02` */
export function clockSeconds(at: Date): string {
  return secondFormat.format(at);
}

/** `14:35`, with the day before it (`1/14 23:50`) when that is not today. */
export function clock(at: Date, now: Date): string {
  const minutes = minuteFormat.format(at);
  if (tokyoDay(at) === tokyoDay(now)) return minutes;
  const [, month, day] = tokyoDay(at).split("-");
  return `${Number(month)}/${Number(day)} ${minutes}`;
}

export function secondsBetween(earlier: Date, later: Date): number {
  return Math.max(0, (later.getTime() - earlier.getTime()) / 1000);
}

/** The server's clock, since the one of the person's computer may be wrong. */
export class ServerClock {
  private offsetMs = 0;

  learn(serverNow: string): void {
    this.offsetMs = Date.parse(serverNow) - Date.now();
  }

  now(): Date {
    return new Date(Date.now() + this.offsetMs);
  }
}

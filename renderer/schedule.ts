/** A rule's clock as people choose it. Hours and minutes are UTC, as in the pattern. */
export interface Schedule {
  kind: "quarter" | "hourly" | "daily" | "weekly" | "own";
  /** `HH:MM`; of an hour only its minutes count. */
  time: string;
  /** From Sunday, 0, to Saturday, 6. */
  day: number;
  /** As written by the person, or as the others come out. */
  cron: string;
}

export const scheduleKinds = ["quarter", "hourly", "daily", "weekly", "own"] as const;

const two = (number: number): string => String(number).padStart(2, "0");

/** The six fields that the registry keeps: second, minute, hour, day, month, weekday. */
export function cronOf({ kind, time, day, cron }: Schedule): string {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  switch (kind) {
    case "quarter":
      return "0 */15 * * * *";
    case "hourly":
      return `0 ${minute} * * * *`;
    case "daily":
      return `0 ${minute} ${hour} * * *`;
    case "weekly":
      return `0 ${minute} ${hour} * * ${day}`;
    default:
      return cron.trim().replace(/\s+/g, " ");
  }
}

/** The choice that makes this pattern; one that none makes is shown as it is. */
export function scheduleOf(cron: string): Schedule {
  const [, minute = "", hour = "", , , weekday = ""] = cron.split(" ");
  const time = `${two(Number(hour) || 0)}:${two(Number(minute) || 0)}`;
  const read: Omit<Schedule, "kind"> = { time, day: Number(weekday) || 0, cron };
  const kind = scheduleKinds.find((one) => one !== "own" && cronOf({ ...read, kind: one }) === cron);
  return { ...read, kind: kind ?? "own" };
}

/** That time of a day in UTC, as a clock on this machine's wall shows it today. */
export function localTime(time: string, locale: string): string {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  const moment = new Date();
  moment.setUTCHours(hour, minute, 0, 0);
  return new Intl.DateTimeFormat(locale, { timeStyle: "short" }).format(moment);
}

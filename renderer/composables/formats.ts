import { useI18n } from "vue-i18n";
import { useClock } from "../stores/clock.ts";

const units = ["B", "KiB", "MiB", "GiB", "TiB"];
const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** Sizes, counts and times as the person's language writes them. */
export function useFormats() {
  const { t, locale } = useI18n();
  const clock = useClock();

  /** Of bytes, in powers of 1024. */
  function size(bytes: number): string {
    const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
    const value = bytes / 1024 ** power;
    const digits = power === 0 || value >= 100 ? 0 : 1;
    return `${new Intl.NumberFormat(locale.value, { maximumFractionDigits: digits }).format(value)} ${units[power]}`;
  }

  function count(number: number): string {
    return new Intl.NumberFormat(locale.value).format(number);
  }

  /** `time` is RFC 3339; Harbor's year 1 stands for never. */
  function ago(time: string): string {
    if (isNever(time)) return t("time.never");
    const seconds = (Date.parse(time) - clock.now) / 1000;
    const format = new Intl.RelativeTimeFormat(locale.value, { numeric: "auto" });
    for (const [unit, length] of steps) {
      if (Math.abs(seconds) >= length) return format.format(Math.trunc(seconds / length), unit);
    }
    return t("time.now");
  }

  function moment(time: string): string {
    if (isNever(time)) return t("time.never");
    return new Intl.DateTimeFormat(locale.value, { dateStyle: "medium", timeStyle: "medium" }).format(
      new Date(time),
    );
  }

  return { size, count, ago, moment };
}

function isNever(time: string): boolean {
  return time.startsWith("0001-") || Number.isNaN(Date.parse(time));
}

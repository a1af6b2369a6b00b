import { local, relative, utc } from "./format";
import { useNow } from "./now";

/** A time in the reader's zone, or how long ago it was; hovering shows it in UTC. */
export function Time({ at, ago = false }: { at: string | Date; ago?: boolean }) {
  const now = useNow();
  const date = typeof at === "string" ? new Date(at) : at;
  return (
    <time dateTime={date.toISOString()} title={ago ? `${local(date, now)} local, ${utc(date)}` : utc(date)} className="whitespace-nowrap">
      {ago ? relative(date, now) : local(date, now)}
    </time>
  );
}

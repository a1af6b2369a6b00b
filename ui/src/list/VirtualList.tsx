import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { ReactNode } from "react";
import { offsetsOf, scrollTo, visible } from "./virtual";

interface Props<T> {
  rows: readonly T[];
  keyOf: (row: T) => string;
  heightOf: (row: T) => number;
  render: (row: T, index: number) => ReactNode;
  /** Called when the end comes near: time to load more. */
  onEnd: () => void;
  /** The row to bring into view whenever this changes. */
  show: string | undefined;
  label: string;
}

// Rows drawn beyond the screen's edges, and rows before the end at which more is asked for.
const over = 8;
const ahead = 40;

/** A list in the page's own scroll, of which only what is on screen is in the document. Each row's height is known beforehand. */
export function VirtualList<T>({ rows, keyOf, heightOf, render, onEnd, show, label }: Props<T>) {
  const list = useRef<HTMLUListElement>(null);
  const offsets = useMemo(() => offsetsOf(rows.map(heightOf)), [rows, heightOf]);
  const [range, setRange] = useState({ first: 0, end: 30 });

  const measure = useCallback(() => {
    if (!list.current) return;
    const next = visible(offsets, -list.current.getBoundingClientRect().top, window.innerHeight, over);
    setRange((now) => (now.first === next.first && now.end === next.end ? now : next));
  }, [offsets]);

  useLayoutEffect(measure, [measure]);
  useEffect(() => {
    window.addEventListener("scroll", measure, { passive: true });
    window.addEventListener("resize", measure);
    return () => {
      window.removeEventListener("scroll", measure);
      window.removeEventListener("resize", measure);
    };
  }, [measure]);

  useEffect(() => {
    if (range.end >= rows.length - ahead) onEnd();
  }, [range.end, rows.length, onEnd]);

  const newest = useRef({ rows, keyOf, offsets });
  useLayoutEffect(() => {
    newest.current = { rows, keyOf, offsets };
  });
  useEffect(() => {
    if (show === undefined || !list.current) return;
    const { rows: all, keyOf: key, offsets: at } = newest.current;
    const row = all.findIndex((each) => key(each) === show);
    if (row < 0) return;
    const by = scrollTo(at, row, -list.current.getBoundingClientRect().top, window.innerHeight, 80);
    if (by !== 0) window.scrollBy(0, by);
  }, [show]);

  return (
    <ul ref={list} aria-label={label} className="relative" style={{ height: offsets[rows.length] ?? 0 }}>
      {rows.slice(range.first, range.end).map((row, at) => {
        const index = range.first + at;
        return (
          <li key={keyOf(row)} className="list-row" aria-posinset={index + 1} aria-setsize={rows.length}
            style={{ height: heightOf(row), transform: `translateY(${offsets[index] ?? 0}px)` }}>
            {render(row, index)}
          </li>
        );
      })}
    </ul>
  );
}
